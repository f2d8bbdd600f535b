// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "command.hpp"
#include "export_network.hpp"
#include "model_arguments.hpp"
#include "output.hpp"
#include "secateur/core/file.hpp"
#include "secateur/mip/solve.hpp"

namespace secateur::app {

/// The file formats of `export`.
enum class ModelFormat { mps, lp, onnx };

}  // namespace secateur::app

namespace secateur {
template <>
struct Names<app::ModelFormat> {
  static constexpr std::array<std::string_view, 3> value{"mps", "lp", "onnx"};
};
}  // namespace secateur

namespace secateur::app {

namespace {

class Export : public Command {
 public:
  Export()
      : Command("export",
                "the problem as a MILP in MPS or LP format, or a smaller network that equals the given one on the box",
                "secateur export net.onnx --box -1:1 --maximize 0 --format mps --out net.mps") {}

  void declare(Options& options) override {
    m_arguments.declare(options);
    options.add("format", m_format, "file format").required();
    options.add("out", m_out, "the file to write").metavar("FILE").required();
    options.settings(m_settings, {"formulation", "partitions", "hull-rounds", "bounds", "big-m", "binaries"});
    options
        .add("precision", m_smaller.precision,
             "float32 or float64: type of the numbers in an ONNX file; what it rounds is part of the certified "
             "difference (default: the network's own if it holds them all, else float64)")
        .metavar("NAME");
    options.add(
        "skips", m_smaller.skips,
        "how values get past layers of an ONNX file that do not read them: beside the neurons, or in plain layers as "
        "further neurons");
  }

  int run(const Context& context) override {
    const auto path = output_path(m_out, "--out");
    if (m_format == ModelFormat::onnx) {
      refuse(context.options,
             {"minimize", "maximize", "objective", "sense", "formulation", "partitions", "hull-rounds", "big-m",
              "binaries"},
             "goes with --format mps or lp");
      m_smaller.method = m_settings.bounds;
      return export_network(context, m_arguments.network, m_smaller, m_out, path);
    }
    refuse(context.options, {"precision", "skips"}, "goes with --format onnx");
    const model::Problem problem = m_arguments.read(context.options);
    const lp::Model model = mip::formulate(problem, m_settings);
    write_file(path, m_format == ModelFormat::mps ? lp::to_mps(model) : lp::to_lp(model));

    const auto binaries = std::count(model.integer.begin(), model.integer.end(), true);
    if (context.json) {
      print_json({{"out", m_out},
                  {"format", to_string(m_format)},
                  {"formulation", to_string(m_settings.formulation)},
                  {"bounds", to_string(m_settings.bounds)},
                  {"columns", model.columns()},
                  {"rows", model.rows()},
                  {"entries", model.value.size()},
                  {"binaries", binaries}});
    } else {
      print(facts({{"written", m_out},
                   {"columns", fmt::format("{} ({} binary)", model.columns(), binaries)},
                   {"rows", fmt::format("{} ({} entries)", model.rows(), model.value.size())}}));
    }
    return 0;
  }

 private:
  static void refuse(const Options& options, std::initializer_list<const char*> names, const char* why) {
    for (const char* name : names) {
      if (options.given(name)) throw InputError(why, {}, std::string("--").append(name));
    }
  }

  ProblemArguments m_arguments;
  model::SolveSettings m_settings;
  ModelFormat m_format = ModelFormat::mps;
  bounds::LosslessSettings m_smaller;
  std::string m_out;
};

}  // namespace

std::unique_ptr<Command> make_export() { return std::make_unique<Export>(); }

}  // namespace secateur::app
