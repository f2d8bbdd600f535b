// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::bounds {

/// How hard difference() works.
struct DifferenceSettings {
  /// Parts that the box may be cut into, one after another, where the bounds are furthest from differences that points
  /// attain: each gets an analysis of its own. 1: the box as a whole.
  int parts = 1;
};

/// Encloses first(x) - second(x), output by output, over all x of the box, in real arithmetic for the stored networks.
/// With epsilon the larger of |lower| and |upper|, whatever is proven of one network's output holds for the other's
/// within epsilon: its minimum over the box above all.
///
/// Both networks become one graph that shares the inputs. Neurons that are the same on both sides are merged exactly;
/// each that is only similar may also take its partner's value with the difference as an error (graph::merge_similar),
/// which is good for networks that differ in small numbers everywhere, where a relaxation of both has the width of the
/// relaxation. CROWN bounds the graph with several of such choices, and the answer is in all of them.
///
/// The networks may have any hidden layers. Throws InputError when their numbers of inputs or outputs differ or one
/// ends in something that is not piecewise linear, std::invalid_argument for a box that does not fit or settings out of
/// range. A stop ends the cutting.
Box difference(const nn::Network& first, const nn::Network& second, const Box& box,
               const DifferenceSettings& settings = {}, const Stop& stop = Stop());

}  // namespace secateur::bounds
