// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_window.hpp"

#include <algorithm>
#include <string>

#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

using Sizes = std::vector<std::int64_t>;

/// The attribute, or `standard` for each; refuses another length and sizes outside [least, most_units].
Sizes sizes(const Operation& operation, const char* name, std::size_t length, std::int64_t least,
            std::int64_t standard) {
  Sizes result = operation.integers(name).value_or(Sizes());
  if (result.empty()) result.assign(length, standard);
  if (result.size() != length) {
    refuse("attribute \"" + std::string(name) + "\" has " + std::to_string(result.size()) + " entries instead of " +
           std::to_string(length));
  }
  for (const std::int64_t size : result) {
    if (size < least || size > most_units) {
      refuse("attribute \"" + std::string(name) + "\" holds " + std::to_string(size) + "; allowed are " +
             std::to_string(least) + " to " + std::to_string(most_units));
    }
  }
  return result;
}

struct Axis {
  std::int64_t input, kernel, stride, dilation, before, output;
};

/// Output size and padding in front along one axis (ONNX specification, Conv and AveragePool).
void place(Axis& axis, std::int64_t behind, const std::string& auto_pad, bool ceil_mode) {
  const std::int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    axis.output = (axis.input + axis.stride - 1) / axis.stride;
    const std::int64_t padding = std::max<std::int64_t>((axis.output - 1) * axis.stride + reach - axis.input, 0);
    axis.before = auto_pad == "SAME_UPPER" ? padding / 2 : padding - padding / 2;
    return;
  }
  if (auto_pad == "VALID") axis.before = behind = 0;
  const std::int64_t room = axis.input + axis.before + behind - reach;
  if (room < 0) refuse("its window of " + std::to_string(reach) + " is larger than the padded data");
  if (ceil_mode && room % axis.stride != 0) {
    refuse("ceil_mode adds places that only partly cover the data, which is not supported; export with ceil_mode = 0");
  }
  axis.output = room / axis.stride + 1;
}

}  // namespace

Window window(const Operation& operation, const Data& data, const Sizes* kernel) {
  if (data.rank() < 3 || data.batch_axis > 0) {
    refuse("works on data of shape " + shape_text(data) + "; supported is [batch, channels, spatial...]");
  }
  const auto rank = static_cast<std::size_t>(data.rank()) - 2;
  if (kernel == nullptr && !operation.integers("kernel_shape")) refuse("states no kernel_shape");
  const Sizes shape =
      kernel != nullptr && !operation.integers("kernel_shape") ? *kernel : sizes(operation, "kernel_shape", rank, 1, 1);
  if (kernel != nullptr && shape != *kernel) {
    refuse("kernel_shape " + shape_text(shape) + " is not the shape " + shape_text(*kernel) + " of the weight");
  }
  const Sizes strides = sizes(operation, "strides", rank, 1, 1), dilations = sizes(operation, "dilations", rank, 1, 1);
  const Sizes pads = sizes(operation, "pads", 2 * rank, 0, 0);
  const std::string auto_pad = operation.text("auto_pad", "NOTSET");
  if (auto_pad != "NOTSET" && auto_pad != "VALID" && auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
    refuse("attribute \"auto_pad\" is " + quote(auto_pad) + "; known are NOTSET, VALID, SAME_UPPER and SAME_LOWER");
  }
  Window result;
  std::vector<Axis> axes;
  std::int64_t places = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    Axis axis{data.dims[i + 2], shape[i], strides[i], dilations[i], pads[i], 0};
    if (axis.kernel > most_units / result.kernel_size) refuse("its window is too large");
    place(axis, pads[i + rank], auto_pad, operation.integer("ceil_mode", 0) != 0);
    if (axis.output > most_units / places) {
      refuse("makes more than " + std::to_string(most_units) + " units, the most that is supported");
    }
    places *= axis.output;
    result.kernel_size *= axis.kernel;
    result.input_size *= axis.input;
    result.output.push_back(axis.output);
    axes.push_back(axis);
  }
  operation.dag().charge(places);
  std::vector<std::int64_t> at(rank, 0), tap(rank, 0);
  const auto count_up = [&](std::vector<std::int64_t>& counter, auto limit) {
    for (std::size_t k = rank; k-- > 0;) {
      if (++counter[k] < limit(axes[k])) return;
      counter[k] = 0;
    }
  };
  for (std::int64_t p = 0; p < places; ++p) {
    operation.dag().charge(result.kernel_size);
    auto& taps = result.places.emplace_back();
    for (Index t = 0; t < result.kernel_size; ++t) {
      bool inside = true;
      Index input = 0;
      for (std::size_t k = 0; k < rank; ++k) {
        const std::int64_t x = at[k] * axes[k].stride - axes[k].before + tap[k] * axes[k].dilation;
        inside = inside && x >= 0 && x < axes[k].input;
        input = input * axes[k].input + x;
      }
      if (inside) taps.push_back({t, input});
      count_up(tap, [](const Axis& axis) { return axis.kernel; });
    }
    count_up(at, [](const Axis& axis) { return axis.output; });
  }
  return result;
}

}  // namespace secateur::nn::detail
