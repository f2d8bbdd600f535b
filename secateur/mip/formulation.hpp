// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "secateur/graph/passes.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/model/compile.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::mip {

/// One part of a neuron's row with a column of its own: delta times the sum of its terms.
struct PartColumn {
  int column = -1;
  std::vector<std::pair<int, double>> terms;  ///< columns of the values that the part reads, and their weights
};

/// What one neuron became in a model: its columns, or -1 where it has none.
struct NeuronColumns {
  int activation = -1;            ///< a; none for an inactive neuron
  int binary = -1;                ///< delta; only for an unstable neuron
  int slack = -1;                 ///< s = max(0, -z), where a special ordered set decides instead of a binary
  std::vector<PartColumn> parts;  ///< of a partitioned neuron
};

/// A problem as a mixed-integer linear program: the columns and rows of its frame, then the columns and rows of each
/// neuron, then one row an output. Every row behind the frame's begins with the column that it defines.
struct Formulation {
  lp::Model model;
  int frame_columns = 0, frame_rows = 0;
  std::vector<std::vector<NeuronColumns>> neurons;  ///< by hidden layer and unit of the formulated graph
  std::vector<int> values;                          ///< column of each value of the graph; -1 for one that is zero
  int binaries = 0;                                 ///< of neurons
  /// How far the objective of a point of the model may be from that of the stored network at the same inputs: what
  /// folding has rounded in the output rows. A bound of the model is a bound of the network only after giving this
  /// away.
  double objective_error = 0;
};

/// Formulation::objective_error of any formulation of the problem: the sum of |cost| * error over its output rows,
/// rounded up.
double objective_error(const model::Compiled& problem);

/// Whether a formulation has more than rows: indicators or special ordered sets, which a solver has to know.
inline bool has_conditions(model::Formulation kind) {
  return kind == model::Formulation::indicator || kind == model::Formulation::sos;
}

/// How the neurons of a graph are written.
struct FormulationSettings {
  /// `hull` is big-M here: its cuts need a linear program to be solved (add_hull_cuts).
  model::Formulation kind = model::Formulation::big_m;
  int partitions = 2;  ///< of the inputs of a partitioned neuron
};

/// The formulation of a compiled problem: big_m.hpp, partitioned.hpp and indicator.hpp derive the rows. In all of them
/// an active neuron has a = z and no binary, an inactive one nothing at all, and outputs have rows y = z. Coefficients
/// are the graph's and the bounds' own numbers; sums are rounded outwards and widened by the rows' error, so that no
/// point of the network is lost.
///
/// `bounds` belong to the problem's graph, and a neuron is unstable if they say so; `origin` says which unit of the
/// lowered network each unit was (graph::Reduction), and neuron columns are named after that: a_2_17, delta_2_17.
Formulation formulate_graph(const model::Compiled& problem, const graph::NeuronBounds& bounds,
                            const std::vector<std::vector<graph::NeuronId>>& origin,
                            const FormulationSettings& settings);

/// Every column's value for the networks' forward pass at a point of the frame (one entry a frame column): a feasible
/// point of the model up to rounding if the frame's rows hold there.
Vector forward_point(const Formulation& formulation, const model::Compiled& problem, const Vector& frame_point);

/// Bounds of every value of the graph: its domain, then the hidden units after their ReLU.
Box value_bounds(const graph::ReluGraph& graph, const graph::NeuronBounds& bounds);

}  // namespace secateur::mip
