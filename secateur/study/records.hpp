// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "secateur/core/names.hpp"
#include "secateur/core/status.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/model/solve.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::study {

/// One step of a study; each reads the network of the one before it.
enum class Kind { train, prune, bounds, solve };

/// What became of a cell. `failed`: it reported an error; `crashed`: its process died of a signal; `time_out`: it was
/// ended after the specification's cell limit (a solve that reaches its own limit is `done`); `skipped`: the cell whose
/// network it needs did not make one; `pending`: not run yet.
enum class Outcome { pending, done, failed, crashed, time_out, out_of_memory, skipped };

/// "timed out", "not run yet".
const char* words(Outcome outcome);

/// Where in the study's cross product a row stands; the names are those of the specification's blocks.
struct Axes {
  std::string source;                   ///< what the network imitates: "peaks"
  std::string architecture;             ///< "3x50", or "50-30-10" where widths differ
  std::string training;                 ///< "plain"
  std::string pruning = "dense";        ///< "dense": not pruned
  std::optional<prune::Method> method;  ///< none: not pruned
  double sparsity = 0;                  ///< asked for: fraction of weights or hidden nodes removed
  std::uint64_t seed = 0;               ///< of data, training, pruning and solver
};

/// What every cell has, whatever it computed.
struct Work {
  std::string key;  ///< of the cell: a hash of everything its result depends on
  Outcome outcome = Outcome::pending;
  std::string reason;  ///< of an outcome other than `done`
  /// Of the worker process: wall clock, processor time, largest resident memory in MiB. None while pending or skipped.
  std::optional<double> seconds, cpu_seconds, memory;
  std::int64_t workers = 0;  ///< processes that ran cells at the same time; 0 while pending
  std::string version;       ///< of the program that ran it
};

/// A network as trained or as pruned. Numbers are there when the outcome is `done`.
struct NetworkRow {
  Axes axes;
  Work work;
  std::optional<double> reached;                           ///< sparsity
  std::optional<std::int64_t> weights, neurons, unstable;  ///< non-zero weights; hidden; of these unstable by CROWN
  std::optional<std::int64_t> epochs;                      ///< of training
  /// train::relative_rmse: the root mean square error as a fraction of the outputs' deviation.
  std::optional<double> validation_error, test_error;
  std::optional<double> test_r2;         ///< the smallest over outputs
  std::optional<double> test_max_error;  ///< the largest over outputs, user's units
  /// Of data, all parts; and points that are not among them, because the flowsheet did not converge there.
  std::optional<std::int64_t> rows, failed_rows;
};

/// Preactivation bounds of one layer of a network, the last layer being the outputs. A cell that is not done has one
/// row without a layer.
struct BoundsRow {
  Axes axes;
  Work work;
  graph::BoundsMethod bounds = graph::BoundsMethod::crown;
  std::optional<std::int64_t> layer, units, unstable, nonzeros;
  std::optional<double> mean_width, max_width;
};

/// One solve. `reference`: the constants and binaries that big_m loose and binaries all add are those of the dense
/// ancestor's bounds (attribution); such rows exist only for the attribution's subset.
struct SolveRow {
  Axes axes;
  Work work;
  std::string solve;  ///< name of the solve block
  model::Engine engine = model::Engine::auto_;
  model::Solver solver = model::Solver::highs;
  model::Formulation formulation = model::Formulation::big_m;
  graph::BoundsMethod bounds = graph::BoundsMethod::crown;
  model::BigM big_m = model::BigM::tight;
  model::Binaries binaries = model::Binaries::unstable;
  bool reference = false;
  double time_limit = 0;
  std::optional<Status> status;
  std::optional<double> objective, bound, gap;
  std::optional<double> total_seconds, bounds_seconds, solve_seconds;  ///< model::SolveResult::Seconds
  std::optional<std::int64_t> nodes, boxes;
  std::optional<double> root_bound;  ///< optimum of the formulation's linear relaxation, before any cut or incumbent
  std::optional<std::int64_t> neurons, unstable, binary_count;
  std::optional<Proof> proof;
  std::string engine_used, solver_version;
  /// The imitated function, or the flowsheet, at the optimum's x; |objective - simulated| / |simulated|; how much worse
  /// than the true optimum, as a fraction of it; the largest violation of a constraint there.
  std::optional<double> simulated, objective_error, regret, violation;
  /// Distance from x to the nearest training row, in box widths (root mean square over inputs).
  std::optional<double> data_distance;
};

/// Incumbent and bound of a solve over time, thinned out.
struct TraceRow {
  std::string key;  ///< of the solve
  double seconds = 0;
  std::optional<double> objective, bound;
  std::int64_t nodes = 0;
};

/// A study's results as flat tables, in the order of its plan: what the CSV files hold and the report reads.
struct Study {
  std::string name;
  std::string spec;     ///< the specification's text (JSON)
  std::string version;  ///< of the program that ran it last
  std::string machine;  ///< processor, cores and compiler
  std::vector<NetworkRow> networks;
  std::vector<BoundsRow> bounds;
  std::vector<SolveRow> solves;
  std::vector<TraceRow> traces;
};

/// Reads a ledger (a file), or the CSV files that write_csv made (a folder). Throws InputError when it is neither, or
/// of another version; nothing is changed. A half-finished study is read as far as it is.
Study read_study(const std::filesystem::path& path);

/// study.json, networks.csv, bounds.csv, solves.csv, traces.csv in a folder, which is made when it is not there.
/// Reading them back gives the same rows. Returns the files' names.
std::vector<std::string> write_csv(const Study& study, const std::filesystem::path& folder);

