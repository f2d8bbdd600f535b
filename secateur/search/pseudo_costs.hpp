// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "secateur/core/matrix.hpp"

namespace secateur::search {

/// What is known of fixing one binary, or of moving an input, from one search to another.
struct KnownCost {
  Index value = 0;  ///< in the graph: the inputs, then all hidden units
  bool up = false;
  double gain = 0;  ///< on average, a unit of distance, as a part of the gap at the root
  int count = 0;
};

/// What fixing a binary has gained so far, over the distance that it was moved (Bénichou et al. 1971).
class PseudoCosts {
 public:
  struct Event {
    int column = -1;
    bool up = false;
    double gain = 0;  ///< a unit of distance
  };

  explicit PseudoCosts(int columns = 0) : m_side(2 * static_cast<std::size_t>(columns)) {}

  void learn(const Event& event) { begin_with(event, 1); }
  /// As if the same had been learned so many times.
  void begin_with(const Event& event, int count) {
    for (Side* side : {&m_side[place(event.column, event.up)], &m_all}) {
      side->sum += count * event.gain;
      side->count += count;
    }
  }
  [[nodiscard]] double gain(int column, bool up) const {
    const Side& side = m_side[place(column, up)];
    if (side.count > 0) return side.sum / static_cast<double>(side.count);
    return m_all.count > 0 ? m_all.sum / static_cast<double>(m_all.count) : 1.0;
  }
  [[nodiscard]] std::int64_t count(int column, bool up) const { return m_side[place(column, up)].count; }
  [[nodiscard]] std::int64_t trials(int column) const {
    return std::min(m_side[place(column, false)].count, m_side[place(column, true)].count);
  }

 private:
  struct Side {
    double sum = 0;
    std::int64_t count = 0;
  };
  [[nodiscard]] static std::size_t place(int column, bool up) {
    return 2 * static_cast<std::size_t>(column) + (up ? 1 : 0);
  }

  std::vector<Side> m_side;
  Side m_all;
};

}  // namespace secateur::search
