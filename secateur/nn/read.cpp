// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/read.hpp"

#include "secateur/nn/nnet.hpp"

namespace secateur::nn {

Network read_network(const std::filesystem::path& path, OnnxInfo* info) {
  return path.extension() == ".nnet" ? read_nnet(path) : read_onnx(path, info);
}

}  // namespace secateur::nn
