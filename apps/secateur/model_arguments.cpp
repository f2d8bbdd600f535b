// SPDX-License-Identifier: Apache-2.0
#include "model_arguments.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/model/box.hpp"
#include "secateur/model/problem_json.hpp"
#include "secateur/nn/read.hpp"

namespace secateur::app {

namespace {

/// An output by its name or else its index.
Index output_index(const std::string& text, const nn::Network& network, const std::string& where) {
  const auto& names = network.output_names;
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return found - names.begin();
  Index index = 0;
  try {
    index = parse_integer(text, where);
  } catch (const InputError&) {
    index = -1;  // neither a name nor a number: refused below like a number that is too large
  }
  if (index >= 0 && index < network.outputs()) return index;
  constexpr Index most_shown = 8;
  std::vector<std::string> shown(names.begin(), names.begin() + std::min(network.outputs(), most_shown));
  if (network.outputs() > most_shown) shown.emplace_back("...");
  const std::string range = network.outputs() == 1 ? "0" : fmt::format("0 to {}", network.outputs() - 1);
  throw InputError(fmt::format("no output \"{}\"; allowed: index {}, or a name: {}", text, range, join(shown)), {},
                   where);
}

}  // namespace

void NetworkArguments::declare(Options& options, const char* name, const char* description) {
  options.positional(name, file, description);
  options
      .add("box", box,
           "bounds of the inputs: -1:1 for every input, 0:1,-2:2,... one each, or FILE.json with {\"lower\": [...], "
           "\"upper\": [...]} (default: the box stored in the model file)")
      .metavar("BOX");
}

nn::Network NetworkArguments::read_network() const {
  if (std::filesystem::path(file).extension() == ".json") {
    throw InputError("is a problem; this command takes a network in ONNX or .nnet format (solve and export take both)",
                     file);
  }
  return nn::read_network(file);
}

Box NetworkArguments::read_box(const nn::Network& network) const {
  if (!box.empty()) return model::parse_box(box, network.inputs());
  if (network.box) return *network.box;
  throw InputError(fmt::format("the model file states no box and none is given; give --box -1:1 (for each of the {} "
                               "inputs), --box 0:1,-2:2,... (one each) or --box FILE.json",
                               network.inputs()),
                   file, "--box");
}

void ProblemArguments::declare(Options& options) {
  network.declare(options, "NET.onnx|problem.json",
                  "a network in ONNX or .nnet format, or a problem that contains networks");
  options.add("minimize", minimize, "minimise this output, by index or name (default: 0)").metavar("K");
  options.add("maximize", maximize, "maximise this output, by index or name").metavar("K").excludes("minimize");
  options.add("objective", objective, "minimise c1 y[0] + c2 y[1] + ...: one coefficient an output")
      .metavar("c1,c2,...")
      .excludes("minimize")
      .excludes("maximize");
  options.add("sense", sense, "what --objective is").excludes("minimize").excludes("maximize");
}

model::Problem ProblemArguments::read(const Options& options) const {
  if (std::filesystem::path(network.file).extension() == ".json") {
    for (const char* option : {"box", "minimize", "maximize", "objective", "sense"}) {
      if (options.given(option)) {
        throw InputError("goes with a network; the problem file states its own bounds and objective", network.file,
                         std::string("--").append(option));
      }
    }
    return model::read_problem(network.file);
  }
  if (options.given("sense") && !options.given("objective")) {
    throw InputError("goes with --objective; use --minimize K or --maximize K for one output", {}, "--sense");
  }
  nn::Network read = network.read_network();
  const Box box = network.read_box(read);
  const Index outputs = read.outputs();
  Vector coefficients = Vector::Zero(outputs);
  if (options.given("objective")) {
    if (static_cast<Index>(objective.size()) != outputs) {
      throw InputError(fmt::format("{}; the network has {}", count_of(objective.size(), "coefficient"),
                                   count_of(static_cast<std::size_t>(outputs), "output")),
                       {}, "--objective");
    }
    std::copy(objective.begin(), objective.end(), coefficients.begin());
  } else if (options.given("maximize")) {
    coefficients(output_index(maximize, read, "--maximize")) = 1;
  } else {
    coefficients(minimize.empty() ? 0 : output_index(minimize, read, "--minimize")) = 1;
  }
  return model::over_box(std::move(read), box, coefficients, options.given("maximize") ? Sense::maximize : sense);
}

}  // namespace secateur::app
