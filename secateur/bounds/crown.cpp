// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "secateur/bounds/backward.hpp"
#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/detail.hpp"
#include "secateur/graph/affine_range.hpp"

namespace secateur::bounds {

graph::NeuronBounds crown(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds* start) {
  graph::NeuronBounds bounds = interval(graph, box);
  Box values{Vector(graph.values()), Vector(graph.values())};
  values.lower.head(graph.inputs()) = box.lower;
  values.upper.head(graph.inputs()) = box.upper;
  BackwardPass pass(graph, box);
  Index first = graph.inputs();
  for (int k = 0; k < graph.depth(); ++k) {
    const auto index = static_cast<std::size_t>(k);
    const graph::AffineLayer& layer = graph.layers[index];
    if (start != nullptr) intersect(bounds[index], (*start)[index]);
    // The first layer's range over the box is exact up to round-off; behind it, both the interval over what the layers
    // before are now known to be and the backward pass tighten.
    if (k > 0) {
      intersect(bounds[index], graph::affine_range(layer, values));
      intersect(bounds[index], pass.layer_bounds(k));
    }
    if (k + 1 == graph.depth()) break;
    pass.set_bounds(k, bounds[index]);
    const Box activation = graph::relu_range(bounds[index]);
    values.lower.segment(first, layer.units()) = activation.lower;
    values.upper.segment(first, layer.units()) = activation.upper;
    first += layer.units();
  }
  return bounds;
}

Interval crown_objective(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& bounds,
                         const Vector& objective) {
  require_inside_domain(graph, box);
  const int last = graph.depth() - 1;
  BackwardPass pass(graph, box);
  for (int k = 0; k < last; ++k) pass.set_bounds(k, bounds[static_cast<std::size_t>(k)]);
  Matrix rows(2, objective.size());
  rows.row(0) = objective.transpose();
  rows.row(1) = -objective.transpose();
  const Vector lower = pass.lower_bounds(last, rows);

  // The same combination of the outputs' own bounds.
  graph::AffineLayer combination;
  combination.weight = Matrix(objective.transpose()).sparseView(0, 0);
  combination.weight.makeCompressed();
  combination.bias = combination.error = Vector::Zero(1);
  graph::LayerBounds range = graph::affine_range(combination, bounds.back());
  intersect(range, {lower.head(1), -lower.tail(1)});
  return {range.lower(0), range.upper(0)};
}

}  // namespace secateur::bounds
