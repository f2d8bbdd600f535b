// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/graph/to_network.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::bounds {

struct LosslessSettings {
  /// Bounds of the neurons; the tighter, the more are found to be stable.
  graph::BoundsMethod method = graph::BoundsMethod::crown;
  /// What the numbers are rounded to; left out, nothing is rounded: the network's own if it holds them, else float64.
  std::optional<nn::Precision> precision = std::nullopt;
  /// Folding makes layers read values from further back. With Skips::relu these cost neurons.
  graph::Skips skips = graph::Skips::masked;
  int threads = 1;
};

/// A network without the neurons that do nothing of their own on a box.
struct Smaller {
  nn::Network network;
  /// One entry an output: the outputs differ by at most this on the box, in real arithmetic.
  Vector difference;
};

/// The network with every lossless pass applied over `box`, as Dense and Relu layers: dead neurons are gone, active
/// ones folded, multiples merged (graph/passes.hpp). It equals the given one on the box *only*. Where skips cost more
/// neurons than they save, active and opposite ones stay as they are, and a network that gets no smaller comes back
/// unchanged. Throws std::invalid_argument for a box that does not fit, InputError when numbers overflow.
Smaller lossless(const nn::Network& network, const Box& box, const LosslessSettings& settings = {});

}  // namespace secateur::bounds
