// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/solve.hpp"

#include <fmt/ranges.h>

#include <cmath>
#include <limits>

#include "command.hpp"
#include "model_arguments.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/version.hpp"
#include "secateur/mip/property.hpp"
#include "secateur/model/json.hpp"
#include "secateur/model/vnnlib.hpp"
#include "secateur/search/alternatives.hpp"
#include "secateur/search/solve.hpp"
#include "solutions_output.hpp"
#include "start_points.hpp"
#include "trust_arguments.hpp"

namespace secateur::app {

namespace {

class Solve : public Command {
 public:
  Solve()
      : Command("solve", "the proven optimum of a network over a box, or of a problem with networks in it",
                "secateur solve net.onnx --box -1:1 --minimize 0\n"
                "  secateur solve net.onnx --maximize yield --time-limit 60 --json\n"
                "  secateur solve net.onnx --box 0:1,-2:2 --objective 1,-0.5 --sense maximize\n"
                "  secateur solve problem.json --gap 1e-3 --json\n"
                "  secateur solve net.onnx --property robust.vnnlib\n"
                "  secateur solve net.onnx --maximize yield --data runs.csv --trust hull") {}

  void declare(Options& options) override {
    m_arguments.declare(options);
    options.settings(m_settings);
    m_trust.declare(options);
    options.add("solver-option", m_solver_options, "an option passed to the MILP solver as it is; may be repeated");
    options
        .add("start", m_start,
             "points to try first: the JSON of an earlier solve, or points in JSON or CSV; moved to where the problem "
             "allows them")
        .metavar("FILE");
    options
        .add("learned", m_learned,
             "what earlier solves of the same networks have learned, whatever box, objective and constraints they had: "
             "used if the file is there, and brought up to date")
        .metavar("FILE");
    options
        .add(
            "checkpoint", m_continuation.checkpoint.file,
            "save the native search to this file, and go on from it if it is there; removed when the problem is solved")
        .metavar("FILE");
    options.add("checkpoint-every", m_continuation.checkpoint.every, "seconds between two savings",
                Range<double>{0, std::numeric_limits<double>::infinity()});
    options
        .add("property", m_property,
             "decide a VNN-LIB property of the network instead of optimising: sat with a witness, or unsat")
        .metavar("FILE.vnnlib");
  }

  int run(const Context& context) override {
    if (context.options.given("property")) return decide(context);
    model::Problem problem = m_arguments.read(context.options);
    m_trust.read(problem, m_settings.seed);
    if (context.options.given("checkpoint-every") && !context.options.given("checkpoint")) {
      throw InputError("goes with --checkpoint FILE", {}, "--checkpoint-every");
    }
    if (context.options.given("checkpoint") && m_settings.solutions > 1) {
      throw InputError("does not go with --solutions: one search is saved, not one a solution", {}, "--checkpoint");
    }
    if (context.options.given("start")) m_continuation.starts = read_starts(m_start, problem);
    search::Learned learned;
    if (context.options.given("learned")) {
      learned = search::read_learned(m_learned);
      m_continuation.learned = &learned;
    }
    context.reporter.announce(
        fmt::format("secateur {}, seed {}, {}", version, m_settings.seed, context.options.deviations()));
    model::SolveResult result =
        search::solve(problem, m_settings, m_solver_options, context.reporter.sink(), nullptr, m_continuation);
    if (context.options.given("solutions") && result.solutions.empty()) {
      search::describe_optimum(problem, m_settings, result);
    }
    if (context.options.given("learned")) keep(learned, result);
    context.reporter.finish();
    if (context.json) {
      Json json = model::to_json(result, problem, m_settings);
      if (context.options.given("solutions")) json["solutions"] = model::solutions_to_json(result, problem);
      if (m_trust.given()) json["trust"] = m_trust.json(problem, result);
      print_json(json);
    } else {
      print(text(result, problem) + (m_trust.given() ? "\n" + m_trust.text(problem, result) : ""));
    }
    return exit_code::of(result.status);
  }

 private:
  /// That the file could not be written takes nothing from the answer.
  void keep(const search::Learned& learned, model::SolveResult& result) const {
    try {
      search::write_learned(learned, m_learned);
    } catch (const InputError& error) {
      model::add_note(result, std::string("what was learned is not kept: ") + error.what());
    }
  }

