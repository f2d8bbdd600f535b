// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/slope.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace secateur::search {

// An optimum of a piecewise linear function lies at a kink, as a rule: several neurons are zero there, and no gradient
// exists. Derivatives along a direction d do, and they obey a chain rule (Scholtes 2012, ch. 3): through an affine map
// d goes to W d, and through a ReLU to
//
//     d  where z > 0,     0  where z < 0,     max(0, d)  where z = 0.
//
// So one pass with a matrix of directions, e_i and -e_i for every decision i, gives both sides' slopes exactly. A
// point that was computed is at a kink only up to rounding; z counts as zero up to a share of what it was summed from.

namespace {

constexpr double zero_share = 1e-7;

/// Of a vector of units: values, the size of what they were summed from, derivatives (units x directions).
struct Front {
  Vector value, size;
  Matrix rate;
};

void apply(const nn::Elementwise& step, Front& front) {
  const auto c = step.constant.array();
  switch (step.op) {
    case nn::ElementwiseOp::add:
      front.value.array() += c;
      break;
    case nn::ElementwiseOp::subtract:
      front.value.array() -= c;
      break;
    case nn::ElementwiseOp::subtract_from:
      front.value = (c - front.value.array()).matrix().eval();
      front.rate = -front.rate;
      break;
    case nn::ElementwiseOp::multiply:
      front.value.array() *= c;
      front.size.array() *= c.abs();
      front.rate = step.constant.asDiagonal() * front.rate;
      return;
    case nn::ElementwiseOp::divide:
      front.value.array() /= c;
      front.size.array() /= c.abs();
      front.rate = step.constant.cwiseInverse().asDiagonal() * front.rate;
      return;
  }
  front.size.array() += c.abs();
}

template <class Weight>
void apply(const Weight& weight, const Vector& bias, Front& front) {
  // A unit's size counts what it was summed from, so that zeros of earlier layers' neurons are zeros here.
  const Vector size = weight.cwiseAbs() * front.size + bias.cwiseAbs();
  front = {weight * front.value + bias, size, weight * front.rate};
}

void apply(const nn::Relu& relu, Front& front) {
  const auto clip = [&](Index unit) {
    double& z = front.value(unit);
    if (std::abs(z) <= zero_share * front.size(unit)) {
      front.rate.row(unit) = front.rate.row(unit).cwiseMax(0.0);
    } else if (z < 0) {
      front.rate.row(unit).setZero();
    }
    z = std::max(z, 0.0);
    front.size(unit) = z;
  };
  if (relu.units.empty()) {
    for (Index unit = 0; unit < front.value.size(); ++unit) clip(unit);
  }
  for (const Index unit : relu.units) clip(unit);
}

void apply(nn::Activation activation, Front& front) {
  if (activation == nn::Activation::none) return;
  if (activation == nn::Activation::sigmoid) {
    const Vector e = (-front.value.cwiseAbs()).array().exp().matrix();
    front.rate = (e.array() / (1 + e.array()).square()).matrix().asDiagonal() * front.rate;
    return;
  }
  // d softmax_k = softmax_k (d_k - mean of d), d log_softmax_k = d_k - mean of d; the mean is weighted by the softmax.
  Vector share = (front.value.array() - front.value.maxCoeff()).exp().matrix();
  share /= share.sum();
  front.rate.rowwise() -= (share.transpose() * front.rate).eval().row(0);
  if (activation == nn::Activation::softmax) front.rate = share.asDiagonal() * front.rate;
}

/// The derivatives of a network's outputs along those of its inputs.
Matrix through(const nn::Network& network, Front front) {
  for (const nn::Layer& layer : network.layers) {
    if (const auto* dense = std::get_if<nn::Dense>(&layer)) {
      apply(dense->weight, dense->bias, front);
    } else if (const auto* sparse = std::get_if<nn::Sparse>(&layer)) {
      apply(sparse->weight, sparse->bias, front);
    } else if (const auto* step = std::get_if<nn::Elementwise>(&layer)) {
      apply(*step, front);
    } else {
      apply(std::get<nn::Relu>(layer), front);
    }
  }
  apply(network.activation, front);
  return front.rate;
}

/// Derivatives of the objective along directions of all variables (variables x directions); rows of determined ones are
/// filled in.
Vector rates(const model::Problem& problem, const model::Structure& structure, const Vector& point, Matrix directions) {
  for (const int n : structure.order) {
    const model::NetworkUse& use = problem.networks[static_cast<std::size_t>(n)];
    const Vector value = point(use.inputs);
    directions(use.outputs, Eigen::all) =
        through(use.network, {value, value.cwiseAbs(), directions(use.inputs, Eigen::all)});
  }
  Vector result = Vector::Zero(directions.cols());
  for (const model::Term& term : problem.objective) {
    result += term.coefficient * directions.row(term.variable).transpose();
  }
  return result;
}

/// Whether a value is at a side of its range, but for rounding.
bool at(double value, double side, double other) {
  if (!std::isfinite(side)) return false;
  const double scale = std::isfinite(other) ? std::abs(side - other) : std::max(1.0, std::abs(side));
  return std::abs(value - side) <= 1e-9 * scale;
}

}  // namespace

