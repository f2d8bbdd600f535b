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

void check_layer(const Dense& dense, Index size, std::size_t k) {
  check_size(dense.weight.cols(), size, k, "a row of the weight");
  check_size(dense.bias.size(), dense.weight.rows(), k, "the bias");
  check_finite(dense.weight.allFinite() && dense.bias.allFinite(), k);
}

void check_layer(const Elementwise& elementwise, Index size, std::size_t k) {
  check_size(elementwise.constant.size(), size, k, "the constant");
  check_finite(elementwise.constant.allFinite(), k);
  if (elementwise.op == ElementwiseOp::divide && (elementwise.constant.array() == 0).any()) {
    fail("layer " + std::to_string(k) + " divides by zero");
  }
}

void check_layer(const Relu& relu, Index size, std::size_t k) {
  for (std::size_t i = 0; i < relu.units.size(); ++i) {
    const Index unit = relu.units[i];
    if (unit < 0 || unit >= size || (i > 0 && unit <= relu.units[i - 1])) {
      fail("layer " + std::to_string(k) + ": the units of the ReLU are not ascending numbers of units");
    }
  }
}

void check_layer(const Sparse& sparse, Index size, std::size_t k) {
  check_size(sparse.weight.cols(), size, k, "a row of the weight");
  check_size(sparse.bias.size(), sparse.weight.rows(), k, "the bias");
  if (!sparse.weight.isCompressed()) fail("layer " + std::to_string(k) + ": the weight is not compressed");
  check_finite(entries_of(sparse.weight).allFinite() && sparse.bias.allFinite(), k);
}

}  // namespace

std::vector<std::string> default_names(const std::string& prefix, Index count) {
  std::vector<std::string> names;
  for (Index i = 0; i < count; ++i) names.push_back(prefix + "[" + std::to_string(i) + "]");
  return names;
}

std::vector<Index> layer_sizes(const Network& network) {
  std::vector<Index> sizes;
  Index size = network.inputs();
  for (const auto& layer : network.layers) {
    if (const auto* dense = std::get_if<Dense>(&layer)) size = dense->weight.rows();
    if (const auto* sparse = std::get_if<Sparse>(&layer)) size = sparse->weight.rows();
    sizes.push_back(size);
  }
  return sizes;
}

void check(const Network& network) {
  check_names(network.input_names, "input");
  check_names(network.output_names, "output");
  const std::vector<Index> sizes = layer_sizes(network);
  Index size = network.inputs();
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    std::visit([&](const auto& layer) { check_layer(layer, size, k); }, network.layers[k]);
    size = sizes[k];
    if (size == 0) fail("layer " + std::to_string(k) + " has no units");
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
    if (const auto* sparse = std::get_if<Sparse>(&layer)) count += (entries_of(sparse->weight).array() != 0).count();
  }
  return count;
}

Index count_neurons(const Network& network) {
  const std::vector<Index> sizes = layer_sizes(network);
  Index count = 0;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const auto* relu = std::get_if<Relu>(&network.layers[k]);
    if (relu != nullptr) count += relu->units.empty() ? sizes[k] : static_cast<Index>(relu->units.size());
  }
  return count;
}

Precision storage_precision(const Network& network) {
  const auto holds_floats = [](const Layer& layer) {
    const auto* dense = std::get_if<Dense>(&layer);
    const auto* elementwise = std::get_if<Elementwise>(&layer);
    const auto* sparse = std::get_if<Sparse>(&layer);
    if (dense != nullptr) return all_floats(dense->weight) && all_floats(dense->bias);
    if (sparse != nullptr) return all_floats(entries_of(sparse->weight)) && all_floats(sparse->bias);
    return elementwise == nullptr || all_floats(elementwise->constant);
  };
  const bool floats = network.precision == Precision::float32 &&
                      std::all_of(network.layers.begin(), network.layers.end(), holds_floats);
  return floats ? Precision::float32 : Precision::float64;
}

}  // namespace secateur::nn
