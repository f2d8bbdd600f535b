// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/case.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace secateur::flowsheet {

namespace {

std::vector<std::string> names_of(const model::Problem& form, const std::vector<int>& variables) {
  std::vector<std::string> result;
  for (const int v : variables) result.push_back(form.variables[static_cast<std::size_t>(v)].name);
  return result;
}

/// How far value lies outside of [lower, upper], relative to the side; `size` stands in for a side that is zero.
double excess(double value, double lower, double upper, double size) {
  const auto relative = [&](double beyond, double side) {
    if (!(beyond > 0)) return 0.0;
    return beyond / (side != 0 ? std::abs(side) : std::max(size, 1e-300));
  };
  return std::max(relative(lower - value, lower), relative(value - upper, upper));
}

}  // namespace

std::vector<std::string> Case::inputs() const { return names_of(form, form.networks.front().inputs); }
std::vector<std::string> Case::outputs() const { return names_of(form, form.networks.front().outputs); }

/// With one network model::structure() comes to this: all that it does not determine.
std::vector<int> Case::decisions() const {
  const std::vector<int>& outputs = form.networks.front().outputs;
  std::vector<bool> determined(form.variables.size());
  for (const int v : outputs) determined[static_cast<std::size_t>(v)] = true;
  std::vector<int> result;
  for (std::size_t v = 0; v < determined.size(); ++v) {
    if (!determined[v]) result.push_back(static_cast<int>(v));
  }
  return result;
}

model::Problem Case::problem(const nn::Network& network, const Box& region, const Vector& bias) const {
  model::Problem problem = form;
  model::NetworkUse& use = problem.networks.front();
  use.network = network;
  for (std::size_t i = 0; i < use.inputs.size(); ++i) {
    model::Variable& variable = problem.variables[static_cast<std::size_t>(use.inputs[i])];
    variable.lower = std::max(variable.lower, region.lower(static_cast<Index>(i)));
    variable.upper = std::min(variable.upper, region.upper(static_cast<Index>(i)));
  }
  for (Index c = 0; c < bias.size(); ++c) {
    model::Constraint& constraint = problem.constraints[static_cast<std::size_t>(c)];
    constraint.lower -= bias(c);
    constraint.upper -= bias(c);
  }
  return problem;
}

Vector Case::point(const Vector& decisions, const Vector& outputs) const {
  Vector point = Vector::Zero(static_cast<Index>(form.variables.size()));
  point(this->decisions()) = decisions;
  point(form.networks.front().outputs) = outputs;
  return point;
}

Vector Case::network_inputs(const Vector& decisions) const {
  Vector point = Vector::Zero(static_cast<Index>(form.variables.size()));
  point(this->decisions()) = decisions;
  return point(form.networks.front().inputs);
}

double Case::violation(const Vector& point) const {
  double worst = 0;
  for (const model::Constraint& constraint : form.constraints) {
    double sum = 0, size = 0;
    for (const model::Term& term : constraint.terms) {
      const double value = term.coefficient * point(term.variable);
      sum += value;
      size += std::abs(value);
    }
    worst = std::max(worst, excess(sum, constraint.lower, constraint.upper, size));
  }
  for (std::size_t v = 0; v < form.variables.size(); ++v) {
    const model::Variable& variable = form.variables[v];
    const double value = point(static_cast<Index>(v));
    worst = std::max(worst, excess(value, variable.lower, variable.upper, std::abs(value)));
  }
  return worst;
}

Case::Evaluation Case::evaluate(const Vector& decisions) const {
  if (!simulator) throw std::logic_error("a case without a simulator cannot be evaluated");
  Evaluation result;
  result.simulation = simulator->simulate(network_inputs(decisions));
  if (!result.simulation.converged) return result;
  const Vector full = point(decisions, result.simulation.outputs);
  result.objective = model::objective_at(form, full);
  result.violation = violation(full);
  return result;
}

nn::Network placeholder(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  nn::Network network;
  network.input_names = inputs;
  network.output_names = outputs;
  network.layers.emplace_back(
      nn::Dense{Matrix::Zero(network.outputs(), network.inputs()), Vector::Zero(network.outputs())});
  return network;
}

void limits_to_constraints(model::Problem& form) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const int output : form.networks.front().outputs) {
    model::Variable& variable = form.variables[static_cast<std::size_t>(output)];
    const double lower = std::exchange(variable.lower, -infinity), upper = std::exchange(variable.upper, infinity);
    if (std::isfinite(lower) || std::isfinite(upper)) {
      form.add_constraint("limits of " + variable.name, {{output, 1}}, lower, upper);
    }
  }
}

double regret(double simulated, double reference, Sense sense) {
  const double missing = (reference - simulated) / std::abs(reference);
  return sense == Sense::maximize ? missing : -missing;
}

}  // namespace secateur::flowsheet
