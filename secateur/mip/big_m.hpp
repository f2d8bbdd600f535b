// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/graph/passes.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/model/compile.hpp"

namespace secateur::mip {

/// What one neuron became in a model: its columns, or -1 where it has none.
struct NeuronColumns {
  int activation = -1;  ///< a; none for an inactive neuron
  int binary = -1;      ///< delta; only for an unstable neuron
};

/// A problem as a mixed-integer linear program: the columns and rows of its frame, then one or two columns and some
/// rows a neuron, then one row an output. Every row behind the frame's begins with the column that it defines.
struct Formulation {
  lp::Model model;
  int frame_columns = 0, frame_rows = 0;
  std::vector<std::vector<NeuronColumns>> neurons;  ///< by hidden layer and unit of the formulated graph
  int binaries = 0;                                 ///< of neurons
  /// How far the objective of a point of the model may be from that of the stored network at the same inputs: what
  /// folding has rounded in the output rows. A bound of the model is a bound of the network only after giving this
  /// away.
  double objective_error = 0;
};

/// Big-M (Tjeng et al. 2019; Fischetti & Jo 2018), with a_k, delta_k for each unstable neuron, lower < 0 < upper:
///
///     above_k     a >= z
///     active_k    a <= z - lower (1 - delta)
///     inactive_k  a <= upper delta                 0 <= a <= upper, delta in {0, 1}.
///
/// An active neuron has a = z and no binary, an inactive one nothing at all. Outputs have rows y = z. Coefficients are
/// the graph's and the bounds' own numbers; sums on the right-hand side are rounded outwards and widened by the rows'
/// error, so that no point of the network is lost.
///
/// `bounds` belong to the problem's graph; `origin` says which unit of the lowered network each unit was
/// (graph::Reduction), and neuron columns are named after that: a_2_17, delta_2_17.
Formulation big_m(const model::Compiled& problem, const graph::NeuronBounds& bounds,
                  const std::vector<std::vector<graph::NeuronId>>& origin);

/// Every column's value for the networks' forward pass at a point of the frame (one entry a frame column): a feasible
/// point of the model up to rounding if the frame's rows hold there.
Vector forward_point(const Formulation& formulation, const model::Compiled& problem, const Vector& frame_point);

}  // namespace secateur::mip
