// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/selection.hpp"

#include <numeric>

namespace secateur::prune {

std::vector<Index> apportion(const std::vector<Index>& sizes, std::vector<Index> removed,
                             const std::vector<Index>& most, Index total) {
  for (Index left = total - std::accumulate(removed.begin(), removed.end(), Index{0}); left > 0; --left) {
    std::size_t next = sizes.size();
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      if (removed[k] >= most[k]) continue;
      // (r_k + 1/2) / n_k < (r_n + 1/2) / n_n, without rounding.
      if (next == sizes.size() || (2 * removed[k] + 1) * sizes[next] < (2 * removed[next] + 1) * sizes[k]) next = k;
    }
    if (next == sizes.size()) break;
    ++removed[next];
  }
  return removed;
}

}  // namespace secateur::prune
