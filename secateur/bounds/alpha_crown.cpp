// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/alpha_crown.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "secateur/bounds/adam.hpp"
#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/detail.hpp"
#include "secateur/bounds/moving_rows.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

using Mask = Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// One layer's multipliers, row by row, and what moves them.
struct Chosen {
  Matrix value;
  Eigen::RowVectorXd open;  ///< 1 for an unstable unit: the multiplier is a slope
  Eigen::RowVectorXd sign;  ///< s of a split unit, else 0
  Adam adam;
  Vector step;  ///< size of a step of the multipliers of signs, one entry a row

  Chosen(const Relaxation& relaxation, Index rows)
      : open((relaxation.intercept.transpose().array() > 0).cast<double>()),
        sign(Eigen::RowVectorXd::Zero(open.size())),
        adam(rows, open.size()),
        step(Vector::Zero(rows)) {
    value = (relaxation.alpha.transpose().array() * open.array()).matrix().replicate(rows, 1);
  }

  /// The lower line of every unit: alpha of the unstable ones, 1 or 0 of the stable ones.
  [[nodiscard]] Matrix lower_line(const Relaxation& relaxation) const {
    const Eigen::RowVectorXd stable = relaxation.slope.transpose().array() * (1 - open.array());
    return (value.array().rowwise() * open.array()).rowwise() + stable.array();
  }

  void ascend(const Matrix& gradient, double rate, int iteration) {
    Matrix change = rate * adam.direction(gradient, iteration);
    if (sign.isZero(0)) {
      value = (value + change).cwiseMax(0.0).cwiseMin(1.0);
      return;
    }
    change.array() *= (step * sign.cwiseAbs()).array().rowwise() + open.array();
    const Eigen::RowVectorXd most =
        (open.array() != 0).select(1.0, Eigen::RowVectorXd::Constant(open.size(), infinity));
    value = (value + change).cwiseMax(0.0).cwiseMin(most.replicate(value.rows(), 1));
  }
};

void check(const graph::ReluGraph& graph, const std::vector<Split>& splits) {
  for (const Split& split : splits) {
    const auto [layer, unit] = split.neuron;
    const bool exists = layer >= 0 && layer + 1 < graph.depth() && unit >= 0 &&
                        unit < graph.layers[static_cast<std::size_t>(layer)].units();
    if (!exists) throw std::invalid_argument("alpha_crown: a split of a neuron that does not exist");
  }
}

bool crossed(const graph::LayerBounds& bounds) { return (bounds.lower.array() > bounds.upper.array()).any(); }

/// What the splits alone say.
graph::NeuronBounds imposed(const graph::ReluGraph& graph, const std::vector<Split>& splits) {
  graph::NeuronBounds bounds;
  for (const graph::AffineLayer& layer : graph.layers) {
    bounds.push_back({Vector::Constant(layer.units(), -infinity), Vector::Constant(layer.units(), infinity)});
  }
  for (const Split& split : splits) {
    graph::LayerBounds& layer = bounds[static_cast<std::size_t>(split.neuron.layer)];
    (split.active ? layer.lower : layer.upper)(split.neuron.unit) = 0;
  }
  return bounds;
}

/// Lower bounds of rows * z for the rows of one block.
Vector ascended(const BackwardPass& pass, const graph::ReluGraph& graph, const Box& box, int layer, const Matrix& rows,
                const AlphaSettings& settings, const std::vector<Split>& splits,
                const graph::LayerBounds* sides = nullptr) {
  const Ascended best = ascend(pass, graph, box, layer, rows, settings, splits, sides);
  Vector lower = pass.lower_bounds(layer, best.rows, &best.multipliers);
  if (sides == nullptr) return lower;
  for (Index r = 0; r < rows.rows(); ++r) {
    const double price = safe_price(best.rows.row(r), rows.row(r), *sides);
    if (price != 0) lower(r) = add_down(lower(r), -price);
  }
  return lower;
}

}  // namespace

