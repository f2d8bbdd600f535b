// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/node.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <tuple>

#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/selection.hpp"

namespace secateur::prune {

namespace {

struct Candidate {
  double saliency;
  std::size_t layer;
  Index unit;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return std::tie(a.saliency, a.layer, a.unit) < std::tie(b.saliency, b.layer, b.unit);
  }
};

/// The indices 0 ... size - 1 that are not in `removed` (sorted).
std::vector<Index> others(Index size, const std::vector<Index>& removed) {
  std::vector<Index> all(static_cast<std::size_t>(size)), kept;
  std::iota(all.begin(), all.end(), Index{0});
  std::set_difference(all.begin(), all.end(), removed.begin(), removed.end(), std::back_inserter(kept));
  return kept;
}

}  // namespace

std::vector<std::vector<Index>> choose_nodes(const nn::Network& canonical, const std::vector<Vector>& saliency,
                                             const std::vector<Index>& original, Index target, Scope scope) {
  const std::vector<Index> widths = hidden_widths(canonical);
  std::vector<Index> gone, most;  // of the original nodes
  for (std::size_t k = 0; k < widths.size(); ++k) {
    gone.push_back(original[k] - widths[k]);
    most.push_back(original[k] - 1);
  }
  if (scope == Scope::layer) most = apportion(original, gone, most, target);
  std::vector<Candidate> candidates;
  for (std::size_t k = 0; k < widths.size(); ++k) {
    for (Index unit = 0; unit < widths[k]; ++unit) candidates.push_back({saliency[k](unit), k, unit});
  }
  std::sort(candidates.begin(), candidates.end());
  Index left = target - std::accumulate(gone.begin(), gone.end(), Index{0});
  std::vector<std::vector<Index>> chosen(widths.size());
  for (const Candidate& candidate : candidates) {
    if (left <= 0) break;
    if (gone[candidate.layer] >= most[candidate.layer]) continue;
    chosen[candidate.layer].push_back(candidate.unit);
    ++gone[candidate.layer];
    --left;
  }
  for (auto& units : chosen) std::sort(units.begin(), units.end());
  return chosen;
}

void remove_nodes(nn::Network& canonical, const std::vector<std::vector<Index>>& nodes,
                  const std::vector<Vector>* replacements) {
  const auto layers = dense_layers(canonical);
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) {
    if (nodes[k].empty()) continue;
    nn::Dense& producer = *layers[k];
    nn::Dense& reader = *layers[k + 1];
    const std::vector<Index> kept = others(producer.weight.rows(), nodes[k]);
    if (kept.empty()) throw std::invalid_argument("remove_nodes: a hidden layer would be left without nodes");
    if (replacements != nullptr) {
      // Nodes of later layers may be removed as well: their biases change here and go there.
      Vector shift = Vector::Zero(reader.bias.size());
      for (const Index unit : nodes[k]) shift += reader.weight.col(unit) * (*replacements)[k + 1](unit);
      for (Index i = 0; i < shift.size(); ++i) {
        if (shift(i) != 0) reader.bias(i) = stored(canonical.precision, reader.bias(i) + shift(i));
      }
    }
    producer.weight = Matrix(producer.weight(kept, Eigen::all));
    producer.bias = Vector(producer.bias(kept));
    reader.weight = Matrix(reader.weight(Eigen::all, kept));
  }
}

}  // namespace secateur::prune
