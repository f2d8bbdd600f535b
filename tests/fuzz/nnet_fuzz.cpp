// SPDX-License-Identifier: Apache-2.0
// Any bytes are either refused with an InputError or give a network that is sound in itself, evaluates, and is written
// as ONNX and read back.
#include <cstdint>
#include <string_view>

#include "secateur/core/error.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/nn/nnet.hpp"
#include "secateur/nn/onnx.hpp"

using namespace secateur;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const nn::Network network = nn::read_nnet_bytes(bytes, "fuzz.nnet");
    nn::check(network);
    const Vector y = nn::evaluate(network, Vector(Vector::Zero(network.inputs())));
    if (y.size() != network.outputs()) __builtin_trap();
    const nn::Network again = nn::read_onnx_bytes(nn::to_onnx_bytes(network), "again.onnx");
    if (again.layers.size() != network.layers.size()) __builtin_trap();
  } catch (const InputError&) {
  }
  return 0;
}
