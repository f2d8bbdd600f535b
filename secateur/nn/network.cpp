// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/network.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "secateur/nn/numbers.hpp"

namespace secateur::nn {

namespace {

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument("network: " + what); }

void check_names(const std::vector<std::string>& names, const char* kind) {
  if (names.empty()) fail(std::string("no ") + kind + "s");
  std::set<std::string> seen;
  for (const auto& name : names) {
    if (name.empty()) fail(std::string("an ") + kind + " has an empty name");
    if (!seen.insert(name).second) fail(std::string("two ") + kind + "s are called " + name);
  }
}

void check_size(Index found, Index expected, std::size_t layer, const char* what) {
  if (found == expected) return;
  fail("layer " + std::to_string(layer) + ": " + what + " has " + std::to_string(found) + " entries, expected " +
       std::to_string(expected));
}

void check_finite(bool finite, std::size_t layer) {
  if (!finite) fail("layer " + std::to_string(layer) + " holds a number that is not finite");
}

}  // namespace

std::vector<std::string> default_names(const std::string& prefix, Index count) {
  std::vector<std::string> names;
  for (Index i = 0; i < count; ++i) names.push_back(prefix + "[" + std::to_string(i) + "]");
  return names;
}

void check(const Network& network) {
  check_names(network.input_names, "input");
  check_names(network.output_names, "output");
  Index size = network.inputs();
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    if (const auto* dense = std::get_if<Dense>(&network.layers[k])) {
      check_size(dense->weight.cols(), size, k, "a row of the weight");
      check_size(dense->bias.size(), dense->weight.rows(), k, "the bias");
      check_finite(dense->weight.allFinite() && dense->bias.allFinite(), k);
      size = dense->weight.rows();
      if (size == 0) fail("layer " + std::to_string(k) + " has no units");
    } else if (const auto* elementwise = std::get_if<Elementwise>(&network.layers[k])) {
      check_size(elementwise->constant.size(), size, k, "the constant");
      check_finite(elementwise->constant.allFinite(), k);
      if (elementwise->op == ElementwiseOp::divide && (elementwise->constant.array() == 0).any()) {
        fail("layer " + std::to_string(k) + " divides by zero");
      }
    }
  }
  if (size != network.outputs()) {
    fail("the last layer has " + std::to_string(size) + " units, but there are " + std::to_string(network.outputs()) +
         " output names");
  }
  if (!network.box) return;
  const Box& box = *network.box;
  if (box.lower.size() != network.inputs() || box.upper.size() != network.inputs()) {
    fail("the box does not have one interval per input");
  }
  if (!box.lower.allFinite() || !box.upper.allFinite() || (box.lower.array() > box.upper.array()).any()) {
    fail("the box is not finite with lower <= upper");
  }
}

Index count_weights(const Network& network) {
  Index count = 0;
  for (const auto& layer : network.layers) {
    if (const auto* dense = std::get_if<Dense>(&layer)) count += (dense->weight.array() != 0).count();
  }
  return count;
}

Index count_neurons(const Network& network) {
  Index size = network.inputs();
  Index count = 0;
  for (const auto& layer : network.layers) {
    if (const auto* dense = std::get_if<Dense>(&layer)) size = dense->weight.rows();
    if (std::holds_alternative<Relu>(layer)) count += size;
  }
  return count;
}

Precision storage_precision(const Network& network) {
  const auto holds_floats = [](const Layer& layer) {
    const auto* dense = std::get_if<Dense>(&layer);
    const auto* elementwise = std::get_if<Elementwise>(&layer);
    if (dense != nullptr) return all_floats(dense->weight) && all_floats(dense->bias);
    return elementwise == nullptr || all_floats(elementwise->constant);
  };
  const bool floats = network.precision == Precision::float32 &&
                      std::all_of(network.layers.begin(), network.layers.end(), holds_floats);
  return floats ? Precision::float32 : Precision::float64;
}

}  // namespace secateur::nn
