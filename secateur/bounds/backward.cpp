// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/backward.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "secateur/core/kernels.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

/// Units that are bounded together: enough to feed a matrix product, few enough for their rows to stay in cache.
constexpr Index block_units = 112;
/// Share of non-zeros from which a dense product is faster than a sparse one.
constexpr double dense_share = 0.3;
/// Far more than all products of a row's pass together lose to underflow, times the sum of what they multiply.
constexpr double underflow_allowance = 0x1p-1000;

}  // namespace

/// Rows of a pass under way. Matrices have a line for each live value or unit and `stride` columns, one a row.
struct BackwardPass::Rows {
  Rows(Index rows, Index values, Index most_units)
      : count(rows),
        stride((rows + crown_lanes - 1) / crown_lanes * crown_lanes),
        lambda(new double[static_cast<std::size_t>(stride * values)]),
        mu(new double[static_cast<std::size_t>(stride * most_units)]),
        value(Vector::Zero(stride)),
        size(Vector::Zero(stride)),
        valid(values) {}

  Index count, stride;
  std::unique_ptr<double[]> lambda, mu;
  Vector value, size;  ///< the sum of the constants, and A; see the class
  Index valid;         ///< lines of lambda from here on have been written

  double* line(Index v) const { return lambda.get() + v * stride; }
  /// Makes the lines from `begin` on valid. Returns whether lines begin .. end are to be added to.
  bool open(Index begin, Index end) {
    if (begin >= valid) return true;
    const Index zeros = end <= valid ? end : begin;
    std::fill(line(zeros), line(valid), 0.0);
    valid = begin;
    return zeros == begin;
  }
};

BackwardPass::BackwardPass(const graph::ReluGraph& graph, const Box& box)
    : m_graph(graph), m_box(box), m_magnitude(graph.values()), m_live(static_cast<std::size_t>(graph.inputs())) {
  m_magnitude.head(graph.inputs()) = box.magnitude();
  m_total = m_magnitude.head(graph.inputs()).sum() + 1;
  for (int k = 0; k < graph.depth(); ++k) m_first.push_back(graph.first_value(k));
  std::iota(m_live.begin(), m_live.end(), 0);
  m_live_end.push_back(graph.inputs());
  m_steps.push_back(make_step(0));
  m_total += m_steps.back().row_magnitude.sum();
}

BackwardPass::Step BackwardPass::make_step(int layer) const {
  const graph::AffineLayer& affine = m_graph.layers[static_cast<std::size_t>(layer)];
  const SparseMatrix& weight = affine.weight;
  const int* outer = weight.outerIndexPtr();
  const int* column = weight.innerIndexPtr();
  const double* value = weight.valuePtr();
  const BoundKernels& run = bound_kernels();
  Step step;
  Index last = 0;
  step.first = weight.cols();
  step.row_magnitude.resize(affine.units());
  for (Index i = 0; i < affine.units(); ++i) {
    const int begin = outer[i];
    const int end = outer[i + 1];
    // The magnitude of the row's range over [M, M].
    RowRange row{end - begin, value + begin, column + begin, m_magnitude.data(), m_magnitude.data()};
    if (row.count > 0 && column[end - 1] - column[begin] + 1 == row.count) {
      row.column = nullptr;
      row.lower = row.upper = m_magnitude.data() + column[begin];
    }
    RangeSums ends[2];
    run.row_range(row, ends);
    const double sum = std::abs(affine.bias(i)) + affine.error(i) + ends[0].magnitude;
    step.row_magnitude(i) = sum_up(end - begin + 2, sum);
    if (begin == end) continue;
    step.first = std::min<Index>(step.first, column[begin]);
    last = std::max<Index>(last, column[end - 1] + 1);
  }
  step.first = std::min(step.first, last);
  step.span = last - step.first;
  const double entries = static_cast<double>(affine.units()) * static_cast<double>(step.span);
  step.dense = static_cast<double>(weight.nonZeros()) > dense_share * entries;
  return step;
}

