// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::nn {

namespace {

Dense identity(Index size) { return {Matrix::Identity(size, size), Vector::Zero(size)}; }

/// (W a + b) op c as one Dense: row i of W and b_i change.
void apply_behind(Dense& dense, const Elementwise& elementwise) {
  const auto c = elementwise.constant.array();
  switch (elementwise.op) {
    case ElementwiseOp::add:
      dense.bias.array() += c;
      break;
    case ElementwiseOp::subtract:
      dense.bias.array() -= c;
      break;
    case ElementwiseOp::subtract_from:
      dense.weight = -dense.weight;
      dense.bias = elementwise.constant - dense.bias;
      break;
    case ElementwiseOp::multiply:
      dense.weight.array().colwise() *= c;
      dense.bias.array() *= c;
      break;
    case ElementwiseOp::divide:
      dense.weight.array().colwise() /= c;
      dense.bias.array() /= c;
      break;
  }
}

/// W (a op c) + b as one Dense: column j of W changes, or b.
void apply_before(Dense& dense, const Elementwise& elementwise) {
  const auto& c = elementwise.constant;
  switch (elementwise.op) {
    case ElementwiseOp::add:
      dense.bias += dense.weight * c;
      break;
    case ElementwiseOp::subtract:
      dense.bias -= dense.weight * c;
      break;
    case ElementwiseOp::subtract_from:
      dense.bias += dense.weight * c;
      dense.weight = -dense.weight;
      break;
    case ElementwiseOp::multiply:
      dense.weight.array().rowwise() *= c.transpose().array();
      break;
    case ElementwiseOp::divide:
      dense.weight.array().rowwise() /= c.transpose().array();
      break;
  }
}

/// W2 (W1 a + b1) + b2.
Dense merge(const Dense& first, const Dense& second) {
  return {second.weight * first.weight, second.weight * first.bias + second.bias};
}

/// Builds the layers between the leading and the trailing Elementwise ones. `m_open` is the Dense that the next layer
/// may still be multiplied into; `m_pending` are Elementwise layers behind a Relu that wait for the next Dense.
class Middle {
 public:
  explicit Middle(Index inputs) : m_size(inputs) {}

  void add(const Layer& layer) {
    if (const auto* dense = std::get_if<Dense>(&layer)) add_dense(*dense);
    if (const auto* elementwise = std::get_if<Elementwise>(&layer)) {
      if (m_open) {
        apply_behind(*m_open, *elementwise);
      } else {
        m_pending.push_back(elementwise);
      }
    }
    if (std::holds_alternative<Relu>(layer)) add_relu();
  }

  std::vector<Layer> finish() {
    close();
    return std::move(m_layers);
  }

 private:
  void add_dense(const Dense& dense) {
    m_size = dense.weight.rows();
    if (m_open) {
      *m_open = merge(*m_open, dense);
      return;
    }
    m_open = dense;
    while (!m_pending.empty()) {
      apply_before(*m_open, *m_pending.back());
      m_pending.pop_back();
    }
  }

  void add_relu() {
    // max(0, max(0, z)) = max(0, z).
    const bool after_relu = !m_layers.empty() && !m_open && m_pending.empty();
    if (after_relu) return;
    close();
    m_layers.emplace_back(Relu{});
  }

  /// Ends the open Dense; an identity where there is none.
  void close() {
    if (!m_open) m_open = identity(m_size);
    for (const Elementwise* elementwise : m_pending) apply_behind(*m_open, *elementwise);
    m_pending.clear();
    m_layers.emplace_back(std::move(*m_open));
    m_open.reset();
  }

  Index m_size;
  std::vector<Layer> m_layers;
  std::optional<Dense> m_open;
  std::vector<const Elementwise*> m_pending;
};

void refuse_other_layers(const Network& network) {
  const std::string rule = "training and pruning work on networks of dense layers only; this one has ";
  for (const auto& layer : network.layers) {
    const auto* relu = std::get_if<Relu>(&layer);
    if (std::holds_alternative<Sparse>(layer) || (relu != nullptr && !relu->units.empty())) {
      throw InputError(rule + "a convolution, a pooling, a residual connection or the like");
    }
  }
  if (network.activation != Activation::none) {
    throw InputError(rule + "a final " + std::string(to_string(network.activation)));
  }
}

}  // namespace

Network canonical(const Network& network) {
  check(network);
  refuse_other_layers(network);
  const auto& layers = network.layers;
  std::size_t begin = 0;
  while (begin < layers.size() && std::holds_alternative<Elementwise>(layers[begin])) ++begin;
  std::size_t end = layers.size();
  while (end > begin && std::holds_alternative<Elementwise>(layers[end - 1])) --end;

  Middle middle(network.inputs());
  for (std::size_t k = begin; k < end; ++k) middle.add(layers[k]);

  Network result = network;
  result.layers.assign(layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(begin));
  for (auto& layer : middle.finish()) result.layers.push_back(std::move(layer));
  result.layers.insert(result.layers.end(), layers.begin() + static_cast<std::ptrdiff_t>(end), layers.end());
  for (const auto& layer : result.layers) {
    const auto* dense = std::get_if<Dense>(&layer);
    if (dense != nullptr && !(dense->weight.allFinite() && dense->bias.allFinite())) {
      throw InputError("the weights of neighbouring layers overflow when they are multiplied together");
    }
  }
  result.precision = storage_precision(result);
  return result;
}

}  // namespace secateur::nn
