// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/compensate.hpp"

#include "secateur/prune/statistics.hpp"

namespace secateur::prune {

std::vector<Vector> replacement_values(const nn::Network& canonical, const Box& box, const data::Dataset* data) {
  const std::vector<Box> ranges = activation_ranges(canonical, box);
  const Moments observed = data != nullptr ? moments(canonical, data->x, &box) : Moments{};
  std::vector<Vector> values;
  for (std::size_t k = 0; k < ranges.size(); ++k) {
    const Vector middle = 0.5 * ranges[k].lower + 0.5 * ranges[k].upper;
    values.push_back(ranges[k].clamp(observed.rows > 0 ? observed.mean[k] : middle));
  }
  return values;
}

}  // namespace secateur::prune
