// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/conflict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/core/stop.hpp"

namespace secateur::mip {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Something that can be taken away: a side of a constraint or a bound of a variable.
struct Item {
  enum class Kind { constraint, bound } kind;
  std::size_t index;
  bool upper;
};

double& side(model::Problem& problem, const Item& item) {
  if (item.kind == Item::Kind::constraint) {
    model::Constraint& constraint = problem.constraints[item.index];
    return item.upper ? constraint.upper : constraint.lower;
  }
  model::Variable& variable = problem.variables[item.index];
  return item.upper ? variable.upper : variable.lower;
}

std::string bound_name(const model::Variable& variable, bool upper) {
  return fmt::format("{} {} {}", variable.name, upper ? "<=" : ">=", upper ? variable.upper : variable.lower);
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

const model::NetworkUse* owner(const model::Problem& problem, int variable) {
  for (const model::NetworkUse& use : problem.networks) {
    if (std::find(use.outputs.begin(), use.outputs.end(), variable) != use.outputs.end()) return &use;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> names_of(const lp::Conflict& conflict, const model::Problem& problem,
                                  const model::Frame& frame) {
  std::vector<std::string> names;
  for (const int row : conflict.rows) {
    const auto i = static_cast<std::size_t>(row);
    // Rows behind the constraints say which values a discrete variable has.
    add_once(names, i < problem.constraints.size() ? problem.constraints[i].name : frame.model.row_names[i]);
  }
  for (const lp::ColumnBound& bound : conflict.bounds) {
    const auto v = static_cast<std::size_t>(bound.column);
    if (v >= problem.variables.size()) continue;
    const model::Variable& variable = problem.variables[v];
    if (variable.auxiliary) continue;
    const double stated = bound.upper ? variable.upper : variable.lower;
    const double used = bound.upper ? frame.model.column_upper[v] : frame.model.column_lower[v];
    const model::NetworkUse* network = owner(problem, bound.column);
    if (network != nullptr && (bound.upper ? used < stated : used > stated)) {
      add_once(names,
               fmt::format("network {}: {} {} {}", network->name, variable.name, bound.upper ? "<=" : ">=", used));
    } else if (std::isfinite(stated)) {
      add_once(names, bound_name(variable, bound.upper));
    }
  }
  return names;
}

std::vector<std::string> names_of_range(const model::Problem& problem, int variable, const graph::LayerBounds& outputs,
                                        const model::Frame& frame) {
  const model::Variable& stated = problem.variables[static_cast<std::size_t>(variable)];
  const auto found = std::find(frame.outputs.begin(), frame.outputs.end(), variable);
  const auto output = static_cast<Index>(found - frame.outputs.begin());
  const bool upper = outputs.lower(output) > stated.upper;
  const model::NetworkUse* network = owner(problem, variable);
  return {bound_name(stated, upper),
          fmt::format("network {}: {} {} {}", network != nullptr ? network->name : "", stated.name,
                      upper ? ">=" : "<=", upper ? outputs.lower(output) : outputs.upper(output))};
}

std::vector<std::string> smallest_conflict(
    const model::Problem& problem, const std::function<bool(const model::Problem&, double seconds)>& is_infeasible,
    double seconds) {
  const Stop stop(seconds);
  model::Problem left = problem;
  left.objective.clear();
  left.constant = 0;
  std::vector<bool> input(problem.variables.size(), false);
  for (const model::NetworkUse& use : problem.networks) {
    for (const int v : use.inputs) input[static_cast<std::size_t>(v)] = owner(problem, v) == nullptr;
  }
  std::vector<Item> items;
  const auto add = [&](Item item) {
    if (std::isfinite(side(left, item))) items.push_back(item);
  };
  // Bounds first: what a conflict needs of them is more often nothing.
  for (std::size_t v = 0; v < problem.variables.size(); ++v) {
    const bool removable = !input[v] && !problem.variables[v].auxiliary &&
                           (problem.variables[v].type == model::VariableType::continuous ||
                            problem.variables[v].type == model::VariableType::integer);
    if (!removable) continue;
    add({Item::Kind::bound, v, false});
    add({Item::Kind::bound, v, true});
  }
  for (std::size_t i = 0; i < problem.constraints.size(); ++i) {
    add({Item::Kind::constraint, i, false});
    add({Item::Kind::constraint, i, true});
  }
  std::vector<std::string> names;
  std::size_t remaining = items.size();
  for (const Item& item : items) {
    double& value = side(left, item);
    const double kept = value;
    // A fair share of the time that is left, but enough for a question that is easy.
    const double share = std::max(1.0, 2 * stop.seconds_left() / static_cast<double>(remaining--));
    value = item.upper ? infinity : -infinity;
    if (!stop.reason() && is_infeasible(left, std::min(share, stop.seconds_left()))) continue;
    value = kept;
    add_once(names, item.kind == Item::Kind::constraint ? problem.constraints[item.index].name
                                                        : bound_name(problem.variables[item.index], item.upper));
  }
  return names;
}

}  // namespace secateur::mip
