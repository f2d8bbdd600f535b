// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/lp/dual_simplex.hpp"
#include "secateur/mip/cell.hpp"
#include "secateur/mip/goal.hpp"
#include "secateur/mip/incumbent.hpp"

namespace secateur::mip {

/// Improves points of a goal from cell to cell: where the units keep their signs the goal is a linear program (its
/// ranges with penalties), whose rows are generated as they are violated; from its optimum, a corner of the cell, short
/// descents reach a neighbouring one. Unlike descents alone it slides along ranges that bind. Graph and goal have to
/// outlive it; one a thread.
class CellSteps {
 public:
  CellSteps(const graph::ReluGraph& graph, const Goal& goal) : m_graph(graph), m_goal(goal) {}

  /// From a point of the graph's domain; never worse. `fixed`: inputs that stay where they are; none if empty.
  Sighting improve(const Vector& x, const std::vector<bool>& fixed, const Stop& stop);

 private:
  [[nodiscard]] Vector corner(const Vector& x, const std::vector<bool>& fixed);
  /// Sign of a unit's preactivation on the cell.
  [[nodiscard]] double side(Index unit) const { return m_cell.active[static_cast<std::size_t>(unit)] != 0 ? 1 : -1; }
  [[nodiscard]] bool add_violated(lp::DualSimplex& program, const std::vector<double>& point);

  const graph::ReluGraph& m_graph;
  const Goal& m_goal;
  CellMap m_cell;
  std::vector<char> m_in;  ///< units whose rows the program has
};

}  // namespace secateur::mip
