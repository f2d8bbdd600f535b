// SPDX-License-Identifier: Apache-2.0
// Any bytes are either refused with an InputError or give a network that is sound in itself, evaluates, lowers and is
// written and read back.
#include <cstdint>
#include <string_view>

#include "secateur/core/error.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/nn/onnx.hpp"

using namespace secateur;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const nn::Network network = nn::read_onnx_bytes(bytes, "fuzz.onnx");
    nn::check(network);
    // Large networks only take time: a small file makes millions of entries out of one convolution.
    if (nn::count_neurons(network) > 1000 || network.inputs() > 1000 || nn::count_weights(network) > 100000) return 0;
    const Vector y = nn::evaluate(network, Vector(Vector::Zero(network.inputs())));
    if (y.size() != network.outputs()) __builtin_trap();
    nn::read_onnx_bytes(nn::to_onnx_bytes(network), "again.onnx");
    const Vector one = Vector::Ones(network.inputs());
    if (graph::lower(network, {-one, one}).outputs() != network.outputs()) __builtin_trap();
  } catch (const InputError&) {
  }
  return 0;
}
