// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "secateur/core/options.hpp"
#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/data/dataset.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::train {

struct TrainSettings {
  int epochs = 500;
  int batch = 64;
  double learning_rate = 3e-3;
  double l1 = 0;
  double l2 = 0;
  double stability = 0;
  int patience = 100;
  std::uint64_t seed = 0;
  int threads = 1;
};

template <class Visitor>
void describe(TrainSettings& s, Visitor&& visit) {
  visit("epochs", s.epochs, "passes over the training rows", Range<int>{1, 1000000});
  visit("batch", s.batch, "rows a step", Range<int>{1, 1000000});
  visit("learning-rate", s.learning_rate, "initial step of Adam; follows a cosine down to 1 % of itself",
        Range<double>{0, 10, true});
  visit("l1", s.l1, "weight of the sum of |w| in the loss", Range<double>{0, 1e6});
  visit("l2", s.l2, "weight of the sum of w^2 in the loss", Range<double>{0, 1e6});
  visit("stability", s.stability, "weight of the ReLU-stability penalty (Xiao et al. 2019)", Range<double>{0, 1e6});
  visit("patience", s.patience, "epochs without a better validation error after which training ends",
        Range<int>{1, 1000000});
  visit("seed", s.seed, "seed of the split, the initial weights and the order of the rows",
        Range<std::uint64_t>{0, UINT64_MAX});
  visit("threads", s.threads, "worker threads", Range<int>{1, 1024});
}

/// Errors on one part of the data, one entry an output, in the user's units.
struct Errors {
  std::vector<double> r2, rmse, max_error;
};
Errors errors(const nn::Network& network, const data::Dataset& data);

/// One number to compare networks by: the root of the mean over outputs of (RMSE / standard deviation of the output)^2,
/// deviations taken over `reference` (the training part), so that outputs of any unit count the same.
double relative_rmse(const nn::Network& network, const data::Dataset& data, const data::Dataset& reference);

/// Which weights may be non-zero, one matrix a Dense layer of the canonical network: 1 free, 0 pruned (kept exactly
/// zero).
using Masks = std::vector<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// A fresh network for the data: input scaling to [-1, 1] (of the training box), hidden layers of the given widths with
/// He initialisation, output scaling to zero mean and unit deviation. float32; names and box from the data.
nn::Network initial_network(const data::Dataset& training, const std::vector<int>& hidden, std::uint64_t seed);

struct Training {
  nn::Network network;  ///< the weights with the best validation error
  int epochs = 0;       ///< epochs run
  double seconds = 0;
  std::vector<double> training_loss, validation_loss;  ///< mean squared error in scaled units, one an epoch
};

/// Adam (Kingma & Ba 2015) on the mean squared error of the canonical network's Dense layers; scaling layers stay as
/// they are. Weights with mask 0 are set to and stay exactly zero. Same settings, data and threads: same bits. Throws
/// InputError when the data does not fit the network. Ends early, with the best weights so far, when `stop` says.
Training train(const nn::Network& network, const data::Dataset& training, const data::Dataset& validation,
               const TrainSettings& settings, const Masks* masks = nullptr, const ProgressSink& progress = {},
               const Stop& stop = Stop());

}  // namespace secateur::train
