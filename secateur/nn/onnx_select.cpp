// SPDX-License-Identifier: Apache-2.0
// Operators that take apart or put together tensors that depend on the input: Concat, Gather, Pad, Slice, Split.
#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "secateur/nn/onnx_combine.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

using Sizes = std::vector<std::int64_t>;

const Data& operand(const Operation& operation) {
  const Data* data = operation.data(0);
  if (data == nullptr) refuse("is applied to a constant, which is not supported");
  return *data;
}

/// The axis of an operator; refuses the batch.
std::size_t axis_of(std::int64_t stated, const Data& data, const char* verb) {
  const std::ptrdiff_t axis = resolve_axis(stated, data.rank());
  if (axis == data.batch_axis) {
    refuse(std::string(verb) + " along the batch (leading) dimension of the data of shape " + shape_text(data));
  }
  return static_cast<std::size_t>(axis);
}

/// The elements with the given positions along one axis, in the order of the new tensor.
std::vector<Index> elements_at(const Data& data, std::size_t axis, const std::vector<Index>& positions, LayerDag& dag) {
  const std::vector<Index> strides = strides_of(data.dims);
  const Index size = data.dims[axis], behind = strides[axis];
  const Index before = data.units() / (size * behind);
  dag.charge(before * behind);
  dag.charge(static_cast<std::int64_t>(positions.size()));
  if (static_cast<std::int64_t>(positions.size()) > most_units / (before * behind)) {
    refuse("makes more than " + std::to_string(most_units) + " units, the most that is supported");
  }
  std::vector<Index> elements;
  for (Index p = 0; p < before; ++p) {
    for (const Index position : positions) {
      for (Index s = 0; s < behind; ++s) elements.push_back((p * size + position) * behind + s);
    }
  }
  return elements;
}

Data select_along(const Data& data, std::size_t axis, const std::vector<Index>& positions, LayerDag& dag) {
  bool all = static_cast<std::int64_t>(positions.size()) == data.dims[axis];
  for (std::size_t i = 0; all && i < positions.size(); ++i) all = positions[i] == static_cast<Index>(i);
  if (all) return data;
  Sizes dims = data.dims;
  dims[axis] = static_cast<std::int64_t>(positions.size());
  return select(data, elements_at(data, axis, positions, dag), dims, data.batch_axis, dag);
}

/// The positions of a slice along an axis of `size` (ONNX specification, Slice): negative numbers count from the end,
/// what is outside is moved to the nearest position.
std::vector<Index> sliced(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step) {
  if (step == 0) refuse("has a step of 0");
  const auto from_end = [size](std::int64_t position) {
    return position < 0 ? std::max(position, -size - 1) + size : position;
  };
  const std::int64_t least = step > 0 ? 0 : -1, most = step > 0 ? size : size - 1;
  start = std::clamp(from_end(start), std::max<std::int64_t>(least, 0), most);
  end = std::clamp(from_end(end), least, most);
  std::vector<Index> positions;
  step = std::clamp(step, -size - 1, size + 1);
  for (std::int64_t at = start; step > 0 ? at < end : at > end; at += step) positions.push_back(at);
  return positions;
}

Sizes list(const Operation& operation, std::size_t input, const char* name, const char* use) {
  if (operation.has_input(input)) return integer_list(operation.constant_for(input, use), use);
  return operation.integers(name).value_or(Sizes());
}

}  // namespace

