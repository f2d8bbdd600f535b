// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "property/brute_force.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/model/problem.hpp"

namespace secateur {

/// The optimum of a whole problem: every combination of values of the integer and discrete decisions, times every
/// activation pattern of all networks, each a linear program over the decisions. The oracle for problems with
/// constraints, discrete choices and several networks. Like BruteForce it walks the stored layers by itself.
class BruteForceProblem {
 public:
  struct Optimum {
    std::optional<double> objective;  ///< none: infeasible
    int cells = 0;                    ///< patterns that some point has, over all combinations of values
  };

  /// Decisions that networks read need finite bounds, integer decisions too.
  Optimum solve(const model::Problem& problem) {
    m_problem = &problem;
    m_structure = model::structure(problem);
    m_best = {};
    const auto variables = static_cast<Index>(problem.variables.size());
    m_lower.resize(variables);
    m_upper.resize(variables);
    for (Index v = 0; v < variables; ++v) {
      m_lower(v) = problem.variables[static_cast<std::size_t>(v)].lower;
      m_upper(v) = problem.variables[static_cast<std::size_t>(v)].upper;
    }
    choose(0);
    return m_best;
  }

 private:
  using Affine = BruteForce::Affine;
  /// lower <= row x <= upper.
  struct Slab {
    Vector row;
    double lower, upper;
  };
  using Polytope = std::vector<Slab>;

  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// Decision number `index` and those behind it, at each of their values.
  void choose(std::size_t index) {
    if (index == m_structure.decisions.size()) {
      const auto size = static_cast<Index>(m_problem->variables.size());
      walk(0, {Matrix::Identity(size, size), Vector::Zero(size)}, {});
      return;
    }
    const int v = m_structure.decisions[index];
    const model::Variable& variable = m_problem->variables[static_cast<std::size_t>(v)];
    std::vector<double> values = variable.values;
    if (variable.type == model::VariableType::integer || variable.type == model::VariableType::binary) {
      for (double value = std::ceil(variable.lower); value <= variable.upper; ++value) values.push_back(value);
    } else if (variable.type == model::VariableType::continuous) {
      choose(index + 1);
      return;
    }
    const double lower = m_lower(v), upper = m_upper(v);
    for (const double value : values) {
      if (value < lower || value > upper) continue;
      m_lower(v) = m_upper(v) = value;
      choose(index + 1);
      m_lower(v) = lower;
      m_upper(v) = upper;
    }
  }

  /// `all`: every variable as an affine function of the decisions, as far as the networks before number `n` say.
  void walk(std::size_t n, const Affine& all, const Polytope& cell) {
    if (n == m_structure.order.size()) return finish(all, cell);
    const model::NetworkUse& use = m_problem->networks[static_cast<std::size_t>(m_structure.order[n])];
    Affine values{Matrix(static_cast<Index>(use.inputs.size()), all.map.cols()),
                  Vector(static_cast<Index>(use.inputs.size()))};
    for (std::size_t i = 0; i < use.inputs.size(); ++i) {
      values.map.row(static_cast<Index>(i)) = all.map.row(use.inputs[i]);
      values.shift(static_cast<Index>(i)) = all.shift(use.inputs[i]);
    }
    layers(n, use, 0, std::move(values), all, cell);
  }

  void layers(std::size_t n, const model::NetworkUse& use, std::size_t layer, Affine values, const Affine& all,
              const Polytope& cell) {
    for (; layer < use.network.layers.size(); ++layer) {
      if (const auto* dense = std::get_if<nn::Dense>(&use.network.layers[layer])) {
        values = {dense->weight * values.map, dense->weight * values.shift + dense->bias};
      } else if (const auto* step = std::get_if<nn::Elementwise>(&use.network.layers[layer])) {
        BruteForce::apply(*step, values);
      } else {
        return split(n, use, layer, 0, values, all, cell);
      }
    }
    Affine next = all;
    for (std::size_t i = 0; i < use.outputs.size(); ++i) {
      next.map.row(use.outputs[i]) = values.map.row(static_cast<Index>(i));
      next.shift(use.outputs[i]) = values.shift(static_cast<Index>(i));
    }
    walk(n + 1, next, cell);
  }

