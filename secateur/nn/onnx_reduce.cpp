// SPDX-License-Identifier: Apache-2.0
// Sums, means and extremes along axes or over several tensors: ReduceMax, ReduceMean, ReduceMin, ReduceSum, Mean, Sum.
#include <algorithm>
#include <utility>

#include "secateur/nn/onnx_combine.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

/// Which elements come together in each element of the result.
struct Reduced {
  const Data* data;
  std::vector<std::int64_t> dims;
  std::ptrdiff_t batch_axis;
  std::vector<std::vector<Index>> elements;
  Index count;  ///< in each
};

Reduced reduced(const Operation& operation) {
  const Data* data = operation.data(0);
  if (data == nullptr) refuse("is applied to a constant, which is not supported");
  std::vector<std::int64_t> axes = operation.integers("axes").value_or(std::vector<std::int64_t>());
  if (operation.has_input(1)) axes = integer_list(operation.constant_for(1, "the list of axes"), "the list of axes");
  std::vector<bool> gone(data->dims.size(), axes.empty() && operation.integer("noop_with_empty_axes", 0) == 0);
  for (const std::int64_t axis : axes) gone[static_cast<std::size_t>(resolve_axis(axis, data->rank()))] = true;
  if (data->batch_axis >= 0 && gone[static_cast<std::size_t>(data->batch_axis)]) {
    refuse("reduces the batch (leading) dimension of the data of shape " + shape_text(*data));
  }
  const bool keep = operation.integer("keepdims", 1) != 0;
  Reduced result{data, {}, -1, {}, 1};
  std::vector<Index> steps(data->dims.size(), 0);  // of the result's flat index
  Index size = 1;
  for (std::size_t axis = data->dims.size(); axis-- > 0;) {
    if (gone[axis]) {
      result.count *= data->dims[axis];
    } else {
      steps[axis] = size;
      size *= data->dims[axis];
    }
  }
  for (std::size_t axis = 0; axis < data->dims.size(); ++axis) {
    if (static_cast<std::ptrdiff_t>(axis) == data->batch_axis) {
      result.batch_axis = static_cast<std::ptrdiff_t>(result.dims.size());
    }
    if (!gone[axis]) result.dims.push_back(data->dims[axis]);
    if (gone[axis] && keep) result.dims.push_back(1);
  }
  operation.dag().charge(data->units());
  result.elements.resize(static_cast<std::size_t>(size));
  const std::vector<Index> strides = strides_of(data->dims);
  for (Index i = 0; i < data->units(); ++i) {
    Index to = 0;
    for (std::size_t axis = 0; axis < steps.size(); ++axis) to += i / strides[axis] % data->dims[axis] * steps[axis];
    result.elements[static_cast<std::size_t>(to)].push_back(i);
  }
  return result;
}

Data sum(const Reduced& reduced, LayerDag& dag) {
  Combination result(dag, {reduced.data});
  for (std::size_t i = 0; i < reduced.elements.size(); ++i) {
    for (const Index element : reduced.elements[i]) result.add(static_cast<Index>(i), 0, element, 1);
  }
  return result.finish(reduced.dims, reduced.batch_axis);
}

Value reduce_extreme(const Operation& operation, Extreme which) {
  Reduced r = reduced(operation);
  return extreme(which, *r.data, std::move(r.elements), r.dims, r.batch_axis, operation.dag());
}

Data sum_of_inputs(const Operation& operation) {
  for (std::size_t i = 0; i < operation.input_count(); ++i) {
    if (operation.data(i) == nullptr)
      refuse("adds up constants as well; supported is adding what depends on the input");
  }
  return weighted_sum(broadcast(operation, "adds"), std::vector<double>(operation.input_count(), 1.0), operation.dag());
}

}  // namespace

Value apply_reduce_sum(const Operation& operation) { return sum(reduced(operation), operation.dag()); }

Value apply_reduce_mean(const Operation& operation) {
  const Reduced r = reduced(operation);
  return apply_elementwise(sum(r, operation.dag()), ElementwiseOp::divide, static_cast<double>(r.count),
                           operation.dag());
}

Value apply_reduce_max(const Operation& operation) { return reduce_extreme(operation, Extreme::largest); }
Value apply_reduce_min(const Operation& operation) { return reduce_extreme(operation, Extreme::smallest); }

Value apply_sum(const Operation& operation) { return sum_of_inputs(operation); }

Value apply_mean(const Operation& operation) {
  return apply_elementwise(sum_of_inputs(operation), ElementwiseOp::divide,
                           static_cast<double>(operation.input_count()), operation.dag());
}

}  // namespace secateur::nn::detail