Value concat_data(const Operation& operation) {
  const Data* first = nullptr;
  for (std::size_t i = 0; i < operation.input_count() && first == nullptr; ++i) first = operation.data(i);
  if (first == nullptr) throw std::invalid_argument("concatenates constants alone");
  const std::size_t axis = axis_of(operation.integer("axis", 1), *first, "concatenates");
  Sizes dims = first->dims;
  dims[axis] = 0;
  std::vector<const Data*> operands;
  for (std::size_t i = 0; i < operation.input_count(); ++i) {
    const Data* data = operation.data(i);
    if (data == nullptr) check_operand(*operation.constant(i), first->element);
    Sizes own = data != nullptr ? data->dims : operation.constant(i)->dims;
    bool fits = own.size() == dims.size() && (data == nullptr || data->batch_axis == first->batch_axis);
    // A constant is the same for every sample; the runtime would need as many copies as samples.
    fits = fits && (data != nullptr || first->batch_axis < 0);
    for (std::size_t k = 0; fits && k < dims.size(); ++k) fits = k == axis || own[k] == dims[k];
    if (!fits) {
      refuse("concatenates tensors of shapes " + shape_text(*first) + " and " +
             (data != nullptr ? shape_text(*data) : shape_text(own)) + " along axis " + std::to_string(axis) +
             ", which do not go together");
    }
    dims[axis] += own[axis];
    if (data != nullptr) operands.push_back(data);
  }
  const Index behind = strides_of(dims)[axis];
  Index before = 1;
  for (std::size_t k = 0; k < axis; ++k) before *= dims[k];
  Combination result(operation.dag(), operands);
  Index row = 0;
  for (Index p = 0; p < before; ++p) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < operation.input_count(); ++i) {
      const Data* data = operation.data(i);
      const Tensor* constant = data == nullptr ? operation.constant(i) : nullptr;
      const Index block = (data != nullptr ? data->dims[axis] : constant->dims[axis]) * behind;
      for (Index e = p * block; e < (p + 1) * block; ++e, ++row) {
        if (data != nullptr) result.add(row, next, e, 1);
        if (data == nullptr) result.set_bias(row, constant->reals[static_cast<std::size_t>(e)]);
      }
      if (data != nullptr) ++next;
      if (row > most_units) refuse("makes more than " + std::to_string(most_units) + " units");
    }
  }
  return result.finish(dims, first->batch_axis);
}

Value gather_data(const Operation& operation) {
  const Data& data = operand(operation);
  const std::size_t axis = axis_of(operation.integer("axis", 0), data, "gathers");
  const Tensor& indices = operation.constant_for(1, "the list of indices");
  if (indices.is_real()) refuse(indices.origin + " holds floats; indices are integers");
  std::vector<Index> positions;
  for (const std::int64_t index : indices.integers) {
    if (index < -data.dims[axis] || index >= data.dims[axis]) {
      refuse("index " + std::to_string(index) + " is outside the data of shape " + shape_text(data));
    }
    positions.push_back(index < 0 ? index + data.dims[axis] : index);
  }
  // The dimensions of the indices take the place of the axis.
  Data result = select_along(data, axis, positions, operation.dag());
  const auto at = static_cast<std::ptrdiff_t>(axis);
  result.dims.erase(result.dims.begin() + at);
  result.dims.insert(result.dims.begin() + at, indices.dims.begin(), indices.dims.end());
  if (result.dims.size() > most_dims) refuse("makes a tensor of more than 64 dimensions");
  if (data.batch_axis > at) result.batch_axis += static_cast<std::ptrdiff_t>(indices.dims.size()) - 1;
  return result;
}

Value slice_data(const Operation& operation) {
  Data data = operand(operation);
  const Sizes starts = list(operation, 1, "starts", "the list of starts");
  const Sizes ends = list(operation, 2, "ends", "the list of ends");
  Sizes axes = list(operation, 3, "axes", "the list of axes"), steps = list(operation, 4, "steps", "the list of steps");
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (starts.empty() || ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size()) {
    refuse("its starts, ends, axes and steps differ in length");
  }
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::ptrdiff_t axis = resolve_axis(axes[i], data.rank());
    // The whole batch is no selection.
    if (axis == data.batch_axis && starts[i] == 0 && steps[i] == 1 && ends[i] > most_units) continue;
    const std::size_t along = axis_of(axes[i], data, "slices");
    const std::vector<Index> positions = sliced(data.dims[along], starts[i], ends[i], steps[i]);
    if (positions.empty()) refuse("leaves nothing of the data of shape " + shape_text(data));
    data = select_along(data, along, positions, operation.dag());
  }
  return data;
}

