// SPDX-License-Identifier: Apache-2.0
// One benchmark instance by one configuration of solving, as JSON.
//
//   bench_solve INSTANCES.json NAME [--plain] [--method dual|cut|subdivision] [--set option=value]...
//   bench_solve INSTANCES.json NAME --again CHANGE [--repeats N] [--without PART]... [--set option=value]...
//
// --again: the instance solved, then changed and solved without and with what was learned (again.hpp).
// --plain is what peers do: big-M from interval bounds, stable neurons without binaries, given to the solver as it is.
// --method: one search of the native engine instead of the one that is chosen by what was measured.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "again.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/nn/onnx.hpp"
#include "secateur/search/solve.hpp"

using namespace secateur;
using Json = nlohmann::ordered_json;

namespace {

Vector vector_of(const nlohmann::json& list) {
  const auto values = list.get<std::vector<double>>();
  return Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
}

model::Problem read_instance(const std::filesystem::path& file, const std::string& name) {
  for (const auto& entry : nlohmann::json::parse(read_file(file))) {
    if (entry["name"] != name) continue;
    const Box box{vector_of(entry["lower"]), vector_of(entry["upper"])};
    return model::over_box(nn::read_onnx(file.parent_path() / entry["network"].get<std::string>()), box,
                           vector_of(entry["objective"]),
                           from_string<Sense>(entry["sense"].get<std::string>()).value());
  }
  throw std::runtime_error("no instance " + name);
}

/// Sets the option of that name from text.
struct Setter {
  std::string name, text;
  bool found = false;

  template <class T, class... Rest>
  void operator()(const char* option, T& value, const char*, const Rest&...) {
    if (name != option) return;
    found = true;
    if constexpr (std::is_enum_v<T>) {
      value = from_string<T>(text).value();
    } else {
      std::istringstream(text) >> value;
    }
  }
};

/// MiB at the process's peak; nothing where the system does not say. getrusage would count the parent before exec as
/// well.
std::optional<double> peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return std::nullopt;
}

}  // namespace

double bench::processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

namespace {

Json number(const std::optional<double>& value) { return value && std::isfinite(*value) ? Json(*value) : Json(); }

Json run_plain(const model::Problem& problem, model::SolveSettings settings) {
  const Stopwatch watch;
  settings.bounds = graph::BoundsMethod::interval;
  const auto session = lp::make_session(to_string(settings.solver));
  session->load(mip::formulate(problem, settings));
  lp::RunSettings run;
  run.gap = settings.gap;
  run.absolute_gap = settings.absolute_gap;
  run.threads = settings.threads;
  run.seed = settings.seed;
  run.time_limit = settings.time_limit - watch.seconds();
  std::optional<double> root;
  lp::Callbacks callbacks;
  callbacks.progress = [&](const lp::SearchState& state) {
    if (state.nodes <= 1) root = state.bound;
  };
  const lp::Outcome outcome = session->run(run, callbacks);
  return {{"status", to_string(outcome.status)},
          {"objective", number(outcome.objective)},
          {"bound", number(outcome.bound)},
          {"root", number(root)},
          {"nodes", outcome.nodes},
          {"boxes", 0},
          {"seconds", watch.seconds()},
          {"solver", session->solver()}};
}

Json run_secateur(const model::Problem& problem, const model::SolveSettings& settings, search::Method method) {
  const model::SolveResult result = search::solve(problem, settings, {}, {}, nullptr, {}, method);
  std::optional<double> root;
  for (const auto& event : result.trace) {
    if (event.nodes <= 1) root = event.bound;
  }
  return {{"status", to_string(result.status)},
          {"objective", number(result.objective)},
          {"bound", number(result.bound)},
          {"root", number(root)},
          {"nodes", result.nodes},
          {"boxes", result.boxes},
          {"note", result.note},
          {"seconds", result.seconds.total},
          {"solver", result.solver},
          {"proof", to_string(result.proof)},
          {"unstable", result.neurons.unstable},
          {"binaries", result.neurons.binaries}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("One benchmark instance by one configuration of solving.");
  std::string file, name;
  bool plain = false;
  std::string change;
  int repeats = 3;
  std::vector<std::string> options, without;
  app.add_option("instances", file)->required();
  app.add_option("name", name)->required();
  app.add_flag("--plain", plain);
  search::Method method = search::Method::measured;
  app.add_option("--method", method)
      ->transform(CLI::CheckedTransformer(std::map<std::string, search::Method>{
          {"dual", search::Method::dual}, {"cut", search::Method::cut}, {"subdivision", search::Method::subdivision}}));
  app.add_option("--again", change);
  app.add_option("--repeats", repeats);
  app.add_option("--without", without)->allow_extra_args(false);
  app.add_option("--set", options)->allow_extra_args(false);
  CLI11_PARSE(app, argc, argv);
  model::SolveSettings settings;
  for (const std::string& option : options) {
    const auto equals = option.find('=');
    Setter setter{option.substr(0, equals), option.substr(equals + 1)};
    describe(settings, setter);
    if (!setter.found) throw std::runtime_error("no option " + option);
  }
  const model::Problem problem = read_instance(file, name);
  if (!change.empty()) {
    std::printf("%s\n", bench::again(problem, settings, change, without, repeats).dump().c_str());
    return 0;
  }
  const double before = bench::processor_seconds();
  Json json = plain ? run_plain(problem, settings) : run_secateur(problem, settings, method);
  json["processor_seconds"] = bench::processor_seconds() - before;
  json["memory"] = number(peak_memory());
  std::printf("%s\n", json.dump().c_str());
  return 0;
}
