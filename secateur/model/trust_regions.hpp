// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "secateur/model/trust.hpp"

namespace secateur::model {

/// Training data in units in which every coordinate spans 1 (Trust); a constant coordinate is 0 everywhere.
struct ScaledData {
  const std::vector<int>& variables;      ///< of the problem, one a coordinate
  const std::vector<std::string>& names;  ///< of these
  const Box& box;                         ///< in the user's units
  const Vector& middle;                   ///< value = middle + range * coordinate
  const Vector& range;
  const std::vector<bool>& constant;
  const Matrix& points;  ///< rows x coordinates
  double spacing;        ///< of neighbouring rows, in the maximum norm
};

/// The two regions of Trust::confine.
TrustRestriction restrict_to_hull(Problem& problem, const ScaledData& data, const TrustSettings& settings,
                                  std::uint64_t seed);
TrustRestriction restrict_to_distance(Problem& problem, const ScaledData& data, const TrustSettings& settings);

}  // namespace secateur::model
