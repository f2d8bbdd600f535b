// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/graph/rebuild.hpp"
#include "secateur/graph/relu_graph.hpp"

namespace secateur::graph {

// Lossless passes. `bounds` are valid for the graph wherever the result is to be: on its domain, or at the points of it
// that satisfy further constraints. Each throws std::invalid_argument when they are of another size.

/// Constant and dead neurons: a unit that is inactive on the domain (upper <= 0) or reads nothing becomes a constant
/// folded into the biases behind it; a unit that nothing reads vanishes; repeated until nothing changes.
Reduction remove_dead(const ReluGraph& graph, const NeuronBounds& bounds);

/// Units that are active on the whole domain (lower >= 0) are affine: their row is substituted into the layers behind
/// them, which may give those skip connections. Whatever linear dependence there is among active units goes with them.
Reduction fold_active(const ReluGraph& graph, const NeuronBounds& bounds);

/// What simplify does besides removing dead units.
struct Simplification {
  /// May layers get skip connections: active units folded, opposite ones merged (graph/merge.hpp)?
  bool fold = true;
  bool merge = true;
};

/// All lossless passes, composed, until no more units go.
Reduction simplify(const ReluGraph& graph, const NeuronBounds& bounds, const Simplification& what = {});

}  // namespace secateur::graph
