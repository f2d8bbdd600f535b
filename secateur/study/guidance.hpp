// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"
#include "secateur/prune/prune.hpp"
#include "secateur/study/page.hpp"

namespace secateur::study {

/// What guide() may spend and what it aims at.
struct GuidanceSettings {
  double tolerance = 0.02;  ///< allowed relative growth of the validation RMSE
  double time_limit = 10;   ///< seconds of each probe
  int epochs = 500;         ///< of fine-tuning, a candidate
  int threads = 1;
  std::uint64_t seed = 0;
};

/// A way to prune, tried or to be tried.
struct Attempt {
  prune::Method method = prune::Method::weight;
  double sparsity = 0;
};

/// The attempts for a network of this shape, the method first that suits it: nodes when it is shallow and wide (at most
/// two hidden layers of at least 64 nodes on average), weights otherwise (Lastrucci et al. 2026); that one at five
/// sparsities, the other one at three.
std::vector<Attempt> attempts_for(const nn::Network& network);

/// A network and what optimising over it costs. The first candidate is the network as it came.
struct GuidanceCandidate {
  std::optional<prune::Method> method;  ///< none: not pruned
  double sparsity = 0;
  nn::Network network;
  prune::Summary summary;
  double error = 0;   ///< on the validation rows, over all outputs (train::relative_rmse)
  double growth = 0;  ///< of that, relative to the network as it came
  double prune_seconds = 0;
  std::optional<model::SolveResult> probe;  ///< empty when interrupted before
  bool front = false;  ///< none is both at least as accurate and at least as cheap, and better in one
  bool recommended = false;
  std::string file;  ///< where it was written; empty: nowhere
};

struct Guidance {
  GuidanceSettings settings;
  std::vector<GuidanceCandidate> candidates;  ///< in the order they were made
  std::string reason;                         ///< why the recommended one is recommended
  std::vector<std::string> output_names;
  double seconds = 0;
  bool interrupted = false;

  /// Indices of the front, cheapest first.
  [[nodiscard]] std::vector<std::size_t> front() const;
  [[nodiscard]] const GuidanceCandidate* recommended() const;
};

/// Prunes network number `network` of the problem in every way of attempts_for (with compensation, saliency by
/// magnitude, gradually with fine-tuning), once more between the last sparsity within the tolerance and the first
/// beyond, and solves the problem with each of them in its place for a short time. A method is given up at five times
/// the error. Costs compare by seconds (all below 0.02 alike) among candidates that were solved, by the gap left among
/// those that were not.
///
/// Recommended is the front's sparsest candidate (fewest weights) that is within the tolerance and was solved; if there
/// is none, the most accurate one that was solved; if none was, the one within the tolerance with the smallest gap, and
/// after that the smallest gap of all. Where every
/// network makes the problem infeasible or unbounded it is the most accurate one, and the reason says so.
///
/// `box`: of the network's inputs, for bounds and compensation. Throws as prune::prune and search::solve do, and
/// std::invalid_argument for a network that is not there. When `stop` says, it ends early, `interrupted` set.
Guidance guide(const model::Problem& problem, int network, const Box& box, const prune::PruneData& data,
               const GuidanceSettings& settings, const ProgressSink& progress = {}, const Stop& stop = Stop());

/// Marks front and recommendation; for candidates all of which have a probe.
void choose(Guidance& guidance);

/// {method (null: not pruned), sparsity, weights, neurons, unstable, binaries, rmse (a list), growth, seconds, status,
/// gap, objective, file, front, recommended}.
nlohmann::ordered_json to_json(const GuidanceCandidate& candidate);
/// One row a candidate.
std::string to_csv(const Guidance& guidance);
/// The front as a plot of error against solve time, in one HTML file, with a table of all candidates.
std::string to_html(const Guidance& guidance, const std::string& subtitle);
/// "weights 90 %", "nodes 50 %", "not pruned".
std::string name_of(const GuidanceCandidate& candidate);

}  // namespace secateur::study