  int decide(const Context& context) {
    for (const char* option : {"box", "minimize", "maximize", "objective", "sense"}) {
      if (context.options.given(option)) {
        throw InputError("does not go with --property: the property states the box and what is asked", {},
                         std::string("--").append(option));
      }
    }
    for (const char* option : {"data", "trust", "trust-radius", "trust-points"}) {
      if (context.options.given(option)) {
        throw InputError("does not go with --property: the property states which inputs count", {},
                         std::string("--").append(option));
      }
    }
    for (const char* option : {"start", "learned", "checkpoint", "checkpoint-every"}) {
      if (context.options.given(option)) {
        throw InputError("does not go with --property: it is about the search for an optimum", {},
                         std::string("--").append(option));
      }
    }
    for (const char* option : {"solutions", "solution-gap", "solution-distance"}) {
      if (context.options.given(option)) {
        throw InputError("does not go with --property: one witness is what is asked for", {},
                         std::string("--").append(option));
      }
    }
    const nn::Network network = m_arguments.network.read_network();
    const model::Property property = model::read_vnnlib(m_property, network.inputs(), network.outputs());
    context.reporter.announce(
        fmt::format("secateur {}, seed {}, {}", version, m_settings.seed, context.options.deviations()));
    const mip::PropertyResult result =
        mip::decide(network, property, m_settings, m_solver_options, context.reporter.sink());
    context.reporter.finish();
    // Any problem over the same variables says which values are what.
    const model::Problem names =
        model::over_box(network, property.disjuncts[result.disjunct].box, Vector::Ones(network.outputs()));
    model::SolveResult shown = result.work;
    shown.x = result.x;
    shown.y = result.y;
    const bool unsat = result.verdict == mip::Verdict::unsat;
    if (context.json) {
      Json json = model::to_json(shown, names, m_settings);
      json["status"] = to_string(result.verdict);
      json["proof"] = unsat ? Json(to_string(result.proof)) : Json();
      print_json(json);
    } else {
      std::string out = facts({{"status", std::string(to_string(result.verdict))}});
      const model::Structure parts = model::structure(names);
      if (result.x.size() > 0) {
        out += "\n" + values("input", names, parts.decisions, result.x) + "\n" +
               values("output", names, parts.determined, result.y);
      }
      out += "\n" + work(shown);
      if (unsat) out += facts({{"proof", std::string(to_string(result.proof))}});
      print(out);
    }
    switch (result.verdict) {
      case mip::Verdict::sat:
      case mip::Verdict::unsat:
        return exit_code::done;
      case mip::Verdict::interrupted:
        return exit_code::interrupted;
      default:
        return exit_code::limit;
    }
  }

  static std::string text(const model::SolveResult& result, const model::Problem& problem) {
    const auto exact = [](const std::optional<double>& v) { return v ? fmt::format("{:.10g}", *v) : std::string("-"); };
    std::string out = facts({{"status", std::string(to_string(result.status))},
                             {"objective", exact(result.objective)},
                             {"bound", exact(result.bound)},
                             {"gap", result.gap ? percent(*result.gap) : "-"}});
    if (!result.conflict.empty())
      out += "\ncannot hold together\n  " + fmt::format("{}\n", fmt::join(result.conflict, "\n  "));
    if (result.x.size() > 0) {
      const model::Structure parts = model::structure(problem);
      out += "\n" + values("input", problem, parts.decisions, result.x);
      if (result.y.size() > 0) out += "\n" + values("output", problem, parts.determined, result.y);
    }
    if (!result.solutions.empty()) out += "\n" + solutions_text(result, problem);
    out += "\n" + work(result) + facts({{"proof", std::string(to_string(result.proof))}});
    return result.note.empty() ? out : out + facts({{"note", result.note}});
  }

  /// What it took.
  static std::string work(const model::SolveResult& result) {
    const auto& neurons = result.neurons;
    return facts(
        {{"neurons", fmt::format("{}, {} unstable, {} binaries", neurons.total, neurons.unstable, neurons.binaries)},
         {"nodes",
          result.boxes > 0 ? fmt::format("{}, {} boxes", result.nodes, result.boxes) : fmt::format("{}", result.nodes)},
         {"seconds", fmt::format("{:.3g} (bounds {:.3g}, solve {:.3g})", result.seconds.total, result.seconds.bounds,
                                 result.seconds.solve)},
         {"engine", fmt::format("{}, {}", to_string(result.engine), result.solver)}});
  }

  /// A table of variables; the columns for bounds and units only where some variable has them.
  static std::string values(const char* what, const model::Problem& problem, const std::vector<int>& variables,
                            const Vector& values) {
    bool bounded = false, with_units = false;
    for (const int v : variables) {
      const model::Variable& variable = problem.variables[static_cast<std::size_t>(v)];
      if (variable.auxiliary) continue;
      bounded = bounded || std::isfinite(variable.lower) || std::isfinite(variable.upper);
      with_units = with_units || !variable.unit.empty();
    }
    std::vector<std::vector<std::string>> rows{{what, "value"}};
    if (bounded) rows[0].insert(rows[0].end(), {"lower", "upper"});
    if (with_units) rows[0].emplace_back("unit");
    for (std::size_t i = 0; i < variables.size(); ++i) {
      const model::Variable& variable = problem.variables[static_cast<std::size_t>(variables[i])];
      if (variable.auxiliary) continue;
      std::vector<std::string> row{variable.name, fmt::format("{:.10g}", values(static_cast<Index>(i)))};
      const auto side = [](double bound) { return std::isfinite(bound) ? number(bound) : std::string(); };
      if (bounded) row.insert(row.end(), {side(variable.lower), side(variable.upper)});
      if (with_units) row.push_back(variable.unit);
      rows.push_back(std::move(row));
    }
    return table(rows);
  }

  ProblemArguments m_arguments;
  TrustArguments m_trust;
  model::SolveSettings m_settings;
  mip::SolverOptions m_solver_options;
  search::Continuation m_continuation;
  std::string m_property, m_start, m_learned;
};

}  // namespace

std::unique_ptr<Command> make_solve() { return std::make_unique<Solve>(); }

}  // namespace secateur::app
