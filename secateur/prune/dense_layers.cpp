// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/dense_layers.hpp"

#include <numeric>

namespace secateur::prune {

std::vector<nn::Dense*> dense_layers(nn::Network& canonical) {
  std::vector<nn::Dense*> layers;
  for (nn::Layer& layer : canonical.layers) {
    if (auto* dense = std::get_if<nn::Dense>(&layer)) layers.push_back(dense);
  }
  return layers;
}

std::vector<const nn::Dense*> dense_layers(const nn::Network& canonical) {
  std::vector<const nn::Dense*> layers;
  for (const nn::Layer& layer : canonical.layers) {
    if (const auto* dense = std::get_if<nn::Dense>(&layer)) layers.push_back(dense);
  }
  return layers;
}

Index total_weights(const nn::Network& canonical) {
  Index count = 0;
  for (const nn::Dense* dense : dense_layers(canonical)) count += dense->weight.size();
  return count;
}

Index zero_weights(const nn::Network& canonical) { return total_weights(canonical) - nn::count_weights(canonical); }

std::vector<Index> hidden_widths(const nn::Network& canonical) {
  std::vector<Index> widths;
  for (const nn::Dense* dense : dense_layers(canonical)) widths.push_back(dense->weight.rows());
  widths.pop_back();
  return widths;
}

Index hidden_nodes(const nn::Network& canonical) {
  const std::vector<Index> widths = hidden_widths(canonical);
  return std::accumulate(widths.begin(), widths.end(), Index{0});
}

train::Masks masks(const nn::Network& canonical) {
  train::Masks result;
  for (const nn::Dense* dense : dense_layers(canonical)) {
    result.emplace_back((dense->weight.array() != 0).cast<float>().matrix());
  }
  return result;
}

double stored(nn::Precision precision, double value) {
  return precision == nn::Precision::float32 ? static_cast<double>(static_cast<float>(value)) : value;
}

}  // namespace secateur::prune
