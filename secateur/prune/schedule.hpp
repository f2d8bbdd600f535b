// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "secateur/core/matrix.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::prune {

/// Prune to `sparsity`, then fine-tune for `epochs`.
struct Stage {
  double sparsity;
  int epochs;
};

/// Most stages of a gradual schedule.
inline constexpr int gradual_stages = 20;

/// The stages that lead from sparsity `from` to `to`. Gradual: Zhu & Gupta 2017 (arXiv 1710.01878), eq. (1),
///     s_t = s_f + (s_0 - s_f) (1 - t/n)^3,   t = 1 ... n,
/// which prunes fast while there is much to spare and slowly near the end. The last stage gets half of the epochs, the
/// others share the rest; stages that would get none are left out.
inline std::vector<Stage> stages(Schedule schedule, double from, double to, int epochs) {
  const bool at_once = schedule == Schedule::one_shot || from >= to;
  const int count = at_once ? 1 : std::clamp(epochs / 2, 1, gradual_stages);
  std::vector<Stage> result;
  int left = epochs;
  for (int t = 1; t < count; ++t) {
    const double rest = 1 - static_cast<double>(t) / count;
    const int share = (epochs / 2) / (count - 1);
    result.push_back({to + (from - to) * rest * rest * rest, share});
    left -= share;
  }
  result.push_back({to, left});
  return result;
}

/// How many of `count` things make the fraction `sparsity`: its floor, where a sparsity that was meant as a decimal
/// fraction (0.29 of 100) is not rounded down for the sake of its last bit.
inline Index target_count(double sparsity, Index count) {
  const double exact = sparsity * static_cast<double>(count);
  return std::min(count, static_cast<Index>(exact * (1 + 1e-12) + 1e-12));
}

}  // namespace secateur::prune
