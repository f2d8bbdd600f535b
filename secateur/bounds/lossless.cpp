// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/lossless.hpp"

#include <utility>
#include <vector>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/detail.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"

namespace secateur::bounds {

namespace {

struct Bounded {
  graph::ReluGraph graph;
  graph::NeuronBounds bounds;
};

/// Simplified again and again: a folded graph may have tighter bounds, and these more stable neurons.
Bounded simplified(Bounded start, const graph::Simplification& what) {
  const Box box = start.graph.domain;
  for (;;) {
    const Index before = start.graph.neurons();
    graph::Reduction reduction = graph::simplify(start.graph, start.bounds, what);
    start.bounds = graph::carry(start.bounds, reduction);
    start.graph = std::move(reduction.graph);
    if (start.graph.neurons() == before) return start;
    start.bounds = crown(start.graph, box, &start.bounds);
  }
}

}  // namespace

Smaller lossless(const nn::Network& network, const Box& box, const LosslessSettings& settings) {
  const std::optional<nn::Precision> precision = settings.precision;
  Bounded start{graph::lower(network, box), {}};
  start.bounds = compute_bounds(start.graph, box, settings.method, settings.threads);
  std::vector<Smaller> candidates;
  if (!precision || *precision == nn::storage_precision(network)) {
    Smaller& unchanged = candidates.emplace_back(Smaller{network, Vector::Zero(network.outputs())});
    unchanged.network.box = box;
  }
  for (const bool fold : {false, true}) {
    const Bounded reduced = simplified(start, {.fold = fold});
    graph::Written written = graph::to_network(reduced.graph, reduced.bounds, network,
                                               precision.value_or(nn::Precision::float64), settings.skips);
    // Its own precision, which holds for numbers that are all floats (nn::storage_precision).
    if (!precision) written.network.precision = network.precision;
    candidates.push_back({std::move(written.network), std::move(written.difference)});
  }
  const auto size = [](const Smaller& candidate) {
    return std::pair(nn::count_neurons(candidate.network), nn::count_weights(candidate.network));
  };
  Smaller* best = &candidates.front();
  for (Smaller& candidate : candidates) {
    if (size(candidate) < size(*best)) best = &candidate;
  }
  return std::move(*best);
}

}  // namespace secateur::bounds
