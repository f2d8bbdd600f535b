// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_graph.hpp"

#include "onnx.pb.h"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

/// The names of the first few items, for messages.
template <class Items>
std::string list_names(const Items& items) {
  std::string text;
  for (int i = 0; i < static_cast<int>(items.size()); ++i) {
    if (i == 5) return text + ", ...";
    text += (i > 0 ? ", " : "") + quote(items[i]->name());
  }
  return text;
}

}  // namespace

Graph::Graph(const ::onnx::GraphProto& proto) : m_proto(&proto) {
  for (const auto& tensor : proto.initializer()) {
    if (tensor.name().empty()) refuse("an initializer has no name");
    if (!m_initializers.emplace(tensor.name(), &tensor).second) {
      refuse("initializer " + quote(tensor.name()) + " is defined twice");
    }
  }
  for (const auto& tensor : proto.sparse_initializer()) {
    const std::string& name = tensor.values().name();
    if (name.empty()) refuse("a sparse initializer has no name");
    if (m_initializers.contains(name) || !m_sparse.emplace(name, &tensor).second) {
      refuse("initializer " + quote(name) + " is defined twice");
    }
  }
  // Before IR version 4 every initializer is listed among the inputs as well.
  std::vector<const ::onnx::ValueInfoProto*> inputs;
  for (const auto& input : proto.input()) {
    if (!m_initializers.contains(input.name()) && !m_sparse.contains(input.name())) inputs.push_back(&input);
  }
  if (inputs.size() != 1) {
    refuse("the graph has " + std::to_string(inputs.size()) + " inputs" + (inputs.empty() ? "" : ": ") +
           list_names(inputs) + "; supported is one input tensor");
  }
  m_input = inputs.front();
  if (proto.output_size() != 1) {
    std::vector<const ::onnx::ValueInfoProto*> outputs;
    for (const auto& output : proto.output()) outputs.push_back(&output);
    refuse("the graph has " + std::to_string(outputs.size()) + " outputs" + (outputs.empty() ? "" : ": ") +
           list_names(outputs) + "; supported is one output tensor");
  }
  m_output = &proto.output(0).name();
  for (int k = 0; k < proto.node_size(); ++k) {
    for (const auto& name : proto.node(k).output()) {
      if (name.empty()) continue;
      if (name == m_input->name() || m_initializers.contains(name) || m_sparse.contains(name) ||
          !m_makers.emplace(name, k).second) {
        refuse(describe(k) + ": its output " + quote(name) + " is defined twice");
      }
    }
  }
}

const ::onnx::TensorProto* Graph::initializer(std::string_view name) const {
  const auto found = m_initializers.find(name);
  return found == m_initializers.end() ? nullptr : found->second;
}

const ::onnx::SparseTensorProto* Graph::sparse_initializer(std::string_view name) const {
  const auto found = m_sparse.find(name);
  return found == m_sparse.end() ? nullptr : found->second;
}

const ::onnx::NodeProto& Graph::node(int index) const { return m_proto->node(index); }

std::string Graph::describe(int index) const {
  const auto& proto = node(index);
  const std::string type = printable(proto.op_type());
  if (!proto.name().empty()) return "node " + quote(proto.name()) + " (" + type + ")";
  return "node " + std::to_string(index) + " (" + type +
         (proto.output_size() > 0 ? ", output " + quote(proto.output(0)) : std::string()) + ")";
}

std::vector<int> Graph::order() const {
  enum class Mark : char { none, open, done };
  struct Visit {
    int node;
    int next_input;
  };
  std::vector<Mark> marks(static_cast<std::size_t>(m_proto->node_size()), Mark::none);
  std::vector<int> result;
  std::vector<Visit> stack;  // depth-first without recursion: a graph may be as deep as its file is long

  const auto enter = [&](const std::string& name, int reader) {
    if (name.empty() || name == m_input->name() || m_initializers.contains(name) || m_sparse.contains(name)) return;
    const auto maker = m_makers.find(name);
    if (maker == m_makers.end()) {
      refuse((reader < 0 ? "the graph's output" : describe(reader)) + " reads " + quote(name) +
             ", which is neither the input, an initializer nor made by a node");
    }
    Mark& mark = marks[static_cast<std::size_t>(maker->second)];
    if (mark == Mark::open) refuse(describe(maker->second) + ": its output depends on itself (the graph has a cycle)");
    if (mark == Mark::done) return;
    mark = Mark::open;
    stack.push_back({maker->second, 0});
  };

  enter(*m_output, -1);
  while (!stack.empty()) {
    const int at = stack.back().node;
    if (stack.back().next_input < node(at).input_size()) {
      const int k = stack.back().next_input++;
      const std::string& name = node(at).input(k);
      const auto maker = m_makers.find(name);
      const bool made = maker != m_makers.end();
      if (!made || marks[static_cast<std::size_t>(maker->second)] != Mark::done) enter(name, at);
      continue;
    }
    marks[static_cast<std::size_t>(at)] = Mark::done;
    result.push_back(at);
    stack.pop_back();
  }
  return result;
}

}  // namespace secateur::nn::detail