  void split(std::size_t n, const model::NetworkUse& use, std::size_t layer, Index unit, const Affine& values,
             const Affine& all, const Polytope& cell) {
    if (unit == values.shift.size()) return layers(n, use, layer + 1, values, all, cell);
    const Vector row = values.map.row(unit).transpose();
    const double shift = values.shift(unit);
    for (const bool active : {true, false}) {
      Affine next = values;
      if (!active) {
        next.map.row(unit).setZero();
        next.shift(unit) = 0;
      }
      Polytope smaller = cell;
      smaller.push_back(active ? Slab{row, -shift, infinity} : Slab{row, -infinity, -shift});
      if (optimize(Vector::Zero(row.size()), smaller)) split(n, use, layer, unit + 1, next, all, smaller);
    }
  }

  /// Every network is affine: the constraints and the bounds of what they determine are rows.
  void finish(const Affine& all, Polytope cell) {
    const auto sum_of = [&](const std::vector<model::Term>& terms) {
      std::pair<Vector, double> sum{Vector::Zero(all.map.cols()), 0.0};
      for (const model::Term& term : terms) {
        sum.first += term.coefficient * all.map.row(term.variable).transpose();
        sum.second += term.coefficient * all.shift(term.variable);
      }
      return sum;
    };
    for (const int v : m_structure.determined) {
      const model::Variable& variable = m_problem->variables[static_cast<std::size_t>(v)];
      cell.push_back({all.map.row(v).transpose(), variable.lower - all.shift(v), variable.upper - all.shift(v)});
    }
    for (const model::Constraint& constraint : m_problem->constraints) {
      const auto [row, shift] = sum_of(constraint.terms);
      cell.push_back({row, constraint.lower - shift, constraint.upper - shift});
    }
    const auto [cost, shift] = sum_of(m_problem->objective);
    const auto value = optimize(cost, cell);
    if (!value) return;
    ++m_best.cells;
    const double objective = *value + shift + m_problem->constant;
    const bool minimize = m_problem->sense == Sense::minimize;
    if (!m_best.objective || (minimize ? objective < *m_best.objective : objective > *m_best.objective)) {
      m_best.objective = objective;
    }
  }

  /// The best value of cost'x over the decisions in the cell; none if it is empty.
  std::optional<double> optimize(const Vector& cost, const Polytope& cell) {
    lp::Model model;
    model.sense = m_problem->sense;
    std::vector<int> column(static_cast<std::size_t>(cost.size()), -1);
    for (const int v : m_structure.decisions) {
      column[static_cast<std::size_t>(v)] = model.add_column(m_lower(v), m_upper(v), cost(v), false, {});
    }
    for (const Slab& slab : cell) {
      for (Index v = 0; v < cost.size(); ++v) {
        if (column[static_cast<std::size_t>(v)] >= 0 && slab.row(v) != 0) {
          model.add_entry(column[static_cast<std::size_t>(v)], slab.row(v));
        }
      }
      model.close_row(slab.lower, slab.upper, {});
    }
    m_session->load(model);
    lp::RunSettings settings;
    settings.feasibility = settings.optimality = 1e-9;
    const lp::Outcome outcome = m_session->run(settings);
    if (outcome.status == Status::infeasible) return std::nullopt;
    if (outcome.status != Status::optimal) {
      throw std::logic_error("brute force: a linear program ended as " + std::string(to_string(outcome.status)));
    }
    return outcome.objective;
  }

  std::unique_ptr<lp::Session> m_session = lp::make_session();
  const model::Problem* m_problem = nullptr;
  model::Structure m_structure;
  Vector m_lower, m_upper;
  Optimum m_best;
};

}  // namespace secateur
