// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/solve.hpp"

#include <filesystem>

#include "command.hpp"
#include "model_arguments.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/version.hpp"
#include "secateur/model/json.hpp"

namespace secateur::app {

namespace {

int code_of(Status status) {
  switch (status) {
    case Status::optimal:
      return exit_code::done;
    case Status::infeasible:
    case Status::unbounded:
      return exit_code::no_solution;
    case Status::time_limit:
    case Status::node_limit:
    case Status::memory_limit:
      return exit_code::limit;
    case Status::interrupted:
      return exit_code::interrupted;
  }
  throw std::logic_error("a status without an exit code");
}

class Solve : public Command {
 public:
  Solve()
      : Command("solve", "the proven optimum of a network's outputs over a box",
                "secateur solve net.onnx --box -1:1 --minimize 0\n"
                "  secateur solve net.onnx --maximize yield --time-limit 60 --json\n"
                "  secateur solve net.onnx --box 0:1,-2:2 --objective 1,-0.5 --sense maximize") {}

  void declare(Options& options) override {
    m_arguments.declare(options);
    options.settings(m_settings);
    options.add("solver-option", m_solver_options, "an option passed to the MILP solver as it is; may be repeated");
    options.add("property", m_property, "a VNN-LIB property to decide (has not landed yet)").metavar("FILE.vnnlib");
  }

  int run(const Context& context) override {
    if (context.options.given("property")) {
      throw InputError("has not landed yet; available: --minimize, --maximize, --objective", {}, "--property");
    }
    const model::Problem problem = m_arguments.read(context.options);
    context.reporter.announce(
        fmt::format("secateur {}, seed {}, {}", version, m_settings.seed, context.options.deviations()));
    const model::SolveResult result = mip::solve(problem, m_settings, m_solver_options, context.reporter.sink());
    context.reporter.finish();
    if (context.json) {
      Json json = model::to_json(result, problem, m_settings);
      if (context.options.given("solutions")) json["solutions"] = solutions(json);
      print_json(json);
    } else {
      print(text(result, problem));
    }
    return code_of(result.status);
  }

 private:
  /// The optima found, best first: one, as long as the engines look for no more.
  static Json solutions(const Json& result) {
    if (result["objective"].is_null()) return Json::array();
    return Json::array({{{"objective", result["objective"]}, {"x", result["x"]}, {"y", result["y"]}}});
  }

  static std::string text(const model::SolveResult& result, const model::Problem& problem) {
    const auto exact = [](const std::optional<double>& v) { return v ? fmt::format("{:.10g}", *v) : std::string("-"); };
    std::string out = facts({{"status", std::string(to_string(result.status))},
                             {"objective", exact(result.objective)},
                             {"bound", exact(result.bound)},
                             {"gap", result.gap ? percent(*result.gap) : "-"}});
    if (result.x.size() > 0) {
      std::vector<std::vector<std::string>> inputs{{"input", "value", "lower", "upper"}};
      for (Index i = 0; i < result.x.size(); ++i) {
        inputs.push_back({problem.network.input_names[static_cast<std::size_t>(i)], fmt::format("{:.10g}", result.x(i)),
                          number(problem.box.lower(i)), number(problem.box.upper(i))});
      }
      std::vector<std::vector<std::string>> outputs{{"output", "value"}};
      for (Index i = 0; i < result.y.size(); ++i) {
        outputs.push_back(
            {problem.network.output_names[static_cast<std::size_t>(i)], fmt::format("{:.10g}", result.y(i))});
      }
      out += "\n" + table(inputs) + "\n" + table(outputs);
    }
    const auto& neurons = result.neurons;
    out += "\n" + facts({{"neurons", fmt::format("{}, {} unstable, {} binaries", neurons.total, neurons.unstable,
                                                 neurons.binaries)},
                         {"nodes", fmt::format("{}", result.nodes)},
                         {"seconds", fmt::format("{:.3g} (bounds {:.3g}, solve {:.3g})", result.seconds.total,
                                                 result.seconds.bounds, result.seconds.solve)},
                         {"engine", fmt::format("{}, {}", to_string(result.engine), result.solver)},
                         {"proof", std::string(to_string(result.proof))}});
    return out;
  }

  ProblemArguments m_arguments;
  model::SolveSettings m_settings;
  mip::SolverOptions m_solver_options;
  std::string m_property;
};

}  // namespace

std::unique_ptr<Command> make_solve() { return std::make_unique<Solve>(); }

}  // namespace secateur::app
