// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "command.hpp"
#include "flowsheet_output.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"
#include "secateur/data/table.hpp"
#include "secateur/flowsheet/region.hpp"
#include "secateur/flowsheet/spec.hpp"
#include "trust_arguments.hpp"

namespace secateur::app {

namespace {

class Flowsheet : public Command {
 public:
  Flowsheet()
      : Command("flowsheet",
                "a plant from simulation to a verified optimum: sample, train, prune, solve, simulate again",
                "secateur flowsheet williams-otto --case base --optimize\n"
                "  secateur flowsheet williams-otto --sample 1000 --out plant.csv\n"
                "  secateur flowsheet hda --at 500,600,302,363,105000\n"
                "  secateur flowsheet my-plant.json --optimize") {
    m_settings.solve.time_limit = 60;
  }

  void declare(Options& options) override {
    options.positional("NAME", m_name, "williams-otto, hda, or a file SPEC.json that states a case of your own");
    options.add("case", m_case, "what is asked of the plant: williams-otto base, permit, catalogue, roi; hda base");
    options.add("optimize", m_optimize, "sample, train, prune, solve, simulate; refine until the plant agrees");
    options.add("reference", m_reference, "search on the simulator itself, by local searches from many points");
    options.add("sample", m_sample, "simulate N points and write them to --out", Range<int>{1, 100000000}).metavar("N");
    options.add("at", m_at, "simulate one point: a value for each input").metavar("v1,v2,...");
    options.add("out", m_out, "the file for --sample").metavar("FILE.csv");
    options.add("failures", m_failures, "a file for --sample's points that have no answer, with reasons")
        .metavar("FILE.csv");
    options.settings(m_settings);
    options.add("hidden", m_settings.hidden, "widths of the hidden layers (default 50,50,50)", Range<int>{1, 100000})
        .metavar("N,N,...");
    options.settings(m_settings.train, {"epochs", "batch", "learning-rate", "l1", "l2", "stability", "patience"});
    options.settings(m_settings.prune,
                     {"method", "sparsity", "tolerance", "saliency", "scope", "schedule", "compensate"});
    options.add("prune-epochs", m_settings.prune.epochs, "epochs of fine-tuning over the whole schedule",
                Range<int>{1, 1000000});
    options.settings(m_settings.solve, {"engine", "solver", "formulation", "partitions", "hull-rounds", "bounds",
                                        "big-m", "binaries", "tighten", "tighten-seconds", "gap", "absolute-gap",
                                        "feasibility", "time-limit", "memory-limit"});
    options.add("solver-option", m_settings.solver_options,
                "an option passed to the MILP solver as it is; may be repeated");
    options.settings(m_settings.trust);
    options.settings(m_search, {"starts", "evaluations"});
  }

  int run(const Context& context) override {
    choose_action(context.options);
    read(context.options);
    if (!m_at.empty()) return at(context);
    context.reporter.announce(
        fmt::format("secateur {}, seed {}, {}{}", version, m_settings.seed, context.options.deviations(),
                    m_own.data ? "; there is only data: one round, and nothing can simulate its optimum" : ""));
    if (m_optimize) return optimize(context);
    if (m_reference) return reference(context);
    return sample(context);
  }

 private:
  void choose_action(const Options& options) const {
    std::vector<std::string> given;
    for (const char* const action : {"optimize", "reference", "sample", "at"}) {
      if (options.given(action)) given.push_back(std::string("--").append(action));
    }
    if (given.empty()) {
      throw InputError(
          "what to do is missing; one of: --optimize, --reference, --sample N --out FILE.csv, --at v1,v2,...");
    }
    if (given.size() > 1) throw InputError("cannot be given together with " + given[0], {}, given[1]);
    if (options.given("sample") && m_out.empty()) throw InputError("needs --out FILE.csv", {}, "--sample");
    for (const char* const other : {"out", "failures"}) {
      if (options.given(other) && !options.given("sample")) {
        throw InputError("goes with --sample N", {}, std::string("--").append(other));
      }
    }
    for (const char* const other : {"trust", "trust-radius", "trust-points"}) {
      if (options.given(other) && !options.given("optimize")) {
        throw InputError("goes with --optimize", {}, std::string("--").append(other));
      }
    }
    check_together(m_settings.trust);
    if (m_settings.prune.sparsity && m_settings.prune.tolerance) {
      throw InputError("cannot be given together with --sparsity", {}, "--tolerance");
    }
  }

