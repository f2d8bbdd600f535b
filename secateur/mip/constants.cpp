// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/constants.hpp"

#include <algorithm>
#include <stdexcept>

namespace secateur::mip {

namespace {

bool unstable(const graph::LayerBounds& layer, Index i) { return layer.lower(i) < 0 && layer.upper(i) > 0; }

}  // namespace

graph::NeuronBounds formulation_bounds(const graph::NeuronBounds& bounds, const graph::NeuronBounds& reference,
                                       model::BigM big_m, model::Binaries binaries) {
  if (reference.size() != bounds.size()) throw std::invalid_argument("formulation_bounds: depths disagree");
  graph::NeuronBounds result = bounds;
  for (std::size_t k = 0; k + 1 < bounds.size(); ++k) {
    if (reference[k].size() != bounds[k].size()) throw std::invalid_argument("formulation_bounds: widths disagree");
    for (Index i = 0; i < bounds[k].size(); ++i) {
      if (!unstable(reference[k], i)) continue;
      const bool loosened = unstable(bounds[k], i) ? big_m == model::BigM::loose : binaries == model::Binaries::all;
      if (!loosened) continue;
      result[k].lower(i) = std::min(bounds[k].lower(i), reference[k].lower(i));
      result[k].upper(i) = std::max(bounds[k].upper(i), reference[k].upper(i));
    }
  }
  return result;
}

}  // namespace secateur::mip
