// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <variant>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/status.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/nn/network.hpp"

namespace secateur {

/// The optimum of objective'network(x) over a box by enumerating activation patterns, each a linear program over the
/// inputs: the oracle for every bound, formulation and engine. It walks the stored layers by itself, so that it shares
/// nothing with the code under test but the linear programming session.
class BruteForce {
 public:
  struct Optimum {
    double objective;
    Vector x;
    int cells;  ///< patterns that some point of the box has
  };

  /// What points have to satisfy besides the box.
  struct Restrictions {
    /// z >= 0 or z <= 0 of a unit; ReLU layers count from 0.
    struct Phase {
      Index layer, unit;
      bool active;
    };
    /// input'x + output'y <= side.
    struct Row {
      Vector input, output;
      double side;
    };
    std::vector<Phase> phases;
    std::vector<Row> rows;
  };

  Optimum solve(const nn::Network& network, const Box& box, const Vector& objective, Sense sense) {
    Optimum optimum = solve(network, box, objective, sense, {});
    if (optimum.x.size() == 0) throw std::logic_error("brute force found no point");
    return optimum;
  }

  /// The same under restrictions; without a point x is empty and the objective infinite.
  Optimum solve(const nn::Network& network, const Box& box, const Vector& objective, Sense sense,
                const Restrictions& restrictions) {
    m_network = &network;
    m_box = &box;
    m_restrictions = restrictions;
    m_cost = sense == Sense::minimize ? objective : Vector(-objective);
    m_best = {std::numeric_limits<double>::infinity(), {}, 0};
    const Index inputs = network.inputs();
    visit(0, {Matrix::Identity(inputs, inputs), Vector::Zero(inputs)}, {});
    if (sense == Sense::maximize) m_best.objective = -m_best.objective;
    return m_best;
  }

  /// Values as affine functions of the inputs: map x + shift.
  struct Affine {
    Matrix map;
    Vector shift;
  };
  /// A layer of scaling on top.
  static void apply(const nn::Elementwise& step, Affine& values) {
    for (Index i = 0; i < values.shift.size(); ++i) {
      const double c = step.constant(i);
      double factor = 1;
      switch (step.op) {
        case nn::ElementwiseOp::add:
          values.shift(i) += c;
          break;
        case nn::ElementwiseOp::subtract:
          values.shift(i) -= c;
          break;
        case nn::ElementwiseOp::subtract_from:
          factor = -1;
          values.shift(i) -= c;
          break;
        case nn::ElementwiseOp::multiply:
          factor = c;
          break;
        case nn::ElementwiseOp::divide:
          factor = 1 / c;
          break;
      }
      values.map.row(i) *= factor;
      values.shift(i) *= factor;
    }
  }

 private:
  /// row x <= side.
  struct HalfSpace {
    Vector row;
    double side;
  };
  using Polytope = std::vector<HalfSpace>;

  void visit(std::size_t layer, Affine values, Polytope cell) {
    for (; layer < m_network->layers.size(); ++layer) {
      if (const auto* dense = std::get_if<nn::Dense>(&m_network->layers[layer])) {
        values = {dense->weight * values.map, dense->weight * values.shift + dense->bias};
      } else if (const auto* step = std::get_if<nn::Elementwise>(&m_network->layers[layer])) {
        apply(*step, values);
      } else {
        split(layer, 0, values, cell);
        return;
      }
    }
    for (const Restrictions::Row& row : m_restrictions.rows) {
      cell.push_back({row.input + values.map.transpose() * row.output, row.side - values.shift.dot(row.output)});
    }
    ++m_best.cells;
    const Vector cost = values.map.transpose() * m_cost;
    const lp::Outcome outcome = minimize(cost, cell);
    if (outcome.status == Status::infeasible) return;
    const double value = *outcome.objective + values.shift.dot(m_cost);
    if (value < m_best.objective) {
      m_best.objective = value;
      m_best.x = m_box->clamp(outcome.primal);
    }
  }

  /// Unit `unit` and those behind it, in the ReLU layer at `layer`: each side that the cell has points on.
  void split(std::size_t layer, Index unit, const Affine& values, const Polytope& cell) {
    if (unit == values.shift.size()) {
      visit(layer + 1, values, cell);
      return;
    }
    const Vector row = values.map.row(unit).transpose();
    const double shift = values.shift(unit);
    double low = shift, high = shift, size = std::abs(shift);
    for (Index j = 0; j < row.size(); ++j) {
      const double a = row(j) * m_box->lower(j), b = row(j) * m_box->upper(j);
      low += std::min(a, b);
      high += std::max(a, b);
      size += std::max(std::abs(a), std::abs(b));
    }
    // Sides that no point of the box is on by more than rounding are the other side's boundary.
    const double rounding = 1e-13 * size;
    const auto go = [&](bool active, bool constrained) {
      Affine next = values;
      if (!active) {
        next.map.row(unit).setZero();
        next.shift(unit) = 0;
      }
      if (!constrained) return split(layer, unit + 1, next, cell);
      Polytope smaller = cell;
      smaller.push_back(active ? HalfSpace{-row, shift} : HalfSpace{row, -shift});
      if (has_points(smaller)) split(layer, unit + 1, next, smaller);
    };
    for (const Restrictions::Phase& phase : m_restrictions.phases) {
      if (phase.layer == relu_layers_before(layer) && phase.unit == unit) return go(phase.active, true);
    }
    if (low >= -rounding) return go(true, false);
    if (high <= rounding) return go(false, false);
    go(true, true);
    go(false, true);
  }

  [[nodiscard]] Index relu_layers_before(std::size_t layer) const {
    Index count = 0;
    for (std::size_t k = 0; k < layer; ++k) count += std::holds_alternative<nn::Relu>(m_network->layers[k]);
    return count;
  }

  bool has_points(const Polytope& cell) {
    return minimize(Vector::Zero(m_box->size()), cell).status == Status::optimal;
  }

  lp::Outcome minimize(const Vector& cost, const Polytope& cell) {
    lp::Model model;
    for (Index j = 0; j < m_box->size(); ++j) model.add_column(m_box->lower(j), m_box->upper(j), cost(j), false, {});
    for (const HalfSpace& half : cell) {
      for (Index j = 0; j < m_box->size(); ++j) {
        if (half.row(j) != 0) model.add_entry(static_cast<int>(j), half.row(j));
      }
      model.close_row(-std::numeric_limits<double>::infinity(), half.side, {});
    }
    m_session->load(model);
    lp::RunSettings settings;
    settings.feasibility = settings.optimality = 1e-9;
    const lp::Outcome outcome = m_session->run(settings);
    if (outcome.status != Status::optimal && outcome.status != Status::infeasible) {
      throw std::logic_error("brute force: a bounded linear program ended as " +
                             std::string(to_string(outcome.status)));
    }
    return outcome;
  }

  std::unique_ptr<lp::Session> m_session = lp::make_session();
  const nn::Network* m_network = nullptr;
  const Box* m_box = nullptr;
  Restrictions m_restrictions;
  Vector m_cost;
  Optimum m_best{};
};

}  // namespace secateur
