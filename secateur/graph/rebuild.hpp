// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/graph/substitution.hpp"

namespace secateur::graph {

/// The value of `unit` was found to be `factor` times that of `into`, or that plus what `unit` reads when the factor is
/// negative (relu(-z) = relu(z) - z), up to `error`: what it adds to rows that read it, per unit of coefficient.
struct Merge {
  NeuronId unit, into;
  double factor = 1;
  double error = 0;
};

/// A smaller graph with the same outputs on its domain (up to the layers' `error`, which passes enlarge by what they
/// round), and the way back. Inputs are never removed, so a point x of the one is a point of the other.
struct Reduction {
  ReluGraph graph;
  /// origin[k][i]: the unit of the graph before the pass that unit i of layer k was. The last layer keeps its units.
  std::vector<std::vector<NeuronId>> origin;
  /// Units that went into others, named as in the graph before the pass.
  std::vector<Merge> merges;
};

/// A hidden unit while a pass decides about it.
struct Candidate {
  NeuronId id;               ///< in the graph before the pass
  const AffineLayer& layer;  ///< its layer, already over the new values
  int value;                 ///< index among the new values that it has if it is kept
};

/// What the unit's value (after its ReLU) is as an affine row over new values, those of its own layer included; nothing
/// to keep the unit.
using Eliminate = std::function<std::optional<AffineRow>(const Candidate&)>;

/// Walks through the hidden units front to back with everything before them already replaced, and asks for each. This
/// is the one place that applies what a pass proposes. Layers that lose all units vanish. `bounds`: valid for the
/// graph; throws std::invalid_argument when they are of another size.
Reduction rebuild(const ReluGraph& graph, const NeuronBounds& bounds, const Eliminate& eliminate);

/// Throws std::invalid_argument unless there is one entry a layer and unit.
void require_fitting(const ReluGraph& graph, const NeuronBounds& bounds);

/// The row of one unit.
AffineRow row_of(const AffineLayer& layer, Index unit);

/// `second` was made from the graph of `first`: one reduction of the graph before both.
Reduction compose(const Reduction& first, Reduction second);

/// The bounds of the reduced graph's units, taken from those of the graph before it.
NeuronBounds carry(const NeuronBounds& bounds, const Reduction& reduction);

}  // namespace secateur::graph
