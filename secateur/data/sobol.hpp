// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "secateur/core/matrix.hpp"

namespace secateur::data {

/// Most dimensions that sobol_points has direction numbers for.
inline constexpr Index sobol_dimensions = 32;
/// Binary digits of a coordinate.
inline constexpr int sobol_digits = 53;

/// Points 0 to count - 1 of the Sobol sequence in Gray code order, each coordinate an integer over 2^53 (row-major,
/// count x dimensions), before any scrambling. Throws std::invalid_argument for a number of dimensions outside
/// [1, sobol_dimensions] or a negative count.
std::vector<std::uint64_t> sobol_points(Index count, Index dimensions);

}  // namespace secateur::data
