// SPDX-License-Identifier: Apache-2.0
#include "unit/study/report_sample.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

namespace secateur::study {

namespace {

constexpr double limit = 60;

struct Form {
  std::string name;
  int depth, width;
};

/// A number between 0 and 1 that looks random and is always the same.
double noise(const Axes& axes, int salt) {
  double sum = static_cast<double>(axes.seed) * 12.9898 + 78.233 * axes.sparsity + salt;
  for (const char c : axes.source + axes.architecture + axes.pruning + axes.training)
    sum = std::fmod(sum * 1.37 + c, 1000.0);
  const double value = std::sin(sum) * 43758.5453;
  return value - std::floor(value);
}

/// Fraction of the dense network's difficulty that is left: nodes help wide networks, weights deep ones.
double hardness(const Form& form, const Axes& axes) {
  if (!axes.method) return 1;
  const double deep = static_cast<double>(form.depth) / (form.depth + form.width / 15.0);
  const double strength = *axes.method == prune::Method::weight ? 3.2 + 2.5 * deep : 5.5 - 1.5 * deep;
  return std::pow(10.0, -strength * axes.sparsity * axes.sparsity);
}

class Builder {
 public:
  explicit Builder(const SampleSize& size) : m_size(size) {
    study.name = "sample";
    study.spec = "{\"name\": \"sample\"}";
    study.version = "0.1.0";
    study.machine = "A processor & another, 2 cores, a compiler";
  }

  void network(const Form& form, Axes axes, double training_gain) {
    const double left = hardness(form, axes);
    NetworkRow row;
    row.axes = axes;
    row.work = work(m_networks);
    const int neurons = form.depth * form.width;
    const double kept_nodes = axes.method == prune::Method::node ? 1 - axes.sparsity : 1;
    const double kept_weights = axes.method == prune::Method::weight ? 1 - axes.sparsity : kept_nodes * kept_nodes;
    const double unstable =
        0.8 * kept_nodes * (axes.method == prune::Method::weight ? 1 - 0.5 * axes.sparsity : 1) * training_gain;
    if (m_size.failures && axes.seed == 1 && axes.sparsity > 0.9 && form.depth == 10) {
      row.work.outcome = Outcome::crashed, row.work.reason = "signal 11 (SIGSEGV)";
      study.networks.push_back(row);
      return;
    }
    if (row.work.outcome == Outcome::done) {
      row.reached = axes.sparsity,
      row.weights = std::llround(kept_weights * ((form.depth - 1) * form.width * form.width + 3 * form.width));
      row.neurons = std::llround(neurons * kept_nodes), row.unstable = std::llround(neurons * unstable);
      row.epochs = 500;
      const double growth =
          axes.method ? std::pow(10.0, (axes.method == prune::Method::node ? 1.6 : 1.1) * std::pow(axes.sparsity, 6))
                      : 1;
      row.test_error = 0.03 * growth * (0.8 + 0.4 * noise(axes, 1)) / std::sqrt(form.width / 50.0);
      row.validation_error = 0.97 * *row.test_error, row.test_r2 = 1 - *row.test_error * *row.test_error;
      row.test_max_error = 8 * *row.test_error;
    }
    study.networks.push_back(row);
    bounds(form, axes, kept_nodes, left, training_gain);
    solve(form, axes, left, training_gain, "milp", unstable * neurons, *row.work.seconds);
    if (m_size.second_solve)
      solve(form, axes, left, training_gain * 0.7, "native", unstable * neurons, *row.work.seconds);
  }

  Study study;

 private:
  Work work(int& made) {
    Work made_work;
    made_work.key = fmt::format("{:08x}", ++m_key * 2654435761U);
    made_work.seconds = 2.5, made_work.cpu_seconds = 2.4, made_work.memory = 80;
    made_work.outcome = made++ < m_size.stop_after ? Outcome::done : Outcome::pending;
    return made_work;
  }

  void bounds(const Form& form, const Axes& axes, double kept_nodes, double left, double gain) {
    const Work cell = work(m_bounds);
    for (int layer = 0; layer <= form.depth; ++layer) {
      BoundsRow row;
      row.axes = axes, row.work = cell;
      if (cell.outcome == Outcome::done) {
        row.layer = layer, row.units = layer == form.depth ? 1 : std::llround(form.width * kept_nodes);
        row.nonzeros = *row.units * form.width;
        const double spread = 1 + 0.1 * (noise(axes, layer) - 0.5) -
                              0.4 * axes.sparsity * (layer == 0 && axes.method == prune::Method::node ? -1 : 1);
        row.mean_width = 3 * std::pow(2.2, layer) * std::pow(left, 0.2 * layer / form.depth) * gain * spread;
        row.max_width = 1.8 * *row.mean_width, row.unstable = 7 * *row.units / 10;
      }
      study.bounds.push_back(row);
      if (cell.outcome != Outcome::done) break;
    }
  }

