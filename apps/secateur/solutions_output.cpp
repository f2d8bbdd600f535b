// SPDX-License-Identifier: Apache-2.0
#include "solutions_output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <vector>

#include "output.hpp"

namespace secateur::app {

namespace {

using Solution = model::SolveResult::Solution;

/// A row of a table: its name, then one entry a solution.
std::vector<std::string> row(std::string name, const std::vector<Solution>& solutions,
                             const std::function<std::string(const Solution&)>& entry) {
  std::vector<std::string> cells{std::move(name)};
  for (const Solution& solution : solutions) cells.push_back(entry(solution));
  return cells;
}

std::vector<std::string> heading(const char* name, std::size_t count) {
  std::vector<std::string> cells{name};
  for (std::size_t i = 1; i <= count; ++i) cells.push_back(fmt::format("{}", i));
  return cells;
}

}  // namespace

std::string solutions_text(const model::SolveResult& result, const model::Problem& problem) {
  const std::vector<Solution>& solutions = result.solutions;
  const model::Structure parts = model::structure(problem);
  const auto exact = [](double value) { return fmt::format("{:.8g}", value); };
  std::vector<std::vector<std::string>> rows{heading("solution", solutions.size())};
  rows.push_back(row("objective", solutions, [&](const Solution& s) { return exact(s.objective); }));
  rows.push_back(row("bound", solutions, [&](const Solution& s) { return s.bound ? exact(*s.bound) : "-"; }));
  rows.push_back(row("gap", solutions, [&](const Solution& s) { return s.gap ? percent(*s.gap) : "-"; }));
  std::vector<std::vector<std::string>> slopes{heading("slope, per unit", solutions.size())};
  const auto add = [&](const std::vector<int>& variables, const bool decisions) {
    for (std::size_t i = 0; i < variables.size(); ++i) {
      const model::Variable& variable = problem.variables[static_cast<std::size_t>(variables[i])];
      if (variable.auxiliary) continue;
      rows.push_back(row(variable.name, solutions,
                         [&](const Solution& s) { return exact((decisions ? s.x : s.y)(static_cast<Index>(i))); }));
      if (!decisions) continue;
      slopes.push_back(
          row(variable.name + " down", solutions, [&](const Solution& s) { return number(s.slope[i].down); }));
      slopes.push_back(row(variable.name + " up", solutions, [&](const Solution& s) { return number(s.slope[i].up); }));
    }
  };
  add(parts.decisions, true);
  add(parts.determined, false);
  std::string out = table(rows) + "\n" + table(slopes);
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::size_t i = 0; i < solutions.size(); ++i) {
    std::vector<std::string> said;
    if (!solutions[i].active.empty()) said.push_back(fmt::format("{}", fmt::join(solutions[i].active, ", ")));
    if (!solutions[i].edge_of.empty()) {
      std::vector<int> of = solutions[i].edge_of;
      for (int& place : of) ++place;
      said.push_back(fmt::format("at the edge of {}", fmt::join(of, ", ")));
    }
    if (!said.empty()) lines.emplace_back(fmt::format("at {}", i + 1), fmt::format("{}", fmt::join(said, "; ")));
  }
  return lines.empty() ? out : out + "\n" + facts(lines);
}

}  // namespace secateur::app
