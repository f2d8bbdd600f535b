// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/builder.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/core/rounding.hpp"
#include "secateur/graph/affine_range.hpp"

namespace secateur::graph {

namespace {

std::vector<AffineRow> rows_of(const AffineLayer& layer) {
  std::vector<AffineRow> rows(static_cast<std::size_t>(layer.units()));
  for (Index i = 0; i < layer.units(); ++i) {
    AffineRow& row = rows[static_cast<std::size_t>(i)];
    const auto entries =
        static_cast<std::size_t>(layer.weight.outerIndexPtr()[i + 1] - layer.weight.outerIndexPtr()[i]);
    row.columns.reserve(entries);
    row.coefficients.reserve(entries);
    for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
      row.columns.push_back(static_cast<int>(entry.col()));
      row.coefficients.push_back(entry.value());
    }
    row.bias = layer.bias(i);
    row.error = layer.error(i);
  }
  return rows;
}

SparseMatrix sparse(const Matrix& weight) {
  SparseRowsBuilder entries(weight.size());
  for (Index i = 0; i < weight.rows(); ++i) {
    for (Index j = 0; j < weight.cols(); ++j) {
      if (weight(i, j) != 0) entries.add(static_cast<int>(j), weight(i, j));
    }
    entries.close_row();
  }
  return entries.finish(weight.cols());
}

void require_finite(const AffineLayer& layer) {
  const Eigen::Map<const Vector> entries(layer.weight.valuePtr(), layer.weight.nonZeros());
  if (!entries.allFinite() || !layer.bias.allFinite() || !layer.error.allFinite()) {
    throw InputError("the network's weights and scaling overflow double precision on this box");
  }
}

/// `head` with `tail` behind it.
Vector joined(const Vector& head, const Vector& tail) {
  Vector result(head.size() + tail.size());
  result << head, tail;
  return result;
}

}  // namespace

Builder::Builder(const Box& domain) : m_values(domain) {
  if (domain.lower.size() != domain.upper.size() || !domain.lower.allFinite() || !domain.upper.allFinite() ||
      (domain.lower.array() > domain.upper.array()).any()) {
    throw std::invalid_argument("graph: the box is not finite with lower <= upper");
  }
  m_graph.domain = domain;
  m_magnitude = domain.magnitude();
}

AffineRow Builder::input(Index j) const {
  if (j < 0 || j >= inputs()) throw std::invalid_argument("graph: no input " + std::to_string(j));
  return copy_of(static_cast<int>(j));
}

std::vector<AffineRow> Builder::all_inputs() const {
  std::vector<AffineRow> rows;
  for (Index j = 0; j < inputs(); ++j) rows.push_back(input(j));
  return rows;
}

AffineLayer Builder::layer_of(const std::vector<AffineRow>& rows) const {
  const auto units = static_cast<Index>(rows.size());
  AffineLayer layer;
  layer.bias.resize(units);
  layer.error.resize(units);
  Index entries = 0;
  for (const AffineRow& row : rows) entries += static_cast<Index>(row.columns.size());
  SparseRowsBuilder weight(entries);
  for (Index i = 0; i < units; ++i) {
    const AffineRow& row = rows[static_cast<std::size_t>(i)];
    layer.bias(i) = row.bias;
    layer.error(i) = row.error;
    int last = -1;
    for (std::size_t p = 0; p < row.columns.size(); ++p) {
      if (row.columns[p] <= last || row.columns[p] >= values()) {
        throw std::invalid_argument("graph: a row reads a value that does not exist, or not in order");
      }
      last = row.columns[p];
      if (row.coefficients[p] != 0) weight.add(last, row.coefficients[p]);
    }
    weight.close_row();
  }
  layer.weight = weight.finish(values());
  return layer;
}

std::vector<AffineRow> Builder::affine(const SparseMatrix& weight, const Vector& bias,
                                       const std::vector<AffineRow>& rows) const {
  const AffineLayer layer{weight, bias, Vector::Zero(bias.size())};
  return rows_of(substitute(layer, rows, m_magnitude));
}

