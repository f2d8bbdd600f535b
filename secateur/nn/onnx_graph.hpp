// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace onnx {
class GraphProto;
class NodeProto;
class SparseTensorProto;
class TensorProto;
class ValueInfoProto;
}  // namespace onnx

namespace secateur::nn::detail {

/// The names of a graph resolved: who makes which value. Points into the GraphProto.
class Graph {
 public:
  /// Refuses (Refusal) a graph with not exactly one input that is no constant, not exactly one output, or a name that
  /// is defined twice.
  explicit Graph(const ::onnx::GraphProto& proto);

  [[nodiscard]] const ::onnx::ValueInfoProto& input() const { return *m_input; }
  [[nodiscard]] const std::string& output() const { return *m_output; }
  /// Null when `name` is not an initializer.
  [[nodiscard]] const ::onnx::TensorProto* initializer(std::string_view name) const;
  /// Null when `name` is not a sparse initializer.
  [[nodiscard]] const ::onnx::SparseTensorProto* sparse_initializer(std::string_view name) const;
  [[nodiscard]] const ::onnx::NodeProto& node(int index) const;
  /// node "fc1" (Gemm), or node 3 (Gemm, output "h") for one without a name.
  [[nodiscard]] std::string describe(int index) const;

  /// The nodes that the output needs, each behind the nodes that it needs. Refuses cycles and values that nobody makes.
  [[nodiscard]] std::vector<int> order() const;

 private:
  const ::onnx::GraphProto* m_proto;
  const ::onnx::ValueInfoProto* m_input = nullptr;
  const std::string* m_output = nullptr;
  std::unordered_map<std::string_view, const ::onnx::TensorProto*> m_initializers;
  std::unordered_map<std::string_view, const ::onnx::SparseTensorProto*> m_sparse;
  /// The node that makes a value.
  std::unordered_map<std::string_view, int> m_makers;
};

}  // namespace secateur::nn::detail
