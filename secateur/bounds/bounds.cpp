// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/bounds.hpp"

#include <stdexcept>

#include "secateur/bounds/detail.hpp"
#include "secateur/bounds/lp_bounds.hpp"

namespace secateur::bounds {

void require_inside_domain(const graph::ReluGraph& graph, const Box& box) {
  if (box.lower.size() != graph.inputs() || box.upper.size() != graph.inputs()) {
    throw std::invalid_argument("bounds: the box does not have one entry an input");
  }
  const bool ordered = (box.lower.array() <= box.upper.array()).all();
  if (!ordered || !graph.domain.contains(box.lower) || !graph.domain.contains(box.upper)) {
    throw std::invalid_argument("bounds: the box is empty or not inside the domain of the graph");
  }
}

void intersect(graph::LayerBounds& bounds, const graph::LayerBounds& other) {
  for (Index i = 0; i < bounds.size(); ++i) {
    if (other.lower(i) > bounds.lower(i)) bounds.lower(i) = other.lower(i);
    if (other.upper(i) < bounds.upper(i)) bounds.upper(i) = other.upper(i);
  }
}

graph::NeuronBounds compute_bounds(const graph::ReluGraph& graph, const Box& box, graph::BoundsMethod method,
                                   int threads) {
  switch (method) {
    case graph::BoundsMethod::interval:
      return interval(graph, box);
    case graph::BoundsMethod::crown:
      return crown(graph, box);
    case graph::BoundsMethod::alpha_crown:
      return alpha_crown(graph, box);
    case graph::BoundsMethod::lp: {
      LpSettings settings;
      settings.threads = threads;
      settings.stable_neurons = true;
      settings.least_gain = 0;
      return lp_bounds(graph, box, alpha_crown(graph, box), nullptr, settings).neurons;
    }
  }
  throw std::invalid_argument("compute_bounds: no such method");
}

}  // namespace secateur::bounds
