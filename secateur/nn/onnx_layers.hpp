// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "secateur/nn/network.hpp"
#include "secateur/nn/onnx_dag.hpp"
#include "secateur/nn/onnx_tensor.hpp"

namespace secateur::nn::detail {

/// The tensor that carries the data at some point of the graph, seen from one sample of the batch.
struct Data {
  Element element = Element::float32;
  /// The sizes that one sample takes. Along the batch axis that is 1, or k after a reshape that made batch * k rows of
  /// it (the samples one after another). One sample's elements are in row-major order.
  std::vector<std::int64_t> dims;
  /// -1: there is no batch axis, the tensor is one sample.
  std::ptrdiff_t batch_axis = -1;
  /// The number of samples that the file states, or -1 when it is open.
  std::int64_t batch_size = -1;
  /// Element i of the sample is unit (*order)[i] of the last layer, a permutation; null: unit i. (Transpose makes
  /// them.)
  std::shared_ptr<const std::vector<Index>> order;
  LayerDag::Position last = LayerDag::root;
  /// Something on the way was computed in float64.
  bool wide = false;
  /// The final activation, if this is behind it; nothing but shape operations may follow.
  Activation activation = Activation::none;

  [[nodiscard]] std::ptrdiff_t rank() const { return static_cast<std::ptrdiff_t>(dims.size()); }
  [[nodiscard]] std::int64_t dim(std::ptrdiff_t axis) const { return dims[static_cast<std::size_t>(axis)]; }
  /// Elements of one sample.
  [[nodiscard]] std::int64_t units() const;
  /// The unit of the last layer that holds element i of the sample.
  [[nodiscard]] Index unit(Index i) const { return order ? (*order)[static_cast<std::size_t>(i)] : i; }
};

/// [batch, 3] for messages; [batch * 4, 3].
std::string shape_text(const Data& data);

/// Shape-only operations. Each refuses what would mix samples of the batch.
Data reshape(const Data& data, const std::vector<std::int64_t>& target, bool zero_copies);
Data flatten(const Data& data, std::int64_t axis);
Data squeeze(const Data& data, const std::vector<std::int64_t>* axes);
Data unsqueeze(const Data& data, const std::vector<std::int64_t>& axes);
Data transpose(const Data& data, const std::vector<std::int64_t>& permutation, LayerDag& dag);

/// An axis counted from the end if negative; refuses what is outside [-rank, rank).
std::ptrdiff_t resolve_axis(std::int64_t axis, std::ptrdiff_t rank);

/// The constant broadcast (NumPy rules) to one sample of `data`, in the order of the last layer's units. Refuses a
/// constant that is not real and finite, that differs between samples, or that would enlarge the data.
Vector spread(const Tensor& constant, const Data& data, LayerDag& dag);

/// y = op(data, constant).
Data apply_elementwise(const Data& data, ElementwiseOp op, const Tensor& constant, LayerDag& dag);
Data apply_elementwise(const Data& data, ElementwiseOp op, double constant, LayerDag& dag);

Data apply_relu(const Data& data, LayerDag& dag);

/// Contracts `axis` (not the batch) with `matrix` (out x in): y[p, o, s] = sum_i matrix[o, i] x[p, i, s] with p and s
/// the indices before and behind the axis. `open_bias` as in LayerDag::add.
Data apply_matrix(const Data& data, std::ptrdiff_t axis, const Matrix& matrix, bool open_bias, LayerDag& dag);

/// The layers of the path that ends in `data`, with its units in the order of the sample's elements.
std::vector<Layer> finish(const Data& data, LayerDag& dag, std::int64_t inputs);

}  // namespace secateur::nn::detail
