// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/demo.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <mutex>

#include <fmt/format.h>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/parallel.hpp"
#include "secateur/data/sampling.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/nn/onnx.hpp"
#include "secateur/search/solve.hpp"
#include "secateur/study/demo_report.hpp"
#include "secateur/train/train.hpp"

namespace secateur::study {

namespace {

/// What `quick` changes.
struct Plan {
  Index rows = 3000;
  std::vector<int> hidden{50, 50, 50};
  int epochs = 500, prune_epochs = 600;
  double time_limit = 60, sweep_limit = 10;
  std::vector<double> weight_sweep{0.5, 0.7, 0.8, 0.95}, node_sweep{0.25, 0.5};
};

Plan plan_for(const DemoSettings& settings) {
  Plan plan;
  plan.time_limit = settings.time_limit;
  if (settings.quick) {
    plan.rows = 1500;
    plan.hidden = {40, 40};
    plan.epochs = 400;
    plan.prune_epochs = 200;
    plan.time_limit = std::min(plan.time_limit, 6.0);
    plan.weight_sweep = {0.7};
    plan.node_sweep = {0.5};
  }
  plan.sweep_limit = plan.time_limit / 6;
  return plan;
}

/// Turns the steps' reports into reports on the whole: each step has a weight, its expected seconds.
class Meter {
 public:
  Meter(ProgressSink sink, double total) : m_sink(std::move(sink)), m_total(total) {}

  void begin(std::string name, double weight) {
    finish();
    m_name = std::move(name), m_weight = weight, m_watch = Stopwatch();
    report(Progress{}, 0);
  }
  /// `fraction` of the current step is done; the numbers of `inner` are passed on.
  void report(Progress inner, double fraction) {
    if (!m_sink) return;
    inner.stage = m_name;
    inner.fraction = std::min(1.0, (m_done + m_weight * std::clamp(fraction, 0.0, 1.0)) / m_total);
    inner.seconds = m_watch.seconds();
    m_sink(inner);
  }
  /// For work that knows its fraction.
  ProgressSink sink() {
    return [this](const Progress& p) { report(p, p.fraction.value_or(0)); };
  }
  /// For a search with a limit.
  ProgressSink sink(double limit) {
    return [this, limit](const Progress& p) { report(p, m_watch.seconds() / limit); };
  }
  void finish() { m_done += m_weight, m_weight = 0; }

 private:
  ProgressSink m_sink;
  double m_total, m_done = 0, m_weight = 0;
  std::string m_name = "start";
  Stopwatch m_watch;
};

std::string percent_name(prune::Method method, double sparsity) {
  return fmt::format("{} {:g} %", method == prune::Method::weight ? "weights" : "nodes", std::round(100 * sparsity));
}

class Demo {
 public:
  Demo(const DemoSettings& settings, const ProgressSink& progress, const Stop& stop)
      : m_settings(settings),
        m_plan(plan_for(settings)),
        m_folder(settings.out),
        m_stop(stop),
        m_meter(progress, expected_seconds(m_plan)) {
    m_result.settings = settings;
    m_result.function = data::test_function("peaks");
    m_result.hidden = m_plan.hidden;
    m_result.epochs = m_plan.epochs;
    m_result.prune_epochs = m_plan.prune_epochs;
  }

  DemoResult run() {
    const Stopwatch watch;
    prepare_folder();
    sample();
    if (going()) train_dense();
    if (going()) prune_all();
    for (DemoNetwork& network : m_result.networks) {
      if (going()) solve(network);
      if (going()) solve_natively(network);
    }
    for (DemoNetwork& network : m_result.sweep) {
      if (going()) solve(network);
    }
    m_result.interrupted = !going();
    m_result.seconds = watch.seconds();
    write_results();
    m_result.seconds = watch.seconds();
    return std::move(m_result);
  }

 private:
  static constexpr double train_seconds = 8, prune_seconds = 20, report_seconds = 1;

