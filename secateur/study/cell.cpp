// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/cell.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "secateur/core/error.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/study/settings_json.hpp"

namespace secateur::study {

namespace {

class Planner {
 public:
  Planner(const Spec& spec, const std::string& file) : m_spec(spec), m_file(file) {
    for (const Source& source : spec.sources) m_sources.push_back(to_json(source));
  }

  std::vector<Cell> run() {
    for (const std::uint64_t seed : m_spec.seeds) plan_seed(seed);
    return std::move(m_cells);
  }

 private:
  /// A network of the study that later cells read.
  struct Made {
    Axes axes;
    std::size_t source;
    std::string key;       ///< of the cell that makes it
    std::string ancestor;  ///< of the cell that made the dense network
  };

  void plan_seed(std::uint64_t seed) {
    std::vector<Made> dense, all;
    for (std::size_t s = 0; s < m_spec.sources.size(); ++s) {
      for (const auto& hidden : m_spec.architectures) {
        for (const TrainingBlock& block : m_spec.training) plan_training(seed, s, hidden, block, dense);
      }
    }
    all = dense;
    for (const PruningBlock& block : m_spec.pruning) {
      for (const double sparsity : block.sparsities) {
        for (const Made& from : dense) plan_pruning(block, sparsity, from, all);
      }
    }
    for (const Made& network : all) {
      for (const graph::BoundsMethod method : m_spec.bounds) {
        Json spec = start(Kind::bounds, network.axes.seed, network.source);
        spec["parent"] = network.key;
        spec["bounds"] = to_string(method);
        add(Kind::bounds, network, std::string(to_string(method)), std::move(spec), m_spec.cell_limit);
      }
    }
    for (const SolveBlock& block : m_spec.solve) {
      for (const Made& network : all) {
        if (block.only.admits(network.axes)) plan_solve(block, network, block.settings, {});
      }
    }
    plan_attribution(all);
  }

  [[nodiscard]] Json start(Kind kind, std::uint64_t seed, std::size_t source) const {
    return {{"kind", to_string(kind)}, {"seed", seed}, {"source", m_sources[source]}, {"threads", m_spec.threads}};
  }

  void plan_training(std::uint64_t seed, std::size_t source, const std::vector<int>& hidden, const TrainingBlock& block,
                     std::vector<Made>& made) {
    Axes axes;
    axes.source = m_spec.sources[source].name;
    axes.architecture = architecture_name(hidden);
    axes.training = block.name;
    axes.seed = seed;
    if (!block.only.admits(axes)) return;
    Json spec = start(Kind::train, seed, source);
    spec["hidden"] = hidden;
    spec["training"] = deviations(block.settings, {"seed", "threads"});
    Made network{axes, source, {}, {}};
    network.key = network.ancestor = add(Kind::train, network, {}, std::move(spec), m_spec.cell_limit);
    made.push_back(network);
  }

  void plan_pruning(const PruningBlock& block, double sparsity, const Made& from, std::vector<Made>& made) {
    if (!block.only.admits(from.axes)) return;
    prune::PruneSettings settings = block.settings;
    settings.sparsity = sparsity;
    Json spec = start(Kind::prune, from.axes.seed, from.source);
    spec["parent"] = from.key;
    spec["pruning"] = deviations(settings, {"seed", "threads"});
    Made network = from;
    network.axes.pruning = block.name;
    network.axes.method = block.settings.method;
    network.axes.sparsity = sparsity;
    const std::string key = add(Kind::prune, network, {}, std::move(spec), m_spec.cell_limit);
    network.key = key;
    made.push_back(network);
  }

  void plan_solve(const SolveBlock& block, const Made& network, const model::SolveSettings& settings,
                  const std::string& reference) {
    Json spec = start(Kind::solve, network.axes.seed, network.source);
    spec["parent"] = network.key;
    spec["solve"] = deviations(settings, {"seed", "threads", "solutions"});
    if (!block.options.empty()) spec["solver_options"] = block.options;
    if (!reference.empty()) spec["reference"] = reference;
    const double own = std::isfinite(settings.time_limit) ? settings.time_limit : 0;
    add(Kind::solve, network, block.name, std::move(spec), m_spec.cell_limit + own);
  }

  void plan_attribution(const std::vector<Made>& all) {
    if (!m_spec.attribution) return;
    using model::BigM;
    using model::Binaries;
    for (const SolveBlock& block : m_spec.solve) {
      const auto& chosen = m_spec.attribution->solve;
      if (std::find(chosen.begin(), chosen.end(), block.name) == chosen.end()) continue;
      for (const Made& network : all) {
        const bool both = block.only.admits(network.axes) && m_spec.attribution->only.admits(network.axes);
        if (!network.axes.method || !both) continue;
        for (const auto& [big_m, binaries] :
             {std::pair{BigM::loose, Binaries::all}, {BigM::loose, Binaries::unstable}, {BigM::tight, Binaries::all}}) {
          model::SolveSettings settings = block.settings;
          settings.big_m = big_m;
          settings.binaries = binaries;
          plan_solve(block, network, settings, network.ancestor);
        }
      }
    }
  }

  /// `network`: what the cell makes or reads; its key is the parent's.
  std::string add(Kind kind, const Made& network, std::string label, Json spec, double limit) {
    Cell cell;
    cell.kind = kind;
    cell.axes = network.axes;
    cell.label = std::move(label);
    cell.parent = spec.value("parent", "");
    cell.reference = spec.value("reference", "");
    cell.key = hash_of(without_path(spec).dump());
    cell.spec = std::move(spec);
    cell.limit = limit;
    const auto [first, fresh] = m_known.emplace(cell.key, m_cells.size());
    if (!fresh) {
      const Cell& other = m_cells[first->second];
      throw InputError("two blocks ask for the same cell (" + describe_cell(cell) + " and " + describe_cell(other) +
                           "); each may be there once",
                       m_file);
    }
    m_cells.push_back(cell);
    return cell.key;
  }

  static std::string describe_cell(const Cell& cell) {
    std::string text = std::string(to_string(cell.kind)) + " " + cell.axes.source + " " + cell.axes.architecture + " " +
                       cell.axes.training;
    if (cell.kind != Kind::train) text += " " + cell.axes.pruning;
    return cell.label.empty() ? text : text + " " + cell.label;
  }

  const Spec& m_spec;
  const std::string& m_file;
  std::vector<Json> m_sources;
  std::vector<Cell> m_cells;
  std::unordered_map<std::string, std::size_t> m_known;
};

}  // namespace

Json without_path(Json spec) {
  spec.at("source").erase("data");
  return spec;
}

std::vector<Cell> plan_cells(const Spec& spec, const std::string& file) { return Planner(spec, file).run(); }

}  // namespace secateur::study
