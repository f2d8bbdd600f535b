// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/matrix.hpp"

namespace secateur::prune {

/// How many of each layer's things are removed when `total` are removed in all and every layer shall lose the same
/// fraction: one at a time, always where (removed + 1/2) / size is smallest (Webster's method). A larger total takes
/// from no layer less, which a gradual schedule needs. `removed`: those removed already, which stay so; `most`: what
/// each layer can lose at most. Returns removed counts that sum to `total` if the caps allow it, to less otherwise.
std::vector<Index> apportion(const std::vector<Index>& sizes, std::vector<Index> removed,
                             const std::vector<Index>& most, Index total);

}  // namespace secateur::prune