  static double solve_weight(double limit, bool dense) { return dense ? limit : 0.2 * limit; }
  static double expected_seconds(const Plan& plan) {
    const auto sweep = static_cast<double>(plan.weight_sweep.size() + plan.node_sweep.size());
    return 0.1 + train_seconds + prune_seconds + solve_weight(plan.time_limit, true) +
           2 * solve_weight(plan.time_limit, false) + sweep * solve_weight(plan.sweep_limit, false) + report_seconds;
  }

  [[nodiscard]] bool going() const { return !m_stop.reason(); }

  void write(const std::string& name, std::string_view bytes) {
    write_file(m_folder / name, bytes);
    m_result.files.push_back(name);
  }

  void prepare_folder() {
    for (const std::filesystem::path& folder : {m_folder, m_folder / "data"}) make_folder(folder);
    check_writable(m_folder / "report.html");
    check_writable(m_folder / "data" / "surface.csv");
  }

  void sample() {
    m_meter.begin("sample", 0.1);
    const data::Dataset all = data::sample(m_result.function, m_plan.rows, data::Sampling::sobol, m_settings.seed);
    m_result.rows = all.rows();
    write("data.csv", data::to_csv(data::to_table(all)));
    m_data = data::parts(all, m_settings.seed);
  }

  void train_dense() {
    m_meter.begin("train dense", train_seconds);
    const Stopwatch watch;
    train::TrainSettings settings;
    settings.epochs = m_plan.epochs;
    settings.seed = m_settings.seed;
    const nn::Network start = train::initial_network(m_data.training, m_plan.hidden, m_settings.seed);
    DemoNetwork dense;
    dense.name = "dense";
    dense.network =
        train::train(start, m_data.training, m_data.validation, settings, nullptr, m_meter.sink(), m_stop).network;
    // The question is asked on the function's box, which is a little larger than that of the samples.
    dense.network.box = m_result.function.box;
    dense.seconds = watch.seconds();
    dense.summary = prune::summarize(dense.network, m_result.function.box, &m_data);
    dense.time_limit = m_plan.time_limit;
    save(dense, "dense.onnx");
    m_result.networks.push_back(std::move(dense));
  }

  void save(DemoNetwork& network, const std::string& file) {
    nn::write_onnx(network.network, m_folder / file);
    m_result.files.push_back(file);
    network.file = file;
  }

  void prune_all() {
    using prune::Method;
    std::vector<DemoNetwork> made;
    const auto plan = [&](Method method, double sparsity, double limit) {
      DemoNetwork network;
      network.name = percent_name(method, sparsity);
      network.method = method;
      network.sparsity = sparsity;
      network.time_limit = limit;
      made.push_back(std::move(network));
    };
    plan(Method::weight, 0.9, m_plan.time_limit);
    plan(Method::node, 0.75, m_plan.time_limit);
    for (const double sparsity : m_plan.weight_sweep) plan(Method::weight, sparsity, m_plan.sweep_limit);
    for (const double sparsity : m_plan.node_sweep) plan(Method::node, sparsity, m_plan.sweep_limit);

    m_meter.begin("prune", prune_seconds);
    std::mutex mutex;
    std::vector<double> done(made.size(), 0.0);
    std::vector<char> finished(made.size(), 0);
    parallel(made.size(), static_cast<std::size_t>(m_settings.threads), [&](std::size_t i, std::size_t) {
      if (!going()) return;
      DemoNetwork& network = made[i];
      const Stopwatch watch;
      prune::PruneSettings settings;
      settings.method = *network.method;
      settings.sparsity = network.sparsity;
      settings.epochs = m_plan.prune_epochs;
      settings.seed = m_settings.seed;
      const ProgressSink report = [&, i](const Progress& p) {
        const std::scoped_lock lock(mutex);
        done[i] = std::max(done[i], p.fraction.value_or(0));
        double sum = 0;
        for (const double fraction : done) sum += fraction;
        Progress whole;
        whole.note = made[i].name;
        m_meter.report(whole, sum / static_cast<double>(done.size()));
      };
      const prune::Pruned pruned =
          prune::prune(m_result.networks.front().network, m_result.function.box, &m_data, settings, report, m_stop);
      network.network = pruned.network;
      network.summary = pruned.after;
      network.seconds = watch.seconds();
      // Pruning that was interrupted has not reached its sparsity.
      finished[i] = going() ? 1 : 0;
    });
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (finished[i] == 0) continue;
      if (i == 0) save(made[i], "weights90.onnx");
      if (i == 1) save(made[i], "nodes75.onnx");
      (i < 2 ? m_result.networks : m_result.sweep).push_back(std::move(made[i]));
    }
  }

