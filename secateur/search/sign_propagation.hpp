// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/search/network.hpp"

namespace secateur::search {

/// Bounds of a folded network's inputs and of its units' preactivations.
struct SignBounds {
  std::vector<double> input_lower, input_upper, lower, upper;
};

/// Bounds propagation through a folded network in both directions: a unit's bounds from what it reads, and what it
/// reads from its bounds, from imposed signs, from the outputs' ranges and from the cut-off. Work follows the
/// non-zeros.
///
/// Every row z = sum w v + bias + e is summed in plain arithmetic over whatever bounds; the partial sums are no larger
/// than the row's magnitude, which also covers the error, so that (2 terms + 16) u magnitude + error covers all.
class SignPropagation {
 public:
  SignPropagation(const Network& network, const std::vector<Range>& ranges);

  /// Tightens; points whose objective is above the cut-off need not be kept. False: none is left.
  bool run(SignBounds& bounds, double cutoff, int sweeps) const;

 private:
  struct Entry {
    int value;
    double weight;
  };
  [[nodiscard]] bool visit(int row, double& lower, double& upper, SignBounds& bounds, bool& moved) const;

  int m_inputs = 0, m_units = 0;
  std::vector<int> m_start, m_output;  ///< of rows: units, the objective, then outputs with ranges
  std::vector<Entry> m_entry;
  std::vector<double> m_bias, m_slack;
  std::vector<Range> m_ranges;
};

}  // namespace secateur::search
