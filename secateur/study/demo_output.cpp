// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "secateur/core/version.hpp"
#include "secateur/data/text.hpp"
#include "secateur/model/json.hpp"
#include "secateur/study/demo.hpp"
#include "secateur/study/format.hpp"
#include "secateur/study/machine.hpp"

namespace secateur::study {

namespace {

using json = nlohmann::ordered_json;

template <class T>
json optional(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json list(const Vector& values) { return json(std::vector<double>(values.data(), values.data() + values.size())); }

json solve_json(const model::SolveResult& result, const nn::Network& network, const DemoResult& demo) {
  model::SolveSettings settings;
  settings.seed = demo.settings.seed;
  const model::Problem problem = model::over_box(network, demo.function.box, Vector::Ones(1));
  json solve = model::to_json(result, problem, settings);
  json& trace = solve["trace"] = json::array();
  for (const auto& event : result.trace) {
    trace.push_back(
        {{"seconds", event.seconds}, {"objective", optional(event.objective)}, {"bound", optional(event.bound)}});
  }
  return solve;
}

json network_json(const DemoNetwork& network, const DemoResult& result) {
  json speed_up = nullptr;
  if (network.speed_up) {
    speed_up = {{"factor", network.speed_up->factor}, {"relation", to_string(network.speed_up->relation)}};
  }
  return {{"name", network.name},
          {"file", network.file.empty() ? json(nullptr) : json(network.file)},
          {"method", network.method ? json(to_string(*network.method)) : json(nullptr)},
          {"sparsity", network.sparsity},
          {"seconds", network.seconds},
          {"weights", network.summary.weights},
          {"neurons", network.summary.neurons},
          {"unstable", network.summary.unstable},
          {"mean_width", network.summary.mean_width},
          {"validation", optional(network.summary.validation)},
          {"test", optional(network.summary.test)},
          {"time_limit", network.time_limit},
          {"solve", network.solve ? solve_json(*network.solve, network.network, result) : json(nullptr)},
          {"speed_up", speed_up},
          {"native", network.native ? solve_json(*network.native, network.network, result) : json(nullptr)},
          {"simulated", optional(network.simulated)},
          {"distance", optional(network.distance)},
          {"objective_error", optional(network.objective_error)}};
}

std::string seconds_text(const model::SolveResult& solve, double limit) {
  return (solve.status == Status::optimal ? "" : "> ") + fmt::format("{:.3g}", counted_seconds(solve, limit));
}

json networks_json(const std::vector<DemoNetwork>& networks, const DemoResult& result) {
  json array = json::array();
  for (const DemoNetwork& network : networks) array.push_back(network_json(network, result));
  return array;
}

}  // namespace

nlohmann::ordered_json to_json(const DemoResult& result) {
  const DemoSettings& settings = result.settings;
  const data::TestFunction& function = result.function;
  return {{"version", version},
          {"seed", settings.seed},
          {"settings",
           {{"out", settings.out},
            {"time_limit", settings.time_limit},
            {"threads", settings.threads},
            {"quick", settings.quick}}},
          {"machine", {{"cores", available_cores()}, {"processor", processor_name()}, {"compiler", compiler_name()}}},
          {"function",
           {{"name", function.name},
            {"lower", list(function.box.lower)},
            {"upper", list(function.box.upper)},
            {"minimum", function.minimum},
            {"minimizer", list(function.minimizer)}}},
          {"rows", result.rows},
          {"hidden", result.hidden},
          {"epochs", {{"training", result.epochs}, {"pruning", result.prune_epochs}}},
          {"networks", networks_json(result.networks, result)},
          {"sweep", networks_json(result.sweep, result)},
          {"seconds", result.seconds},
          {"interrupted", result.interrupted},
          {"files", result.files}};
}

std::string to_text(const DemoResult& result) {
  std::vector<std::vector<std::string>> rows{{"network", "RMSE", "weights", "neurons", "binaries", "MILP s", "nodes",
                                              "gap", "speed-up", "native s", "distance", "obj. error"}};
  for (const DemoNetwork& network : result.networks) {
    const auto& validation = network.summary.validation;
    std::vector<std::string> row{network.name, validation ? fmt::format("{:.4f}", validation->rmse.front()) : "-",
                                 std::to_string(network.summary.weights), std::to_string(network.summary.neurons)};
    if (network.solve) {
      const model::SolveResult& solve = *network.solve;
      row.push_back(std::to_string(solve.neurons.binaries));
      row.push_back(seconds_text(solve, network.time_limit));
      row.push_back(std::to_string(solve.nodes));
      row.push_back(solve.gap ? percent(*solve.gap) : "-");
    } else {
      row.insert(row.end(), 4, "-");
    }
    row.push_back(!network.method && network.solve ? "1×" : network.speed_up ? to_text(*network.speed_up) : "-");
    row.push_back(network.native ? seconds_text(*network.native, network.time_limit) : "-");
    row.push_back(network.distance ? fmt::format("{:.4f}", *network.distance) : "-");
    row.push_back(network.objective_error ? percent(*network.objective_error) : "-");
    rows.push_back(std::move(row));
  }
  // Widths in columns: "×" has two bytes but is one wide, for fmt as well.
  std::vector<int> width(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      width[i] = std::max(width[i], static_cast<int>(data::characters(row[i])));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? fmt::format("{:<{}}", row[i], width[i]) : fmt::format("  {:>{}}", row[i], width[i]);
    }
    text += line + "\n";
  }
  text +=
      "\nRMSE: on the validation rows. MILP: big-M with a MILP solver, the speed-up is against the dense network. "
      "Native: the\n"
      "same question to the native engine. Distance: from the best point found to the true minimiser. Objective "
      "error:\n"
      "against the true function there.\n";
  if (result.interrupted) text += "The run was interrupted; what was finished by then is in the report.\n";
  return text;
}

}  // namespace secateur::study
