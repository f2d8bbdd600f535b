// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/mip/goal.hpp"
#include "secateur/mip/incumbent.hpp"
#include "secateur/search/dual_simplex.hpp"

namespace secateur::search {

using mip::Sighting;

/// Improves points of a goal from cell to cell: where the units keep their signs the goal is a linear program (its
/// ranges with penalties), whose rows are generated as they are violated; from its optimum, a corner of the cell, short
/// descents reach a neighbouring one. Unlike descents alone it slides along ranges that bind. Graph and goal have to
/// outlive it; one a thread.
class CellSteps {
 public:
  CellSteps(const graph::ReluGraph& graph, const mip::Goal& goal) : m_graph(graph), m_goal(goal) {}

  /// From a point of the graph's domain; never worse. `fixed`: inputs that stay where they are; none if empty.
  Sighting improve(const Vector& x, const std::vector<bool>& fixed, const Stop& stop);

 private:
  [[nodiscard]] Vector corner(const Vector& x, const std::vector<bool>& fixed);
  void linearise(const Vector& x);
  [[nodiscard]] bool add_violated(DualSimplex& program, const std::vector<double>& point);

  const graph::ReluGraph& m_graph;
  const mip::Goal& m_goal;
  Matrix m_map;  ///< values of the cell's graph: map x + shift
  Vector m_shift;
  Matrix m_rows;  ///< of units: row x + offset >= 0 on the cell
  Vector m_offset;
  Matrix m_outputs;
  Vector m_output_offset;
  std::vector<char> m_in;  ///< rows that the program has
};

}  // namespace secateur::search
