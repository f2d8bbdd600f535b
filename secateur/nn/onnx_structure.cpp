// SPDX-License-Identifier: Apache-2.0
// Operators that change only type and shape, of the data or of a constant: Identity, Dropout, Cast, Constant, Reshape,
// Flatten, Squeeze, Unsqueeze, Transpose.
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "onnx.pb.h"
#include "secateur/nn/onnx_operation.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

/// Applies a shape operation to the data, or to a constant as if it were one sample without a batch.
template <class Change>
Value reshaped(const Operation& operation, Change change) {
  if (const Data* data = operation.data(0)) return change(*data);
  const Tensor& constant = *operation.constant(0);
  Data shape;
  shape.dims = constant.dims;
  const Data changed = change(std::as_const(shape));
  operation.dag().charge(constant.size());
  Tensor result = constant;
  result.dims = changed.dims;
  for (std::int64_t i = 0; changed.order && i < constant.size(); ++i) {
    const auto to = static_cast<std::size_t>(i);
    const auto from = static_cast<std::size_t>(changed.unit(i));
    if (constant.is_real()) result.reals[to] = constant.reals[from];
    if (!constant.is_real()) result.integers[to] = constant.integers[from];
  }
  return std::make_shared<const Tensor>(std::move(result));
}

/// The axes of Squeeze and Unsqueeze: an attribute before opset 13, an input since.
std::optional<std::vector<std::int64_t>> axes_of(const Operation& operation) {
  if (operation.has_input(1)) return integer_list(operation.constant_for(1, "the list of axes"), "the list of axes");
  return operation.integers("axes");
}

/// Rounds as the runtime does when it casts double to float.
double to_float(double value) {
  constexpr double largest = 0x1.ffffffp127;  // from here on the nearest float is infinite
  if (std::abs(value) >= largest) return std::copysign(std::numeric_limits<double>::infinity(), value);
  return static_cast<double>(static_cast<float>(value));
}

Value cast_constant(const Operation& operation, std::int32_t to) {
  const Tensor& constant = *operation.constant(0);
  const Element element = element_of(to, constant.origin + " cast to " + type_name(to));
  if (element == constant.element && to != ::onnx::TensorProto::BOOL) return operation.input(0);
  if (element == Element::integer) {
    refuse("casts " + constant.origin + " to " + type_name(to) + "; supported are casts to float and double");
  }
  operation.dag().charge(constant.size());
  Tensor result = constant;
  result.element = element;
  if (!constant.is_real()) {
    result.integers.clear();
    for (const std::int64_t value : constant.integers) {
      if (value == batch_size_marker) refuse("computes with the size of the batch");
      result.reals.push_back(static_cast<double>(value));
    }
  }
  for (double& value : result.reals) {
    if (element == Element::float32 && std::isfinite(value)) value = to_float(value);
  }
  return std::make_shared<const Tensor>(std::move(result));
}

}  // namespace

Value apply_identity(const Operation& operation) { return operation.input(0); }

Value apply_dropout(const Operation& operation) {
  if (operation.has_input(2)) {
    const Tensor& training = operation.constant_for(2, "training_mode");
    if (training.is_real() || training.size() != 1 || training.integers[0] != 0) {
      refuse("is in training mode; supported is inference (training_mode false)");
    }
  }
  return operation.input(0);
}

Value apply_cast(const Operation& operation) {
  const std::int64_t stated = operation.integer("to", ::onnx::TensorProto::UNDEFINED);
  const auto to = stated > 0 && stated < 1000 ? static_cast<std::int32_t>(stated) : 0;
  const Data* data = operation.data(0);
  if (data == nullptr) return cast_constant(operation, to);
  if (to != ::onnx::TensorProto::FLOAT && to != ::onnx::TensorProto::DOUBLE) {
    refuse("casts the data to " + type_name(to) + "; supported are float and double");
  }
  Data result = *data;
  result.element = element_of(to, "the data");
  return result;
}

Value apply_constant(const Operation& operation) {
  Tensor result;
  int stated = 0;
  const auto states = [&](const char* name) {
    if (operation.attribute(name) == nullptr) return false;
    ++stated;
    return true;
  };
  if (states("value")) {
    const auto* value = operation.attribute("value");
    if (!value->has_t()) refuse("attribute \"value\" is not a tensor");
    result = decode(value->t(), "the constant", operation.folder());
  }
  if (states("value_float")) result.reals = {operation.real("value_float", 0)};
  if (states("value_floats")) {
    result.reals = operation.reals("value_floats");
    result.dims = {result.size()};
  }
  if (states("value_int")) {
    result.element = Element::integer;
    result.integers = {operation.integer("value_int", 0)};
  }
  if (states("value_ints")) {
    result.element = Element::integer;
    result.integers = operation.integers("value_ints").value_or(std::vector<std::int64_t>());
    result.dims = {result.size()};
  }
  if (stated != 1) refuse("states " + std::to_string(stated) + " values; a Constant has one");
  result.origin = "the constant";
  operation.dag().credit(result.size());
  return std::make_shared<const Tensor>(std::move(result));
}

Value apply_reshape(const Operation& operation) {
  const auto& target = integer_list(operation.constant_for(1, "the target shape"), "the target shape");
  const bool zero_copies = operation.integer("allowzero", 0) == 0;
  return reshaped(operation, [&](const Data& data) { return reshape(data, target, zero_copies); });
}

Value apply_flatten(const Operation& operation) {
  const std::int64_t axis = operation.integer("axis", 1);
  return reshaped(operation, [&](const Data& data) { return flatten(data, axis); });
}

Value apply_squeeze(const Operation& operation) {
  const auto axes = axes_of(operation);
  return reshaped(operation, [&](const Data& data) { return squeeze(data, axes ? &*axes : nullptr); });
}

Value apply_unsqueeze(const Operation& operation) {
  const auto axes = axes_of(operation);
  if (!axes) refuse("states no axes");
  return reshaped(operation, [&](const Data& data) { return unsqueeze(data, *axes); });
}

Value apply_transpose(const Operation& operation) {
  const auto stated = operation.integers("perm");
  return reshaped(operation, [&](const Data& data) {
    std::vector<std::int64_t> permutation;
    for (std::ptrdiff_t i = data.rank(); i-- > 0;) permutation.push_back(i);
    return transpose(data, stated ? *stated : permutation, operation.dag());
  });
}

}  // namespace secateur::nn::detail
