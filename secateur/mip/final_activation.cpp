// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/final_activation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::mip {

namespace {

[[noreturn]] void refuse(const model::NetworkUse& use, const std::string& why) {
  throw InputError("the network \"" + use.name + "\" ends in a " + std::string(to_string(use.network.activation)) +
                   ", which can be left out exactly only where the objective is a single output of a sigmoid or of a "
                   "softmax over two outputs; here " +
                   why + " (store the network without its last operation to work with what is before it)");
}

/// The library's exponential and logarithm are off by less than this many units in the last place, all steps together.
constexpr int slack = 16;

double outwards(double value, bool up) {
  for (int i = 0; i < slack; ++i) value = up ? next_up(value) : next_down(value);
  return value;
}

}  // namespace

double WithoutActivation::objective_bound(double bound_of_z) const {
  // The problem minimises or maximises z times the sign of the coefficient.
  const double z = coefficient < 0 ? -bound_of_z : bound_of_z;
  const bool minimize = problem.sense == Sense::minimize;
  // The bound of f on the side that the bound of z is on.
  const bool f_up = minimize == (coefficient < 0);
  double f = 0;
  if (activation == nn::Activation::log_softmax) {
    f = z < 0 ? z - std::log1p(std::exp(z)) : -std::log1p(std::exp(-z));
    f = f_up ? std::min(0.0, outwards(f, true)) : outwards(f, false);
  } else {
    const double e = std::exp(-std::abs(z));
    f = z < 0 ? e / (1 + e) : 1 / (1 + e);
    f = std::clamp(outwards(f, f_up), 0.0, 1.0);
  }
  return minimize ? add_down(multiply_down(coefficient, f), constant) : add_up(multiply_up(coefficient, f), constant);
}

std::optional<WithoutActivation> without_activation(const model::Problem& problem) {
  const model::NetworkUse* found = nullptr;
  for (const model::NetworkUse& use : problem.networks) {
    if (use.network.activation == nn::Activation::none) continue;
    if (found != nullptr) refuse(use, "more than one network ends in such an operation");
    found = &use;
  }
  if (found == nullptr) return std::nullopt;
  const auto is_output = [&](int variable) {
    return std::find(found->outputs.begin(), found->outputs.end(), variable) != found->outputs.end();
  };
  for (const int v : found->outputs) {
    const model::Variable& variable = problem.variables[static_cast<std::size_t>(v)];
    if (std::isfinite(variable.lower) || std::isfinite(variable.upper) ||
        variable.type != model::VariableType::continuous) {
      refuse(*found, "\"" + variable.name + "\" has bounds or a type of its own");
    }
  }
  for (const model::Constraint& constraint : problem.constraints) {
    for (const model::Term& term : constraint.terms) {
      if (is_output(term.variable)) refuse(*found, "the constraint \"" + constraint.name + "\" reads its outputs");
    }
  }
  for (const model::NetworkUse& use : problem.networks) {
    for (const int v : use.inputs) {
      if (is_output(v)) refuse(*found, "the network \"" + use.name + "\" reads its outputs");
    }
  }
  std::optional<model::Term> only;
  for (const model::Term& term : problem.objective) {
    if (term.coefficient == 0) continue;
    if (only) refuse(*found, "the objective has more than one term");
    only = term;
  }
  if (!only || !is_output(only->variable)) refuse(*found, "the objective is not one of its outputs");

  WithoutActivation result;
  result.problem = problem;
  result.activation = found->network.activation;
  result.coefficient = only->coefficient;
  result.constant = problem.constant;
  result.problem.constant = 0;
  const double sign = only->coefficient < 0 ? -1 : 1;
  result.problem.objective = {{only->variable, sign}};
  std::string z = "the output before it";
  if (result.activation != nn::Activation::sigmoid) {
    if (found->outputs.size() != 2) {
      refuse(*found, "it is over " + std::to_string(found->outputs.size()) + " outputs");
    }
    const int other = found->outputs[found->outputs[0] == only->variable ? 1 : 0];
    result.problem.objective.push_back({other, -sign});
    z = "the difference of the two outputs before it";
  }
  for (model::NetworkUse& use : result.problem.networks) use.network.activation = nn::Activation::none;
  result.note = "the final " + std::string(to_string(result.activation)) + " of the network \"" + found->name +
                "\" was left out of the search: the objective is a monotone function of " + z;
  return result;
}

void require_preserved(const nn::Network& network, const model::Property& property) {
  if (network.activation == nn::Activation::none) return;
  for (const model::Conjunction& disjunct : property.disjuncts) {
    for (const model::LinearConstraint& constraint : disjunct.constraints) {
      if (constraint.y.empty()) continue;
      const bool compares = constraint.x.empty() && constraint.y.size() == 2 && constraint.upper == 0 &&
                            constraint.y[0].second == -constraint.y[1].second;
      if (compares) continue;
      throw InputError("the network ends in a " + std::string(to_string(network.activation)) +
                           ", which can be left out exactly only where assertions compare two outputs (Y_i <= Y_j); "
                           "here one does something else with them (store the network without its last operation to "
                           "state thresholds)",
                       {}, "--property");
    }
  }
}

}  // namespace secateur::mip
