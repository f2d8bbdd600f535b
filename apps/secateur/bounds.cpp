// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/bounds.hpp"

#include <algorithm>

#include "bounds_against.hpp"
#include "command.hpp"
#include "model_arguments.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/graph/lower.hpp"

namespace secateur::app {

namespace {

class Bounds : public Command {
 public:
  Bounds()
      : Command("bounds", "proven bounds of every neuron and output over a box",
                "secateur bounds net.onnx --box -1:1 --method crown") {}

  void declare(Options& options) override {
    m_arguments.declare(options);
    options.add("method", m_names,
                fmt::format("how they are computed, from fast to tight: {}; several of these or all of them side by "
                            "side (default crown)",
                            choices<graph::BoundsMethod>()));
    options.add("threads", m_threads, "linear programs solved at the same time", Range{1, 1024});
    options
        .add("against", m_against,
             "another network with as many inputs and outputs: bounds of the outputs' differences instead")
        .metavar("NET.onnx")
        .excludes("method")
        .excludes("threads");
    options.add("parts", m_parts, "with --against: parts that the box may be cut into", Range{1, 1000000});
  }

  int run(const Context& context) override {
    if (context.options.given("against")) return bounds_against(context, m_arguments, m_against, m_parts);
    if (context.options.given("parts")) throw InputError("goes with --against", {}, "--parts");
    const std::vector<graph::BoundsMethod> methods = chosen();
    const nn::Network network = m_arguments.read_network();
    const Box box = m_arguments.read_box(network);
    const Stopwatch watch;
    const graph::ReluGraph graph = graph::lower(network, box);
    const double lowering = watch.seconds();
    std::vector<Answer> answers;
    for (const graph::BoundsMethod method : methods) {
      const double before = watch.seconds();
      answers.push_back({method, bounds::compute_bounds(graph, box, method, m_threads), 0});
      answers.back().seconds = lowering + watch.seconds() - before;
      if (interrupt_flag()) break;
    }
    const bool interrupted = interrupt_flag();
    if (interrupted) {
      context.reporter.warn("interrupted; the bounds hold, but more work may have tightened them");
    }
    if (context.json) {
      Json json = methods.size() == 1 ? to_json(answers.front()) : side_by_side_json(answers);
      if (interrupted) json["status"] = "interrupted";
      print_json(json);
    } else {
      print(layers_text(answers) + "\n" + outputs_text(network, answers) +
            (answers.size() == 1 ? "\n" + facts({{"seconds", seconds(answers.front())}}) : ""));
    }
    return interrupted ? exit_code::interrupted : exit_code::done;
  }

 private:
  struct Answer {
    graph::BoundsMethod method;
    graph::NeuronBounds bounds;
    double seconds;
  };

  [[nodiscard]] std::vector<graph::BoundsMethod> chosen() const {
    const std::string where = "--method";
    std::vector<graph::BoundsMethod> methods;
    if (m_names == std::vector<std::string>{"all"}) {
      for (const std::string_view name : Names<graph::BoundsMethod>::value) {
        methods.push_back(from_string<graph::BoundsMethod>(name).value());
      }
      return methods;
    }
    for (const std::string& name : m_names) {
      if (name == "all") throw InputError("\"all\" stands for every method and needs no others beside it", {}, where);
      const auto method = parse_value<graph::BoundsMethod>(name, where);
      if (std::find(methods.begin(), methods.end(), method) != methods.end()) {
        throw InputError(fmt::format("\"{}\" is listed twice", name), {}, where);
      }
      methods.push_back(method);
    }
    return methods;
  }

  static Json to_json(const Answer& answer) {
    Json layers = Json::array();
    for (const graph::LayerBounds& layer : answer.bounds) layers.push_back(app::to_json(layer));
    return {{"layers", layers}, {"seconds", answer.seconds}};
  }
  static Json side_by_side_json(const std::vector<Answer>& answers) {
    Json methods = Json::object();
    for (const Answer& answer : answers) methods[std::string(to_string(answer.method))] = to_json(answer);
    return {{"methods", methods}};
  }

  static std::string seconds(const Answer& answer) { return fmt::format("{:.3g}", answer.seconds); }

  using Rows = std::vector<std::vector<std::string>>;
  /// A line above the table that says whose columns are below, when there is more than one method.
  static void add_names(Rows& rows, const std::vector<Answer>& answers, std::size_t before) {
    if (answers.size() == 1) return;
    rows.emplace_back(before);
    for (const Answer& answer : answers) {
      rows.back().emplace_back(to_string(answer.method));
      rows.back().emplace_back();
    }
  }

  static std::string layers_text(const std::vector<Answer>& answers) {
    Rows rows;
    add_names(rows, answers, 2);
    rows.push_back({"layer", "units"});
    for (std::size_t m = 0; m < answers.size(); ++m) rows.back().insert(rows.back().end(), {"unstable", "mean width"});
    const std::size_t depth = answers.front().bounds.size();
    for (std::size_t k = 0; k < depth; ++k) {
      const bool output = k + 1 == depth;
      rows.push_back(
          {output ? "output" : fmt::format("{}", k + 1), fmt::format("{}", answers.front().bounds[k].size())});
      for (const Answer& answer : answers) {
        const graph::LayerBounds& layer = answer.bounds[k];
        const Index unstable = (layer.lower.array() < 0 && layer.upper.array() > 0).count();
        rows.back().push_back(output ? "" : fmt::format("{}", unstable));
        rows.back().push_back(number((layer.upper - layer.lower).mean()));
      }
    }
    if (answers.size() > 1) {
      rows.push_back({"seconds", ""});
      for (const Answer& answer : answers) rows.back().insert(rows.back().end(), {"", seconds(answer)});
    }
    return table(rows);
  }

  static std::string outputs_text(const nn::Network& network, const std::vector<Answer>& answers) {
    Rows rows;
    add_names(rows, answers, 1);
    rows.push_back({"output"});
    for (std::size_t m = 0; m < answers.size(); ++m) rows.back().insert(rows.back().end(), {"lower", "upper"});
    for (Index i = 0; i < network.outputs(); ++i) {
      rows.push_back({network.output_names[static_cast<std::size_t>(i)]});
      for (const Answer& answer : answers) {
        rows.back().push_back(number(answer.bounds.back().lower(i)));
        rows.back().push_back(number(answer.bounds.back().upper(i)));
      }
    }
    return table(rows);
  }

  NetworkArguments m_arguments;
  std::vector<std::string> m_names{"crown"};
  int m_threads = 1, m_parts = 1;
  std::string m_against;
};

}  // namespace

std::unique_ptr<Command> make_bounds() { return std::make_unique<Bounds>(); }

}  // namespace secateur::app