Value apply_split(const Operation& operation) {
  const Data& data = operand(operation);
  const std::size_t axis = axis_of(operation.integer("axis", 0), data, "splits");
  const std::int64_t size = data.dims[axis];
  const auto outputs = static_cast<std::int64_t>(operation.output_count());
  Sizes parts = list(operation, 1, "split", "the list of sizes");
  if (parts.empty()) {
    const std::int64_t part = (size + outputs - 1) / outputs;
    for (std::int64_t k = 0; k < outputs; ++k) parts.push_back(std::min(part, size - k * part));
    const bool uneven = size % outputs != 0 && operation.attribute("num_outputs") == nullptr;
    if (uneven || parts.back() <= 0) {
      refuse("splits " + std::to_string(size) + " into " + std::to_string(outputs) + " parts, which are not equal");
    }
  }
  std::int64_t sum = 0;
  for (const std::int64_t part : parts) {
    if (part < 1 || part > size - sum)
      refuse("its sizes " + shape_text(parts) + " do not divide data of shape " + shape_text(data));
    sum += part;
  }
  if (sum != size || static_cast<std::int64_t>(parts.size()) != outputs) {
    refuse("its sizes " + shape_text(parts) + " do not divide data of shape " + shape_text(data) + " for " +
           std::to_string(outputs) + " outputs");
  }
  std::int64_t first = 0;
  for (std::size_t k = 0; k < operation.output(); ++k) first += parts[k];
  std::vector<Index> positions(static_cast<std::size_t>(parts[operation.output()]));
  std::iota(positions.begin(), positions.end(), first);
  return select_along(data, axis, positions, operation.dag());
}

Value apply_pad(const Operation& operation) {
  const Data& data = operand(operation);
  if (operation.text("mode", "constant") != "constant")
    refuse("has another mode than constant, which is not supported");
  const Sizes pads = list(operation, 1, "pads", "the list of pads");
  double value = operation.real("value", 0);
  if (operation.has_input(2)) {
    const Tensor& constant = operation.constant_for(2, "the padding");
    check_operand(constant, data.element);
    value = constant.reals.front();
  }
  Sizes axes = list(operation, 3, "axes", "the list of axes");
  if (axes.empty()) {
    axes.resize(data.dims.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (pads.size() != 2 * axes.size())
    refuse("has " + std::to_string(pads.size()) + " pads for " + std::to_string(axes.size()) + " axes");
  Sizes before(data.dims.size(), 0), dims = data.dims;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t front = pads[i], back = pads[i + axes.size()];
    if (front < 0 || back < 0 || front > most_units || back > most_units)
      refuse("its pads " + shape_text(pads) + " are not from 0 to 2^20");
    if (front == 0 && back == 0) continue;
    const std::size_t axis = axis_of(axes[i], data, "pads");
    before[axis] = front;
    dims[axis] = data.dims[axis] + front + back;
  }
  std::int64_t size = 1;
  for (const std::int64_t dim : dims) {
    if (dim > most_units / size) refuse("makes more than " + std::to_string(most_units) + " units");
    size *= dim;
  }
  operation.dag().charge(size);
  Combination result(operation.dag(), {&data});
  const std::vector<Index> from = strides_of(data.dims), to = strides_of(dims);
  for (Index i = 0; i < size; ++i) {
    Index element = 0;
    bool inside = true;
    for (std::size_t k = 0; k < dims.size(); ++k) {
      const Index at = i / to[k] % dims[k] - before[k];
      inside = inside && at >= 0 && at < data.dims[k];
      element += at * from[k];
    }
    if (inside) result.add(i, 0, element, 1);
    if (!inside && value != 0) result.set_bias(i, value);
  }
  return result.finish(dims, data.batch_axis);
}

}  // namespace secateur::nn::detail
