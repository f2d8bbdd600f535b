// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/json.hpp"

#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include "secateur/core/version.hpp"

namespace secateur::model {

namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) { return value && std::isfinite(*value) ? Json(*value) : Json(); }

/// name -> what `entry` says of the i-th variable.
Json by_name(const Problem& problem, const std::vector<int>& variables, const std::function<Json(std::size_t)>& entry) {
  Json map = Json::object();
  for (const auto& [name, i] : result_names(problem, variables)) map[name] = entry(i);
  return map;
}

Json by_name(const Problem& problem, const std::vector<int>& variables, const Vector& values) {
  if (values.size() == 0) return {};
  return by_name(problem, variables, [&](std::size_t i) { return number(values(static_cast<Index>(i))); });
}

}  // namespace

std::vector<std::pair<std::string, std::size_t>> result_names(const Problem& problem,
                                                              const std::vector<int>& variables) {
  std::vector<std::pair<std::string, std::size_t>> names;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const Variable& variable = problem.variables[static_cast<std::size_t>(variables[i])];
    if (variable.auxiliary) continue;
    std::string name = variable.name;
    for (int k = 2; !taken.insert(name).second; ++k) name = variable.name + "_" + std::to_string(k);
    names.emplace_back(std::move(name), i);
  }
  return names;
}

nlohmann::ordered_json solutions_to_json(const SolveResult& result, const Problem& problem) {
  const Structure parts = structure(problem);
  Json list = Json::array();
  for (const SolveResult::Solution& solution : result.solutions) {
    Json json;
    json["objective"] = number(solution.objective);
    json["bound"] = number(solution.bound);
    json["gap"] = number(solution.gap);
    json["x"] = by_name(problem, parts.decisions, solution.x);
    json["y"] = by_name(problem, parts.determined, solution.y);
    json["slope"] = by_name(problem, parts.decisions, [&](std::size_t i) {
      return Json{{"down", number(solution.slope[i].down)}, {"up", number(solution.slope[i].up)}};
    });
    json["active"] = solution.active;
    json["edge_of"] = solution.edge_of;
    list.push_back(std::move(json));
  }
  return list;
}

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
