// SPDX-License-Identifier: Apache-2.0
// Convolution and pooling: Conv, AveragePool, GlobalAveragePool, MaxPool, GlobalMaxPool.
#include <utility>

#include "secateur/nn/onnx_combine.hpp"
#include "secateur/nn/onnx_refusal.hpp"
#include "secateur/nn/onnx_window.hpp"

namespace secateur::nn::detail {

namespace {

using Sizes = std::vector<std::int64_t>;

const Data& operand(const Operation& operation) {
  const Data* data = operation.data(0);
  if (data == nullptr) refuse("is applied to a constant, which is not supported");
  return *data;
}

/// The shape [batch, channels, spatial...] of a result.
Sizes with_channels(const Data& data, std::int64_t channels, const Sizes& spatial) {
  Sizes dims{data.dims[0], channels};
  dims.insert(dims.end(), spatial.begin(), spatial.end());
  return dims;
}

/// Sums under the window, then divided by their number: the division is not turned into a product, so that nothing is
/// rounded.
Data average(const Data& data, const Window& window, bool count_padding, LayerDag& dag) {
  const Index planes = data.dims[0] * data.dims[1];
  const auto places = static_cast<Index>(window.places.size());
  Combination sums(dag, {&data});
  std::vector<double> counts;
  for (Index plane = 0; plane < planes; ++plane) {
    for (Index p = 0; p < places; ++p) {
      const auto& taps = window.places[static_cast<std::size_t>(p)];
      if (taps.empty()) refuse("has a window that lies in the padding entirely");
      for (const Window::Tap& tap : taps) sums.add(plane * places + p, 0, plane * window.input_size + tap.input, 1);
      counts.push_back(static_cast<double>(count_padding ? window.kernel_size : static_cast<Index>(taps.size())));
    }
  }
  Data result = sums.finish(with_channels(data, data.dims[1], window.output), data.batch_axis);
  Elementwise division{ElementwiseOp::divide, Eigen::Map<const Vector>(counts.data(), result.units())};
  result.last = dag.add(result.last, std::move(division));
  return result;
}

Data largest(const Data& data, const Window& window, LayerDag& dag) {
  const Index planes = data.dims[0] * data.dims[1];
  std::vector<std::vector<Index>> candidates;
  for (Index plane = 0; plane < planes; ++plane) {
    for (const auto& taps : window.places) {
      if (taps.empty()) refuse("has a window that lies in the padding entirely");
      dag.charge(static_cast<std::int64_t>(taps.size()));
      auto& list = candidates.emplace_back();
      for (const Window::Tap& tap : taps) list.push_back(plane * window.input_size + tap.input);
    }
  }
  return extreme(Extreme::largest, data, std::move(candidates), with_channels(data, data.dims[1], window.output),
                 data.batch_axis, dag);
}

/// One window over everything.
Window whole(const Data& data) {
  if (data.rank() < 3 || data.batch_axis > 0) {
    refuse("works on data of shape " + shape_text(data) + "; supported is [batch, channels, spatial...]");
  }
  Window result;
  result.output.assign(data.dims.size() - 2, 1);
  for (std::ptrdiff_t axis = 2; axis < data.rank(); ++axis) result.input_size *= data.dim(axis);
  result.kernel_size = result.input_size;
  auto& taps = result.places.emplace_back();
  for (Index i = 0; i < result.input_size; ++i) taps.push_back({i, i});
  return result;
}

}  // namespace

Value apply_conv(const Operation& operation) {
  const Data& data = operand(operation);
  const Tensor& weight = operation.constant_for(1, "the weight");
  const Tensor* bias = operation.has_input(2) ? &operation.constant_for(2, "the bias") : nullptr;
  check_operand(weight, data.element);
  const std::int64_t groups = operation.integer("group", 1);
  if (data.rank() < 3 || static_cast<std::ptrdiff_t>(weight.dims.size()) != data.rank() || groups < 1 ||
      weight.dims[0] % groups != 0 || data.dims[1] % groups != 0 || weight.dims[1] != data.dims[1] / groups) {
    refuse(weight.origin + " of shape " + shape_text(weight.dims) + " in " + std::to_string(groups) +
           " groups does not fit the data of shape " + shape_text(data));
  }
  const std::int64_t filters = weight.dims[0], channels = weight.dims[1], filters_per_group = filters / groups;
  if (bias != nullptr) {
    check_operand(*bias, data.element);
    if (bias->dims != Sizes{filters}) {
      refuse(bias->origin + " of shape " + shape_text(bias->dims) + " is no bias of " + std::to_string(filters) +
             " filters");
    }
  }
  const Sizes kernel(weight.dims.begin() + 2, weight.dims.end());
  const Window window = nn::detail::window(operation, data, &kernel);
  Combination result(operation.dag(), {&data});
  Index row = 0;
  for (std::int64_t sample = 0; sample < data.dims[0]; ++sample) {
    for (std::int64_t filter = 0; filter < filters; ++filter) {
      const std::int64_t first = filter / filters_per_group * channels;
      for (const auto& taps : window.places) {
        for (std::int64_t c = 0; c < channels && !taps.empty(); ++c) {
          const Index plane = (sample * data.dims[1] + first + c) * window.input_size;
          for (const Window::Tap& tap : taps) {
            const double w =
                weight.reals[static_cast<std::size_t>((filter * channels + c) * window.kernel_size + tap.kernel)];
            if (w != 0) {
              result.add(row, 0, plane + tap.input, w);
            } else {
              operation.dag().charge(1);  // it takes time, if no memory
            }
          }
        }
        if (bias != nullptr) result.set_bias(row, bias->reals[static_cast<std::size_t>(filter)]);
        ++row;
        if (row > most_units) refuse("makes more than " + std::to_string(most_units) + " units");
      }
    }
  }
  return result.finish(with_channels(data, filters, window.output), data.batch_axis, bias == nullptr);
}

Value apply_average_pool(const Operation& operation) {
  const Data& data = operand(operation);
  return average(data, window(operation, data, nullptr), operation.integer("count_include_pad", 0) != 0,
                 operation.dag());
}

Value apply_max_pool(const Operation& operation) {
  const Data& data = operand(operation);
  return largest(data, window(operation, data, nullptr), operation.dag());
}

Value apply_global_average_pool(const Operation& operation) {
  const Data& data = operand(operation);
  return average(data, whole(data), false, operation.dag());
}

Value apply_global_max_pool(const Operation& operation) {
  const Data& data = operand(operation);
  return largest(data, whole(data), operation.dag());
}

}  // namespace secateur::nn::detail
