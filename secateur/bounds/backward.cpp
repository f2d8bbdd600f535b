// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/backward.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

/// Rows of a pass that are worked on together: enough to feed a matrix product, few enough to stay in cache.
constexpr Index block_rows = 64;
/// Share of non-zeros from which a dense product is faster than a sparse one.
constexpr double dense_share = 0.25;

}  // namespace

BackwardPass::BackwardPass(const graph::ReluGraph& graph, const Box& box)
    : m_graph(graph), m_box(box), m_magnitude(graph.values()) {
  m_magnitude.head(graph.inputs()) = box.magnitude();
  for (int k = 0; k < graph.depth(); ++k) m_first.push_back(graph.first_value(k));
  m_steps.push_back(make_step(0));
}

BackwardPass::Step BackwardPass::make_step(int layer) const {
  const graph::AffineLayer& affine = m_graph.layers[static_cast<std::size_t>(layer)];
  const SparseMatrix& weight = affine.weight;
  Step step;
  Index last = 0;
  step.first = weight.cols();
  for (Index i = 0; i < affine.units(); ++i) {
    const int begin = weight.outerIndexPtr()[i];
    const int end = weight.outerIndexPtr()[i + 1];
    if (begin == end) continue;
    step.first = std::min<Index>(step.first, weight.innerIndexPtr()[begin]);
    last = std::max<Index>(last, weight.innerIndexPtr()[end - 1] + 1);
  }
  step.span = std::max<Index>(0, last - step.first);
  const double entries = static_cast<double>(affine.units()) * static_cast<double>(step.span);
  step.dense = static_cast<double>(weight.nonZeros()) > dense_share * entries;
  if (step.dense) step.block = Matrix(weight.middleCols(step.first, step.span));

  step.row_magnitude.resize(affine.units());
  double total = 0;
  for (Index i = 0; i < affine.units(); ++i) {
    double sum = std::abs(affine.bias(i)) + affine.error(i);
    std::int64_t terms = 2;
    for (SparseMatrix::InnerIterator entry(weight, i); entry; ++entry, ++terms) {
      sum += std::abs(entry.value()) * m_magnitude(entry.col());
    }
    step.row_magnitude(i) = sum_up(terms, sum);
    total += step.row_magnitude(i);
  }
  total += m_magnitude.head(m_first[static_cast<std::size_t>(layer)]).sum();
  // Generous by a factor of two, which covers the rounding of the total.
  step.underflow = 2 * static_cast<double>(affine.units() + 2) * underflow_unit * (total + 1);
  return step;
}

void BackwardPass::set_bounds(int layer, const graph::LayerBounds& bounds) {
  const auto k = static_cast<std::size_t>(layer);
  m_steps[k].relaxation = relax(bounds);
  m_magnitude.segment(m_first[k], bounds.size()) = bounds.upper.cwiseMax(0.0);
  if (m_steps.size() == k + 1 && layer + 1 < m_graph.depth()) m_steps.push_back(make_step(layer + 1));
}

void BackwardPass::pass_layer(int layer_index, const Matrix& mu, Matrix& lambda, Vector& c, const Vector& gain,
                              const Vector& gain_magnitude) const {
  const Step& step = m_steps[static_cast<std::size_t>(layer_index)];
  const graph::AffineLayer& layer = m_graph.layers[static_cast<std::size_t>(layer_index)];
  const Index units = layer.units();
  for (Index r = 0; r < mu.rows(); ++r) {
    double constant = c(r) + gain(r);
    double constant_magnitude = std::abs(c(r)) + gain_magnitude(r);
    double rounding = 0;
    for (Index i = 0; i < units; ++i) {
      const double m = mu(r, i);
      const double loss = std::abs(m) * layer.error(i);
      constant += m * layer.bias(i) - loss;
      constant_magnitude += std::abs(m * layer.bias(i)) + loss;
      rounding += std::abs(m) * step.row_magnitude(i);
    }
    for (Index v = 0; v < step.span; ++v) {
      rounding += std::abs(lambda(r, step.first + v)) * m_magnitude(step.first + v);
    }
    const double error =
        sum_error(3 * units + 3, constant_magnitude) + sum_error(units + step.span + 5, rounding) + step.underflow;
    c(r) = add_down(constant, -next_up(next_up(error)));
  }
  add_backward(layer_index, mu, lambda);
}

void BackwardPass::add_backward(int layer_index, const Matrix& mu, Matrix& lambda) const {
  const Step& step = m_steps[static_cast<std::size_t>(layer_index)];
  const graph::AffineLayer& layer = m_graph.layers[static_cast<std::size_t>(layer_index)];
  if (step.dense) {
    lambda.middleCols(step.first, step.span).noalias() += mu * step.block;
    return;
  }
  const int* outer = layer.weight.outerIndexPtr();
  const int* column = layer.weight.innerIndexPtr();
  const double* value = layer.weight.valuePtr();
  for (Index r = 0; r < mu.rows(); ++r) {
    double* row = lambda.data() + r * lambda.cols();
    for (Index i = 0; i < layer.units(); ++i) {
      const double m = mu(r, i);
      if (m == 0) continue;
      for (int p = outer[i]; p < outer[i + 1]; ++p) row[column[p]] += m * value[p];
    }
  }
}

