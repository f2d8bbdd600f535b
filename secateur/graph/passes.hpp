// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "secateur/graph/relu_graph.hpp"

namespace secateur::graph {

/// A smaller graph with the same outputs on its domain (up to the layers' `error`, which passes enlarge by what they
/// round), and the way back. Inputs are never removed, so a point x of the one is a point of the other.
struct Reduction {
  ReluGraph graph;
  /// origin[k][i]: the unit of the graph before the pass that unit i of layer k was. The last layer keeps its units.
  std::vector<std::vector<NeuronId>> origin;
};

/// Constant and dead neurons: a unit that is inactive on the domain (upper <= 0) or reads nothing becomes a constant
/// folded into the biases behind it; a unit that nothing reads vanishes; repeated until nothing changes.
/// `bounds`: valid for the graph on its domain.
Reduction remove_dead(const ReluGraph& graph, const NeuronBounds& bounds);

/// Units that are active on the whole domain (lower >= 0) are affine: their row is substituted into the layers behind
/// them, which may give those skip connections.
Reduction fold_active(const ReluGraph& graph, const NeuronBounds& bounds);

/// Both, composed.
Reduction simplify(const ReluGraph& graph, const NeuronBounds& bounds);

/// The bounds of the reduced graph's units, taken from those of the graph before it.
NeuronBounds carry(const NeuronBounds& bounds, const Reduction& reduction);

}  // namespace secateur::graph