  void read(const Options& options) {
    if (m_name.ends_with(".json")) return read_own(options);
    m_simulator = flowsheet::find_simulator(m_name);
    if (!m_case.empty()) {
      m_plant = &flowsheet::find_case(m_name, m_case);
      m_simulator = m_plant->simulator;
    } else if (m_optimize || m_reference) {
      std::vector<std::string> known;
      for (const flowsheet::Case& one : flowsheet::cases()) {
        if (one.flowsheet == m_name) known.push_back(one.name);
      }
      throw InputError("is missing; allowed: " + join(known), {}, "--case");
    }
  }

  void read_own(const Options& options) {
    if (!m_case.empty())
      throw InputError("goes with a plant of the program; a file states its only case", {}, "--case");
    m_own = flowsheet::read_spec(m_name);
    m_plant = &m_own;
    m_simulator = m_own.simulator;
    if (m_simulator) return;
    for (const char* const option : {"at", "sample", "reference", "rounds", "samples", "sampling", "corrections"}) {
      if (options.given(option)) {
        throw InputError(std::string("--") + option + " needs a simulator; this file has only data", m_name,
                         "simulator");
      }
    }
  }

  int optimize(const Context& context) {
    const Stop stop;
    const auto on_round = [&](const flowsheet::Round& round, const flowsheet::LoopResult& result) {
      context.reporter.announce(line(round, result.rounds.size(), m_settings));
      context.reporter.finish();
    };
    const flowsheet::LoopResult result =
        flowsheet::optimize(*m_plant, m_settings, context.reporter.sink(), on_round, stop);
    context.reporter.finish();
    if (context.json) {
      Json json = to_json(result, *m_plant, m_settings);
      json["version"] = version;
      print_json(json);
    } else {
      print(text(result, *m_plant, m_settings));
    }
    return code_of(result);
  }

  static int code_of(const flowsheet::LoopResult& result) {
    if (result.stopped) return exit_code::of(*result.stopped);
    const flowsheet::Attempt* const best = result.attempt();
    return exit_code::of(best != nullptr ? best->search.status : result.rounds.back().attempts.back().search.status);
  }

  int reference(const Context& context) {
    m_search.seed = m_settings.seed;
    const flowsheet::DirectOptimum found = flowsheet::optimize_directly(*m_plant, m_search, context.reporter.sink());
    context.reporter.finish();
    if (context.json) {
      Json json = to_json(found, *m_plant);
      json["version"] = version;
      json["seed"] = m_settings.seed;
      print_json(json);
    } else {
      print(text(found, *m_plant));
    }
    if (found.stopped) return exit_code::interrupted;
    return found.best ? exit_code::done : exit_code::no_solution;
  }

