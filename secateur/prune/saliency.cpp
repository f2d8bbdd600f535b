// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/saliency.hpp"

#include <stdexcept>

#include "secateur/prune/compensate.hpp"
#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/statistics.hpp"

namespace secateur::prune {

namespace {

const data::Dataset& training(const PruneData* data) {
  if (data == nullptr) throw std::invalid_argument("this saliency needs data");
  return data->training;
}

/// A factor for each value that a Dense layer reads, where the saliency is |w| times such a factor.
std::vector<Vector> source_factors(const nn::Network& canonical, const Box& box, const PruneData* data,
                                   Saliency saliency, bool compensate) {
  std::vector<Vector> factors;
  if (saliency == Saliency::range) {
    for (const Box& range : activation_ranges(canonical, box)) factors.emplace_back(range.upper - range.lower);
    return factors;
  }
  const Moments observed = moments(canonical, training(data).x);
  const std::vector<Vector> replaced =
      compensate ? replacement_values(canonical, box, &data->training) : std::vector<Vector>();
  for (std::size_t k = 0; k < observed.mean.size(); ++k) {
    // mean (a - m)^2 = mean a^2 - 2 m mean a + m^2; cancellation may leave it slightly below zero.
    Vector square = observed.mean_square[k];
    if (compensate) {
      square.array() += replaced[k].array() * (replaced[k].array() - 2 * observed.mean[k].array());
    }
    factors.emplace_back(square.cwiseMax(0.0).cwiseSqrt());
  }
  return factors;
}

}  // namespace

std::vector<Matrix> weight_saliency(const nn::Network& canonical, const Box& box, const PruneData* data,
                                    Saliency saliency, bool compensate) {
  if (saliency == Saliency::taylor) return first_order_effects(canonical, training(data)).weight;
  std::vector<Matrix> result;
  for (const nn::Dense* dense : dense_layers(canonical)) result.emplace_back(dense->weight.cwiseAbs());
  if (saliency == Saliency::magnitude) return result;
  const auto factors = source_factors(canonical, box, data, saliency, compensate);
  for (std::size_t k = 0; k < result.size(); ++k) result[k] = result[k] * factors[k].asDiagonal();
  return result;
}

std::vector<Vector> node_saliency(const nn::Network& canonical, const Box& box, const PruneData* data,
                                  Saliency saliency, bool compensate) {
  const auto layers = dense_layers(canonical);
  std::vector<Vector> result;
  if (saliency == Saliency::taylor) {
    result = first_order_effects(canonical, training(data)).node;
    result.erase(result.begin());  // the network's inputs
    return result;
  }
  const auto factors = saliency == Saliency::magnitude ? std::vector<Vector>()
                                                       : source_factors(canonical, box, data, saliency, compensate);
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) {
    const Vector outgoing = layers[k + 1]->weight.colwise().norm().transpose();
    const Vector factor = saliency == Saliency::magnitude ? Vector(layers[k]->weight.rowwise().norm()) : factors[k + 1];
    result.emplace_back(factor.cwiseProduct(outgoing));
  }
  return result;
}

}  // namespace secateur::prune
