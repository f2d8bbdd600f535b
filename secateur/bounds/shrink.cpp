// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/shrink.hpp"

#include <cmath>

#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

bool shrink(Box& box, const Vector& slope, double bound, double cutoff) {
  const double slack = next_up(cutoff - bound);
  if (!std::isfinite(slack)) return false;
  bool cut = false;
  for (Index j = 0; j < box.size(); ++j) {
    if (!(std::abs(slope(j)) > 0x1p-900)) continue;
    const double reach = next_up(slack / std::abs(slope(j)));
    if (!(reach < box.upper(j) - box.lower(j))) continue;
    const double end = slope(j) > 0 ? add_up(box.lower(j), reach) : add_down(box.upper(j), -reach);
    if (!(end > box.lower(j) && end < box.upper(j))) continue;
    (slope(j) > 0 ? box.upper : box.lower)(j) = end;
    cut = true;
  }
  return cut;
}

}  // namespace secateur::bounds
