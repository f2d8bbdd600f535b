// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "secateur/core/rng.hpp"
#include "secateur/train/stability.hpp"
#include "secateur/train/sweep.hpp"
#include "secateur/train/team.hpp"
#include "secateur/train/train.hpp"

namespace secateur::train {

/// What a Trainer works on: the Dense layers of a canonical network and data in the units that they see.
struct Task {
  std::vector<nn::Dense> layers;
  Matrix x, t;                        ///< training inputs and targets, one row a point
  Matrix validation_x, validation_t;  ///< the same for validation
  Vector weight;                      ///< factor of each output's squared error
  Box box;                            ///< for the stability penalty
};

/// Adam on one task, in float or double arithmetic. All threads run the same steps together: each takes a fixed share
/// of the columns of a batch, then each updates a fixed share of the parameters from everybody's gradients, added in
/// order of the threads.
template <class Scalar>
class Trainer {
 public:
  Trainer(const Task& task, const TrainSettings& settings, const Masks* masks);

  /// Runs until the epochs or the patience are used up, the loss is no longer finite, or `stop` says so. Fills
  /// everything of `result` but the network.
  void run(Training& result, const ProgressSink& progress, const Stop& stop);

  /// The Dense layers with the best weights.
  [[nodiscard]] std::vector<nn::Dense> best() const;

 private:
  struct Set {
    Buffer<Scalar> x, t;
    Index columns = 0;
  };

  static Set set_of(const Matrix& x, const Matrix& t);
  void epoch(int member, const Stop& stop);
  void gather(int member);
  void descend(int member, Index first, Index columns);
  void update(int member);
  void validate(int member);
  double penalties();
  bool keep_if_better();

  TrainSettings m_settings;
  Layout m_layout;
  Team m_team;
  Index m_batch, m_steps;
  double m_outputs;
  Set m_training, m_shuffled, m_validation;
  std::vector<Index> m_order;
  Rng m_rng;

  Buffer<Scalar> m_parameters, m_best, m_mean, m_square, m_mask;
  std::vector<Sweep<Scalar>> m_sweep;  ///< one a thread, like the next three
  Index m_gradient_size;
  Buffer<Scalar> m_gradient;
  std::vector<double> m_loss, m_validation_loss;
  std::optional<Stability<Scalar>> m_stability;

  std::int64_t m_step = 0;
  bool m_stopped = false;
  double m_objective = 0, m_best_objective = 0;
};

}  // namespace secateur::train
