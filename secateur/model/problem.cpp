// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/problem.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/model/box.hpp"
#include "secateur/nn/evaluate.hpp"

namespace secateur::model {

namespace {

/// Where a message says that something is: variables[2] "V".
std::string place(const char* list, std::size_t index, const std::string& name) {
  return std::string(list).append("[").append(std::to_string(index)).append("] \"").append(name).append("\"");
}

std::string number(double value) {
  std::string text = std::to_string(value);
  if (text.find('.') != std::string::npos) text.erase(text.find_last_not_of('0') + 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

void check_variable(const Variable& variable, std::size_t index, const std::string& file) {
  const auto refuse = [&](const std::string& what) {
    throw InputError(what, file, place("variables", index, variable.name));
  };
  const double lower = variable.lower, upper = variable.upper;
  if (std::isnan(lower) || std::isnan(upper)) refuse("a bound is not a number");
  if (lower > upper) refuse("the bounds contradict each other: lower " + number(lower) + " > upper " + number(upper));
  if (lower == std::numeric_limits<double>::infinity() || upper == -std::numeric_limits<double>::infinity()) {
    refuse("an infinite bound is on the wrong side");
  }
  switch (variable.type) {
    case VariableType::continuous:
      break;
    case VariableType::integer:
      if (std::ceil(lower) > std::floor(upper)) {
        refuse(lower == upper ? "an integer variable is fixed at " + number(lower) + ", which is no integer"
                              : "no integer lies between lower " + number(lower) + " and upper " + number(upper));
      }
      break;
    case VariableType::binary:
      if (!(lower == 0 || lower == 1) || !(upper == 0 || upper == 1)) {
        refuse("the bounds of a binary variable have to be 0 or 1; found lower " + number(lower) + ", upper " +
               number(upper));
      }
      break;
    case VariableType::discrete: {
      const auto& values = variable.values;
      if (values.empty()) refuse("a discrete variable needs at least one value");
      for (const double value : values) {
        if (!std::isfinite(value)) refuse("a value is not a finite number");
      }
      if (std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) != values.end()) {
        refuse("the values have to be ascending, each once");
      }
      if (std::none_of(values.begin(), values.end(), [&](double v) { return v >= lower && v <= upper; })) {
        refuse("no value lies between lower " + number(lower) + " and upper " + number(upper));
      }
      break;
    }
  }
  if (variable.type != VariableType::discrete && !variable.values.empty()) {
    refuse("only a discrete variable has values");
  }
}

void check_terms(const std::vector<Term>& terms, std::size_t variables, const std::string& file,
                 const std::string& where) {
  for (const Term& term : terms) {
    if (term.variable < 0 || static_cast<std::size_t>(term.variable) >= variables) {
      throw InputError("refers to variable " + std::to_string(term.variable) + " of " + std::to_string(variables), file,
                       where);
    }
    if (!std::isfinite(term.coefficient)) throw InputError("a coefficient is not a finite number", file, where);
  }
}

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

double excess(double value, double lower, double upper) {
  if (value < lower) return (lower - value) / std::max(1.0, std::abs(lower));
  if (value > upper) return (value - upper) / std::max(1.0, std::abs(upper));
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : 0.0;
}

}  // namespace

int Problem::add_variable(Variable variable) {
  variables.push_back(std::move(variable));
  return static_cast<int>(variables.size()) - 1;
}

int Problem::add_network(std::string name, nn::Network network, std::vector<int> inputs, std::vector<int> outputs) {
  networks.push_back({std::move(name), std::move(network), std::move(inputs), std::move(outputs)});
  return static_cast<int>(networks.size()) - 1;
}

int Problem::add_constraint(std::string name, std::vector<Term> terms, double lower, double upper) {
  constraints.push_back({std::move(name), std::move(terms), lower, upper});
  return static_cast<int>(constraints.size()) - 1;
}

Problem over_box(nn::Network network, const Box& box, const Vector& objective, Sense sense) {
  nn::check(network);
  check_box(box, network.input_names);
  const Index outputs = network.outputs();
  if (objective.size() != outputs) {
    throw InputError(std::to_string(objective.size()) + " coefficients, but the network has " +
                         std::to_string(outputs) + (outputs == 1 ? " output" : " outputs"),
                     {}, "--objective");
  }
  Problem problem;
  problem.sense = sense;
  std::vector<int> inputs, results;
  for (Index j = 0; j < network.inputs(); ++j) {
    Variable variable;
    variable.name = network.input_names[static_cast<std::size_t>(j)];
    variable.lower = box.lower(j);
    variable.upper = box.upper(j);
    inputs.push_back(problem.add_variable(std::move(variable)));
  }
  for (Index k = 0; k < outputs; ++k) {
    Variable variable;
    variable.name = network.output_names[static_cast<std::size_t>(k)];
    if (!std::isfinite(objective(k))) {
      throw InputError("the coefficient of " + variable.name + " is not a finite number", {}, "--objective");
    }
    results.push_back(problem.add_variable(std::move(variable)));
    if (objective(k) != 0) problem.objective.push_back({results.back(), objective(k)});
  }
  if (problem.objective.empty()) {
    throw InputError("every coefficient is zero; at least one output has to count", {}, "--objective");
  }
  problem.add_network("network", std::move(network), std::move(inputs), std::move(results));
  return problem;
}

void check(const Problem& problem, const std::string& file) {
  const std::size_t count = problem.variables.size();
  for (std::size_t i = 0; i < count; ++i) check_variable(problem.variables[i], i, file);
  for (std::size_t n = 0; n < problem.networks.size(); ++n) {
    const NetworkUse& use = problem.networks[n];
    const std::string where = place("networks", n, use.name);
    nn::check(use.network);
    const auto fits = [&](const std::vector<int>& list, Index expected, const char* what) {
      if (static_cast<Index>(list.size()) != expected) {
        throw InputError(
            counted(list.size(), what) + ", but the network has " + counted(static_cast<std::size_t>(expected), what),
            file, where);
      }
      for (const int v : list) {
        if (v < 0 || static_cast<std::size_t>(v) >= count) {
          throw InputError("refers to variable " + std::to_string(v) + " of " + std::to_string(count), file, where);
        }
        const Variable& variable = problem.variables[static_cast<std::size_t>(v)];
        if (variable.auxiliary) {
          throw InputError("\"" + variable.name + "\" is auxiliary; a network cannot read or determine it", file,
                           where);
        }
      }
    };
    fits(use.inputs, use.network.inputs(), "input");
    fits(use.outputs, use.network.outputs(), "output");
  }
  for (std::size_t i = 0; i < problem.constraints.size(); ++i) {
    const Constraint& constraint = problem.constraints[i];
    const std::string where = place("constraints", i, constraint.name);
    check_terms(constraint.terms, count, file, where);
    if (std::isnan(constraint.lower) || std::isnan(constraint.upper)) {
      throw InputError("a side is not a number", file, where);
    }
    if (constraint.lower > constraint.upper) {
      throw InputError(
          "the sides contradict each other: lower " + number(constraint.lower) + " > upper " + number(constraint.upper),
          file, where);
    }
  }
  check_terms(problem.objective, count, file, "objective");
  if (!std::isfinite(problem.constant)) throw InputError("the constant is not a finite number", file, "objective");
  static_cast<void>(structure(problem, file));
}

Structure structure(const Problem& problem, const std::string& file) {
  const std::size_t count = problem.variables.size();
  std::vector<int> owner(count, -1);
  for (std::size_t n = 0; n < problem.networks.size(); ++n) {
    for (const int v : problem.networks[n].outputs) {
      int& network = owner[static_cast<std::size_t>(v)];
      if (network >= 0) {
        throw InputError("\"" + problem.variables[static_cast<std::size_t>(v)].name +
                             "\" is an output of this network and of \"" +
                             problem.networks[static_cast<std::size_t>(network)].name +
                             "\" (or twice of one); a variable can be determined once",
                         file, place("networks", n, problem.networks[n].name));
      }
      network = static_cast<int>(n);
    }
  }
  Structure result;
  for (std::size_t v = 0; v < count; ++v) {
    (owner[v] < 0 ? result.decisions : result.determined).push_back(static_cast<int>(v));
  }
  // Each round places the networks all of whose inputs are known; what is left when none can be placed is a cycle.
  std::vector<bool> placed(problem.networks.size(), false);
  const auto ready = [&](const NetworkUse& use) {
    return std::all_of(use.inputs.begin(), use.inputs.end(), [&](int v) {
      const int network = owner[static_cast<std::size_t>(v)];
      return network < 0 || placed[static_cast<std::size_t>(network)];
    });
  };
  while (result.order.size() < problem.networks.size()) {
    const std::size_t before = result.order.size();
    for (std::size_t n = 0; n < placed.size(); ++n) {
      if (placed[n] || !ready(problem.networks[n])) continue;
      placed[n] = true;
      result.order.push_back(static_cast<int>(n));
    }
    if (result.order.size() > before) continue;
    std::string names;
    std::size_t first = placed.size();
    for (std::size_t n = placed.size(); n-- > 0;) {
      if (placed[n]) continue;
      names.insert(0, "\"" + problem.networks[n].name + (names.empty() ? "\"" : "\", "));
      first = n;
    }
    throw InputError("networks read each other's outputs in a cycle, or one that does: " + names, file,
                     place("networks", first, problem.networks[first].name));
  }
  return result;
}

Vector complete(const Problem& problem, const Structure& structure, Vector point) {
  for (const int n : structure.order) {
    const NetworkUse& use = problem.networks[static_cast<std::size_t>(n)];
    Vector x(static_cast<Index>(use.inputs.size()));
    for (std::size_t j = 0; j < use.inputs.size(); ++j) x(static_cast<Index>(j)) = point(use.inputs[j]);
    const Vector y = nn::evaluate(use.network, x);
    for (std::size_t k = 0; k < use.outputs.size(); ++k) point(use.outputs[k]) = y(static_cast<Index>(k));
  }
  return point;
}

Vector admissible(const Problem& problem, const Structure& structure, Vector point) {
  for (const auto& repair : problem.repairs) repair(point);
  for (const int v : structure.decisions) {
    point(v) = nearest(problem.variables[static_cast<std::size_t>(v)], point(v));
  }
  return point;
}

double nearest(const Variable& variable, double value) {
  double result = std::clamp(value, variable.lower, variable.upper);
  if (variable.type == VariableType::integer || variable.type == VariableType::binary) {
    return std::clamp(std::round(result), std::ceil(variable.lower), std::floor(variable.upper));
  }
  if (variable.type != VariableType::discrete) return result;
  double best = std::numeric_limits<double>::infinity();
  for (const double candidate : variable.values) {
    if (candidate < variable.lower || candidate > variable.upper) continue;
    if (std::abs(candidate - value) >= best) continue;
    best = std::abs(candidate - value);
    result = candidate;
  }
  return result;
}

double sum_of(const std::vector<Term>& terms, const Vector& point) {
  double sum = 0;
  for (const Term& term : terms) sum += term.coefficient * point(term.variable);
  return sum;
}

double objective_at(const Problem& problem, const Vector& point) {
  return sum_of(problem.objective, point) + problem.constant;
}

double violation(const Problem& problem, const Vector& point) {
  double worst = 0;
  for (std::size_t v = 0; v < problem.variables.size(); ++v) {
    const Variable& variable = problem.variables[v];
    const double value = point(static_cast<Index>(v));
    worst = std::max(worst, excess(value, variable.lower, variable.upper));
    if (variable.type != VariableType::continuous) {
      const double allowed = nearest(variable, value);
      worst = std::max(worst, excess(value, allowed, allowed));
    }
  }
  for (const Constraint& constraint : problem.constraints) {
    worst = std::max(worst, excess(sum_of(constraint.terms, point), constraint.lower, constraint.upper));
  }
  return worst;
}

}  // namespace secateur::model
