// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "secateur/core/options.hpp"
#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/data/sampling.hpp"
#include "secateur/flowsheet/case.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/model/trust.hpp"
#include "secateur/prune/prune.hpp"
#include "secateur/train/train.hpp"

namespace secateur::flowsheet {

/// The loop from samples to a verified optimum. `train`, `prune` and `solve` are the settings of each round's steps;
/// seed and threads are set in all of them. `trust` keeps each search where its surrogate was trained.
///
/// When `prune` has neither a sparsity nor a tolerance: default_sparsity, if the validation error grows by at most
/// default_tolerance, and to that tolerance otherwise.
struct LoopSettings {
  static constexpr double default_sparsity = 0.8, default_tolerance = 0.3;

  int rounds = 4;
  int samples = 4000;
  data::Sampling sampling = data::Sampling::sobol;
  double accuracy = 0.01;
  double violation = 1e-3;
  int corrections = 3;
  std::vector<int> hidden{50, 50, 50};
  std::uint64_t seed = 0;
  int threads = 2;
  train::TrainSettings train;
  prune::PruneSettings prune;
  model::SolveSettings solve;
  mip::SolverOptions solver_options;
  model::TrustSettings trust;
};

template <class Visitor>
void describe(LoopSettings& s, Visitor&& visit) {
  visit("rounds", s.rounds, "how often to sample, train, prune and solve, at most", Range<int>{1, 100});
  visit("samples", s.samples, "points to simulate in each round", Range<int>{10, 100000000});
  visit("sampling", s.sampling, "how points are spread");
  visit("accuracy", s.accuracy, "relative error of the surrogate's objective that is accepted",
        Range<double>{0, 1, true});
  visit("violation", s.violation, "relative violation of the plant's constraints that is accepted",
        Range<double>{0, 1});
  visit("corrections", s.corrections, "solves with constraints corrected by the error seen, in each round, at most",
        Range<int>{0, 100});
  visit("seed", s.seed, "seed of everything random", Range<std::uint64_t>{0, UINT64_MAX});
  visit("threads", s.threads, "worker threads", Range<int>{1, 1024});
}

/// One solve of a surrogate and what the plant makes of its optimum.
struct Attempt {
  Vector bias;                ///< added to each constraint's sum (Case::problem)
  model::SolveResult search;  ///< of the surrogate; x are the decisions
  Vector predicted;           ///< outputs, by the surrogate
  /// Empty when there is no point.
  std::optional<Case::Evaluation> plant;
  std::optional<model::TrustReport> trust;  ///< where the optimum lies in the round's data; empty when there is none
  std::optional<double> error;              ///< |surrogate - plant| / |plant|, of the objective

  /// What the plant answered; null without an answer.
  [[nodiscard]] const Case::Evaluation* answer() const {
    return plant && plant->simulation.converged ? &*plant : nullptr;
  }
  [[nodiscard]] bool feasible(const LoopSettings& s) const {
    return answer() != nullptr && answer()->violation <= s.violation;
  }
  [[nodiscard]] bool accurate(const LoopSettings& s) const { return error && *error <= s.accuracy; }
};

/// What one surrogate took and gave.
struct Round {
  Box region;                                    ///< that was sampled, of the network's inputs
  Index simulated = 0, reused = 0;               ///< points; earlier ones that lie in the region
  std::map<std::string, Index> failures;         ///< points without an answer, by reason
  Index rows = 0;                                ///< with an answer: what the surrogate was trained and tested on
  std::optional<model::TrustRestriction> trust;  ///< what LoopSettings::trust made of these rows
  train::Errors errors;                          ///< of the pruned network on the test part
  double objective_rmse = 0;                     ///< of the pruned network on the test part
  prune::Summary dense, pruned;
  double sparsity = 0;
  double growth = 0;    ///< of the validation error by pruning: 0.1 is 10 % more (train::relative_rmse)
  nn::Network network;  ///< the pruned one
  std::vector<Attempt> attempts;
  bool accepted = false;
  struct Seconds {
    double sample = 0, train = 0, prune = 0, solve = 0;
  } seconds;
};

struct LoopResult {
  std::vector<Round> rounds;
  /// The attempt to go by: feasible in the plant before accurate before good. Empty when no surrogate had an optimum.
  std::optional<std::pair<std::size_t, std::size_t>> best;  ///< round, attempt
  bool accepted = false;                                    ///< accurate and feasible within the settings
  std::optional<Status> stopped;                            ///< why it ended early
  Index simulations = 0;
  double seconds = 0;

  [[nodiscard]] const Attempt* attempt() const { return best ? &rounds[best->first].attempts[best->second] : nullptr; }
};

/// Called after each round.
using RoundSink = std::function<void(const Round&, const LoopResult&)>;

/// The loop. A case that has only data takes one round, whose optimum nothing can simulate: attempts have no `plant`
/// and no `error`, and nothing is accepted. Throws InputError for settings out of range, too few points that converge,
/// and what training, pruning and solving refuse.
LoopResult optimize(const Case& plant, const LoopSettings& settings, const ProgressSink& progress = {},
                    const RoundSink& on_round = {}, const Stop& stop = Stop());

}  // namespace secateur::flowsheet
