// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/train.hpp"

#include "command.hpp"
#include "data_arguments.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"
#include "secateur/nn/onnx.hpp"

namespace secateur::app {

namespace {

class Train : public Command {
 public:
  Train()
      : Command("train", "a ReLU network from a CSV file",
                "secateur train --data runs.csv --inputs T,p --outputs yield --hidden 50,50 --out net.onnx") {}

  void declare(Options& options) override {
    m_data.declare(options, true);
    options.add("hidden", m_hidden, "widths of the hidden layers, 50,50,50", Range<int>{1, 100000})
        .metavar("N,N,...")
        .required();
    options.add("out", m_out, "the model file to write").metavar("NET.onnx").required();
    options.settings(m_settings);
  }

  int run(const Context& context) override {
    const auto path = output_path(m_out, "--out");
    const Stopwatch watch;
    const data::Dataset data = m_data.read();
    const data::Parts parts = m_data.split(data, m_settings.seed);
    context.reporter.announce(
        fmt::format("secateur {}, seed {}, {}", version, m_settings.seed, context.options.deviations()));
    const nn::Network start = train::initial_network(parts.training, m_hidden, m_settings.seed);
    const train::Training training =
        train::train(start, parts.training, parts.validation, m_settings, nullptr, context.reporter.sink());
    context.reporter.finish();
    if (interrupt_flag()) {
      context.reporter.warn(fmt::format("interrupted after {} epochs; {} was not written", training.epochs, m_out));
      if (context.json) print_json({{"status", "interrupted"}, {"epochs", training.epochs}, {"out", nullptr}});
      return exit_code::interrupted;
    }
    const train::Errors validation = train::errors(training.network, parts.validation);
    const train::Errors test = train::errors(training.network, parts.test);
    nn::write_onnx(training.network, path);
    const double seconds = watch.seconds();

    if (context.json) {
      print_json(
          {{"validation", validation},
           {"test", test},
           {"seconds", seconds},
           {"epochs", training.epochs},
           {"rows",
            {{"train", parts.training.rows()}, {"validation", parts.validation.rows()}, {"test", parts.test.rows()}}},
           {"out", m_out},
           {"version", version},
           {"seed", m_settings.seed}});
      return exit_code::done;
    }
    std::vector<std::vector<std::string>> rows{{"output", "part", "R2", "RMSE", "max error"}};
    for (std::size_t i = 0; i < data.output_names.size(); ++i) {
      for (const auto& [part, errors] : {std::pair{"validation", &validation}, std::pair{"test", &test}}) {
        rows.push_back({data.output_names[i], part, fmt::format("{:.5f}", errors->r2[i]), number(errors->rmse[i]),
                        number(errors->max_error[i])});
      }
    }
    print(table(rows) + "\n" +
          facts({{"rows", fmt::format("{} ({} train, {} validation, {} test)", data.rows(), parts.training.rows(),
                                      parts.validation.rows(), parts.test.rows())},
                 {"epochs", fmt::format("{}", training.epochs)},
                 {"seconds", fmt::format("{:.3g}", seconds)},
                 {"written", m_out}}));
    return exit_code::done;
  }

 private:
  DataArguments m_data;
  std::vector<int> m_hidden;
  std::string m_out;
  train::TrainSettings m_settings;
};

}  // namespace

std::unique_ptr<Command> make_train() { return std::make_unique<Train>(); }

}  // namespace secateur::app
