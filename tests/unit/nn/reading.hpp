// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "secateur/core/error.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/nn/onnx.hpp"
#include "unit/nn/networks.hpp"
#include "unit/nn/onnx_builder.hpp"

namespace secateur::nn {

inline Network read(const ModelBuilder& model) { return read_onnx_bytes(model.bytes(), "net.onnx"); }

/// The line that refuses the bytes, or "" if they are read.
inline std::string refusal(const std::string& bytes, const std::filesystem::path& folder = {}) {
  try {
    read_onnx_bytes(bytes, "net.onnx", folder);
  } catch (const InputError& error) {
    EXPECT_EQ(error.file(), "net.onnx");
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "";
}
inline std::string refusal(const ModelBuilder& model) { return refusal(model.bytes()); }

/// The kinds of the layers, one letter each: D, E, R, S.
inline std::string kinds(const Network& network) {
  std::string result;
  for (const auto& layer : network.layers) result += "DERS"[layer.index()];
  return result;
}

/// Output at a point.
inline Vector at(const Network& network, std::initializer_list<double> point) {
  return evaluate(network, vector(point));
}

}  // namespace secateur::nn
