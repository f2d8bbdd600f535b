// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_layers.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

/// Steps of the constant's flat index along each axis of the data: 0 where it is broadcast.
std::vector<Index> broadcast_strides(const Tensor& constant, const Data& data) {
  const auto rank = data.rank();
  const auto constant_rank = static_cast<std::ptrdiff_t>(constant.dims.size());
  std::vector<Index> strides(data.dims.size(), 0);
  Index stride = 1;
  for (std::ptrdiff_t i = 1; i <= constant_rank; ++i) {
    const std::int64_t size = constant.dims[static_cast<std::size_t>(constant_rank - i)];
    if (size == 1) continue;
    const std::ptrdiff_t axis = rank - i;
    if (axis >= 0 && axis == data.batch_axis) {
      refuse(constant.origin + " of shape " + shape_text(constant.dims) +
             " differs between the samples of the batch (" + "the leading dimension of the data of shape " +
             shape_text(data) + ")");
    }
    if (axis < 0 || data.dim(axis) != size) {
      refuse(constant.origin + " of shape " + shape_text(constant.dims) + " does not broadcast to the data of shape " +
             shape_text(data));
    }
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= size;
  }
  return strides;
}

/// The columns of a matrix for the sample's elements, as a matrix for the last layer's units.
Matrix permuted_columns(Matrix matrix, const Data& data) {
  if (!data.order) return matrix;
  Matrix result(matrix.rows(), matrix.cols());
  for (Index j = 0; j < matrix.cols(); ++j) result.col(data.unit(j)) = matrix.col(j);
  return result;
}

/// I (before) x matrix x I (behind), Kronecker products.
Matrix expanded(const Matrix& matrix, Index before, Index behind) {
  Matrix result = Matrix::Zero(before * matrix.rows() * behind, before * matrix.cols() * behind);
  for (Index p = 0; p < before; ++p) {
    for (Index o = 0; o < matrix.rows(); ++o) {
      for (Index i = 0; i < matrix.cols(); ++i) {
        for (Index s = 0; s < behind; ++s) {
          result((p * matrix.rows() + o) * behind + s, (p * matrix.cols() + i) * behind + s) = matrix(o, i);
        }
      }
    }
  }
  return result;
}

/// One row per unit of the last layer, as one row per element of the sample.
template <class Rows>
Rows permuted_rows(const Rows& rows, const Data& data) {
  Rows result(rows.rows(), rows.cols());
  for (Index i = 0; i < rows.rows(); ++i) result.row(i) = rows.row(data.unit(i));
  return result;
}

SparseMatrix permuted_rows(const SparseMatrix& matrix, const Data& data) {
  std::vector<Eigen::Triplet<double, int>> entries;
  for (Index i = 0; i < matrix.rows(); ++i) {
    for (SparseMatrix::InnerIterator entry(matrix, data.unit(i)); entry; ++entry) {
      entries.emplace_back(static_cast<int>(i), static_cast<int>(entry.col()), entry.value());
    }
  }
  SparseMatrix result(matrix.rows(), matrix.cols());
  result.setFromTriplets(entries.begin(), entries.end());
  return result;
}

std::vector<Index> permuted_units(const std::vector<Index>& units, const Data& data) {
  const std::set<Index> chosen(units.begin(), units.end());
  std::vector<Index> result;
  for (Index i = 0; i < data.units(); ++i) {
    if (chosen.contains(data.unit(i))) result.push_back(i);
  }
  return result;
}

}  // namespace

Vector spread(const Tensor& constant, const Data& data, LayerDag& dag) {
  if (!constant.is_real()) refuse(constant.origin + " holds integers; supported are float and double");
  if (constant.element != data.element) {
    refuse(constant.origin + " and the data differ in element type (float and double)");
  }
  check_finite(constant);
  const std::vector<Index> strides = broadcast_strides(constant, data);
  if (constant.size() == 0) refuse(constant.origin + " is empty");
  const std::int64_t units = data.units();
  dag.charge(units);
  Vector result(units);
  std::vector<std::size_t> axes;
  for (std::size_t axis = 0; axis < data.dims.size(); ++axis) {
    if (data.dims[axis] > 1) axes.push_back(axis);
  }
  std::vector<std::int64_t> at(axes.size(), 0);
  Index position = 0;
  for (std::int64_t i = 0; i < units; ++i) {
    result[data.unit(i)] = constant.reals[static_cast<std::size_t>(position)];
    for (std::size_t k = at.size(); k-- > 0;) {  // count up, the last axis fastest
      position += strides[axes[k]];
      if (++at[k] < data.dims[axes[k]]) break;
      position -= at[k] * strides[axes[k]];
      at[k] = 0;
    }
  }
  return result;
}

