// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_dag.hpp"

#include <utility>

#include "secateur/nn/onnx_refusal.hpp"
#include "secateur/nn/onnx_schedule.hpp"

namespace secateur::nn::detail {

namespace {

Vector& bias_of(Layer& layer) {
  if (auto* dense = std::get_if<Dense>(&layer)) return dense->bias;
  return std::get<Sparse>(layer).bias;
}

}  // namespace

void LayerDag::charge(std::int64_t count) {
  if (count > m_budget) refuse("the network would take unreasonably more memory than its weights in the file");
  m_budget -= count;
}

LayerDag::Position LayerDag::add(Position parent, Layer layer, bool open_bias) {
  m_nodes.push_back({std::move(layer), {parent}, open_bias});
  return static_cast<Position>(m_nodes.size()) - 1;
}

LayerDag::Position LayerDag::add(std::vector<Position> parents, Sparse layer, bool open_bias) {
  m_nodes.push_back({std::move(layer), std::move(parents), open_bias});
  return static_cast<Position>(m_nodes.size()) - 1;
}

void LayerDag::set_bias(Position position, Vector bias) { bias_of(node(position).layer) = std::move(bias); }

std::vector<bool> LayerDag::needed_by(Position last) const {
  std::vector<bool> needed(m_nodes.size(), false);
  if (last != root) needed[static_cast<std::size_t>(last)] = true;
  for (std::size_t at = m_nodes.size(); at-- > 0;) {
    if (!needed[at]) continue;
    for (const Position parent : m_nodes[at].parents) {
      if (parent != root) needed[static_cast<std::size_t>(parent)] = true;
    }
  }
  return needed;
}

LayerDag::Position LayerDag::fuse_biases(std::vector<bool>& needed, Position last) {
  std::vector<int> readers(m_nodes.size(), 0);
  for (std::size_t at = 0; at < m_nodes.size(); ++at) {
    if (!needed[at]) continue;
    for (const Position parent : m_nodes[at].parents) {
      if (parent != root) ++readers[static_cast<std::size_t>(parent)];
    }
  }
  std::vector<Position> became(m_nodes.size());
  for (std::size_t at = 0; at < m_nodes.size(); ++at) {
    became[at] = static_cast<Position>(at);
    Node& reader = m_nodes[at];
    for (Position& parent : reader.parents) {
      if (parent != root) parent = became[static_cast<std::size_t>(parent)];
    }
    const auto* elementwise = std::get_if<Elementwise>(&reader.layer);
    if (!needed[at] || elementwise == nullptr || reader.parents.front() == root) continue;
    const auto parent = static_cast<std::size_t>(reader.parents.front());
    const bool add = elementwise->op == ElementwiseOp::add;
    if (!m_nodes[parent].open_bias || readers[parent] != 1 || (!add && elementwise->op != ElementwiseOp::subtract)) {
      continue;
    }
    bias_of(m_nodes[parent].layer) = add ? elementwise->constant : Vector(-elementwise->constant);
    m_nodes[parent].open_bias = false;
    readers[parent] = readers[at];
    became[at] = reader.parents.front();
    needed[at] = false;
  }
  return last == root ? root : became[static_cast<std::size_t>(last)];
}

std::vector<Layer> LayerDag::schedule(Position last, Index inputs) {
  std::vector<bool> needed = needed_by(last);
  last = fuse_biases(needed, last);
  // Who is read how often still; the root counts from the front.
  const auto index = [](Position at) { return static_cast<std::size_t>(at + 1); };
  std::vector<int> readers(m_nodes.size() + 1, 0);
  ++readers[index(last)];
  for (std::size_t at = 0; at < m_nodes.size(); ++at) {
    if (!needed[at]) continue;
    for (const Position parent : m_nodes[at].parents) ++readers[index(parent)];
  }
  Schedule result(*this, inputs);
  for (std::size_t at = 0; at < m_nodes.size(); ++at) {
    if (!needed[at]) continue;
    std::vector<Position> dying;
    for (const Position parent : m_nodes[at].parents) {
      if (--readers[index(parent)] == 0) dying.push_back(parent);
    }
    result.apply(static_cast<Position>(at), std::move(m_nodes[at].layer), m_nodes[at].parents, dying);
  }
  return result.take();
}

}  // namespace secateur::nn::detail
