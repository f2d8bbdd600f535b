// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/names.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::graph {

/// Per output, at least |y - y'| on the whole domain, where y are the outputs of the network that the graph stands for
/// and y' what the graph gives with e = 0, both in real arithmetic: every layer's `error`, carried to the outputs by
/// |relu(a) - relu(b)| <= |a - b|.
Vector output_error(const ReluGraph& graph);

/// How a value gets past the layers between the one that makes it and one that reads it.
enum class Skips {
  masked,  ///< beside the units: their Relu leaves it untouched
  relu     ///< as one more unit, always active
};

/// A graph as a network, and how far that may be from the network the graph stands for.
struct Written {
  nn::Network network;
  /// One entry an output: |difference| is at most this everywhere on the graph's domain, in real arithmetic.
  Vector difference;
};

/// The graph as Dense and Relu layers. It stands for its network on its domain *only*. Skips::relu writes nothing but
/// plain layers, which any program reads and which train and prune take: a unit's value is never negative, so that relu
/// copies it, and an input x is carried as relu(x - s) with a constant s <= x.
///
/// Every number is rounded to `precision`; what that and the constants s round is part of `difference`. `bounds`: valid
/// for the graph on its whole domain. `like`: gives the names of inputs and outputs; the graph's domain becomes the
/// box. Throws std::invalid_argument when sizes do not fit, InputError when a number does not fit into the precision.
Written to_network(const ReluGraph& graph, const NeuronBounds& bounds, const nn::Network& like, nn::Precision precision,
                   Skips skips = Skips::masked);

}  // namespace secateur::graph

namespace secateur {
template <>
struct Names<graph::Skips> {
  static constexpr std::array<std::string_view, 2> value{"masked", "relu"};
};
}  // namespace secateur
