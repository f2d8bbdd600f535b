// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/core/options.hpp"
#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/data/functions.hpp"
#include "secateur/model/solve.hpp"
#include "secateur/nn/network.hpp"
#include "secateur/prune/prune.hpp"
#include "secateur/study/speed_up.hpp"

namespace secateur::study {

/// The demonstration: a dense network trained on the peaks function, pruned by weights and by nodes, all three
/// optimised to proven optimality, and a report on what pruning brought.
struct DemoSettings {
  std::string out = "out/demo";
  double time_limit = 60;
  int threads = 2;
  std::uint64_t seed = 0;
  bool quick = false;
};

template <class Visitor>
void describe(DemoSettings& s, Visitor&& visit) {
  visit("out", s.out, "folder for networks, data, results and report; made when it is not there");
  visit("time-limit", s.time_limit, "seconds for each of the three solves; those of the sweep get a sixth of it",
        Range<double>{0, 1e6, true});
  visit("threads", s.threads, "worker threads", Range<int>{1, 1024});
  visit("seed", s.seed, "seed of the sample, the training and the solver", Range<std::uint64_t>{0, UINT64_MAX});
  visit("quick", s.quick, "a smaller network, fewer epochs and shorter limits: done in seconds");
}

/// One network of the demonstration and what became of it.
struct DemoNetwork {
  std::string name;                     ///< "dense", "weights 90 %", "nodes 75 %"
  std::string file;                     ///< where it was saved, relative to the folder; empty: not saved
  std::optional<prune::Method> method;  ///< empty: the dense network
  double sparsity = 0;                  ///< fraction of weights or hidden nodes that was asked to be removed
  nn::Network network;
  double seconds = 0;  ///< training or pruning
  prune::Summary summary;
  double time_limit = 0;                    ///< of the solve
  std::optional<model::SolveResult> solve;  ///< empty when the demonstration was interrupted before
  std::optional<SpeedUp> speed_up;          ///< against the dense network
  /// The same question to the native engine; empty for the networks of the sweep.
  std::optional<model::SolveResult> native;
  /// With x the best point found: the true function there, |x - x*| to its true minimiser x*, and
  /// |objective - simulated| / |simulated|.
  std::optional<double> simulated, distance, objective_error;
};

struct DemoResult {
  DemoSettings settings;
  data::TestFunction function;
  Index rows = 0;                     ///< sampled: training, validation and test together
  std::vector<int> hidden;            ///< widths of the dense network's hidden layers
  int epochs = 0, prune_epochs = 0;   ///< of training at most, of fine-tuning
  std::vector<DemoNetwork> networks;  ///< dense, pruned by weights, pruned by nodes; fewer when interrupted
  std::vector<DemoNetwork> sweep;     ///< further sparsities, each with its own shorter limit
  double seconds = 0;
  bool interrupted = false;
  std::vector<std::string> files;  ///< what was written, relative to the folder
};

/// Runs the demonstration and writes dense.onnx, weights90.onnx, nodes75.onnx, data.csv, results.json, report.html and
/// the plots' data (data/*.csv) to settings.out. Progress tells the fraction of the whole demonstration done, and the
/// step it is in. When `stop` says, the rest is left out and what is there is reported, `interrupted` set.
///
/// Throws InputError when the folder cannot be made or written to (before any work), or an option is out of range.
DemoResult run_demo(const DemoSettings& settings, const ProgressSink& progress = {}, const Stop& stop = Stop());

/// {"networks": [...], "sweep": [...], "function", "settings", "seconds", "interrupted", "files", ...}: all of it.
nlohmann::ordered_json to_json(const DemoResult& result);

/// The three networks as plain text of at most 120 columns, for a terminal.
std::string to_text(const DemoResult& result);

}  // namespace secateur::study
