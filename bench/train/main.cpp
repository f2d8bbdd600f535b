// SPDX-License-Identifier: Apache-2.0
//
// Trains one network on a table of raw doubles and prints the seconds of each epoch and the losses as JSON: the
// project's side of race.py.
#include <CLI/CLI.hpp>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/kernels.hpp"
#include "secateur/core/version.hpp"
#include "secateur/train/train.hpp"

namespace {

using namespace secateur;

/// `rows` rows of inputs and one output each, as written by race.py.
data::Dataset table(const std::string& file, Index rows, Index inputs) {
  const std::string bytes = read_file(file);
  Matrix values(rows, inputs + 1);
  if (bytes.size() != static_cast<std::size_t>(values.size()) * sizeof(double)) {
    throw InputError("expected " + std::to_string(values.size()) + " doubles", file);
  }
  std::memcpy(values.data(), bytes.data(), bytes.size());
  data::Dataset data;
  data.x = values.leftCols(inputs);
  data.y = values.rightCols(1);
  return data;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times the trainer");
  std::string training_file, validation_file;
  Index rows = 0, validation_rows = 0, inputs = 2;
  std::vector<int> hidden;
  train::TrainSettings settings;
  settings.patience = 1000000;
  app.add_option("--training", training_file)->required();
  app.add_option("--rows", rows)->required();
  app.add_option("--validation", validation_file)->required();
  app.add_option("--validation-rows", validation_rows)->required();
  app.add_option("--inputs", inputs);
  app.add_option("--hidden", hidden)->delimiter(',')->required();
  train::describe(settings, [&](const std::string& name, auto& value, const std::string& description, const auto&) {
    app.add_option("--" + name, value, description);
  });
  CLI11_PARSE(app, argc, argv);

  const data::Dataset training = table(training_file, rows, inputs);
  const data::Dataset validation = table(validation_file, validation_rows, inputs);
  const nn::Network start = train::initial_network(training, hidden, settings.seed);
  std::vector<double> ends;
  const ProgressSink clock = [&](const Progress& progress) { ends.push_back(progress.seconds); };
  const train::Training result = train::train(start, training, validation, settings, nullptr, clock);
  std::vector<double> epochs;
  for (std::size_t e = 1; e < ends.size(); ++e) epochs.push_back(ends[e] - ends[e - 1]);
  const nlohmann::json report{{"epoch_seconds", epochs},
                              {"validation_loss", result.validation_loss},
                              {"training_loss", result.training_loss},
                              {"isa", std::string(to_string(active_isa()))},
                              {"version", std::string(version)},
                              {"compiler", "g++ " __VERSION__}};
  std::cout << report.dump() << '\n';
  return 0;
} catch (const secateur::InputError& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
