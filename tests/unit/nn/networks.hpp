// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "secateur/core/rng.hpp"
#include "secateur/nn/network.hpp"
#include "secateur/nn/numbers.hpp"

namespace secateur::nn {

inline Vector vector(std::initializer_list<double> values) {
  Vector result(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

/// Every kind of layer, not in canonical order; numbers that are floats.
///
///     x (2) -> (x - c) -> Dense (3) -> Relu -> (c - a) -> Dense (3) -> Relu -> / c -> Dense (2) -> * c -> + c -> y
inline Network every_layer() {
  Network network;
  network.input_names = {"temperature", "flow rate"};
  network.output_names = {"purity", "cost"};
  network.box = Box{vector({-1, 0.1}), vector({2, 1e-3 + 0.1})};
  Matrix first(3, 2), second(3, 3), third(2, 3);
  first << 1, -2, 0.5, 0, 3, 0.25;
  second << 1, 0, 0, 0, -2, 0, 0, 0, 0.125;
  third << 0, 1, 0, -1, 0, 0;
  network.layers = {Elementwise{ElementwiseOp::subtract, vector({0.5, 0.25})},
                    Dense{first, vector({0.5, -0.25, 0})},
                    Relu{},
                    Elementwise{ElementwiseOp::subtract_from, vector({1, 2, 3})},
                    Dense{second, vector({0, 1, -1})},
                    Relu{},
                    Elementwise{ElementwiseOp::divide, vector({3, 7, -1})},
                    Dense{third, vector({0.5, 4})},
                    Elementwise{ElementwiseOp::multiply, vector({10, -3})},
                    Elementwise{ElementwiseOp::add, vector({100, 0})}};
  return network;
}

inline SparseMatrix sparse(const Matrix& dense) {
  SparseMatrix result = dense.sparseView(0, 0);
  result.makeCompressed();
  return result;
}

/// A residual layer, y = C [x, relu(A x + a)] + c, with a softmax behind it.
///
///     x (2) -> [x, A x + a] (5) -> Relu of the last three -> Sparse (2) -> softmax -> y
inline Network residual() {
  Network network;
  network.input_names = {"temperature", "flow rate"};
  network.output_names = {"good", "bad"};
  Matrix first(5, 2), second(2, 5);
  first << 1, 0, 0, 1, 1, -2, 0.5, 0, 3, 0.25;
  second << 1, 0, 0.5, -1, 0, 0, -1, 0, 2, 0.25;
  network.layers = {Sparse{sparse(first), vector({0, 0, 0.5, -0.25, 0})}, Relu{{2, 3, 4}},
                    Sparse{sparse(second), vector({0.5, -0.0})}};
  network.activation = Activation::softmax;
  return network;
}

inline Matrix random_matrix(Rng& rng, Index rows, Index cols) {
  Matrix result(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) result(i, j) = rng.normal();
  }
  return result;
}

/// Equal to the last bit, so that 0 and -0 differ.
template <class Left, class Right>
bool same_bits(const Left& left, const Right& right) {
  return left.rows() == right.rows() && left.cols() == right.cols() &&
         std::memcmp(left.data(), right.data(), static_cast<std::size_t>(left.size()) * sizeof(double)) == 0;
}

inline bool same_pattern(const SparseMatrix& left, const SparseMatrix& right) {
  if (left.rows() != right.rows() || left.cols() != right.cols() || left.nonZeros() != right.nonZeros()) return false;
  return std::equal(left.outerIndexPtr(), left.outerIndexPtr() + left.rows() + 1, right.outerIndexPtr()) &&
         std::equal(left.innerIndexPtr(), left.innerIndexPtr() + left.nonZeros(), right.innerIndexPtr());
}

inline bool same_bits(const Layer& left, const Layer& right) {
  if (left.index() != right.index()) return false;
  if (const auto* dense = std::get_if<Dense>(&left)) {
    const auto& other = std::get<Dense>(right);
    return same_bits(dense->weight, other.weight) && same_bits(dense->bias, other.bias);
  }
  if (const auto* elementwise = std::get_if<Elementwise>(&left)) {
    const auto& other = std::get<Elementwise>(right);
    return elementwise->op == other.op && same_bits(elementwise->constant, other.constant);
  }
  if (const auto* sparse = std::get_if<Sparse>(&left)) {
    const auto& other = std::get<Sparse>(right);
    return same_pattern(sparse->weight, other.weight) &&
           same_bits(entries_of(sparse->weight), entries_of(other.weight)) && same_bits(sparse->bias, other.bias);
  }
  return std::get<Relu>(left).units == std::get<Relu>(right).units;
}

inline bool same_bits(const std::vector<Layer>& left, const std::vector<Layer>& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t k = 0; k < left.size(); ++k) {
    if (!same_bits(left[k], right[k])) return false;
  }
  return true;
}

}  // namespace secateur::nn
