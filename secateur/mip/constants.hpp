// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/graph/relu_graph.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::mip {

/// The bounds that a formulation puts into its rows: `bounds` themselves, or looser ones that measure what tight bounds
/// are worth (docs/formulations.md, "What tight bounds are worth"). With `reference` bounds of the same neurons:
///
/// - big_m loose: a neuron that is unstable in both gets the union of its two intervals;
/// - binaries all: a neuron that is stable by `bounds` and unstable by `reference` gets that union too, and so keeps
/// its
///   binary.
///
/// Any point that `bounds` allow the result allows, so the model stays valid whatever the reference is. The outputs'
/// bounds are `bounds`. Throws std::invalid_argument when sizes disagree.
graph::NeuronBounds formulation_bounds(const graph::NeuronBounds& bounds, const graph::NeuronBounds& reference,
                                       model::BigM big_m, model::Binaries binaries);

}  // namespace secateur::mip
