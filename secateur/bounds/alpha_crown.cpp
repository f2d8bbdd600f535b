// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/alpha_crown.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/detail.hpp"

namespace secateur::bounds {

namespace {

using Mask = Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Adam's two moments for one layer's slopes.
struct Moments {
  Matrix first, second;
};

}  // namespace

LowerSlopes ascend(const BackwardPass& pass, const graph::ReluGraph& graph, const Box& box, int layer,
                   const Matrix& rows, const AlphaSettings& settings) {
  const Index count = rows.rows();
  const auto depth = static_cast<std::size_t>(layer);
  LowerSlopes alpha(depth);
  std::vector<Moments> moments(depth);
  for (std::size_t k = 0; k < depth; ++k) {
    const Vector& start = pass.relaxation(static_cast<int>(k)).alpha;
    alpha[k] = start.transpose().replicate(count, 1);
    moments[k] = {Matrix::Zero(count, start.size()), Matrix::Zero(count, start.size())};
  }
  LowerSlopes best = alpha;
  Vector best_value = Vector::Constant(count, -std::numeric_limits<double>::infinity());
  const Index width = graph.first_value(layer);
  Matrix lambda(count, width), values(count, width), mu, z;
  for (int step = 0;; ++step) {
    // Backward: lambda keeps, for every layer passed, the coefficients on its values.
    lambda.setZero();
    pass.add_backward(layer, rows, lambda);
    Vector value = rows * graph.layers[depth].bias;
    for (int t = layer - 1; t >= 0; --t) {
      const auto k = static_cast<std::size_t>(t);
      const Relaxation& relaxation = pass.relaxation(t);
      const auto coefficient = lambda.middleCols(graph.first_value(t), relaxation.alpha.size()).array();
      const auto positive = coefficient.max(0.0);
      const auto negative = coefficient.min(0.0);
      mu = (positive * alpha[k].array() + negative.rowwise() * relaxation.slope.transpose().array()).matrix();
      value += mu * graph.layers[k].bias + negative.matrix() * relaxation.intercept;
      pass.add_backward(t, mu, lambda);
    }
    const auto at_input = lambda.leftCols(graph.inputs()).array();
    value += at_input.max(0.0).matrix() * box.lower + at_input.min(0.0).matrix() * box.upper;
    for (Index r = 0; r < count; ++r) {
      if (value(r) <= best_value(r)) continue;
      best_value(r) = value(r);
      for (std::size_t k = 0; k < depth; ++k) best[k].row(r) = alpha[k].row(r);
    }
    if (step == settings.steps) return best;

    // Forward: the minimiser through the linear pieces of each row, and the slopes' derivatives on the way.
    values.leftCols(graph.inputs()) =
        (at_input >= 0).select(box.lower.transpose().replicate(count, 1), box.upper.transpose().replicate(count, 1));
    const double rate = settings.learning_rate * std::pow(0.9, step);
    const double correction1 = 1 - std::pow(0.9, step + 1), correction2 = 1 - std::pow(0.999, step + 1);
    for (int t = 0; t < layer; ++t) {
      const auto k = static_cast<std::size_t>(t);
      const Relaxation& relaxation = pass.relaxation(t);
      const Index units = relaxation.alpha.size();
      pass.forward(t, values, z);
      const auto coefficient = lambda.middleCols(graph.first_value(t), units).array();
      const Mask positive = coefficient >= 0;
      const auto upper_line = ((z.array().rowwise() * relaxation.slope.transpose().array()).rowwise() +
                               relaxation.intercept.transpose().array());
      values.middleCols(graph.first_value(t), units) = positive.select(alpha[k].array() * z.array(), upper_line);
      // Stable units have no intercept and no choice.
      const Eigen::RowVectorXd open = (relaxation.intercept.transpose().array() > 0).cast<double>();
      const Matrix gradient = (coefficient.max(0.0) * z.array()).rowwise() * open.array();
      moments[k].first = 0.9 * moments[k].first + 0.1 * gradient;
      moments[k].second = 0.999 * moments[k].second + 0.001 * gradient.cwiseAbs2();
      const auto change =
          (moments[k].first.array() / correction1) / ((moments[k].second.array() / correction2).sqrt() + 1e-30);
      alpha[k] = (alpha[k].array() + rate * change).max(0.0).min(1.0).matrix();
    }
  }
}

graph::NeuronBounds alpha_crown(const graph::ReluGraph& graph, const Box& box, const AlphaSettings& settings) {
  graph::NeuronBounds bounds = crown(graph, box);
  BackwardPass pass(graph, box);
  constexpr Index block_rows = 32;
  for (int k = 0; k < graph.depth(); ++k) {
    graph::LayerBounds& layer = bounds[static_cast<std::size_t>(k)];
    if (k > 0) {
      // The layers before are tighter than when CROWN bounded this one.
      intersect(layer, pass.layer_bounds(k));
      std::vector<Index> targets;
      const bool output = k + 1 == graph.depth();
      for (Index i = 0; i < layer.size(); ++i) {
        if (output || (layer.lower(i) < 0 && layer.upper(i) > 0)) targets.push_back(i);
      }
      for (std::size_t begin = 0; begin < targets.size(); begin += block_rows) {
        const auto count = static_cast<Index>(std::min<std::size_t>(block_rows, targets.size() - begin));
        Matrix rows = Matrix::Zero(2 * count, layer.size());
        for (Index r = 0; r < count; ++r) {
          const Index target = targets[begin + static_cast<std::size_t>(r)];
          rows(r, target) = 1;
          rows(count + r, target) = -1;
        }
        const LowerSlopes slopes = ascend(pass, graph, box, k, rows, settings);
        const Vector lower = pass.lower_bounds(k, rows, &slopes);
        for (Index r = 0; r < count; ++r) {
          const Index target = targets[begin + static_cast<std::size_t>(r)];
          if (lower(r) > layer.lower(target)) layer.lower(target) = lower(r);
          if (-lower(count + r) < layer.upper(target)) layer.upper(target) = -lower(count + r);
        }
      }
    }
    if (k + 1 < graph.depth()) pass.set_bounds(k, layer);
  }
  return bounds;
}

}  // namespace secateur::bounds