// Every rounding is known exactly or bounded, so a scaling by a power of two, or a shift of zero, costs nothing.
void Builder::scale(nn::ElementwiseOp op, double c, AffineRow& row) const {
  double& bias = row.bias;
  double& error = row.error;
  const auto grow = [&error](double term) {
    if (term != 0) error = error == 0 ? term : add_up(error, term);
  };
  switch (op) {
    case nn::ElementwiseOp::subtract_from:
      for (double& coefficient : row.coefficients) coefficient = -coefficient;
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
      if (error != 0) error = next_up(std::abs(apply_to(error)));
      for (std::size_t p = 0; p < row.columns.size(); ++p) {
        grow(multiply_up(residual(row.coefficients[p]), m_magnitude(row.columns[p])));
        row.coefficients[p] = apply_to(row.coefficients[p]);
      }
      grow(residual(bias));
      bias = apply_to(bias);
      return;
    }
  }
  throw std::logic_error("unknown ElementwiseOp");
}

std::vector<AffineRow> Builder::apply(const nn::Network& network, const std::vector<AffineRow>& inputs) {
  nn::check(network);
  if (static_cast<Index>(inputs.size()) != network.inputs()) {
    throw std::invalid_argument("graph: " + std::to_string(inputs.size()) + " rows for a network of " +
                                std::to_string(network.inputs()) + " inputs");
  }
  std::vector<AffineRow> rows = inputs;
  for (const nn::Layer& layer : network.layers) {
    if (const auto* dense = std::get_if<nn::Dense>(&layer)) {
      rows = affine(sparse(dense->weight), dense->bias, rows);
    } else if (const auto* elementwise = std::get_if<nn::Elementwise>(&layer)) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        scale(elementwise->op, elementwise->constant(static_cast<Index>(i)), rows[i]);
      }
    } else if (const auto* sparse = std::get_if<nn::Sparse>(&layer)) {
      rows = affine(sparse->weight, sparse->bias, rows);
    } else if (const auto& units = std::get<nn::Relu>(layer).units; units.empty()) {
      rows = relu(rows);
    } else {
      std::vector<AffineRow> preactivations;
      for (const Index unit : units) preactivations.push_back(std::move(rows[static_cast<std::size_t>(unit)]));
      std::vector<AffineRow> made = relu(preactivations);
      for (std::size_t i = 0; i < units.size(); ++i) rows[static_cast<std::size_t>(units[i])] = std::move(made[i]);
    }
  }
  return rows;
}

std::vector<AffineRow> Builder::relu(const std::vector<AffineRow>& rows) {
  if (rows.empty()) return {};
  AffineLayer layer = layer_of(rows);
  require_finite(layer);
  const Box fresh = relu_range(affine_range(layer, m_values));
  const auto first = static_cast<int>(values());
  m_graph.layers.push_back(std::move(layer));
  m_values = {joined(m_values.lower, fresh.lower), joined(m_values.upper, fresh.upper)};
  m_magnitude = joined(m_magnitude, fresh.magnitude());
  std::vector<AffineRow> units;
  units.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) units.push_back(copy_of(first + static_cast<int>(i)));
  return units;
}

AffineRow Builder::combine(const std::vector<std::pair<AffineRow, double>>& terms, double constant) const {
  std::vector<AffineRow> rows;
  SparseMatrix weight(1, static_cast<Index>(terms.size()));
  for (const auto& [row, coefficient] : terms) {
    weight.insert(0, static_cast<Index>(rows.size())) = coefficient;
    rows.push_back(row);
  }
  weight.makeCompressed();
  return affine(weight, Vector::Constant(1, constant), rows).front();
}

Box Builder::range(const std::vector<AffineRow>& rows) const { return affine_range(layer_of(rows), m_values); }

ReluGraph Builder::finish(const std::vector<AffineRow>& outputs) {
  if (outputs.empty()) throw std::invalid_argument("graph: no outputs");
  AffineLayer layer = layer_of(outputs);
  require_finite(layer);
  m_graph.layers.push_back(std::move(layer));
  check(m_graph);
  return std::move(m_graph);
}

}  // namespace secateur::graph
