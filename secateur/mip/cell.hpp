// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "secateur/core/stop.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/goal.hpp"
#include "secateur/model/compile.hpp"

namespace secateur::mip {

/// A graph where every ReLU keeps the side that it is on at a point x (at zero: inactive): the units' preactivations
/// are rows x + offsets, its outputs are outputs x + output_offsets. In plain arithmetic.
struct CellMap {
  Matrix rows;  ///< units x inputs
  Vector offsets;
  std::vector<char> active;
  Matrix outputs;  ///< outputs x inputs
  Vector output_offsets;
};
CellMap cell_map(const graph::ReluGraph& graph, const Vector& x);

/// The graph's inputs among the columns of its frame.
Vector inputs_of(const model::Compiled& problem, const Vector& columns);

/// The linear program that is left of a problem when every ReLU keeps the side that it is on at a point: the frame,
/// with z >= 0 where a neuron is active there and z <= 0 where it is not, and y = z for the outputs, each z an affine
/// function of the graph's inputs. Integer columns are fixed at the point's values. Columns are those of the frame.
///
/// `columns`: one entry a column of the frame.
lp::Model cell_program(const model::Compiled& problem, const Vector& columns);

/// Solves such programs one after another in one session.
class CellSearch {
 public:
  /// The parts have to outlive the search. `found` gets the best point of every cell that is solved.
  CellSearch(lp::Session& session, const model::Compiled& problem, const Goal& goal, int threads,
             std::function<void(const Vector& columns)> found = {})
      : m_session(session), m_problem(problem), m_goal(goal), m_threads(threads), m_found(std::move(found)) {}

  /// The best point of the cell; where no point of it satisfies the frame's rows, one that violates them least. Empty
  /// when the solver finds none in time.
  Vector best_of_cell(const Vector& columns, const Stop& stop);

  /// Alternates between the best point of the cell and short descents out of it while the goal falls (at most `rounds`
  /// times). Returns the best columns seen by the graph's own forward pass, the given ones included.
  Vector polish(const Vector& columns, int rounds, const Stop& stop);

  /// The columns with these inputs of the graph.
  [[nodiscard]] Vector with_inputs(Vector columns, const Vector& inputs) const;

 private:
  [[nodiscard]] Vector solve(const lp::Model& model, const Stop& stop);

  lp::Session& m_session;
  const model::Compiled& m_problem;
  const Goal& m_goal;
  int m_threads;
  std::function<void(const Vector&)> m_found;
};

}  // namespace secateur::mip
