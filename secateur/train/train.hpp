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

/// Errors on one part of the data, one entry an output, in the user's units (float64 arithmetic). R2 of a constant
/// column is 1 if it is met exactly and 0 otherwise. Throws InputError when the data does not fit the network.
struct Errors {
  std::vector<double> r2, rmse, max_error;
};
Errors errors(const nn::Network& network, const data::Dataset& data);

/// {r2, rmse, max_error}, each a list: how nlohmann::json and ordered_json are made of it.
template <class Json>
void to_json(Json& json, const Errors& errors) {
  json = {{"r2", errors.r2}, {"rmse", errors.rmse}, {"max_error", errors.max_error}};
}

/// One number to compare networks by: the root of the mean over outputs of (RMSE / standard deviation of the output)^2,
/// deviations taken over `reference` (the training part), so that outputs of any unit count the same; 1 stands in for
/// the deviation of a constant column. Throws InputError when the data does not fit the network.
double relative_rmse(const nn::Network& network, const data::Dataset& data, const data::Dataset& reference);

/// Which weights may be non-zero, one matrix a Dense layer of the canonical network: 1 free, 0 pruned (kept exactly
/// zero).
using Masks = std::vector<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// A fresh network for the data: input scaling to [-1, 1] (of the training box), hidden layers of the given widths with
/// He's normal weights and biases uniform within 1 / sqrt(fan-in), output scaling to zero mean and unit deviation.
/// float32; names and box from the data. Throws InputError for data without rows, with numbers that float32 cannot
/// hold, or a hidden width below 1.
nn::Network initial_network(const data::Dataset& training, const std::vector<int>& hidden, std::uint64_t seed);

struct Training {
  nn::Network network;  ///< canonical, with the best weights: lowest validation loss plus penalties, the start included
  int epochs = 0;       ///< epochs run to their end
  double seconds = 0;
  /// Mean over rows and outputs of the squared error divided by the variance of the output over the training rows, one
  /// an epoch: as the training rows met it on the way, and on the validation rows at the end of the epoch. With the
  /// output scaling of initial_network this is the mean squared error in scaled units. Penalties are not in it.
  std::vector<double> training_loss, validation_loss;
};

/// Adam (Kingma & Ba 2015) on that loss plus the penalties of the settings, on the Dense layers of the canonical
/// network; scaling layers stay as they are. The arithmetic is that of the canonical network's precision. The stability
/// penalty is taken over the network's box, or the bounding box of the training rows if it has none. Weights with mask
/// 0 are set to and stay exactly zero. Same settings, data, threads and instruction set (core/kernels.hpp): same bits.
///
/// Throws InputError when data, masks or settings do not fit, and when the loss stops being finite before any epoch was
/// better than the start; if that happens later, the best weights so far come back. The same when `stop` says so.
Training train(const nn::Network& network, const data::Dataset& training, const data::Dataset& validation,
               const TrainSettings& settings, const Masks* masks = nullptr, const ProgressSink& progress = {},
               const Stop& stop = Stop());

}  // namespace secateur::train