void BackwardPass::make_block(int layer, Step& step) const {
  const SparseMatrix& weight = m_graph.layers[static_cast<std::size_t>(layer)].weight;
  const int* outer = weight.outerIndexPtr();
  step.block.resize(weight.rows(), step.span);
  step.live_block.resize(0, 0);
  for (Index i = 0; i < weight.rows(); ++i) {
    double* row = step.block.data() + i * step.span;
    if (outer[i + 1] - outer[i] == step.span) {
      std::copy(weight.valuePtr() + outer[i], weight.valuePtr() + outer[i + 1], row);
      continue;
    }
    std::fill_n(row, step.span, 0.0);
    for (int p = outer[i]; p < outer[i + 1]; ++p) row[weight.innerIndexPtr()[p] - step.first] = weight.valuePtr()[p];
  }
  if (static_cast<Index>(step.live.size()) == weight.rows() && step.live_span == step.span) return;
  step.live_block.resize(static_cast<Index>(step.live.size()), step.live_span);
  for (std::size_t r = 0; r < step.live.size(); ++r) {
    const double* row = step.block.data() + step.live[r] * step.span;
    double* to = step.live_block.data() + static_cast<Index>(r) * step.live_span;
    for (Index v = 0; v < step.span; ++v) {
      const int place = m_live[static_cast<std::size_t>(step.first + v)];
      if (place >= 0) to[place - step.live_first] = row[v];
    }
  }
}

void BackwardPass::make_columns(int layer, Step& step) const {
  const SparseMatrix& weight = m_graph.layers[static_cast<std::size_t>(layer)].weight;
  const int* outer = weight.outerIndexPtr();
  step.begin.assign(static_cast<std::size_t>(step.live_span + 1), 0);
  const auto each = [&](const auto& body) {
    for (std::size_t r = 0; r < step.live.size(); ++r) {
      for (int p = outer[step.live[r]]; p < outer[step.live[r] + 1]; ++p) {
        const int place = m_live[static_cast<std::size_t>(weight.innerIndexPtr()[p])];
        if (place >= 0) body(static_cast<std::size_t>(place - step.live_first), static_cast<int>(r), p);
      }
    }
  };
  each([&](std::size_t column, int, int) { ++step.begin[column + 1]; });
  std::partial_sum(step.begin.begin(), step.begin.end(), step.begin.begin());
  std::vector<int> next(step.begin.begin(), step.begin.end() - 1);
  step.unit.resize(static_cast<std::size_t>(step.begin.back()));
  step.weight.resize(step.unit.size());
  each([&](std::size_t column, int unit, int p) {
    const auto to = static_cast<std::size_t>(next[column]++);
    step.unit[to] = unit;
    step.weight[to] = weight.valuePtr()[p];
  });
}

void BackwardPass::set_bounds(int layer, const graph::LayerBounds& bounds) {
  const auto k = static_cast<std::size_t>(layer);
  const graph::AffineLayer& affine = m_graph.layers[k];
  // What was known of the layers behind rests on the bounds before.
  m_steps.resize(k + 1);
  m_live_end.resize(k + 1);
  m_live.resize(static_cast<std::size_t>(m_first[k]), -1);
  Step& step = m_steps[k];
  step.relaxation = relax(bounds);
  m_magnitude.segment(m_first[k], bounds.size()) = bounds.upper.cwiseMax(0.0);

  // The columns first: they are values before this layer.
  step.live_first = step.live_span = 0;
  for (Index v = step.first; v < step.first + step.span; ++v) {
    const int place = m_live[static_cast<std::size_t>(v)];
    if (place < 0) continue;
    if (step.live_span == 0) step.live_first = place;
    step.live_span = place + 1 - step.live_first;
  }
  step.live.clear();
  auto place = static_cast<int>(m_live_end[k]);
  for (Index i = 0; i < bounds.size(); ++i) {
    const bool inactive =
        step.relaxation.alpha(i) == 0 && step.relaxation.slope(i) == 0 && step.relaxation.intercept(i) == 0;
    m_live.push_back(inactive ? -1 : place++);
    if (!inactive) step.live.push_back(i);
  }
  m_live_end.push_back(place);
  step.alpha = step.relaxation.alpha(step.live);
  step.slope = step.relaxation.slope(step.live);
  step.intercept = step.relaxation.intercept(step.live);
  step.bias = affine.bias(step.live);
  step.error = affine.error(step.live);
  step.magnitude = step.row_magnitude(step.live);
  if (step.dense) {
    make_block(layer, step);
  } else {
    make_columns(layer, step);
  }
  m_total += m_magnitude.segment(m_first[k], bounds.size()).sum();
  if (layer + 1 < m_graph.depth()) {
    m_steps.push_back(make_step(layer + 1));
    m_total += m_steps.back().row_magnitude.sum();
  }
}