Ascended ascend(const BackwardPass& pass, const graph::ReluGraph& graph, const Box& box, int layer, const Matrix& rows,
                const AlphaSettings& settings, const std::vector<Split>& splits, const graph::LayerBounds* sides) {
  const Index count = rows.rows();
  const auto depth = static_cast<std::size_t>(layer);
  std::vector<Chosen> chosen;
  for (int t = 0; t < layer; ++t) chosen.emplace_back(pass.relaxation(t), count);
  for (const Split& split : splits) {
    const auto [k, unit] = split.neuron;
    if (k >= layer || chosen[static_cast<std::size_t>(k)].open(unit) != 0) continue;
    chosen[static_cast<std::size_t>(k)].sign(unit) = pass.relaxation(k).slope(unit) > 0 ? 1 : -1;
  }
  std::optional<MovingRows> moving;
  if (sides != nullptr) moving.emplace(rows, *sides);
  Ascended best{Multipliers(depth), rows};
  for (std::size_t k = 0; k < depth; ++k) best.multipliers[k] = chosen[k].value;
  Vector best_value = Vector::Constant(count, -infinity);
  const Index width = graph.first_value(layer);
  Matrix lambda(count, width), values(count, width), mu, z;
  std::vector<Matrix> lower_line(depth);
  for (int step = 0;; ++step) {
    // Backward: lambda keeps, for every layer passed, the coefficients on its values.
    lambda.setZero();
    const Matrix& now = moving ? moving->rows() : rows;
    pass.add_backward(layer, now, lambda);
    Vector value = now * graph.layers[depth].bias;
    if (moving) value -= moving->price();
    for (int t = layer - 1; t >= 0; --t) {
      const auto k = static_cast<std::size_t>(t);
      const Relaxation& relaxation = pass.relaxation(t);
      const auto coefficient = lambda.middleCols(graph.first_value(t), relaxation.alpha.size()).array();
      if (step == 0) chosen[k].step = coefficient.abs().rowwise().maxCoeff();
      const auto positive = coefficient.max(0.0);
      const auto negative = coefficient.min(0.0);
      lower_line[k] = chosen[k].lower_line(relaxation);
      mu = (positive * lower_line[k].array() + negative.rowwise() * relaxation.slope.transpose().array() -
            chosen[k].value.array().rowwise() * chosen[k].sign.array())
               .matrix();
      value += mu * graph.layers[k].bias + negative.matrix() * relaxation.intercept;
      pass.add_backward(t, mu, lambda);
    }
    const auto at_input = lambda.leftCols(graph.inputs()).array();
    value += at_input.max(0.0).matrix() * box.lower + at_input.min(0.0).matrix() * box.upper;
    for (Index r = 0; r < count; ++r) {
      if (value(r) <= best_value(r)) continue;
      best_value(r) = value(r);
      for (std::size_t k = 0; k < depth; ++k) best.multipliers[k].row(r) = chosen[k].value.row(r);
      best.rows.row(r) = now.row(r);
    }
    if (step == settings.steps) return best;

    // Forward: the minimiser through the linear pieces of each row, and the multipliers' derivatives on the way.
    values.leftCols(graph.inputs()) =
        (at_input >= 0).select(box.lower.transpose().replicate(count, 1), box.upper.transpose().replicate(count, 1));
    const double rate = settings.learning_rate * std::pow(0.9, step);
    for (int t = 0; t < layer; ++t) {
      const auto k = static_cast<std::size_t>(t);
      const Relaxation& relaxation = pass.relaxation(t);
      const Index units = relaxation.alpha.size();
      pass.forward(t, values, z);
      const auto coefficient = lambda.middleCols(graph.first_value(t), units).array();
      const Mask positive = coefficient >= 0;
      const auto upper_line = ((z.array().rowwise() * relaxation.slope.transpose().array()).rowwise() +
                               relaxation.intercept.transpose().array());
      values.middleCols(graph.first_value(t), units) = positive.select(lower_line[k].array() * z.array(), upper_line);
      const Matrix gradient = (coefficient.max(0.0) * z.array()).rowwise() * chosen[k].open.array() -
                              z.array().rowwise() * chosen[k].sign.array();
      chosen[k].ascend(gradient, rate, step + 1);
    }
    if (!moving) continue;
    pass.forward(layer, values, z);
    moving->ascend(z, rate, step + 1);
  }
}

graph::NeuronBounds alpha_crown(const graph::ReluGraph& graph, const Box& box, const AlphaSettings& settings,
                                const std::vector<Split>& splits) {
  check(graph, splits);
  const graph::NeuronBounds phases = imposed(graph, splits);
  graph::NeuronBounds bounds = crown(graph, box, &phases);
  for (const graph::LayerBounds& layer : bounds) {
    if (crossed(layer)) return bounds;
  }
  BackwardPass pass(graph, box);
  constexpr Index block_rows = 32;
  for (int k = 0; k < graph.depth(); ++k) {
    graph::LayerBounds& layer = bounds[static_cast<std::size_t>(k)];
    if (k > 0) {
      // The layers before are tighter than when CROWN bounded this one.
      intersect(layer, pass.layer_bounds(k));
      std::vector<Index> targets;
      const bool output = k + 1 == graph.depth();
      // A split neuron has a bound at zero; that the other one passes it proves that the phase is impossible.
      const graph::LayerBounds& phase = phases[static_cast<std::size_t>(k)];
      for (Index i = 0; i < layer.size(); ++i) {
        const bool split = phase.lower(i) == 0 || phase.upper(i) == 0;
        if (output || split || (layer.lower(i) < 0 && layer.upper(i) > 0)) targets.push_back(i);
      }
      for (std::size_t begin = 0; begin < targets.size(); begin += block_rows) {
        const auto count = static_cast<Index>(std::min<std::size_t>(block_rows, targets.size() - begin));
        Matrix rows = Matrix::Zero(2 * count, layer.size());
        for (Index r = 0; r < count; ++r) {
          const Index target = targets[begin + static_cast<std::size_t>(r)];
          rows(r, target) = 1;
          rows(count + r, target) = -1;
        }
        const Vector lower = ascended(pass, graph, box, k, rows, settings, splits);
        for (Index r = 0; r < count; ++r) {
          const Index target = targets[begin + static_cast<std::size_t>(r)];
          if (lower(r) > layer.lower(target)) layer.lower(target) = lower(r);
          if (-lower(count + r) < layer.upper(target)) layer.upper(target) = -lower(count + r);
        }
      }
    }
    if (crossed(layer)) return bounds;
    if (k + 1 < graph.depth()) pass.set_bounds(k, layer);
  }
  return bounds;
}

Interval alpha_crown_objective(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& bounds,
                               const Vector& objective, const AlphaSettings& settings,
                               const std::vector<Split>& splits) {
  check(graph, splits);
  Interval range = crown_objective(graph, box, bounds, objective);
  const int last = graph.depth() - 1;
  BackwardPass pass(graph, box);
  for (int k = 0; k < last; ++k) pass.set_bounds(k, bounds[static_cast<std::size_t>(k)]);
  Matrix rows(2, objective.size());
  rows.row(0) = objective.transpose();
  rows.row(1) = -objective.transpose();
  const Vector lower = ascended(pass, graph, box, last, rows, settings, splits, &bounds.back());
  range.lower = std::max(range.lower, lower(0));
  range.upper = std::min(range.upper, -lower(1));
  return range;
}

}  // namespace secateur::bounds
