// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/compile.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/graph/builder.hpp"

namespace secateur::model {

namespace {

bool allowed(const Variable& variable, double value) { return value >= variable.lower && value <= variable.upper; }

void add_terms(lp::Model& model, const std::vector<Term>& terms) {
  // One entry a column: a variable may be named twice.
  std::vector<std::pair<int, double>> entries;
  for (const Term& term : terms) {
    const auto known = std::find_if(entries.begin(), entries.end(),
                                    [&](const std::pair<int, double>& e) { return e.first == term.variable; });
    if (known == entries.end()) {
      entries.emplace_back(term.variable, term.coefficient);
    } else {
      known->second += term.coefficient;
    }
  }
  for (const auto& [column, coefficient] : entries) {
    if (coefficient != 0) model.add_entry(column, coefficient);
  }
}

/// x = sum of values[i] * selection i, exactly one of which is 1.
void add_selection(lp::Model& model, int column, const Variable& variable) {
  std::vector<int> selections;
  std::vector<double> values;
  for (std::size_t i = 0; i < variable.values.size(); ++i) {
    if (!allowed(variable, variable.values[i])) continue;
    selections.push_back(model.add_column(0, 1, 0, true, variable.name + "_is_" + std::to_string(i)));
    values.push_back(variable.values[i]);
  }
  for (const int selection : selections) model.add_entry(selection, 1);
  model.close_row(1, 1, variable.name + "_is_one_of");
  model.add_entry(column, 1);
  for (std::size_t i = 0; i < selections.size(); ++i) {
    if (values[i] != 0) model.add_entry(selections[i], -values[i]);
  }
  model.close_row(0, 0, variable.name + "_value");
}

}  // namespace

Frame frame_of(const Problem& problem) {
  Frame frame;
  lp::Model& model = frame.model;
  model.sense = problem.sense;
  model.offset = problem.constant;
  for (const Variable& variable : problem.variables) {
    double lower = variable.lower, upper = variable.upper;
    if (variable.type == VariableType::discrete) {
      const auto& values = variable.values;
      lower = *std::find_if(values.begin(), values.end(), [&](double v) { return allowed(variable, v); });
      upper = *std::find_if(values.rbegin(), values.rend(), [&](double v) { return allowed(variable, v); });
    }
    const bool integer = variable.type == VariableType::integer || variable.type == VariableType::binary;
    if (integer) {
      lower = std::ceil(lower);
      upper = std::floor(upper);
    }
    model.add_column(lower, upper, 0, integer, variable.name);
  }
  for (const Term& term : problem.objective) model.cost[static_cast<std::size_t>(term.variable)] += term.coefficient;
  for (const Constraint& constraint : problem.constraints) {
    add_terms(model, constraint.terms);
    model.close_row(constraint.lower, constraint.upper, constraint.name);
  }
  for (std::size_t v = 0; v < problem.variables.size(); ++v) {
    const Variable& variable = problem.variables[v];
    if (variable.type == VariableType::discrete) add_selection(model, static_cast<int>(v), variable);
  }
  return frame;
}

Vector frame_point(const Problem& problem, const Frame& frame, const Vector& point) {
  Vector columns = Vector::Zero(frame.model.columns());
  columns.head(point.size()) = point;
  auto next = static_cast<Index>(problem.variables.size());
  for (std::size_t v = 0; v < problem.variables.size(); ++v) {
    const Variable& variable = problem.variables[v];
    if (variable.type != VariableType::discrete) continue;
    for (const double value : variable.values) {
      if (allowed(variable, value)) columns(next++) = value == point(static_cast<Index>(v)) ? 1 : 0;
    }
  }
  return columns;
}

Compiled compile(const Problem& problem, const Structure& structure, Frame frame) {
  Compiled result;
  const lp::Model& model = frame.model;
  std::vector<double> lower, upper;
  for (const int v : structure.decisions) {
    const auto i = static_cast<std::size_t>(v);
    if (problem.variables[i].auxiliary) continue;
    if (!std::isfinite(model.column_lower[i]) || !std::isfinite(model.column_upper[i])) continue;
    frame.inputs.push_back(v);
    lower.push_back(model.column_lower[i]);
    upper.push_back(model.column_upper[i]);
  }
  const Box domain{Eigen::Map<const Vector>(lower.data(), static_cast<Index>(lower.size())),
                   Eigen::Map<const Vector>(upper.data(), static_cast<Index>(upper.size()))};
  graph::Builder builder(domain);
  std::vector<std::optional<graph::AffineRow>> rows(problem.variables.size());
  for (std::size_t j = 0; j < frame.inputs.size(); ++j) {
    rows[static_cast<std::size_t>(frame.inputs[j])] = builder.input(static_cast<Index>(j));
  }
  for (const int n : structure.order) {
    const NetworkUse& use = problem.networks[static_cast<std::size_t>(n)];
    std::vector<graph::AffineRow> inputs;
    for (const int v : use.inputs) {
      const auto i = static_cast<std::size_t>(v);
      const auto& row = rows[i];
      if (!row) {
        throw InputError(
            "\"" + problem.variables[i].name + "\" is an input of the network \"" + use.name +
            "\" and has no finite bounds, also after propagating the constraints; give it lower and upper");
      }
      inputs.push_back(*row);
    }
    std::vector<graph::AffineRow> outputs = builder.apply(use.network, inputs);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      rows[static_cast<std::size_t>(use.outputs[k])] = std::move(outputs[k]);
    }
  }

  std::vector<graph::AffineRow> outputs;
  for (const int v : structure.determined) {
    outputs.push_back(rows[static_cast<std::size_t>(v)].value());
    frame.outputs.push_back(v);
  }
  const auto combination = [&](const std::vector<Term>& terms, double constant) {
    Compiled::Combination made;
    std::vector<std::pair<graph::AffineRow, double>> parts;
    const Term* only = nullptr;
    for (const Term& term : terms) {
      if (term.coefficient == 0) continue;
      const auto& row = rows[static_cast<std::size_t>(term.variable)];
      if (!row) {
        made.whole = false;
        continue;
      }
      only = &term;
      parts.emplace_back(*row, term.coefficient);
    }
    if (only != nullptr && parts.size() == 1 && only->coefficient == 1 && constant == 0) {
      const auto known = std::find(structure.determined.begin(), structure.determined.end(), only->variable);
      if (known != structure.determined.end()) {
        made.output = known - structure.determined.begin();
        return made;
      }
    }
    made.output = static_cast<Index>(outputs.size());
    outputs.push_back(builder.combine(parts, constant));
    frame.outputs.push_back(-1);
    return made;
  };
  result.objective = combination(problem.objective, problem.constant);
  for (const Constraint& constraint : problem.constraints) {
    result.constraints.push_back(combination(constraint.terms, 0));
  }
  result.graph = builder.finish(outputs);
  result.frame = std::move(frame);
  return result;
}

}  // namespace secateur::model
