// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/graph/relu_graph.hpp"

namespace secateur::bounds {

/// Throws std::invalid_argument when the box is not a finite box inside the graph's domain: outside it the layers'
/// errors say nothing.
void require_inside_domain(const graph::ReluGraph& graph, const Box& box);

/// Keeps the tighter end on both sides. A NaN (overflow in one method) never replaces a bound.
void intersect(graph::LayerBounds& bounds, const graph::LayerBounds& other);

}  // namespace secateur::bounds
