// SPDX-License-Identifier: Apache-2.0
// What may end a network but is not piecewise linear (Sigmoid, Softmax, LogSoftmax), and BatchNormalization.
#include <cmath>
#include <utility>

#include "secateur/nn/onnx_combine.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

const Data& operand(const Operation& operation) {
  const Data* data = operation.data(0);
  if (data == nullptr) refuse("is applied to a constant, which is not supported");
  return *data;
}

/// A softmax has to run over all elements of a sample: along its axis since opset 13, before that along its axis and
/// all behind it.
Value softmax(const Operation& operation, Activation activation) {
  Data result = operand(operation);
  const bool one_axis = operation.opset() >= 13;
  const std::ptrdiff_t axis = resolve_axis(operation.integer("axis", one_axis ? -1 : 1), result.rank());
  std::int64_t covered = 1;
  for (std::ptrdiff_t i = axis; i < (one_axis ? axis + 1 : result.rank()); ++i) covered *= result.dim(i);
  const bool batch = result.batch_axis >= axis && (!one_axis || result.batch_axis == axis);
  if (batch || covered != result.units()) {
    refuse("does not run over all elements of a sample of shape " + shape_text(result) +
           "; supported is one over all outputs, at the end of the network");
  }
  result.activation = activation;
  return result;
}

}  // namespace

Value apply_sigmoid(const Operation& operation) {
  Data result = operand(operation);
  result.activation = Activation::sigmoid;
  return result;
}

Value apply_softmax(const Operation& operation) { return softmax(operation, Activation::softmax); }
Value apply_log_softmax(const Operation& operation) { return softmax(operation, Activation::log_softmax); }

/// y = (x - mean) / sqrt(var + epsilon) * scale + bias, channel by channel. The root is the one number that is rounded
/// when a file is read: to the nearest double, which from then on is what the network holds.
Value apply_batch_normalization(const Operation& operation) {
  const Data& data = operand(operation);
  if (operation.integer("training_mode", 0) != 0) refuse("is in training mode; supported is inference");
  if (operation.integer("spatial", 1) != 1) refuse("has spatial = 0; supported is one mean per channel");
  if (data.rank() < 2 || data.batch_axis > 0) {
    refuse("works on data of shape " + shape_text(data) + "; supported is [batch, channels, ...]");
  }
  const auto constant = [&](std::size_t input, const char* use) {
    Tensor tensor = operation.constant_for(input, use);
    check_operand(tensor, data.element);
    if (tensor.dims != std::vector<std::int64_t>{data.dim(1)}) {
      refuse(tensor.origin + " of shape " + shape_text(tensor.dims) + " is not one number for each of the " +
             std::to_string(data.dim(1)) + " channels");
    }
    // Behind the channels, one for each remaining dimension, so that it broadcasts along them.
    tensor.dims.resize(static_cast<std::size_t>(data.rank()) - 1, 1);
    return tensor;
  };
  const Tensor scale = constant(1, "the scale"), bias = constant(2, "the bias"), mean = constant(3, "the mean");
  Tensor root = constant(4, "the variance");
  const double epsilon = operation.real("epsilon", static_cast<double>(1e-5F));
  for (double& value : root.reals) {
    value = std::sqrt(value + epsilon);
    if (!(value > 0) || !std::isfinite(value)) refuse(root.origin + " plus epsilon is not above zero");
  }
  LayerDag& dag = operation.dag();
  Data result = apply_elementwise(data, ElementwiseOp::subtract, mean, dag);
  result = apply_elementwise(result, ElementwiseOp::divide, root, dag);
  result = apply_elementwise(result, ElementwiseOp::multiply, scale, dag);
  return apply_elementwise(result, ElementwiseOp::add, bias, dag);
}

}  // namespace secateur::nn::detail
