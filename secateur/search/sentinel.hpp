// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/search/node.hpp"

namespace secateur::search {

/// Carries a point that is known to be feasible through a search and throws std::logic_error as soon as a node that
/// holds the point, whose objective is below the cut-off, is dropped, or bounds stop holding at it. What decides is
/// plain arithmetic; a point that is within round-off of a border counts as outside.
class Sentinel {
 public:
  /// `x`: the graph's inputs.
  explicit Sentinel(Vector x) : m_x(std::move(x)) {}

  [[nodiscard]] const Vector& point() const { return m_x; }
  /// Whether the node holds the point, and the point's objective.
  [[nodiscard]] bool inside(const Node& node) const;
  [[nodiscard]] bool inside(const Box& box) const;
  [[nodiscard]] double objective(const Network& network) const;
  /// Whether its objective is clearly below the cut-off.
  [[nodiscard]] bool worth_keeping(const Network& network, double cutoff) const;
  /// After a node that held the point was bounded.
  void check(const Node& node, double cutoff) const;

 private:
  [[nodiscard]] std::vector<double> preactivations(const Network& network) const;

  Vector m_x;
};

}  // namespace secateur::search
