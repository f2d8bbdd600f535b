// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/prune.hpp"

#include <algorithm>

#include "command.hpp"
#include "data_arguments.hpp"
#include "model_arguments.hpp"
#include "output.hpp"
#include "program.hpp"
#include "prune_guidance.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"
#include "secateur/nn/onnx.hpp"

namespace secateur::app {

namespace {

Json summary_json(const prune::Summary& summary) {
  const auto errors = [](const std::optional<train::Errors>& e) { return e ? Json(*e) : Json(); };
  return {{"weights", summary.weights},
          {"neurons", summary.neurons},
          {"unstable", summary.unstable},
          {"mean_width", summary.mean_width},
          {"validation", errors(summary.validation)},
          {"test", errors(summary.test)}};
}

class Prune : public Command {
 public:
  Prune()
      : Command("prune", "a smaller network: weights or hidden nodes removed, the rest fine-tuned",
                "secateur prune net.onnx --data runs.csv --method weight --tolerance 0.02 --out small.onnx\n"
                "  secateur prune net.onnx --method node --sparsity 0.5 --out small.onnx\n"
                "  secateur prune net.onnx --for-optimization --maximize yield --data runs.csv --out choice\n"
                "  secateur prune problem.json --for-optimization --data runs.csv --out small.onnx") {}

  void declare(Options& options) override {
    m_arguments.declare(options);
    m_data.declare(options, false);
    options
        .add("out", m_out,
             "the model file to write; with --for-optimization, a name that does not end in .onnx is a folder for the "
             "whole front")
        .metavar("PRUNED.onnx")
        .required();
    options.settings(m_settings);
    m_guidance.declare(options);
  }

  int run(const Context& context) override {
    if (m_guidance.wanted) {
      return prune_for_optimization(context, m_guidance, m_arguments, m_data, m_settings, m_out);
    }
    m_guidance.refuse_its_options(context.options);
    const NetworkArguments& arguments = m_arguments.network;
    check_settings(context.options);
    const auto path = output_path(m_out, "--out");
    const Stopwatch watch;
    const nn::Network network = arguments.read_network();
    const std::optional<prune::PruneData> data = read_data(network);
    const Box box = arguments.box.empty() && !network.box && data ? data::bounding_box(data->training)
                                                                  : arguments.read_box(network);
    context.reporter.announce(
        fmt::format("secateur {}, seed {}, {}", version, m_settings.seed, context.options.deviations()));
    const prune::Pruned pruned =
        prune::prune(network, box, data ? &*data : nullptr, m_settings, context.reporter.sink());
    context.reporter.finish();
    if (interrupt_flag()) {
      context.reporter.warn(fmt::format("interrupted; {} was not written", m_out));
      if (context.json) print_json({{"status", "interrupted"}, {"out", nullptr}});
      return exit_code::interrupted;
    }
    nn::write_onnx(pruned.network, path);
    const double seconds = watch.seconds();
    if (context.json) {
      print_json({{"before", summary_json(pruned.before)},
                  {"after", summary_json(pruned.after)},
                  {"sparsity", pruned.sparsity},
                  {"seconds", seconds},
                  {"out", m_out},
                  {"version", version},
                  {"seed", m_settings.seed}});
    } else {
      print(text(pruned, seconds));
    }
    return exit_code::done;
  }

 private:
  void check_settings(const Options& options) const {
    const bool sparsity = m_settings.sparsity.has_value(), tolerance = m_settings.tolerance.has_value();
    if (sparsity && tolerance) throw InputError("cannot be given together with --sparsity", {}, "--tolerance");
    if (!sparsity && !tolerance) {
      throw InputError(
          "how much to prune is missing; give --sparsity S (0.9 removes 90 %) or --tolerance T (0.02 lets "
          "the validation RMSE grow by 2 %)");
    }
    if (!m_data.file.empty()) return;
    for (const char* const name : {"inputs", "outputs"}) {
      if (options.given(name)) throw InputError("goes with --data FILE.csv", {}, fmt::format("--{}", name));
    }
    if (tolerance) throw InputError("needs data to measure the error on; give --data FILE.csv", {}, "--tolerance");
  }

  std::optional<prune::PruneData> read_data(const nn::Network& network) {
    if (m_data.file.empty()) return std::nullopt;
    return read_prune_data(m_data, network, m_settings.seed);
  }

  [[nodiscard]] std::string text(const prune::Pruned& pruned, double seconds) const {
    const auto& before = pruned.before;
    const auto& after = pruned.after;
    std::vector<std::vector<std::string>> rows{
        {"", "before", "after"},
        {"weights", fmt::format("{}", before.weights), fmt::format("{}", after.weights)},
        {"neurons", fmt::format("{}", before.neurons), fmt::format("{}", after.neurons)},
        {"unstable", fmt::format("{}", before.unstable), fmt::format("{}", after.unstable)}};
    for (std::size_t k = 0; k < std::min(before.mean_width.size(), after.mean_width.size()); ++k) {
      rows.push_back(
          {fmt::format("mean width, layer {}", k + 1), number(before.mean_width[k]), number(after.mean_width[k])});
    }
    append_errors(rows, "validation RMSE", before.validation, after.validation, pruned.network.output_names);
    append_errors(rows, "test RMSE", before.test, after.test, pruned.network.output_names);
    return table(rows) + "\n" +
           facts({{"removed", fmt::format("{:.4g} % of the {}", 100 * pruned.sparsity,
                                          m_settings.method == prune::Method::weight ? "weights" : "hidden nodes")},
                  {"seconds", fmt::format("{:.3g}", seconds)},
                  {"written", m_out}});
  }

  static void append_errors(std::vector<std::vector<std::string>>& rows, const std::string& what,
                            const std::optional<train::Errors>& before, const std::optional<train::Errors>& after,
                            const std::vector<std::string>& outputs) {
    if (!before || !after) return;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      rows.push_back({fmt::format("{}, {}", what, outputs[i]), number(before->rmse[i]), number(after->rmse[i])});
    }
  }

  ProblemArguments m_arguments;
  GuidanceArguments m_guidance;
  DataArguments m_data;
  std::string m_out;
  prune::PruneSettings m_settings;
};

}  // namespace

std::unique_ptr<Command> make_prune() { return std::make_unique<Prune>(); }

}  // namespace secateur::app