  [[nodiscard]] model::SolveSettings solve_settings(const DemoNetwork& network) const {
    model::SolveSettings settings;
    settings.time_limit = std::min(network.time_limit, std::max(0.1, m_stop.seconds_left()));
    settings.threads = m_settings.threads;
    settings.seed = m_settings.seed;
    return settings;
  }
  /// Where the network is least.
  [[nodiscard]] model::Problem question(const DemoNetwork& network) const {
    return model::over_box(network.network, m_result.function.box, Vector::Ones(1));
  }

  void solve(DemoNetwork& network) {
    const bool dense = !network.method;
    m_meter.begin("solve " + network.name, solve_weight(network.time_limit, dense));
    model::SolveSettings settings = solve_settings(network);
    // What pruning does to the big-M formulation is the point; subdividing two inputs would leave it nothing to do.
    settings.tighten = model::Tighten::off;
    network.solve = mip::solve(question(network), settings, {}, m_meter.sink(network.time_limit));
    const model::SolveResult& found = *network.solve;
    if (found.x.size() > 0 && found.objective) {
      const double simulated = m_result.function.value(found.x);
      network.simulated = simulated;
      network.distance = (found.x - m_result.function.minimizer).norm();
      network.objective_error = std::abs(*found.objective - simulated) / std::abs(simulated);
    }
    const DemoNetwork& baseline = m_result.networks.front();
    if (!dense && baseline.solve) {
      network.speed_up = speed_up(*baseline.solve, baseline.time_limit, found, network.time_limit);
    }
  }

  void solve_natively(DemoNetwork& network) {
    model::SolveSettings settings = solve_settings(network);
    settings.engine = model::Engine::native;
    network.native = search::solve(question(network), settings);
  }

  void write_results() {
    m_meter.begin("report", report_seconds);
    std::vector<SideFile> side;
    const std::string report = demo_report(m_result, &side);
    for (const SideFile& file : side) write(file.name, file.bytes);
    write("report.html", report);
    m_result.files.emplace_back("results.json");
    write_file(m_folder / "results.json", to_json(m_result).dump(1) + "\n");
    m_meter.report(Progress{}, 1);
  }

  DemoSettings m_settings;
  Plan m_plan;
  std::filesystem::path m_folder;
  const Stop& m_stop;
  Meter m_meter;
  prune::PruneData m_data;
  DemoResult m_result;
};

void check(DemoSettings settings) {
  describe(settings, [](std::string_view name, const auto& value, std::string_view, auto... range) {
    [[maybe_unused]] const auto refuse = [&](const auto& limits) {
      if (!contains(limits, value)) {
        throw InputError(fmt::format("{} is not between {} and {}", value, limits.minimum, limits.maximum), "",
                         "--" + std::string(name));
      }
    };
    (refuse(range), ...);
  });
}

}  // namespace

DemoResult run_demo(const DemoSettings& settings, const ProgressSink& progress, const Stop& stop) {
  check(settings);
  return Demo(settings, progress, stop).run();
}

}  // namespace secateur::study
