// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/graph/relu_graph.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::graph {

/// Per output, at least |y - y'| on the whole domain, where y are the outputs of the network that the graph stands for
/// and y' what the graph gives with e = 0, both in real arithmetic: every layer's `error`, carried to the outputs by
/// |relu(a) - relu(b)| <= |a - b|.
Vector output_error(const ReluGraph& graph);

/// A graph as a network, and how far that may be from the network the graph stands for.
struct Written {
  nn::Network network;
  /// One entry an output: |difference| is at most this everywhere on the graph's domain, in real arithmetic.
  Vector difference;
};

/// The graph as Dense and Relu layers only, for any program that reads networks. It equals the graph on its domain
/// *only*. A value that a later layer reads takes part in the layers between: a unit's value is never negative, so that
/// relu copies it, and an input x is carried as relu(x - s) with a constant s <= x; layers with skips therefore get as
/// many further, always active units.
///
/// Every number is rounded to `precision`; what that and the constants s round is part of `difference`. `bounds`: valid
/// for the graph on its whole domain. `like`: gives the names of inputs and outputs; the graph's domain becomes the
/// box. Throws std::invalid_argument when sizes do not fit, InputError when a number does not fit into the precision.
Written to_network(const ReluGraph& graph, const NeuronBounds& bounds, const nn::Network& like,
                   nn::Precision precision);

}  // namespace secateur::graph
