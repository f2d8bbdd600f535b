// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/json.hpp"

#include <cmath>

#include "secateur/core/version.hpp"

namespace secateur::model {

namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) { return value && std::isfinite(*value) ? Json(*value) : Json(); }

/// name -> value; of two equal names the later one gets a number, so that no value is lost.
Json by_name(const Problem& problem, const std::vector<int>& variables, const Vector& values) {
  if (values.size() == 0) return {};
  Json map = Json::object();
  for (Index i = 0; i < values.size(); ++i) {
    const auto variable = static_cast<std::size_t>(variables[static_cast<std::size_t>(i)]);
    if (problem.variables[variable].auxiliary) continue;
    const std::string& name = problem.variables[variable].name;
    std::string key = name;
    for (int k = 2; map.contains(key); ++k) key = name + "_" + std::to_string(k);
    map[key] = number(values(i));
  }
  return map;
}

}  // namespace

nlohmann::ordered_json to_json(const SolveResult& result, const Problem& problem, const SolveSettings& settings) {
  const Structure parts = structure(problem);
  Json json;
  json["status"] = to_string(result.status);
  json["objective"] = number(result.objective);
  json["bound"] = number(result.bound);
  json["gap"] = number(result.gap);
  const bool proven = result.bound || result.status == Status::infeasible || result.status == Status::unbounded;
  json["proof"] = proven ? Json(to_string(result.proof)) : Json();
  json["x"] = by_name(problem, parts.decisions, result.x);
  json["y"] = by_name(problem, parts.determined, result.y);
  json["seconds"] = {
      {"total", result.seconds.total}, {"bounds", result.seconds.bounds}, {"solve", result.seconds.solve}};
  json["nodes"] = result.nodes;
  json["boxes"] = result.boxes;
  json["engine"] = to_string(result.engine);
  json["solver"] = result.solver;
  json["neurons"] = {
      {"total", result.neurons.total}, {"unstable", result.neurons.unstable}, {"binaries", result.neurons.binaries}};
  if (result.status == Status::infeasible) json["conflict"] = result.conflict;
  if (!result.note.empty()) json["note"] = result.note;
  json["version"] = version;
  json["seed"] = settings.seed;
  return json;
}

}  // namespace secateur::model
