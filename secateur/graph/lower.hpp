// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/graph/relu_graph.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::graph {

/// The network as a graph over `box` (see Builder): one affine layer for each ReLU layer and one for the outputs, with
/// everything between two ReLUs folded and zero weights not stored. What folding rounds is bounded by the layers'
/// `error`, so that bounds of the graph are bounds of the stored network in real arithmetic.
///
/// `box`: finite, lower <= upper, one entry an input (std::invalid_argument otherwise). Throws InputError when numbers
/// overflow on the way, and when the network has a final activation, which no graph can state.
ReluGraph lower(const nn::Network& network, const Box& box);

}  // namespace secateur::graph
