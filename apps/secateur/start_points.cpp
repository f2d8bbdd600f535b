// SPDX-License-Identifier: Apache-2.0
#include "start_points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/data/table.hpp"
#include "secateur/model/json.hpp"
#include "secateur/model/strict_json.hpp"
#include "values.hpp"

namespace secateur::app {

namespace {

using Plain = nlohmann::json;

/// Variables by the names that results give them.
std::map<std::string, int> by_name(const model::Problem& problem, const std::vector<int>& variables) {
  std::map<std::string, int> found;
  for (const auto& [name, i] : model::result_names(problem, variables)) found[name] = variables[i];
  return found;
}

std::string some(const std::vector<std::string>& names) {
  constexpr std::size_t most_shown = 8;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), most_shown); ++i) shown.push_back(model::in_quotes(names[i]));
  if (names.size() > most_shown) shown.push_back(fmt::format("and {} more", names.size() - most_shown));
  return join(shown);
}

class Starts {
 public:
  Starts(const model::Problem& problem, std::string file)
      : m_variables(static_cast<Index>(problem.variables.size())), m_places(std::move(file)) {
    const model::Structure structure = model::structure(problem);
    m_decisions = by_name(problem, structure.decisions);
    m_determined = by_name(problem, structure.determined);
  }

  /// Refuses names of which one is unknown, or that are too few.
  void check(const std::vector<std::string>& names, const std::string& where) const {
    std::vector<std::string> missing, all;
    for (const auto& [name, variable] : m_decisions) {
      all.push_back(name);
      if (std::find(names.begin(), names.end(), name) == names.end()) missing.push_back(name);
    }
    for (const std::string& name : names) {
      if (m_decisions.contains(name) || m_determined.contains(name)) continue;
      m_places.refuse(where, fmt::format("no variable of the problem is called {}; its decisions are {}",
                                         model::in_quotes(name), some(all)));
    }
    if (!missing.empty()) m_places.refuse(where, fmt::format("no value of {}", some(missing)));
  }

  void table() {
    const data::Table table = data::read_csv(m_places.file());
    check(table.columns, "line 1");
    for (Index row = 0; row < table.rows(); ++row) {
      Vector point = Vector::Zero(m_variables);
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const auto found = m_decisions.find(table.columns[c]);
        if (found != m_decisions.end()) point(found->second) = table.values(row, static_cast<Index>(c));
      }
      points.push_back(std::move(point));
    }
  }

  void json() {
    const Plain json = model::parse_json(read_file(m_places.file()), m_places.file());
    if (json.is_array()) {
      for (std::size_t i = 0; i < json.size(); ++i) point(json[i], fmt::format("[{}]", i));
      return;
    }
    // A result; x may be the name of a decision as well, whose value is a number.
    if (!json.is_object() || !json.contains("x") || json["x"].is_number()) return point(json, {});
    if (json["x"].is_null()) m_places.refuse("x", "is null: that solve found no point");
    point(json["x"], "x");
    if (!json.contains("solutions") || !json["solutions"].is_array()) return;
    const Plain& solutions = json["solutions"];
    for (std::size_t i = 0; i < solutions.size(); ++i) {
      const std::string where = fmt::format("solutions[{}]", i);
      if (!solutions[i].is_object() || !solutions[i].contains("x")) m_places.refuse(where, "has no x");
      point(solutions[i]["x"], fmt::format("{}.x", where));
    }
  }

  std::vector<Vector> points;

 private:
  void point(const Plain& json, const std::string& where) {
    if (!json.is_object()) {
      m_places.refuse(where, "has to be an object with a number a decision, found " + model::found(json));
    }
    std::vector<std::string> names;
    for (const auto& [name, value] : json.items()) names.push_back(name);
    check(names, where);
    Vector point = Vector::Zero(m_variables);
    for (const auto& [name, value] : json.items()) {
      const auto found = m_decisions.find(name);
      if (found == m_decisions.end()) continue;
      point(found->second) = m_places.number(value, where.empty() ? name : fmt::format("{}.{}", where, name));
    }
    points.push_back(std::move(point));
  }

  Index m_variables;
  model::JsonPlaces m_places;
  std::map<std::string, int> m_decisions, m_determined;
};

}  // namespace

std::vector<Vector> read_starts(const std::string& file, const model::Problem& problem) {
  Starts starts(problem, file);
  if (std::filesystem::path(file).extension() == ".csv") {
    starts.table();
  } else {
    starts.json();
  }
  if (starts.points.empty()) throw InputError("holds no point", file);
  return std::move(starts.points);
}

}  // namespace secateur::app
