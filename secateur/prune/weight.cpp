// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/weight.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/selection.hpp"

namespace secateur::prune {

namespace {

struct Candidate {
  double saliency;
  WeightId id;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return std::tie(a.saliency, a.id.layer, a.id.row, a.id.column) <
           std::tie(b.saliency, b.id.layer, b.id.row, b.id.column);
  }
};

void append_candidates(std::vector<Candidate>& candidates, const nn::Dense& dense, const Matrix& saliency, int layer) {
  for (Index i = 0; i < dense.weight.rows(); ++i) {
    for (Index j = 0; j < dense.weight.cols(); ++j) {
      if (dense.weight(i, j) != 0) candidates.push_back({saliency(i, j), {layer, i, j}});
    }
  }
}

void take_smallest(std::vector<WeightId>& chosen, std::vector<Candidate> candidates, Index count) {
  count = std::clamp<Index>(count, 0, static_cast<Index>(candidates.size()));
  std::nth_element(candidates.begin(), candidates.begin() + count, candidates.end());
  std::sort(candidates.begin(), candidates.begin() + count);
  for (Index i = 0; i < count; ++i) chosen.push_back(candidates[static_cast<std::size_t>(i)].id);
}

}  // namespace

std::vector<WeightId> choose_weights(const nn::Network& canonical, const std::vector<Matrix>& saliency, Index target,
                                     Scope scope) {
  const auto layers = dense_layers(canonical);
  std::vector<WeightId> chosen;
  std::vector<Candidate> candidates;
  if (scope == Scope::global) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      append_candidates(candidates, *layers[k], saliency[k], static_cast<int>(k));
    }
    take_smallest(chosen, std::move(candidates), target - zero_weights(canonical));
    return chosen;
  }
  std::vector<Index> sizes, zeros;
  for (const nn::Dense* dense : layers) {
    sizes.push_back(dense->weight.size());
    zeros.push_back((dense->weight.array() == 0).count());
  }
  const std::vector<Index> goal = apportion(sizes, zeros, sizes, target);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    candidates.clear();
    append_candidates(candidates, *layers[k], saliency[k], static_cast<int>(k));
    take_smallest(chosen, candidates, goal[k] - zeros[k]);
  }
  return chosen;
}

void remove_weights(nn::Network& canonical, const std::vector<WeightId>& weights,
                    const std::vector<Vector>* replacements) {
  const auto layers = dense_layers(canonical);
  std::vector<Vector> shift;
  for (const nn::Dense* dense : layers) shift.emplace_back(Vector::Zero(dense->bias.size()));
  for (const auto& [layer, row, column] : weights) {
    const auto k = static_cast<std::size_t>(layer);
    double& w = layers[k]->weight(row, column);
    if (replacements != nullptr) shift[k](row) += w * (*replacements)[k](column);
    w = 0;
  }
  for (std::size_t k = 0; k < layers.size(); ++k) {
    for (Index i = 0; i < shift[k].size(); ++i) {
      if (shift[k](i) == 0) continue;
      layers[k]->bias(i) = stored(canonical.precision, layers[k]->bias(i) + shift[k](i));
    }
  }
}

}  // namespace secateur::prune
