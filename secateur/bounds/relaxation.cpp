// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/relaxation.hpp"

#include <algorithm>

#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

Relaxation relax(const graph::LayerBounds& bounds) {
  const Index units = bounds.size();
  Relaxation relaxation{Vector(units), Vector(units), Vector::Zero(units)};
  for (Index i = 0; i < units; ++i) {
    const double l = bounds.lower(i);
    const double u = bounds.upper(i);
    if (l >= 0 || u <= 0) {
      relaxation.alpha(i) = relaxation.slope(i) = l >= 0 ? 1.0 : 0.0;
      continue;
    }
    relaxation.alpha(i) = u > -l ? 1.0 : 0.0;
    const double s = std::clamp(u / (u - l), 0.0, 1.0);
    relaxation.slope(i) = s;
    relaxation.intercept(i) = std::max(multiply_up(s, -l), multiply_up(next_up(1.0 - s), u));
  }
  return relaxation;
}

}  // namespace secateur::bounds