void BackwardPass::forward(int layer_index, const Matrix& values, Matrix& z) const {
  const Step& step = m_steps[static_cast<std::size_t>(layer_index)];
  const graph::AffineLayer& layer = m_graph.layers[static_cast<std::size_t>(layer_index)];
  if (step.dense) {
    z.noalias() = values.middleCols(step.first, step.span) * step.block.transpose();
  } else {
    z = (layer.weight * values.leftCols(layer.weight.cols()).transpose()).transpose();
  }
  z.rowwise() += layer.bias.transpose();
}

Vector BackwardPass::finish(int layer, Matrix lambda, Vector c, const Multipliers* multipliers) const {
  const Index rows = lambda.rows();
  Vector gain(rows), gain_magnitude(rows);
  for (int t = layer - 1; t >= 0; --t) {
    const auto k = static_cast<std::size_t>(t);
    const graph::AffineLayer& affine = m_graph.layers[k];
    const Relaxation& relaxation = m_steps[k].relaxation;
    Matrix mu(rows, affine.units());
    for (Index r = 0; r < rows; ++r) {
      double sum = 0, magnitude = 0;
      for (Index i = 0; i < affine.units(); ++i) {
        const double coefficient = lambda(r, m_first[k] + i);
        const bool positive = coefficient >= 0;
        const bool unstable = relaxation.intercept(i) > 0;
        const double alpha = multipliers != nullptr && unstable ? (*multipliers)[k](r, i) : relaxation.alpha(i);
        mu(r, i) = coefficient * (positive ? alpha : relaxation.slope(i));
        if (multipliers != nullptr && !unstable) {
          const double beta = std::max(0.0, (*multipliers)[k](r, i));
          mu(r, i) += relaxation.slope(i) > 0 ? -beta : beta;
        }
        const double shift = positive ? 0.0 : coefficient * relaxation.intercept(i);
        sum += shift;
        magnitude += std::abs(shift);
      }
      gain(r) = sum;
      gain_magnitude(r) = magnitude;
    }
    pass_layer(t, mu, lambda, c, gain, gain_magnitude);
  }
  Vector result(rows);
  const Index inputs = m_graph.inputs();
  for (Index r = 0; r < rows; ++r) {
    double sum = c(r);
    double magnitude = std::abs(c(r));
    for (Index j = 0; j < inputs; ++j) {
      const double coefficient = lambda(r, j);
      const double term = coefficient * (coefficient >= 0 ? m_box.lower(j) : m_box.upper(j));
      sum += term;
      magnitude += std::abs(term);
    }
    result(r) = add_down(sum, -sum_error(inputs + 1, magnitude));
  }
  return result;
}

graph::LayerBounds BackwardPass::layer_bounds(int layer) const {
  const auto k = static_cast<std::size_t>(layer);
  const graph::AffineLayer& affine = m_graph.layers[k];
  graph::LayerBounds bounds{Vector(affine.units()), Vector(affine.units())};
  for (Index begin = 0; begin < affine.units(); begin += block_rows) {
    const Index count = std::min(block_rows, affine.units() - begin);
    // Rows of +z in the upper half, of -z in the lower one: the start is the stored row itself and rounds nothing.
    Matrix lambda = Matrix::Zero(2 * count, m_first[k]);
    Vector c(2 * count);
    for (Index i = 0; i < count; ++i) {
      for (SparseMatrix::InnerIterator entry(affine.weight, begin + i); entry; ++entry) {
        lambda(i, entry.col()) = entry.value();
        lambda(count + i, entry.col()) = -entry.value();
      }
      const double bias = affine.bias(begin + i);
      const double error = affine.error(begin + i);
      c(i) = error == 0 ? bias : add_down(bias, -error);
      c(count + i) = error == 0 ? -bias : add_down(-bias, -error);
    }
    const Vector result = finish(layer, std::move(lambda), std::move(c), nullptr);
    bounds.lower.segment(begin, count) = result.head(count);
    bounds.upper.segment(begin, count) = -result.tail(count);
  }
  return bounds;
}

Vector BackwardPass::lower_bounds(int layer, const Matrix& rows, const Multipliers* multipliers) const {
  const auto k = static_cast<std::size_t>(layer);
  Matrix lambda = Matrix::Zero(rows.rows(), m_first[k]);
  Vector c = Vector::Zero(rows.rows());
  const Vector none = Vector::Zero(rows.rows());
  pass_layer(layer, rows, lambda, c, none, none);
  return finish(layer, std::move(lambda), std::move(c), multipliers);
}

}  // namespace secateur::bounds
