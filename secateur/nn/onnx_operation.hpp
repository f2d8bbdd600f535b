// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "secateur/nn/onnx_layers.hpp"
#include "secateur/nn/onnx_tensor.hpp"

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace secateur::nn::detail {

/// A value of the graph: a constant, or something computed from the input.
using Value = std::variant<TensorPointer, Data>;

/// One node with the values of its inputs, as an operator's implementation sees it.
class Operation {
 public:
  Operation(const ::onnx::NodeProto& node, std::vector<const Value*> inputs, std::int64_t opset,
            const std::filesystem::path& folder, LayerDag& dag, std::size_t output)
      : m_node(&node), m_inputs(std::move(inputs)), m_opset(opset), m_folder(&folder), m_dag(&dag), m_output(output) {}

  [[nodiscard]] std::int64_t opset() const { return m_opset; }
  [[nodiscard]] LayerDag& dag() const { return *m_dag; }
  [[nodiscard]] const std::filesystem::path& folder() const { return *m_folder; }

  /// The output that is asked for, and how many the node names (one that is called "" counts).
  [[nodiscard]] std::size_t output() const { return m_output; }
  [[nodiscard]] std::size_t output_count() const;

  /// Optional inputs may be missing at the end or be left out in the middle.
  [[nodiscard]] bool has_input(std::size_t i) const { return i < m_inputs.size() && m_inputs[i] != nullptr; }
  [[nodiscard]] std::size_t input_count() const { return m_inputs.size(); }
  [[nodiscard]] const Value& input(std::size_t i) const;
  /// Null when input i depends on the data. Refuses a sparse matrix, which only few operators know.
  [[nodiscard]] const Tensor* constant(std::size_t i) const;
  /// Null when input i is not a sparse matrix.
  [[nodiscard]] const Tensor* sparse(std::size_t i) const;
  /// Null when input i is a constant.
  [[nodiscard]] const Data* data(std::size_t i) const;
  /// Refuses what is not constant; `use` says what the input is: "the target shape".
  [[nodiscard]] const Tensor& constant_for(std::size_t i, const char* use) const;

  /// Attributes, with the operator's default. Refuse another type, and reals that are not finite.
  [[nodiscard]] const ::onnx::AttributeProto* attribute(std::string_view name) const;
  [[nodiscard]] double real(std::string_view name, double standard) const;
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t standard) const;
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::string_view name) const;
  [[nodiscard]] std::vector<double> reals(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name, std::string_view standard) const;

 private:
  const ::onnx::NodeProto* m_node;
  std::vector<const Value*> m_inputs;
  std::int64_t m_opset;
  const std::filesystem::path* m_folder;
  LayerDag* m_dag;
  std::size_t m_output;
};

/// What an operator does, and what it may be given.
struct Operator {
  std::string_view domain, type;
  Value (*apply)(const Operation&);
  std::size_t fewest_inputs, most_inputs;
  std::vector<std::string_view> attributes;
  /// Changes only type and shape, and may follow a final activation.
  bool moves = false;
  /// Outputs beyond the first are made.
  bool many_outputs = false;
};

/// How many outputs of this node are made: one, of a few operators all.
std::size_t made_outputs(const ::onnx::NodeProto& node);

/// Finds the operator of a node, checks number of inputs and attribute names, and applies it. Refuses an operator that
/// is not known, with the list of those that are.
Value apply_operator(const ::onnx::NodeProto& node, const Operation& operation);

/// "Add, Cast, ...", for messages.
std::string supported_operators();

// The operators, one function each; see onnx_operators.cpp for the table.
Value apply_abs(const Operation& operation);
Value apply_add(const Operation& operation);
Value apply_average_pool(const Operation& operation);
Value apply_batch_normalization(const Operation& operation);
Value apply_cast(const Operation& operation);
Value apply_clip(const Operation& operation);
Value apply_concat(const Operation& operation);
Value apply_constant(const Operation& operation);
Value apply_conv(const Operation& operation);
Value apply_div(const Operation& operation);
Value apply_dropout(const Operation& operation);
Value apply_flatten(const Operation& operation);
Value apply_gather(const Operation& operation);
Value apply_gemm(const Operation& operation);
Value apply_global_average_pool(const Operation& operation);
Value apply_global_max_pool(const Operation& operation);
Value apply_hard_sigmoid(const Operation& operation);
Value apply_identity(const Operation& operation);
Value apply_leaky_relu(const Operation& operation);
Value apply_log_softmax(const Operation& operation);
Value apply_matmul(const Operation& operation);
Value apply_max(const Operation& operation);
Value apply_max_pool(const Operation& operation);
Value apply_mean(const Operation& operation);
Value apply_min(const Operation& operation);
Value apply_mul(const Operation& operation);
Value apply_neg(const Operation& operation);
Value apply_pad(const Operation& operation);
Value apply_prelu(const Operation& operation);
Value apply_reduce_max(const Operation& operation);
Value apply_reduce_mean(const Operation& operation);
Value apply_reduce_min(const Operation& operation);
Value apply_reduce_sum(const Operation& operation);
Value apply_relu(const Operation& operation);
Value apply_reshape(const Operation& operation);
Value apply_scaler(const Operation& operation);
Value apply_shape(const Operation& operation);
Value apply_sigmoid(const Operation& operation);
Value apply_slice(const Operation& operation);
Value apply_softmax(const Operation& operation);
Value apply_split(const Operation& operation);
Value apply_squeeze(const Operation& operation);
Value apply_sub(const Operation& operation);
Value apply_sum(const Operation& operation);
Value apply_transpose(const Operation& operation);
Value apply_unsqueeze(const Operation& operation);

// Concat, Gather and Slice where they are applied to the data.
Value concat_data(const Operation& operation);
Value gather_data(const Operation& operation);
Value slice_data(const Operation& operation);

}  // namespace secateur::nn::detail
