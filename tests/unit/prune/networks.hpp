// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/rng.hpp"
#include "secateur/data/sampling.hpp"
#include "secateur/prune/prune.hpp"
#include "secateur/train/train.hpp"

// Networks and data that the tests of this room share.
namespace secateur::prune {

/// float64, named, no scaling; weight k has the rows given.
inline nn::Network network_of(const std::vector<nn::Dense>& layers) {
  nn::Network network;
  network.precision = nn::Precision::float64;
  network.input_names = nn::default_names("x", layers.front().weight.cols());
  network.output_names = nn::default_names("y", layers.back().weight.rows());
  for (std::size_t k = 0; k < layers.size(); ++k) {
    if (k > 0) network.layers.emplace_back(nn::Relu{});
    network.layers.emplace_back(layers[k]);
  }
  return network;
}

inline nn::Dense dense(Index rows, Index columns, std::initializer_list<double> weight,
                       std::initializer_list<double> bias) {
  return {Eigen::Map<const Matrix>(weight.begin(), rows, columns), Eigen::Map<const Vector>(bias.begin(), rows)};
}

inline Box box_of(std::initializer_list<double> lower, std::initializer_list<double> upper) {
  return {Eigen::Map<const Vector>(lower.begin(), static_cast<Index>(lower.size())),
          Eigen::Map<const Vector>(upper.begin(), static_cast<Index>(upper.size()))};
}

/// Peaks in its box, `rows` Sobol points, split.
inline PruneData peaks_data(Index rows) {
  const data::Dataset all = data::sample(data::test_function("peaks"), rows, data::Sampling::sobol, 1);
  const data::Split parts = data::split(all, 0);
  return {data::rows(all, parts.train), data::rows(all, parts.validation), data::rows(all, parts.test)};
}

inline Box peaks_box() { return data::test_function("peaks").box; }

/// A float32 network with scaling, trained a little on the data.
inline nn::Network peaks_network(const PruneData& data, const std::vector<int>& hidden, int epochs) {
  train::TrainSettings settings;
  settings.epochs = epochs;
  settings.learning_rate = 1e-2;
  return train::train(train::initial_network(data.training, hidden, 3), data.training, data.validation, settings)
      .network;
}

}  // namespace secateur::prune
