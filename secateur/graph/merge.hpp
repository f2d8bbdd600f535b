// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/graph/rebuild.hpp"
#include "secateur/graph/relu_graph.hpp"

namespace secateur::graph {

/// Neurons that say the same: a unit whose row is *exactly* c times that of a unit before it, in whatever layer,
/// becomes c times its value for c > 0 (relu(c z) = c relu(z)), and for c < 0, unless `opposites` is false, what
/// follows from relu(-z) = relu(z) - z: |c| times its value plus the unit's own row. The latter costs skip connections
/// and saves a binary: |x| has one. A power of two rounds nothing; what another c rounds goes to the readers' `error`.
///
/// Rows that differ in their bias alone are not merged: they bend at different places.
Reduction merge_multiples(const ReluGraph& graph, const NeuronBounds& bounds, bool opposites = true);

/// Whether merge_multiples may find anything, at a fraction of its price; if not, it finds nothing.
bool may_merge(const ReluGraph& graph);

/// How alike units must be, and which may go.
struct Likeness {
  /// Largest `error` of a merge, relative to the width of the removed unit's preactivation bounds.
  double tolerance = 0;
  /// Units of layers before this one stay.
  int first_layer = 0;
};

/// NOT lossless, but bounded: each unit becomes the value of the most similar one before it, where the difference,
/// bounded on the domain, is within the tolerance; it is added to the readers' `error`, so every later bound still
/// covers the graph before the pass. Reduction::merges tells each one. No pass calls this by itself.
///
/// Because relu neither stretches nor turns around, relu(z2) - relu(z1) lies between min(0, d) and max(0, d), where d
/// bounds z2 - z1: between two networks side by side in one graph this is the analysis of their difference by intervals
/// (ReluDiff: Paulsen, Wang & Wang 2020), for pairs that are found rather than given.
Reduction merge_similar(const ReluGraph& graph, const NeuronBounds& bounds, const Likeness& likeness);

}  // namespace secateur::graph
