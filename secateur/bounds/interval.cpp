// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/detail.hpp"
#include "secateur/graph/affine_range.hpp"

namespace secateur::bounds {

graph::NeuronBounds interval(const graph::ReluGraph& graph, const Box& box) {
  require_inside_domain(graph, box);
  Box values{Vector(graph.values()), Vector(graph.values())};
  values.lower.head(graph.inputs()) = box.lower;
  values.upper.head(graph.inputs()) = box.upper;
  graph::NeuronBounds bounds;
  Index first = graph.inputs();
  for (const graph::AffineLayer& layer : graph.layers) {
    bounds.push_back(graph::affine_range(layer, values));
    if (static_cast<int>(bounds.size()) == graph.depth()) break;
    const Box activation = graph::relu_range(bounds.back());
    values.lower.segment(first, layer.units()) = activation.lower;
    values.upper.segment(first, layer.units()) = activation.upper;
    first += layer.units();
  }
  return bounds;
}

}  // namespace secateur::bounds
