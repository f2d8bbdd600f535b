// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/cell_run.hpp"

#include <algorithm>
#include <new>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/nn/onnx.hpp"
#include "secateur/study/cell_solve.hpp"
#include "secateur/study/settings_json.hpp"
#include "secateur/study/source.hpp"
#include "secateur/train/train.hpp"

namespace secateur::study {

namespace {

/// The parts of a cell's specification that all kinds have.
struct Common {
  explicit Common(const Json& spec)
      : at("the cell"),
        source(read_source(spec.at("source"), at, "source", {})),
        seed(spec.at("seed").get<std::uint64_t>()),
        threads(spec.at("threads").get<int>()) {}

  model::JsonPlaces at;
  Source source;
  std::uint64_t seed;
  int threads;
};

/// What records.cpp makes a NetworkRow of.
Json network_json(const nn::Network& network, const prune::Summary& summary, const SourceData& data) {
  const Index rows = data.parts.training.rows() + data.parts.validation.rows() + data.parts.test.rows();
  return {{"rows", rows},
          {"failed_rows", data.failed},
          {"weights", summary.weights},
          {"neurons", summary.neurons},
          {"unstable", summary.unstable},
          {"validation", summary.validation.value()},
          {"test", summary.test.value()},
          {"validation_error", train::relative_rmse(network, data.parts.validation, data.parts.training)},
          {"test_error", train::relative_rmse(network, data.parts.test, data.parts.training)}};
}

JobResult train_cell(const Json& spec) {
  const Common common(spec);
  train::TrainSettings settings;
  read_settings(spec.at("training"), settings, common.at, "training");
  settings.seed = common.seed;
  settings.threads = common.threads;
  const SourceData data = load(common.source, common.seed);
  train::Training training =
      train::train(train::initial_network(data.parts.training, spec.at("hidden").get<std::vector<int>>(), common.seed),
                   data.parts.training, data.parts.validation, settings);
  // The question is asked on the source's box, which may be larger than that of the training rows.
  training.network.box = data.box;
  JobResult done;
  done.result = network_json(training.network, prune::summarize(training.network, data.box, &data.parts), data);
  done.result["epochs"] = training.epochs;
  done.result["sparsity"] = 0;
  done.network = nn::to_onnx_bytes(training.network);
  return done;
}

JobResult prune_cell(const Json& spec, const nn::Network& network) {
  const Common common(spec);
  prune::PruneSettings settings;
  read_settings(spec.at("pruning"), settings, common.at, "pruning");
  settings.seed = common.seed;
  settings.threads = common.threads;
  const SourceData data = load(common.source, common.seed);
  const prune::Pruned pruned = prune::prune(network, data.box, &data.parts, settings);
  JobResult done;
  done.result = network_json(pruned.network, pruned.after, data);
  done.result["sparsity"] = pruned.sparsity;
  done.result["note"] = pruned.note;
  done.result["kept"] = pruned.kept;
  done.network = nn::to_onnx_bytes(pruned.network);
  return done;
}

JobResult bounds_cell(const Json& spec, const nn::Network& network) {
  const Common common(spec);
  const auto method = from_string<graph::BoundsMethod>(spec.at("bounds").get<std::string>()).value();
  const Box box = box_of(common.source);
  const graph::ReluGraph graph = graph::lower(network, box);
  const Stopwatch watch;
  const graph::NeuronBounds bounds = bounds::compute_bounds(graph, box, method, common.threads);
  JobResult done;
  done.result = {{"seconds", watch.seconds()}, {"layers", Json::array()}};
  for (std::size_t k = 0; k < bounds.size(); ++k) {
    const Vector width = bounds[k].upper - bounds[k].lower;
    const auto unstable = ((bounds[k].lower.array() < 0) && (bounds[k].upper.array() > 0)).count();
    done.result["layers"].push_back({{"units", width.size()},
                                     {"unstable", unstable},
                                     {"nonzeros", graph.layers[k].weight.nonZeros()},
                                     {"mean_width", width.mean()},
                                     {"max_width", width.maxCoeff()}});
  }
  return done;
}

JobResult solve_cell(const Job& job, const nn::Network& network) {
  const Common common(job.spec);
  SolveTask task;
  read_settings(job.spec.at("solve"), task.settings, common.at, "solve");
  task.settings.seed = common.seed;
  task.settings.threads = common.threads;
  if (job.memory_limit > 0) task.settings.memory_limit = std::min(task.settings.memory_limit, job.memory_limit);
  if (job.spec.contains("solver_options")) task.options = job.spec["solver_options"].get<mip::SolverOptions>();
  const SourceData data = load(common.source, common.seed);
  task.problem = question(common.source, network, data.box);
  if (!job.dense.empty()) {
    task.dense = question(common.source, nn::read_onnx_bytes(job.dense, "the dense network"), data.box);
    task.kept = job.kept.get<std::vector<std::vector<Index>>>();
  }
  const Solved solved = solve(task);
  JobResult done;
  done.result = to_json(solved);
  if (solved.search.x.size() > 0 && solved.search.objective) {
    const Truth truth = judge(common.source, data, solved.search.x, *solved.search.objective);
    put(done.result, "simulated", truth.simulated);
    put(done.result, "objective_error", truth.objective_error);
    put(done.result, "regret", truth.regret);
    put(done.result, "violation", truth.violation);
    put(done.result, "data_distance", truth.data_distance);
  }
  return done;
}

JobResult run(const Job& job) {
  const auto kind = from_string<Kind>(job.spec.at("kind").get<std::string>()).value();
  if (kind == Kind::train) return train_cell(job.spec);
  const nn::Network network = nn::read_onnx_bytes(job.network, "the parent's network");
  if (kind == Kind::prune) return prune_cell(job.spec, network);
  if (kind == Kind::bounds) return bounds_cell(job.spec, network);
  return solve_cell(job, network);
}

}  // namespace

JobResult run_cell(const Job& job) {
  JobResult failed;
  try {
    return run(job);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    failed.reason = error.what();
  }
  failed.outcome = Outcome::failed;
  return failed;
}

}  // namespace secateur::study
