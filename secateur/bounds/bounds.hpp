// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/graph/relu_graph.hpp"

namespace secateur::bounds {

/// Bounds of every preactivation and output of the stored network on `box` (inside the graph's domain), valid in real
/// arithmetic; each method's bounds are inside those of the one before it. `lp`: both ends of every neuron and output,
/// without a limit (lp_bounds.hpp has those, and bounds with the constraints of a whole problem).
/// `threads`: linear programs solved at the same time; Ctrl-C ends `lp` early, with bounds that hold.
graph::NeuronBounds compute_bounds(const graph::ReluGraph& graph, const Box& box, graph::BoundsMethod method,
                                   int threads = 1);

/// Interval arithmetic, layer by layer. Monotone in the box.
graph::NeuronBounds interval(const graph::ReluGraph& graph, const Box& box);

/// CROWN (Zhang et al. 2018, arXiv 1811.00866; DeepPoly, Singh et al. 2019) with adaptive lower slopes, intersected
/// with interval bounds neuron by neuron. `start`: bounds already known for the same box or a larger one, intersected
/// as well.
graph::NeuronBounds crown(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds* start = nullptr);

/// How hard alpha-CROWN works: steps of ascent for each neuron, and their first size.
struct AlphaSettings {
  int steps = 20;
  double learning_rate = 0.25;
};

/// A neuron whose phase is imposed: z >= 0 if active, z <= 0 otherwise.
struct Split {
  graph::NeuronId neuron;
  bool active = true;
};

/// alpha-CROWN (Xu et al. 2021, arXiv 2011.13824): as crown, layer by layer over the tightened layers before, with the
/// lower slopes of every still unstable neuron and every output chosen by gradient ascent, for each end of its range.
///
/// With `splits` (alpha-beta-CROWN, Wang et al. 2021, arXiv 2103.06624) the bounds hold for the inputs of the box at
/// which every split neuron has the imposed phase; those phases carry multipliers, chosen by the same ascent. A lower
/// bound above its upper one proves that there is no such input; the layers behind are then left as they were. Throws
/// std::invalid_argument for a split of a neuron that does not exist.
graph::NeuronBounds alpha_crown(const graph::ReluGraph& graph, const Box& box, const AlphaSettings& settings = {},
                                const std::vector<Split>& splits = {});

/// Bounds of c'y over the outputs y, by the same backward pass over the given neuron bounds.
struct Interval {
  double lower, upper;
};
Interval crown_objective(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& bounds,
                         const Vector& objective);
/// The same with the multipliers of alpha_crown. `bounds` hold where the splits do, and so does the result. Bounds of
/// outputs that are tighter than what the network implies, because constraints ask for them, carry multipliers too: the
/// result then holds where the constraints do.
Interval alpha_crown_objective(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& bounds,
                               const Vector& objective, const AlphaSettings& settings = {},
                               const std::vector<Split>& splits = {});

}  // namespace secateur::bounds
