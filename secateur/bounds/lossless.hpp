// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::bounds {

/// A network without the neurons that do nothing of their own on a box.
struct Smaller {
  nn::Network network;
  /// One entry an output: the outputs differ by at most this on the box, in real arithmetic.
  Vector difference;
};

/// The network with every lossless pass applied over `box`, as Dense and Relu layers: dead neurons are gone, active
/// ones folded, multiples merged (graph/passes.hpp). It equals the given one on the box *only*. `method` bounds the
/// neurons; the tighter, the more are found to be stable.
///
/// Folding makes layers read values from further back, which must be carried past the layers between; where that
/// costs more neurons than it saves, they stay as they are, and a network that gets no smaller comes back unchanged.
/// `precision`: what the numbers are rounded to; left out, nothing is rounded: the network's own if it holds them, else
/// float64. Throws std::invalid_argument for a box that does not fit, InputError when numbers overflow.
Smaller lossless(const nn::Network& network, const Box& box, graph::BoundsMethod method,
                 std::optional<nn::Precision> precision = std::nullopt, int threads = 1);

}  // namespace secateur::bounds