Data apply_elementwise(const Data& data, ElementwiseOp op, const Tensor& constant, LayerDag& dag) {
  Vector values = spread(constant, data, dag);
  if (op == ElementwiseOp::divide && (values.array() == 0).any()) {
    refuse("divides by " + constant.origin + ", which holds a zero");
  }
  Data result = data;
  if (constant.dims.size() > most_dims) refuse(constant.origin + " has more than 64 dimensions");
  // Leading dimensions of size 1 that only the constant has.
  const auto fresh = static_cast<std::ptrdiff_t>(constant.dims.size()) - data.rank();
  if (fresh > 0) {
    result.dims.insert(result.dims.begin(), static_cast<std::size_t>(fresh), 1);
    if (result.batch_axis >= 0) result.batch_axis += fresh;
  }
  result.last = dag.add(data.last, Elementwise{op, std::move(values)});
  result.wide = data.wide || data.element == Element::float64;
  return result;
}

Data apply_elementwise(const Data& data, ElementwiseOp op, double constant, LayerDag& dag) {
  dag.charge(data.units());
  Data result = data;
  result.last = dag.add(data.last, Elementwise{op, Vector::Constant(data.units(), constant)});
  result.wide = data.wide || data.element == Element::float64;
  return result;
}

Data apply_relu(const Data& data, LayerDag& dag) {
  Data result = data;
  result.last = dag.add(data.last, Relu{});
  return result;
}

Data apply_matrix(const Data& data, std::ptrdiff_t axis, const Matrix& matrix, bool open_bias, LayerDag& dag) {
  if (matrix.size() == 0) refuse("multiplies by a matrix without entries");
  Index before = 1, behind = 1;
  for (std::ptrdiff_t i = 0; i < data.rank(); ++i) {
    if (i != axis) (i < axis ? before : behind) *= data.dim(i);
  }
  const Index copies = before * behind;
  if (matrix.rows() > most_units / copies) {
    refuse("makes more than " + std::to_string(most_units) + " units, the most that is supported");
  }
  dag.charge(matrix.size() * copies * copies);
  Dense dense;
  dense.weight = permuted_columns(copies == 1 ? matrix : expanded(matrix, before, behind), data);
  dense.bias = Vector::Zero(dense.weight.rows());
  Data result = data;
  result.dims[static_cast<std::size_t>(axis)] = matrix.rows();
  result.order.reset();
  result.last = dag.add(data.last, std::move(dense), open_bias);
  result.wide = data.wide || data.element == Element::float64;
  return result;
}

std::vector<Layer> finish(const Data& data, LayerDag& dag, std::int64_t inputs) {
  std::vector<Layer> layers = dag.schedule(data.last, inputs);
  if (!data.order) return layers;
  // A permutation commutes with everything that works unit by unit, back to the last affine layer.
  for (std::size_t k = layers.size(); k-- > 0;) {
    if (auto* elementwise = std::get_if<Elementwise>(&layers[k])) {
      elementwise->constant = permuted_rows(elementwise->constant, data);
    } else if (auto* relu = std::get_if<Relu>(&layers[k])) {
      if (!relu->units.empty()) relu->units = permuted_units(relu->units, data);
    } else if (auto* dense = std::get_if<Dense>(&layers[k])) {
      *dense = Dense{permuted_rows(dense->weight, data), permuted_rows(dense->bias, data)};
      return layers;
    } else {
      auto& sparse = std::get<Sparse>(layers[k]);
      sparse = Sparse{permuted_rows(sparse.weight, data), permuted_rows(sparse.bias, data)};
      return layers;
    }
  }
  dag.charge(inputs * inputs);
  Dense dense{Matrix::Zero(inputs, inputs), Vector::Zero(inputs)};
  for (Index i = 0; i < inputs; ++i) dense.weight(i, data.unit(i)) = 1;
  layers.insert(layers.begin(), std::move(dense));
  return layers;
}

}  // namespace secateur::nn::detail
