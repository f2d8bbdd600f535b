// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/sweep.hpp"

#include <algorithm>
#include <utility>

namespace secateur::train {

namespace {

/// Rows of `columns` numbers are this far apart: whole cache lines, and an odd multiple of 64 or 128 bytes, so that the
/// rows of a matrix spread over the sets of the cache.
template <class Scalar>
Index row_length(Index columns) {
  constexpr Index line = 64 / static_cast<Index>(sizeof(Scalar));
  const Index lines = (columns + line - 1) / line;
  return (lines % 4 == 0 ? lines + 1 : lines) * line;
}

template <class Scalar>
Points<Scalar> portion_of(const Points<Scalar>& points, Index first, Index columns) {
  return {points.x + first, points.t + first, points.row, std::min(columns, points.columns - first)};
}

}  // namespace

template <class Scalar>
Sweep<Scalar>::Sweep(const Layout& layout, std::vector<Scalar> weight, Index portion)
    : m_layout(layout),
      m_kernels(kernels<Scalar>()),
      m_weight(std::move(weight)),
      m_portion(portion),
      m_row(row_length<Scalar>(portion)),
      m_slope(layout.widest() * m_row),
      m_next_slope(layout.widest() * m_row),
      m_sums(layout.widest()) {
  for (std::size_t k = 0; k < layout.layers(); ++k) m_activation.emplace_back(layout.units(k) * m_row);
}

template <class Scalar>
double Sweep<Scalar>::loss(const Scalar* parameters, const Points<Scalar>& points) {
  double sum = 0;
  for (Index first = 0; first < points.columns; first += m_portion) {
    const Points<Scalar> part = portion_of(points, first, m_portion);
    forward(parameters, part);
    sum += residual(part, Scalar{0});
  }
  return sum;
}

template <class Scalar>
double Sweep<Scalar>::gradient(const Scalar* parameters, const Points<Scalar>& points, Scalar scale, Scalar* gradient) {
  if (points.columns == 0) std::fill(gradient, gradient + m_layout.size(), Scalar{0});
  double sum = 0;
  for (Index first = 0; first < points.columns; first += m_portion) {
    const Points<Scalar> part = portion_of(points, first, m_portion);
    forward(parameters, part);
    sum += residual(part, scale);
    backward(parameters, part, first == 0, gradient);
  }
  return sum;
}

template <class Scalar>
void Sweep<Scalar>::forward(const Scalar* parameters, const Points<Scalar>& points) {
  const std::size_t last = m_layout.layers() - 1;
  for (std::size_t k = 0; k <= last; ++k) {
    Product<Scalar> z;
    z.m = m_layout.units(k), z.n = points.columns, z.k = m_layout.inputs(k);
    z.a = parameters + m_layout.weight(k), z.a_row = z.k;
    z.b = k == 0 ? points.x : m_activation[k - 1].data(), z.b_row = k == 0 ? points.row : m_row;
    z.c = m_activation[k].data(), z.c_row = m_row;
    z.bias = parameters + m_layout.bias(k);
    z.relu = k < last;
    m_kernels.product(z);
  }
}

/// The loss of a portion after forward(), and its slope dL/dy = 2 scale weight (y - t).
template <class Scalar>
double Sweep<Scalar>::residual(const Points<Scalar>& points, Scalar scale) {
  const Index outputs = m_layout.units(m_layout.layers() - 1);
  double sum = 0;
  for (Index k = 0; k < outputs; ++k) {
    const Scalar* y = m_activation.back().data() + k * m_row;
    const Scalar* t = points.t + k * points.row;
    Scalar* slope = m_slope.data() + k * m_row;
    const Scalar weight = m_weight[static_cast<std::size_t>(k)];
    const Scalar factor = 2 * scale * weight;
    double squares = 0;
    for (Index j = 0; j < points.columns; ++j) {
      const Scalar difference = y[j] - t[j];
      squares += static_cast<double>(difference * difference);
      slope[j] = factor * difference;
    }
    sum += static_cast<double>(weight) * squares;
  }
  return sum;
}

template <class Scalar>
void Sweep<Scalar>::backward(const Scalar* parameters, const Points<Scalar>& points, bool first, Scalar* gradient) {
  for (std::size_t k = m_layout.layers(); k-- > 0;) {
    const Index units = m_layout.units(k);
    const Index inputs = m_layout.inputs(k);

    Product<Scalar> weights;  // dL/dW = dZ A^T
    weights.m = units, weights.n = inputs, weights.k = points.columns;
    weights.a = m_slope.data(), weights.a_row = m_row;
    weights.b = k == 0 ? points.x : m_activation[k - 1].data();
    weights.b_row = 1, weights.b_column = k == 0 ? points.row : m_row;
    weights.c = gradient + m_layout.weight(k), weights.c_row = inputs;
    weights.accumulate = !first;
    m_kernels.product(weights);

    Scalar* bias = gradient + m_layout.bias(k);
    m_kernels.row_sums(units, points.columns, m_slope.data(), m_row, first ? bias : m_sums.data());
    if (!first) {
      for (Index i = 0; i < units; ++i) bias[i] += m_sums[i];
    }

    if (k == 0) break;
    Product<Scalar> below;  // dL/dz below = (W^T dZ) where a > 0
    below.m = inputs, below.n = points.columns, below.k = units;
    below.a = parameters + m_layout.weight(k), below.a_row = 1, below.a_column = inputs;
    below.b = m_slope.data(), below.b_row = m_row;
    below.c = m_next_slope.data(), below.c_row = m_row;
    below.gate = m_activation[k - 1].data(), below.gate_row = m_row;
    m_kernels.product(below);
    std::swap(m_slope, m_next_slope);
  }
}

template class Sweep<float>;
template class Sweep<double>;

}  // namespace secateur::train