  void solve(const Form& form, const Axes& axes, double left, double gain, const std::string& name, double unstable,
             double) {
    SolveRow row;
    row.axes = axes, row.work = work(m_solves), row.solve = name, row.time_limit = limit;
    row.engine = name == "milp" ? model::Engine::milp : model::Engine::native;
    row.binaries = model::Binaries::unstable;
    if (row.work.outcome != Outcome::done) {
      study.solves.push_back(row);
      return;
    }
    if (m_size.failures && axes.seed == 2 && !axes.method && form.depth == 10) {
      row.work.outcome = Outcome::out_of_memory, row.work.reason = "more than 4096 MiB";
      study.solves.push_back(row);
      return;
    }
    const double hard =
        std::pow(10.0, 0.018 * form.depth * form.width - 1.4) * left * std::pow(gain, 6) * (0.5 + noise(axes, 7));
    const double seconds = 0.01 + hard;
    const bool stopped = seconds > limit;
    row.status = stopped ? Status::time_limit : Status::optimal;
    row.total_seconds = std::min(seconds, limit * 1.01), row.bounds_seconds = 0.004,
    row.solve_seconds = *row.total_seconds - 0.004;
    row.nodes = std::llround(100 * *row.total_seconds), row.boxes = 0;
    row.neurons = form.depth * form.width, row.unstable = std::llround(unstable),
    row.binary_count = std::llround(0.95 * unstable);
    const double truth = axes.source == "peaks" ? -6.551 : 120.5;
    const double error = 0.004 + 0.05 * std::pow(axes.sparsity, 6) * (noise(axes, 9) - 0.3);
    row.objective = truth * (1 + error);
    row.bound = stopped ? *row.objective - 3 * std::abs(truth) : *row.objective - 1e-4 * std::abs(truth);
    row.gap = std::abs(*row.objective - *row.bound) / std::abs(*row.objective);
    row.root_bound = *row.objective - 20 * std::pow(left, 0.3) * std::abs(truth);
    row.proof = Proof::solver_tolerance, row.engine_used = std::string(to_string(row.engine)),
    row.solver_version = "HiGHS 1.12.0";
    row.simulated = truth * (1 + 0.5 * (noise(axes, 11) - 0.3) * 0.02);
    row.objective_error = std::abs(*row.objective - *row.simulated) / std::abs(*row.simulated);
    if (axes.source != "peaks")
      row.regret = 0.03 * std::pow(axes.sparsity, 4) * noise(axes, 13) + 1e-5, row.violation = 0.001;
    row.data_distance = 0.02;
    for (double at = 0.01; at < *row.total_seconds; at *= 2) {
      const double open = 20 * std::abs(truth) / (1 + at / (0.05 * *row.total_seconds));
      study.traces.push_back({row.work.key, at, *row.objective * (at < 0.05 ? 0.9 : 1),
                              *row.objective - std::max(open - 2 * std::abs(truth), *row.gap * std::abs(truth)),
                              std::llround(100 * at)});
    }
    study.solves.push_back(row);
    const bool subset = name == "milp" && (form.name == "3x50" || form.name == "5x20") && axes.training == "plain" &&
                        (axes.sparsity == 0.9 || (axes.method == prune::Method::node && axes.sparsity == 0.5));
    if (subset) references(row);
  }

  /// The solves of an attribution: tighter constants and fewer binaries each make a part of the difference.
  void references(SolveRow row) {
    row.reference = true;
    const double own = *row.total_seconds;
    for (const auto& [big_m, binaries, factor] : {std::tuple{model::BigM::loose, model::Binaries::all, 9.0},
                                                  {model::BigM::loose, model::Binaries::unstable, 4.0},
                                                  {model::BigM::tight, model::Binaries::all, 2.0}}) {
      row.work.key = fmt::format("{:08x}", ++m_key * 2654435761U);
      row.big_m = big_m, row.binaries = binaries, row.total_seconds = factor * own;
      row.nodes = std::llround(100 * factor * own) + 1,
      row.root_bound = *row.objective - factor * std::abs(*row.objective);
      study.solves.push_back(row);
    }
  }

  SampleSize m_size;
  unsigned m_key = 0;
  int m_networks = 0, m_bounds = 0, m_solves = 0;
};

}  // namespace

Study sample_study(const SampleSize& size) {
  Builder builder(size);
  const std::vector<Form> forms{{"1x200", 1, 200}, {"2x100", 2, 100}, {"3x50", 3, 50},   {"5x50", 5, 50},
                                {"5x20", 5, 20},   {"7x30", 7, 30},   {"10x20", 10, 20}, {"20-10", 2, 15}};
  std::vector<std::string> sources{"peaks"};
  if (size.flowsheet) sources.emplace_back("williams-otto");
  for (const std::string& source : sources) {
    for (const Form& form : forms) {
      if (source != "peaks" && form.name != "3x50" && form.name != "5x20") continue;
      for (int seed = 0; seed < size.seeds; ++seed) {
        Axes axes{source, form.name, "plain", "dense", {}, 0, static_cast<std::uint64_t>(seed)};
        builder.network(form, axes, 1);
        for (const double sparsity : {0.25, 0.5, 0.75, 0.9, 0.95}) {
          axes.pruning = "weight", axes.method = prune::Method::weight, axes.sparsity = sparsity;
          builder.network(form, axes, 1);
        }
        for (const double sparsity : {0.25, 0.5, 0.75}) {
          axes.pruning = "node", axes.method = prune::Method::node, axes.sparsity = sparsity;
          builder.network(form, axes, 1);
        }
        if (!size.baselines || source != "peaks") continue;
        axes = {source, form.name, "l1", "dense", {}, 0, static_cast<std::uint64_t>(seed)};
        builder.network(form, axes, 0.9);
        axes.pruning = "weight", axes.method = prune::Method::weight;
        for (const double sparsity : {0.5, 0.9}) {
          axes.sparsity = sparsity;
          builder.network(form, axes, 0.9);
        }
        axes = {source, form.name, "stable", "dense", {}, 0, static_cast<std::uint64_t>(seed)};
        builder.network(form, axes, 0.7);
      }
    }
  }
  return builder.study;
}

}  // namespace secateur::study
