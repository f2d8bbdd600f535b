// SPDX-License-Identifier: Apache-2.0
#include "prune_guidance.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/ranges.h>

#include "output.hpp"
#include "program.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"
#include "secateur/nn/onnx.hpp"
#include "secateur/study/guidance.hpp"

namespace secateur::app {

namespace {

/// The network of the problem that is pruned: the only one, or the one named.
int chosen_network(const model::Problem& problem, const std::string& name, const std::string& file) {
  std::vector<std::string> names;
  for (std::size_t n = 0; n < problem.networks.size(); ++n) {
    names.push_back(problem.networks[n].name);
    if (problem.networks[n].name == name || (name.empty() && problem.networks.size() == 1)) return static_cast<int>(n);
  }
  if (names.empty()) throw InputError("has no networks to prune", file);
  if (name.empty()) {
    throw InputError(fmt::format("has {}; say with --network which one is pruned: {}",
                                 count_of(names.size(), "network"), join(names)),
                     file);
  }
  throw InputError(fmt::format("no network \"{}\"; there are {}", name, join(names)), file, "--network");
}

/// What the problem says of the network's inputs, and where it says nothing, the network or its data.
Box box_of(const model::Problem& problem, const model::NetworkUse& use, const prune::PruneData& data) {
  Box box = use.network.box ? *use.network.box : data::bounding_box(data.training);
  for (std::size_t j = 0; j < use.inputs.size(); ++j) {
    const model::Variable& variable = problem.variables[static_cast<std::size_t>(use.inputs[j])];
    if (!std::isfinite(variable.lower) || !std::isfinite(variable.upper)) continue;
    box.lower(static_cast<Index>(j)) = variable.lower;
    box.upper(static_cast<Index>(j)) = variable.upper;
  }
  return box;
}

/// A folder that files can be written to, made if it is not there.
std::filesystem::path output_folder(const std::string& text) {
  const std::filesystem::path folder(text);
  make_folder(folder);
  check_writable(folder / "front.csv");
  return folder;
}

/// 87.75 % of the weights: weight87.8.onnx.
std::string file_name(prune::Method method, double sparsity) {
  return fmt::format("{}{:.3g}.onnx", to_string(method), 100 * sparsity);
}

/// The front and everything beside it, or the recommended network alone.
void write(study::Guidance& guidance, const std::string& out, const std::string& subtitle) {
  const bool single = std::filesystem::path(out).extension() == ".onnx";
  for (study::GuidanceCandidate& candidate : guidance.candidates) {
    if (single && candidate.recommended) {
      nn::write_onnx(candidate.network, output_path(out, "--out"));
      candidate.file = out;
    }
    // What was not pruned is where it came from.
    if (single || !candidate.front || !candidate.method) continue;
    candidate.file = (std::filesystem::path(out) / file_name(*candidate.method, candidate.sparsity)).string();
    nn::write_onnx(candidate.network, candidate.file);
  }
  if (single) return;
  const std::filesystem::path folder(out);
  write_file(folder / "front.csv", study::to_csv(guidance));
  write_file(folder / "front.html", study::to_html(guidance, subtitle));
}

std::string text(const study::Guidance& guidance, const std::string& out) {
  std::vector<std::vector<std::string>> rows{
      {"network", "weights", "neurons", "unstable", "RMSE", "growth", "seconds", "status", "gap", ""}};
  const auto row = [&](const study::GuidanceCandidate& c) {
    const auto& rmse = c.summary.validation->rmse;
    std::vector<std::string> errors;
    for (const double value : rmse) errors.push_back(fmt::format("{:.4g}", value));
    const auto& probe = *c.probe;
    rows.push_back({study::name_of(c), fmt::format("{}", c.summary.weights), fmt::format("{}", c.summary.neurons),
                    fmt::format("{}", c.summary.unstable), fmt::format("{}", fmt::join(errors, " ")),
                    c.method ? fmt::format("{:.3g} %", 100 * c.growth) : "-",
                    fmt::format("{:.3g}", probe.seconds.total), std::string(to_string(probe.status)),
                    probe.gap && probe.status != Status::optimal ? percent(*probe.gap) : "-",
                    c.recommended ? "recommended" : ""});
  };
  for (const std::size_t i : guidance.front()) row(guidance.candidates[i]);
  const study::GuidanceCandidate* recommended = guidance.recommended();
  const bool single = std::filesystem::path(out).extension() == ".onnx";
  return table(rows) + "\n" +
         facts({{"front", fmt::format("{} of {} tried, by solve time", guidance.front().size(),
                                      count_of(guidance.candidates.size(), "network"))},
                {"recommended", fmt::format("{}: {}", study::name_of(*recommended), guidance.reason)},
                {"seconds", fmt::format("{:.3g}", guidance.seconds)},
                {"written", single ? out : fmt::format("{}: front.html, front.csv, the front's networks", out)}});
}

}  // namespace

prune::PruneData read_prune_data(DataArguments data, const nn::Network& network, std::uint64_t seed) {
  if (data.inputs.empty()) data.inputs = network.input_names;
  if (data.outputs.empty()) data.outputs = network.output_names;
  const auto check_count = [](const char* where, const std::vector<std::string>& columns,
                              const std::vector<std::string>& names, const char* what) {
    if (columns.size() == names.size()) return;
    throw InputError(fmt::format("{}; the network has {}: {}", count_of(columns.size(), "column"),
                                 count_of(names.size(), what), join(names)),
                     {}, where);
  };
  check_count("--inputs", data.inputs, network.input_names, "input");
  check_count("--outputs", data.outputs, network.output_names, "output");
  return data.split(data.read(), seed);
}

void GuidanceArguments::declare(Options& options) {
  options.add("for-optimization", wanted,
              "choose method and sparsity for what is optimised: tries several, each with a short solve, and gives a "
              "front of validation error and solve time; --tolerance (default 0.02) says which one is recommended");
  options.add("time-limit", time_limit, "seconds of each of these solves", Range<double>{0, 1e6, true});
  options.add("network", network, "which network of the problem is pruned (default: the only one)").metavar("NAME");
}

void GuidanceArguments::refuse_its_options(const Options& options) const {
  for (const char* name : {"minimize", "maximize", "objective", "sense", "time-limit", "network"}) {
    if (options.given(name)) throw InputError("goes with --for-optimization", {}, std::string("--").append(name));
  }
}

int prune_for_optimization(const Context& context, const GuidanceArguments& guidance, const ProblemArguments& arguments,
                           const DataArguments& data, const prune::PruneSettings& settings, const std::string& out) {
  for (const char* name : {"method", "sparsity", "saliency", "scope", "schedule", "compensate", "no-finetune"}) {
    if (context.options.given(name)) {
      throw InputError("does not go with --for-optimization, which chooses it", {}, std::string("--").append(name));
    }
  }
  if (data.file.empty())
    throw InputError("needs data to measure errors on; give --data FILE.csv", {}, "--for-optimization");
  const std::string& file = arguments.network.file;
  const bool is_problem = std::filesystem::path(file).extension() == ".json";
  if (!is_problem && context.options.given("network")) throw InputError("goes with a problem file", {}, "--network");
  const model::Problem problem = arguments.read(context.options);
  const int index = chosen_network(problem, guidance.network, file);
  const model::NetworkUse& use = problem.networks[static_cast<std::size_t>(index)];
  const prune::PruneData parts = read_prune_data(data, use.network, settings.seed);
  const Box box = box_of(problem, use, parts);
  if (std::filesystem::path(out).extension() == ".onnx") {
    output_path(out, "--out");
  } else {
    output_folder(out);
  }

  context.reporter.announce(
      fmt::format("secateur {}, seed {}, {}", version, settings.seed, context.options.deviations()));
  study::GuidanceSettings how;
  how.tolerance = settings.tolerance.value_or(how.tolerance);
  how.time_limit = guidance.time_limit;
  how.epochs = settings.epochs;
  how.threads = settings.threads;
  how.seed = settings.seed;
  study::Guidance found = study::guide(problem, index, box, parts, how, context.reporter.sink());
  context.reporter.finish();
  if (found.interrupted) {
    context.reporter.warn(fmt::format("interrupted; {} was not written", out));
    if (context.json) print_json({{"status", "interrupted"}, {"out", nullptr}});
    return exit_code::interrupted;
  }
  write(
      found, out,
      fmt::format("{}, seed {}, secateur {}", std::filesystem::path(file).filename().string(), settings.seed, version));
  if (!context.json) {
    print(text(found, out));
    return exit_code::done;
  }
  Json front = Json::array(), tried = Json::array();
  for (const std::size_t i : found.front()) front.push_back(study::to_json(found.candidates[i]));
  for (const study::GuidanceCandidate& candidate : found.candidates) tried.push_back(study::to_json(candidate));
  print_json({{"front", front},
              {"tried", tried},
              {"recommended", study::to_json(*found.recommended())},
              {"reason", found.reason},
              {"tolerance", how.tolerance},
              {"time_limit", how.time_limit},
              {"seconds", found.seconds},
              {"out", out},
              {"version", version},
              {"seed", settings.seed}});
  return exit_code::done;
}

}  // namespace secateur::app
