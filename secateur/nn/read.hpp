// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "secateur/nn/network.hpp"
#include "secateur/nn/onnx.hpp"

namespace secateur::nn {

/// Reads a network in the format that the file's name says: .nnet (read_nnet), everything else ONNX (read_onnx). `info`
/// stays as it is for a file that is not ONNX. Throws InputError as they do.
Network read_network(const std::filesystem::path& path, OnnxInfo* info = nullptr);

}  // namespace secateur::nn