  int sample(const Context& context) {
    const int count = m_sample.value_or(0);
    const auto path = output_path(m_out, "--out");
    const auto failures_path = m_failures.empty() ? std::filesystem::path() : output_path(m_failures, "--failures");
    const Box box = m_plant != nullptr ? m_plant->training : m_simulator->box();
    const Matrix points = m_plant != nullptr
                              ? flowsheet::sample_points(*m_plant, box, count, m_settings.sampling, m_settings.seed)
                              : data::sample(box, count, m_settings.sampling, m_settings.seed);
    const Stopwatch watch;
    const flowsheet::Sample drawn = flowsheet::simulate(*m_simulator, points, context.reporter.sink());
    context.reporter.finish();
    if (drawn.stopped) {
      context.reporter.warn(fmt::format("interrupted; {} was not written", m_out));
      if (context.json) print_json({{"status", "interrupted"}, {"out", nullptr}});
      return exit_code::interrupted;
    }
    if (drawn.data.rows() == 0) throw InputError("there is nothing to write: " + describe_failures(drawn), m_name);
    const data::Table table = data::to_table(drawn.data);
    write_file(path, data::to_csv(table));
    if (!m_failures.empty()) write_file(failures_path, failures_csv(drawn));
    if (context.json) {
      Json all = units(m_simulator->inputs());
      all.update(units(m_simulator->outputs()));
      print_json({{"points", points.rows()},
                  {"converged", drawn.data.rows()},
                  {"failed", drawn.failed.rows()},
                  {"failures", to_json(drawn.failures())},
                  {"inputs", drawn.data.input_names},
                  {"outputs", drawn.data.output_names},
                  {"units", all},
                  {"box", to_json(box)},
                  {"out", m_out},
                  {"seconds", watch.seconds()},
                  {"version", version},
                  {"seed", m_settings.seed}});
      return exit_code::done;
    }
    std::vector<std::vector<std::string>> rows{{"column", "lowest", "highest", "unit"}};
    std::vector<flowsheet::Quantity> quantities = m_simulator->inputs();
    quantities.insert(quantities.end(), m_simulator->outputs().begin(), m_simulator->outputs().end());
    for (std::size_t k = 0; k < quantities.size(); ++k) {
      const auto column = table.values.col(static_cast<Index>(k));
      rows.push_back({quantities[k].name, number(column.minCoeff()), number(column.maxCoeff()), quantities[k].unit});
    }
    const std::string failed = describe_failures(drawn);
    print(app::table(rows) + "\n" +
          facts({{"points", failed.empty() ? fmt::format("{}, all have an answer", points.rows()) : failed},
                 {"inputs", fmt::format("{}", fmt::join(drawn.data.input_names, ","))},
                 {"outputs", fmt::format("{}", fmt::join(drawn.data.output_names, ","))},
                 {"seconds", fmt::format("{:.3g}", watch.seconds())},
                 {"written", m_out}}));
    return exit_code::done;
  }

  int at(const Context& context) const {
    const std::vector<std::string> inputs = flowsheet::names(m_simulator->inputs());
    if (m_at.size() != inputs.size()) {
      throw InputError(fmt::format("{}; the flowsheet has {}: {}", count_of(m_at.size(), "value"),
                                   count_of(inputs.size(), "input"), join(inputs)),
                       {}, "--at");
    }
    const Vector point = Eigen::Map<const Vector>(m_at.data(), static_cast<Index>(m_at.size()));
    if (!point.allFinite()) throw InputError("only finite values are allowed", {}, "--at");
    const flowsheet::Simulation simulation = m_simulator->simulate(point);
    const bool decides_all = m_plant != nullptr && m_plant->decisions().size() == inputs.size();
    std::optional<double> objective, violation;
    if (decides_all && simulation.converged) {
      const Vector full = m_plant->point(point, simulation.outputs);
      objective = model::objective_at(m_plant->form, full);
      violation = m_plant->violation(full);
    }
    if (context.json) {
      Json json = to_json(simulation, *m_simulator);
      json["inputs"] = named(inputs, point);
      if (decides_all) {
        json["objective"] = objective ? Json(*objective) : Json();
        json["violation"] = violation ? Json(*violation) : Json();
      }
      json["version"] = version;
      print_json(json);
      return exit_code::done;
    }
    std::string out = text(simulation, *m_simulator);
    if (objective && violation) {
      out += "\n" + facts({{"objective", fmt::format("{:.10g}", *objective)}, {"violation", percent(*violation)}});
    }
    print(out);
    return exit_code::done;
  }

  std::string m_name, m_case, m_out, m_failures;
  bool m_optimize = false, m_reference = false;
  std::optional<int> m_sample;
  std::vector<double> m_at;
  flowsheet::LoopSettings m_settings;
  flowsheet::ReferenceSettings m_search;
  std::shared_ptr<const flowsheet::Simulator> m_simulator;
  flowsheet::Case m_own;  ///< of a file
  const flowsheet::Case* m_plant = nullptr;
};

}  // namespace

std::unique_ptr<Command> make_flowsheet() { return std::make_unique<Flowsheet>(); }

}  // namespace secateur::app
