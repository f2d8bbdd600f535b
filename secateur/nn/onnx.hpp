// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/nn/network.hpp"

namespace secateur::nn {

/// What stands in an ONNX file, for `secateur info`.
struct OnnxInfo {
  std::int64_t ir_version = 0, opset = 0;
  std::string producer;
  /// Operator types in graph order, repeated as they occur.
  std::vector<std::string> ops;
};

/// Reads a feed-forward dense ReLU network. Accepted: what PyTorch, Keras (tf2onnx), scikit-learn (skl2onnx) and
/// hand-written graphs emit for such networks; see docs/onnx.md for the list. The leading dimension is the batch,
/// whatever size it states. Weights in external data files are read relative to the model file.
///
/// Throws InputError with file and node when the file is missing, empty, truncated or not ONNX, holds NaN or infinite
/// weights, does not chain, or uses something unsupported (the message lists what is supported).
Network read_onnx(const std::filesystem::path& path, OnnxInfo* info = nullptr);

/// The same from bytes; `name` stands for the file in messages, `folder` is where external data files are looked for.
Network read_onnx_bytes(std::string_view bytes, const std::string& name, const std::filesystem::path& folder = {},
                        OnnxInfo* info = nullptr);

/// The network as ONNX (opset 17, IR 8) in its own precision, batch dimension named N. Names and box go to the metadata
/// (keys secateur.inputs, secateur.outputs: JSON lists; secateur.box: {"lower": [], "upper": []}). Reading it back
/// gives the same layers bit for bit.
std::string to_onnx_bytes(const Network& network);

/// Writes it whole or not at all.
void write_onnx(const Network& network, const std::filesystem::path& path);

}  // namespace secateur::nn
