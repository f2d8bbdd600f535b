// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/model/frame.hpp"

namespace secateur::bounds {

/// A linear program that every point of the graph (and of the frame, if there is one) satisfies, and which column is
/// what. Its cost is zero.
struct Triangle {
  lp::Model model;
  /// Column of each value of the graph (inputs, then hidden units after their ReLU), as far as the program reaches; -1
  /// for a unit that is always zero.
  std::vector<int> value;
  /// Column of each preactivation that has one: unstable hidden units and, of the last layer, outputs of the frame; -1
  /// elsewhere. One entry a layer that the program reaches.
  std::vector<std::vector<int>> preactivation;
};

/// What stands around the graph: nothing, or a frame with bounds of its columns at least as tight as its own, and a row
/// that keeps its objective at least as good as the cut-off, if there is one.
struct Surroundings {
  const model::Frame* frame = nullptr;
  Box columns;  ///< of the frame; without one not read
  std::optional<double> cutoff;
};

/// The frame's program with the surroundings' bounds and the cut-off as its last row; without a frame, an empty one.
lp::Model surrounding_program(const Surroundings& surroundings);

/// The triangle relaxation (Ehlers 2017) of the first `layers` layers: an unstable unit with lower <= z <= upper
/// becomes
///
///     z - W v in b +- error,      a >= 0,      a >= z,      a <= slope z + intercept
///
/// with the safe upper line of relax(); an active one a - W v in b +- error; an inactive one has no column. The output
/// layer (layers = depth) ties the frame's output columns to the graph. Rows are rounded outwards: no point is lost.
/// `bounds`: of the layers read; `inputs`: inside the graph's domain.
Triangle triangle(const graph::ReluGraph& graph, const Box& inputs, const graph::NeuronBounds& bounds, int layers,
                  const Surroundings& surroundings);

/// Columns and coefficients that make up z of a unit, but for its bias and error when it has no column of its own.
struct Combination {
  std::vector<std::pair<int, double>> terms;
  double bias = 0, error = 0;
};
Combination preactivation(const Triangle& triangle, const graph::ReluGraph& graph, graph::NeuronId id);

}  // namespace secateur::bounds