// One table of columns for each kind of row: names and meaning have no other home.

template <class Visitor>
void describe(Axes& r, Visitor&& visit) {
  visit("source", r.source, "what the network imitates");
  visit("architecture", r.architecture, "hidden layers x width, or the widths");
  visit("training", r.training, "name of the training block");
  visit("pruning", r.pruning, "name of the pruning block; dense: not pruned");
  visit("method", r.method, "what was removed");
  visit("sparsity", r.sparsity, "fraction that was asked to be removed");
  visit("seed", r.seed, "of data, training, pruning and solver");
}

template <class Visitor>
void describe(Work& r, Visitor&& visit) {
  visit("key", r.key, "the cell");
  visit("outcome", r.outcome, "what became of the cell");
  visit("reason", r.reason, "of an outcome other than done");
  visit("cell_seconds", r.seconds, "wall-clock seconds of the worker process");
  visit("cpu_seconds", r.cpu_seconds, "processor seconds of the worker process");
  visit("memory", r.memory, "its largest resident memory, MiB");
  visit("workers", r.workers, "processes that ran cells at the same time");
  visit("version", r.version, "of the program that ran it");
}

template <class Visitor>
void describe(NetworkRow& r, Visitor&& visit) {
  describe(r.axes, visit);
  describe(r.work, visit);
  visit("reached", r.reached, "sparsity reached");
  visit("weights", r.weights, "non-zero weights");
  visit("neurons", r.neurons, "hidden neurons");
  visit("unstable", r.unstable, "of these, unstable by CROWN on the box");
  visit("epochs", r.epochs, "epochs of training");
  visit("validation_error", r.validation_error, "RMSE over the outputs' deviation, validation rows");
  visit("test_error", r.test_error, "the same on the test rows");
  visit("test_r2", r.test_r2, "smallest R2 of an output, test rows");
  visit("test_max_error", r.test_max_error, "largest absolute error, test rows");
  visit("rows", r.rows, "of data");
  visit("failed_rows", r.failed_rows, "points at which the flowsheet did not converge; they are not among the rows");
}

template <class Visitor>
void describe(BoundsRow& r, Visitor&& visit) {
  describe(r.axes, visit);
  describe(r.work, visit);
  visit("bounds", r.bounds, "method");
  visit("layer", r.layer, "affine layer, from 0; the last one is the outputs");
  visit("units", r.units, "of the layer");
  visit("unstable", r.unstable, "units with lower < 0 < upper");
  visit("nonzeros", r.nonzeros, "weights of the layer");
  visit("mean_width", r.mean_width, "mean of upper - lower");
  visit("max_width", r.max_width, "largest upper - lower");
}

template <class Visitor>
void describe(SolveRow& r, Visitor&& visit) {
  describe(r.axes, visit);
  describe(r.work, visit);
  visit("solve", r.solve, "name of the solve block");
  visit("engine", r.engine, "asked for");
  visit("solver", r.solver, "MILP solver");
  visit("formulation", r.formulation, "of an unstable neuron");
  visit("bounds", r.bounds, "method");
  visit("big_m", r.big_m, "constants");
  visit("binaries", r.binaries, "neurons with a binary");
  visit("reference", r.reference, "the dense ancestor's bounds are the loose ones");
  visit("time_limit", r.time_limit, "seconds");
  visit("status", r.status, "how the solve ended");
  visit("objective", r.objective, "best point");
  visit("bound", r.bound, "proven");
  visit("gap", r.gap, "relative");
  visit("total_seconds", r.total_seconds, "wall-clock seconds of the solve");
  visit("bounds_seconds", r.bounds_seconds, "of these, preactivation bounds");
  visit("solve_seconds", r.solve_seconds, "of these, everything behind them");
  visit("nodes", r.nodes, "of the tree");
  visit("boxes", r.boxes, "parts of the box that subdivision bounded");
  visit("root_bound", r.root_bound, "optimum of the linear relaxation");
  visit("neurons", r.neurons, "hidden neurons");
  visit("unstable", r.unstable, "of these, unstable");
  visit("binary_count", r.binary_count, "binaries of the formulation");
  visit("proof", r.proof, "what stands behind the bound");
  visit("engine_used", r.engine_used, "what searched");
  visit("solver_version", r.solver_version, "solver and its version");
  visit("simulated", r.simulated, "the truth at the optimum's x");
  visit("objective_error", r.objective_error, "|objective - simulated| / |simulated|");
  visit("regret", r.regret, "how much worse than the true optimum, as a fraction of it");
  visit("violation", r.violation, "largest violation of a constraint by the truth");
  visit("data_distance", r.data_distance, "from x to the nearest training row, in box widths");
}

template <class Visitor>
void describe(TraceRow& r, Visitor&& visit) {
  visit("key", r.key, "of the solve");
  visit("seconds", r.seconds, "since the solve began");
  visit("objective", r.objective, "best point so far");
  visit("bound", r.bound, "proven so far");
  visit("nodes", r.nodes, "so far");
}

}  // namespace secateur::study

namespace secateur {
template <>
struct Names<study::Kind> {
  static constexpr std::array<std::string_view, 4> value{"train", "prune", "bounds", "solve"};
};
template <>
struct Names<study::Outcome> {
  static constexpr std::array<std::string_view, 7> value{"pending",  "done",          "failed", "crashed",
                                                         "time_out", "out_of_memory", "skipped"};
};
}  // namespace secateur