void BackwardPass::add_backward(int layer_index, const Matrix& mu, Matrix& lambda) const {
  const Step& step = m_steps[static_cast<std::size_t>(layer_index)];
  const graph::AffineLayer& layer = m_graph.layers[static_cast<std::size_t>(layer_index)];
  if (step.block.size() > 0) {
    Product<double> product;
    product.m = mu.rows();
    product.n = step.span;
    product.k = layer.units();
    product.a = mu.data();
    product.a_row = mu.cols();
    product.b = step.block.data();
    product.b_row = step.span;
    product.c = lambda.data() + step.first;
    product.c_row = lambda.cols();
    product.accumulate = true;
    kernels<double>().product(product);
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
  z.resize(values.rows(), layer.units());
  if (step.block.size() > 0) {
    Product<double> product;
    product.m = values.rows();
    product.n = layer.units();
    product.k = step.span;
    product.a = values.data() + step.first;
    product.a_row = values.cols();
    product.b = step.block.data();
    product.b_row = 1;
    product.b_column = step.span;
    product.c = z.data();
    product.c_row = z.cols();
    kernels<double>().product(product);
  } else {
    z = (layer.weight * values.leftCols(layer.weight.cols()).transpose()).transpose();
  }
  z.rowwise() += layer.bias.transpose();
}

/// lambda += mu W, over live units and values.
void BackwardPass::add(const Step& step, Rows& rows) const {
  if (step.live_span == 0 || step.live.empty()) return;
  const bool accumulate = rows.open(step.live_first, step.live_first + step.live_span);
  if (step.dense) {
    const Matrix& block = step.live_block.size() > 0 ? step.live_block : step.block;
    Product<double> product;
    product.m = step.live_span;
    product.n = rows.stride;
    product.k = static_cast<Index>(step.live.size());
    product.a = block.data();
    product.a_row = 1;
    product.a_column = block.cols();
    product.b = rows.mu.get();
    product.b_row = rows.stride;
    product.c = rows.line(step.live_first);
    product.c_row = rows.stride;
    product.accumulate = accumulate;
    kernels<double>().product(product);
    return;
  }
  SparseRows sparse;
  sparse.columns = step.live_span;
  sparse.stride = rows.stride;
  sparse.begin = step.begin.data();
  sparse.unit = step.unit.data();
  sparse.weight = step.weight.data();
  sparse.mu = rows.mu.get();
  sparse.lambda = rows.line(step.live_first);
  sparse.accumulate = accumulate;
  bound_kernels().sparse_rows(sparse);
}

/// The multipliers of the signs of a layer's stable units: few are not zero.
void BackwardPass::add_multipliers(int layer, const Matrix& beta, Rows& rows) const {
  const Step& step = m_steps[static_cast<std::size_t>(layer)];
  const graph::AffineLayer& affine = m_graph.layers[static_cast<std::size_t>(layer)];
  for (Index r = 0; r < rows.count; ++r) {
    for (Index i = 0; i < affine.units(); ++i) {
      if (step.relaxation.intercept(i) > 0 || !(beta(r, i) > 0)) continue;
      add_row(affine, i, step.relaxation.slope(i) > 0 ? -beta(r, i) : beta(r, i), step.row_magnitude(i), r, rows);
    }
  }
}

/// Adds mu times a unit's row to row r of the pass.
void BackwardPass::add_row(const graph::AffineLayer& affine, Index unit, double mu, double magnitude, Index r,
                           Rows& rows) const {
  rows.value(r) += mu * affine.bias(unit) - std::abs(mu) * affine.error(unit);
  rows.size(r) += std::abs(mu) * magnitude;
  for (SparseMatrix::InnerIterator entry(affine.weight, unit); entry; ++entry) {
    const int place = m_live[static_cast<std::size_t>(entry.col())];
    if (place >= 0) rows.line(place)[r] += mu * entry.value();
  }
}

/// Takes the layers before `layer` away.
void BackwardPass::finish(int layer, Rows& rows, const Multipliers* multipliers) const {
  std::vector<double> own;
  if (multipliers != nullptr) rows.open(0, 0);
  for (int t = layer - 1; t >= 0; --t) {
    const auto k = static_cast<std::size_t>(t);
    const Step& step = m_steps[k];
    if (rows.valid >= m_live_end[k + 1]) continue;  // no coefficient on this layer
    rows.open(std::min(m_live_end[k], rows.valid), std::min(m_live_end[k], rows.valid));
    RelaxRows relax;
    relax.units = static_cast<Index>(step.live.size());
    relax.stride = rows.stride;
    relax.lambda = rows.line(m_live_end[k]);
    relax.mu = rows.mu.get();
    relax.alpha = step.alpha.data();
    relax.slope = step.slope.data();
    relax.intercept = step.intercept.data();
    relax.bias = step.bias.data();
    relax.error = step.error.data();
    relax.magnitude = step.magnitude.data();
    relax.value = rows.value.data();
    relax.size = rows.size.data();
    if (multipliers != nullptr) {
      own.assign(static_cast<std::size_t>(relax.units * rows.stride), 0.0);
      for (Index i = 0; i < relax.units; ++i) {
        const Index unit = step.live[static_cast<std::size_t>(i)];
        for (Index r = 0; r < rows.count; ++r) {
          own[static_cast<std::size_t>(i * rows.stride + r)] =
              step.intercept(i) > 0 ? (*multipliers)[k](r, unit) : step.alpha(i);
        }
      }
      relax.own_alpha = own.data();
    }
    bound_kernels().relax_rows(relax);
    add(step, rows);
    if (multipliers != nullptr) add_multipliers(t, (*multipliers)[k], rows);
  }
}

/// The inputs' terms and the error: the rows' lower bounds. `units`: how many units' rows went into the pass at most.
Vector BackwardPass::close(Rows& rows, Index units) const {
  const Index inputs = m_graph.inputs();
  rows.open(0, 0);
  for (Index j = 0; j < inputs; ++j) {
    const double* lambda = rows.line(j);
    for (Index r = 0; r < rows.count; ++r) {
      rows.value(r) += lambda[r] * (lambda[r] >= 0 ? m_box.lower(j) : m_box.upper(j));
      rows.size(r) += std::abs(lambda[r]) * m_magnitude(j);
    }
  }
  const double factor = static_cast<double>(2 * units + inputs + 16) * unit_roundoff;
  const double underflow = underflow_allowance * m_total;
  Vector result(rows.count);
  for (Index r = 0; r < rows.count; ++r) result(r) = rows.value(r) - (factor * rows.size(r) + underflow);
  return result;
}

graph::LayerBounds BackwardPass::layer_bounds(int layer) const {
  std::vector<Index> units(static_cast<std::size_t>(m_graph.layers[static_cast<std::size_t>(layer)].units()));
  std::iota(units.begin(), units.end(), Index{0});
  return layer_bounds(layer, units);
}

graph::LayerBounds BackwardPass::layer_bounds(int layer, const std::vector<Index>& units) const {
  const auto k = static_cast<std::size_t>(layer);
  const graph::AffineLayer& affine = m_graph.layers[k];
  const auto total = static_cast<Index>(units.size());
  Index widest = 0;
  for (std::size_t t = 0; t < k; ++t) widest = std::max<Index>(widest, static_cast<Index>(m_steps[t].live.size()));
  graph::LayerBounds bounds{Vector(total), Vector(total)};
  for (Index begin = 0; begin < total; begin += block_units) {
    const Index count = std::min(block_units, total - begin);
    Rows rows(2 * count, m_live_end[k], widest);
    // Rows of +z in the first half, of -z in the second one: the start is the stored row itself and rounds nothing.
    const Step& step = m_steps[k];
    const auto live = std::find_if(m_live.begin() + step.first, m_live.begin() + step.first + step.span,
                                   [](int place) { return place >= 0; });
    if (live != m_live.begin() + step.first + step.span) rows.open(*live, *live);
    for (Index i = 0; i < count; ++i) {
      const Index unit = units[static_cast<std::size_t>(begin + i)];
      for (SparseMatrix::InnerIterator entry(affine.weight, unit); entry; ++entry) {
        const int place = m_live[static_cast<std::size_t>(entry.col())];
        if (place < 0) continue;
        rows.line(place)[i] = entry.value();
        rows.line(place)[count + i] = -entry.value();
      }
      rows.value(i) = affine.bias(unit) - affine.error(unit);
      rows.value(count + i) = -affine.bias(unit) - affine.error(unit);
      rows.size(i) = rows.size(count + i) = step.row_magnitude(unit);
    }
    finish(layer, rows, nullptr);
    const Vector result = close(rows, m_first[k] - m_graph.inputs());
    bounds.lower.segment(begin, count) = result.head(count);
    bounds.upper.segment(begin, count) = -result.tail(count);
  }
  return bounds;
}

Vector BackwardPass::lower_bounds(int layer, const Matrix& of, const Multipliers* multipliers) const {
  const auto k = static_cast<std::size_t>(layer);
  const graph::AffineLayer& affine = m_graph.layers[k];
  Index widest = 0;
  for (std::size_t t = 0; t < k; ++t) widest = std::max<Index>(widest, static_cast<Index>(m_steps[t].live.size()));
  Rows rows(of.rows(), m_live_end[k], widest);
  rows.open(0, 0);
  // The given rows are the mu of this layer.
  for (Index r = 0; r < of.rows(); ++r) {
    for (Index i = 0; i < affine.units(); ++i) {
      if (of(r, i) != 0) add_row(affine, i, of(r, i), m_steps[k].row_magnitude(i), r, rows);
    }
  }
  finish(layer, rows, multipliers);
  return close(rows, 2 * (m_first[k] - m_graph.inputs()) + affine.units());
}

}  // namespace secateur::bounds