std::optional<double> next_value(const model::Variable& variable, double value, int direction) {
  if (variable.type == model::VariableType::continuous) return std::nullopt;
  std::optional<double> next;
  if (variable.type == model::VariableType::discrete) {
    for (const double candidate : variable.values) {
      if (direction > 0 ? candidate > value && !next : candidate < value) next = candidate;
    }
  } else {
    next = std::round(value) + direction;
  }
  return next && *next >= variable.lower && *next <= variable.upper ? next : std::nullopt;
}

std::vector<model::SolveResult::Slope> slopes(const model::Problem& problem, const model::Structure& structure,
                                              const Vector& point) {
  const auto decisions = static_cast<Index>(structure.decisions.size());
  std::vector<model::SolveResult::Slope> result(structure.decisions.size());
  Matrix directions = Matrix::Zero(point.size(), 2 * decisions);
  for (Index i = 0; i < decisions; ++i) {
    const int v = structure.decisions[static_cast<std::size_t>(i)];
    directions(v, 2 * i) = -1;
    directions(v, 2 * i + 1) = 1;
  }
  const Vector rate = rates(problem, structure, point, std::move(directions));
  const double objective = model::objective_at(problem, point);
  for (Index i = 0; i < decisions; ++i) {
    const int v = structure.decisions[static_cast<std::size_t>(i)];
    const model::Variable& variable = problem.variables[static_cast<std::size_t>(v)];
    const auto beside = [&](int direction) -> std::optional<double> {
      if (variable.type == model::VariableType::continuous) {
        const double side = direction > 0 ? variable.upper : variable.lower;
        if (at(point(v), side, direction > 0 ? variable.lower : variable.upper)) return std::nullopt;
        return rate(direction > 0 ? 2 * i + 1 : 2 * i);
      }
      const auto next = next_value(variable, point(v), direction);
      if (!next) return std::nullopt;
      Vector moved = point;
      moved(v) = *next;
      return (model::objective_at(problem, model::complete(problem, structure, moved)) - objective) /
             std::abs(*next - point(v));
    };
    result[static_cast<std::size_t>(i)] = {beside(-1), beside(1)};
  }
  return result;
}

std::vector<std::string> active(const model::Problem& problem, const Vector& point, double feasibility) {
  std::vector<std::string> names;
  const auto holds = [&](double value, double side) {
    return std::isfinite(side) && std::abs(value - side) <= feasibility * std::max(1.0, std::abs(side));
  };
  for (std::size_t v = 0; v < problem.variables.size(); ++v) {
    const model::Variable& variable = problem.variables[v];
    if (variable.auxiliary) continue;
    const double value = point(static_cast<Index>(v));
    if (variable.lower == variable.upper) {
      names.push_back(fmt::format("{} = {:.6g}", variable.name, variable.lower));
    } else if (holds(value, variable.lower)) {
      names.push_back(fmt::format("{} >= {:.6g}", variable.name, variable.lower));
    } else if (holds(value, variable.upper)) {
      names.push_back(fmt::format("{} <= {:.6g}", variable.name, variable.upper));
    }
  }
  for (const model::Constraint& constraint : problem.constraints) {
    const bool shown = std::none_of(constraint.terms.begin(), constraint.terms.end(), [&](const model::Term& term) {
      return problem.variables[static_cast<std::size_t>(term.variable)].auxiliary;
    });
    const double sum = model::sum_of(constraint.terms, point);
    if (shown && (holds(sum, constraint.lower) || holds(sum, constraint.upper))) names.push_back(constraint.name);
  }
  return names;
}

}  // namespace secateur::search
