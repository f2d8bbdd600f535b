// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/records.hpp"

#include <algorithm>

#include "secateur/core/error.hpp"
#include "secateur/study/ledger.hpp"
#include "secateur/study/records_csv.hpp"
#include "secateur/study/settings_json.hpp"

namespace secateur::study {

namespace {

/// A value of a cell's result that may be missing.
template <class T>
std::optional<T> maybe(const Json& json, const char* key) {
  const auto at = json.find(key);
  if (at == json.end() || at->is_null()) return std::nullopt;
  return at->get<T>();
}

/// One row of the table `cells`.
struct Stored {
  Kind kind = Kind::train;
  Axes axes;
  Work work;
  std::string label, reference;
  Json spec, result;

  [[nodiscard]] bool done() const { return work.outcome == Outcome::done; }
};

Axes axes_of(const Json& json) {
  Axes axes;
  axes.source = json.at("source").get<std::string>();
  axes.architecture = json.at("architecture").get<std::string>();
  axes.training = json.at("training").get<std::string>();
  axes.pruning = json.at("pruning").get<std::string>();
  if (json.contains("method")) axes.method = from_string<prune::Method>(json["method"].get<std::string>());
  axes.sparsity = json.at("sparsity").get<double>();
  axes.seed = json.at("seed").get<std::uint64_t>();
  return axes;
}

NetworkRow network_row(const Stored& cell) {
  NetworkRow row;
  row.axes = cell.axes;
  row.work = cell.work;
  if (!cell.done()) return row;
  const Json& r = cell.result;
  row.reached = maybe<double>(r, "sparsity");
  row.weights = maybe<std::int64_t>(r, "weights");
  row.neurons = maybe<std::int64_t>(r, "neurons");
  row.unstable = maybe<std::int64_t>(r, "unstable");
  row.epochs = maybe<std::int64_t>(r, "epochs");
  row.rows = maybe<std::int64_t>(r, "rows");
  row.failed_rows = maybe<std::int64_t>(r, "failed_rows");
  row.validation_error = maybe<double>(r, "validation_error");
  row.test_error = maybe<double>(r, "test_error");
  const auto r2 = r.at("test").at("r2").get<std::vector<double>>();
  const auto largest = r.at("test").at("max_error").get<std::vector<double>>();
  row.test_r2 = *std::min_element(r2.begin(), r2.end());
  row.test_max_error = *std::max_element(largest.begin(), largest.end());
  return row;
}

void add_bounds(const Stored& cell, std::vector<BoundsRow>& rows) {
  BoundsRow row;
  row.axes = cell.axes;
  row.work = cell.work;
  row.bounds = from_string<graph::BoundsMethod>(cell.label).value();
  if (!cell.done()) {
    rows.push_back(row);
    return;
  }
  std::int64_t number = 0;
  for (const Json& layer : cell.result.at("layers")) {
    row.layer = number++;
    row.units = layer.at("units").get<std::int64_t>();
    row.unstable = layer.at("unstable").get<std::int64_t>();
    row.nonzeros = layer.at("nonzeros").get<std::int64_t>();
    row.mean_width = maybe<double>(layer, "mean_width");
    row.max_width = maybe<double>(layer, "max_width");
    rows.push_back(row);
  }
}

SolveRow solve_row(const Stored& cell) {
  SolveRow row;
  row.axes = cell.axes;
  row.work = cell.work;
  row.solve = cell.label;
  model::SolveSettings settings;
  read_settings(cell.spec.at("solve"), settings, model::JsonPlaces("the ledger"), "solve");
  row.engine = settings.engine;
  row.solver = settings.solver;
  row.formulation = settings.formulation;
  row.bounds = settings.bounds;
  row.big_m = settings.big_m;
  row.binaries = settings.binaries;
  row.time_limit = settings.time_limit;
  row.reference = !cell.reference.empty();
  if (!cell.done()) return row;
  const Json& r = cell.result;
  row.status = from_string<Status>(r.at("status").get<std::string>());
  row.proof = from_string<Proof>(r.at("proof").get<std::string>());
  for (const auto& [key, target] : {std::pair{"objective", &row.objective},
                                    {"bound", &row.bound},
                                    {"gap", &row.gap},
                                    {"root_bound", &row.root_bound},
                                    {"simulated", &row.simulated},
                                    {"objective_error", &row.objective_error},
                                    {"regret", &row.regret},
                                    {"violation", &row.violation},
                                    {"data_distance", &row.data_distance}}) {
    *target = maybe<double>(r, key);
  }
  row.total_seconds = maybe<double>(r.at("seconds"), "total");
  row.bounds_seconds = maybe<double>(r.at("seconds"), "bounds");
  row.solve_seconds = maybe<double>(r.at("seconds"), "solve");
  row.nodes = maybe<std::int64_t>(r, "nodes");
  row.boxes = maybe<std::int64_t>(r, "boxes");
  row.neurons = maybe<std::int64_t>(r.at("neurons"), "total");
  row.unstable = maybe<std::int64_t>(r.at("neurons"), "unstable");
  row.binary_count = maybe<std::int64_t>(r.at("neurons"), "binaries");
  row.engine_used = r.at("engine").get<std::string>();
  row.solver_version = r.at("solver").get<std::string>();
  return row;
}

void add_trace(const Stored& cell, std::vector<TraceRow>& rows) {
  if (!cell.done()) return;
  for (const Json& event : cell.result.at("trace")) {
    rows.push_back({cell.work.key, event.at("seconds").get<double>(), maybe<double>(event, "objective"),
                    maybe<double>(event, "bound"), event.at("nodes").get<std::int64_t>()});
  }
}

Study read_ledger(const std::filesystem::path& path) {
  require_ledger(path);
  Database database(path, Database::Mode::read);
  Study study;
  Statement facts(database, "SELECT name, value FROM study");
  while (facts.step()) {
    const std::string name = facts.text(0);
    for (const auto& [key, target] : {std::pair{"name", &study.name},
                                      {"spec", &study.spec},
                                      {"version", &study.version},
                                      {"machine", &study.machine}}) {
      if (name == key) *target = facts.text(1);
    }
  }
  Statement cells(database,
                  "SELECT key, kind, axes, label, reference, spec, outcome, reason, seconds, cpu_seconds, memory, "
                  "result, workers, version FROM cells WHERE planned = 1 ORDER BY position");
  while (cells.step()) {
    Stored cell;
    cell.work.key = cells.text(0);
    const auto kind = from_string<Kind>(cells.text(1));
    const auto outcome = from_string<Outcome>(cells.text(6));
    if (!kind || !outcome) throw InputError("holds a cell of an unknown kind or outcome", path.string());
    cell.kind = *kind;
    cell.work.outcome = *outcome;
    cell.work.reason = cells.text(7);
    cell.work.seconds = cells.number(8);
    cell.work.cpu_seconds = cells.number(9);
    cell.work.memory = cells.number(10);
    cell.work.workers = cells.integer(12);
    cell.work.version = cells.text(13);
    try {
      cell.axes = axes_of(Json::parse(cells.text(2)));
      cell.label = cells.text(3);
      cell.reference = cells.text(4);
      cell.spec = Json::parse(cells.text(5));
      cell.result = Json::parse(cells.text(11));
      if (cell.kind == Kind::train || cell.kind == Kind::prune) study.networks.push_back(network_row(cell));
      if (cell.kind == Kind::bounds) add_bounds(cell, study.bounds);
      if (cell.kind == Kind::solve) {
        study.solves.push_back(solve_row(cell));
        add_trace(cell, study.traces);
      }
    } catch (const Json::exception& error) {
      throw InputError("the cell " + cell.work.key + " cannot be read: " + error.what(), path.string());
    }
  }
  return study;
}

}  // namespace

const char* words(Outcome outcome) {
  switch (outcome) {
    case Outcome::pending:
      return "not run yet";
    case Outcome::done:
      return "done";
    case Outcome::failed:
      return "failed";
    case Outcome::crashed:
      return "crashed";
    case Outcome::time_out:
      return "timed out";
    case Outcome::out_of_memory:
      return "out of memory";
    case Outcome::skipped:
      break;
  }
  return "skipped";
}

Study read_study(const std::filesystem::path& path) {
  std::error_code code;
  return std::filesystem::is_directory(path, code) ? read_csv_folder(path) : read_ledger(path);
}

}  // namespace secateur::study
