// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/lower.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/core/rounding.hpp"
#include "secateur/graph/affine_range.hpp"
#include "secateur/graph/substitution.hpp"

namespace secateur::graph {

namespace {

/// Builds the graph layer by layer. Between two ReLUs, `m_pending` holds the vector the network has computed so far as
/// an affine function of the graph's values (the newest layer's only, so its columns are shifted when it is emitted).
class Lowering {
 public:
  Lowering(Index inputs, const Box& box) : m_newest{box} {
    m_graph.domain = box;
    start(inputs);
  }

  void apply(const nn::Dense& dense) {
    AffineLayer layer;
    layer.weight = dense.weight.sparseView(0, 0);
    layer.weight.makeCompressed();
    layer.bias = dense.bias;
    layer.error = Vector::Zero(dense.bias.size());
    if (m_identity) {
      m_pending = std::move(layer);
      m_identity = false;
      return;
    }
    m_pending = substitute(layer, rows_of(m_pending), m_newest.magnitude());
  }

  void apply(const nn::Elementwise& scaling) {
    materialize();
    for (Index i = 0; i < scaling.constant.size(); ++i) scale_row(scaling.op, i, scaling.constant(i));
  }

  void apply(const nn::Relu&) {
    materialize();
    const Index units = m_pending.units();
    m_newest = relu_range(affine_range(m_pending, m_newest));
    emit();
    start(units);
  }

  ReluGraph finish() {
    materialize();
    emit();
    return std::move(m_graph);
  }

 private:
  void start(Index units) {
    m_identity = true;
    m_units = units;
  }

  /// The pending map as an explicit layer, also when nothing has happened since the last ReLU.
  void materialize() {
    if (!m_identity) return;
    m_pending.weight.resize(m_units, m_units);
    m_pending.weight.setIdentity();
    m_pending.weight.makeCompressed();
    m_pending.bias = Vector::Zero(m_units);
    m_pending.error = Vector::Zero(m_units);
    m_identity = false;
  }

  /// Applies one operation to row i of the pending map. Every rounding is known exactly or bounded, so a scaling by a
  /// power of two, or a shift of zero, costs nothing.
  void scale_row(nn::ElementwiseOp op, Index i, double c) {
    double& bias = m_pending.bias(i);
    double& error = m_pending.error(i);
    const auto grow = [&error](double term) {
      if (term != 0) error = error == 0 ? term : add_up(error, term);
    };
    switch (op) {
      case nn::ElementwiseOp::subtract_from:
        for (SparseMatrix::InnerIterator entry(m_pending.weight, i); entry; ++entry) entry.valueRef() = -entry.value();
        grow(add_residual(c, -bias));
        bias = c - bias;
        return;
      case nn::ElementwiseOp::add:
      case nn::ElementwiseOp::subtract: {
        const double shift = op == nn::ElementwiseOp::add ? c : -c;
        grow(add_residual(bias, shift));
        bias += shift;
        return;
      }
      case nn::ElementwiseOp::multiply:
      case nn::ElementwiseOp::divide: {
        const bool multiply = op == nn::ElementwiseOp::multiply;
        const auto apply_to = [&](double v) { return multiply ? v * c : v / c; };
        const auto residual = [&](double v) { return multiply ? multiply_residual(v, c) : divide_residual(v, c); };
        if (error != 0) error = next_up(apply_to(error) < 0 ? -apply_to(error) : apply_to(error));
        for (SparseMatrix::InnerIterator entry(m_pending.weight, i); entry; ++entry) {
          const double magnitude =
              std::max(std::abs(m_newest.lower(entry.col())), std::abs(m_newest.upper(entry.col())));
          grow(multiply_up(residual(entry.value()), magnitude));
          entry.valueRef() = apply_to(entry.value());
        }
        grow(residual(bias));
        bias = apply_to(bias);
        return;
      }
    }
    throw std::logic_error("unknown ElementwiseOp");
  }

  static std::vector<AffineRow> rows_of(const AffineLayer& layer) {
    std::vector<AffineRow> rows(static_cast<std::size_t>(layer.units()));
    for (Index i = 0; i < layer.units(); ++i) {
      AffineRow& row = rows[static_cast<std::size_t>(i)];
      for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
        row.columns.push_back(static_cast<int>(entry.col()));
        row.coefficients.push_back(entry.value());
      }
      row.bias = layer.bias(i);
      row.error = layer.error(i);
    }
    return rows;
  }

  /// Moves the pending map into the graph: its columns are the newest values, which stand last among all values so far.
  void emit() {
    const Index before = m_graph.first_value(m_graph.depth());
    const Index shift = before - m_pending.weight.cols();
    AffineLayer layer;
    layer.bias = m_pending.bias;
    layer.error = m_pending.error;
    std::vector<Eigen::Triplet<double, int>> entries;
    entries.reserve(static_cast<std::size_t>(m_pending.weight.nonZeros()));
    for (Index i = 0; i < m_pending.units(); ++i) {
      for (SparseMatrix::InnerIterator entry(m_pending.weight, i); entry; ++entry) {
        if (entry.value() != 0) {
          entries.emplace_back(static_cast<int>(i), static_cast<int>(shift + entry.col()), entry.value());
        }
      }
    }
    layer.weight.resize(m_pending.units(), before);
    layer.weight.setFromTriplets(entries.begin(), entries.end());
    m_graph.layers.push_back(std::move(layer));
  }

  ReluGraph m_graph;
  AffineLayer m_pending;
  Box m_newest;  ///< range of the values that the pending map reads
  bool m_identity = true;
  Index m_units = 0;
};

}  // namespace

ReluGraph lower(const nn::Network& network, const Box& box) {
  if (box.size() != network.inputs() || box.upper.size() != box.lower.size()) {
    throw std::invalid_argument("lower: the box does not have one entry an input");
  }
  if (!box.lower.allFinite() || !box.upper.allFinite() || (box.lower.array() > box.upper.array()).any()) {
    throw std::invalid_argument("lower: the box is not finite with lower <= upper");
  }
  nn::check(network);
  Lowering lowering(network.inputs(), box);
  for (const nn::Layer& layer : network.layers) {
    std::visit([&lowering](const auto& l) { lowering.apply(l); }, layer);
  }
  ReluGraph graph = lowering.finish();
  for (const AffineLayer& layer : graph.layers) {
    const Eigen::Map<const Vector> entries(layer.weight.valuePtr(), layer.weight.nonZeros());
    if (!entries.allFinite() || !layer.bias.allFinite() || !layer.error.allFinite()) {
      throw InputError("the network's weights and scaling overflow double precision on this box");
    }
  }
  check(graph);
  return graph;
}

}  // namespace secateur::graph
