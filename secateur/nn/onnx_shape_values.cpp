// SPDX-License-Identifier: Apache-2.0
// Operators that compute a target shape at run time, as exporters write for x.view(x.size(0), -1): Shape, Gather,
// Concat, Slice, on lists of integers (onnx_select.cpp does the same to the data). The size of the batch stays unknown:
// batch_size_marker.
#include <algorithm>
#include <memory>
#include <utility>

#include "secateur/nn/onnx_operation.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

const std::vector<std::int64_t>& shape_list(const Operation& operation, std::size_t i) {
  return integer_list(operation.constant_for(i, "its input"), "its input");
}

Value integers(const Operation& operation, std::vector<std::int64_t> values, bool scalar = false) {
  operation.dag().charge(static_cast<std::int64_t>(values.size()));
  Tensor result;
  result.element = Element::integer;
  result.origin = "a computed shape";
  if (!scalar) result.dims = {static_cast<std::int64_t>(values.size())};
  result.integers = std::move(values);
  return std::make_shared<const Tensor>(std::move(result));
}

/// A start or end of a slice as a position in [0, size].
std::int64_t clamp_position(std::int64_t position, std::int64_t size) {
  if (position < 0) position = std::max<std::int64_t>(position, -size) + size;
  return std::min(position, size);
}

Value slice(const Operation& operation, const std::vector<std::int64_t>& list, std::int64_t begin, std::int64_t end) {
  const auto size = static_cast<std::int64_t>(list.size());
  begin = clamp_position(begin, size);
  end = std::max(begin, clamp_position(end, size));
  return integers(operation, {list.begin() + begin, list.begin() + end});
}

void check_axis(std::int64_t axis) {
  if (axis != 0 && axis != -1) refuse("works along axis " + std::to_string(axis) + " of a list");
}

std::int64_t only(const std::vector<std::int64_t>& list, const char* what) {
  if (list.size() != 1) refuse(std::string("has ") + std::to_string(list.size()) + " " + what + " for one dimension");
  if (list.front() == batch_size_marker) refuse("computes with the size of the batch");
  return list.front();
}

}  // namespace

Value apply_shape(const Operation& operation) {
  std::vector<std::int64_t> dims;
  if (const Data* data = operation.data(0)) {
    dims = data->dims;
    if (data->batch_axis >= 0) {
      std::int64_t& size = dims[static_cast<std::size_t>(data->batch_axis)];
      if (size != 1) refuse("computes with the shape " + shape_text(*data));
      size = batch_size_marker;
    }
  } else {
    dims = operation.constant(0)->dims;
  }
  const auto size = static_cast<std::int64_t>(dims.size());
  return slice(operation, dims, operation.integer("start", 0), operation.integer("end", size));
}

Value apply_gather(const Operation& operation) {
  if (operation.data(0) != nullptr) return gather_data(operation);
  check_axis(operation.integer("axis", 0));
  const auto& list = shape_list(operation, 0);
  const auto& indices = shape_list(operation, 1);
  std::vector<std::int64_t> result;
  for (const std::int64_t index : indices) {
    result.push_back(list[static_cast<std::size_t>(resolve_axis(index, static_cast<std::ptrdiff_t>(list.size())))]);
  }
  return integers(operation, std::move(result), operation.constant(1)->dims.empty());
}

Value apply_concat(const Operation& operation) {
  for (std::size_t i = 0; i < operation.input_count(); ++i) {
    if (operation.data(i) != nullptr) return concat_data(operation);
  }
  check_axis(operation.integer("axis", 0));
  std::vector<std::int64_t> result;
  for (std::size_t i = 0; i < operation.input_count(); ++i) {
    const auto& list = shape_list(operation, i);
    operation.dag().charge(static_cast<std::int64_t>(list.size()));
    result.insert(result.end(), list.begin(), list.end());
  }
  return integers(operation, std::move(result));
}

Value apply_slice(const Operation& operation) {
  if (operation.data(0) != nullptr) return slice_data(operation);
  const auto& list = shape_list(operation, 0);
  if (operation.input_count() == 1) {  // before opset 10
    const auto starts = operation.integers("starts"), ends = operation.integers("ends");
    if (!starts || !ends) refuse("states no starts or ends");
    if (const auto axes = operation.integers("axes")) check_axis(only(*axes, "axes"));
    return slice(operation, list, only(*starts, "starts"), only(*ends, "ends"));
  }
  if (operation.has_input(3)) check_axis(only(shape_list(operation, 3), "axes"));
  if (operation.has_input(4) && only(shape_list(operation, 4), "steps") != 1) refuse("has a step other than 1");
  return slice(operation, list, only(shape_list(operation, 1), "starts"), only(shape_list(operation, 2), "ends"));
}

}  // namespace secateur::nn::detail
