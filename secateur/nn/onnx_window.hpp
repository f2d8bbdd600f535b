// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "secateur/nn/onnx_operation.hpp"

namespace secateur::nn::detail {

/// Where a convolution or a pooling looks: for each place of its output, the places of its input under the window.
/// Places are counted row by row over the spatial dimensions.
struct Window {
  /// One place under the window: which of the kernel's, and where in the input.
  struct Tap {
    Index kernel, input;
  };
  std::vector<std::int64_t> output;       ///< spatial sizes
  std::vector<std::vector<Tap>> places;   ///< an output place; padding is left out
  Index kernel_size = 1, input_size = 1;  ///< places of the kernel and of the input
};

/// From the attributes kernel_shape, strides, pads, auto_pad, dilations and ceil_mode. `kernel`: the spatial sizes of
/// the weight, or null for a pooling. Data of shape [batch, channels, spatial...]; refuses other shapes.
Window window(const Operation& operation, const Data& data, const std::vector<std::int64_t>* kernel);

}  // namespace secateur::nn::detail
