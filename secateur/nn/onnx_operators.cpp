// SPDX-License-Identifier: Apache-2.0
// The table of operators, and what all of them share.
#include <algorithm>
#include <cmath>

#include "onnx.pb.h"
#include "secateur/nn/onnx_operation.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

constexpr std::size_t many = 65536;

const std::vector<Operator>& operators() {
  static const std::vector<Operator> table{
      {"", "Abs", apply_abs, 1, 1, {}},
      {"", "Add", apply_add, 2, 2, {}},
      {"",
       "AveragePool",
       apply_average_pool,
       1,
       1,
       {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"}},
      {"", "BatchNormalization", apply_batch_normalization, 5, 5, {"epsilon", "momentum", "spatial", "training_mode"}},
      {"", "Cast", apply_cast, 1, 1, {"to", "saturate", "round_mode"}, true},
      {"", "Clip", apply_clip, 1, 3, {"min", "max"}},
      {"", "Concat", apply_concat, 1, many, {"axis"}},
      {"", "Constant", apply_constant, 0, 0, {"value", "value_float", "value_floats", "value_int", "value_ints"}},
      {"", "Conv", apply_conv, 2, 3, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}},
      {"", "Div", apply_div, 2, 2, {}},
      {"", "Dropout", apply_dropout, 1, 3, {"ratio", "seed"}, true},
      {"", "Flatten", apply_flatten, 1, 1, {"axis"}, true},
      {"", "Gather", apply_gather, 2, 2, {"axis"}},
      {"", "Gemm", apply_gemm, 2, 3, {"alpha", "beta", "transA", "transB"}},
      {"", "GlobalAveragePool", apply_global_average_pool, 1, 1, {}},
      {"", "GlobalMaxPool", apply_global_max_pool, 1, 1, {}},
      {"", "HardSigmoid", apply_hard_sigmoid, 1, 1, {"alpha", "beta"}},
      {"", "Identity", apply_identity, 1, 1, {}, true},
      {"", "LeakyRelu", apply_leaky_relu, 1, 1, {"alpha"}},
      {"", "LogSoftmax", apply_log_softmax, 1, 1, {"axis"}},
      {"", "MatMul", apply_matmul, 2, 2, {}},
      {"", "Max", apply_max, 1, many, {}},
      {"",
       "MaxPool",
       apply_max_pool,
       1,
       1,
       {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"}},
      {"", "Mean", apply_mean, 1, many, {}},
      {"", "Min", apply_min, 1, many, {}},
      {"", "Mul", apply_mul, 2, 2, {}},
      {"", "Neg", apply_neg, 1, 1, {}},
      {"", "PRelu", apply_prelu, 2, 2, {}},
      {"", "Pad", apply_pad, 1, 4, {"mode", "pads", "value"}},
      {"", "ReduceMax", apply_reduce_max, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
      {"", "ReduceMean", apply_reduce_mean, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
      {"", "ReduceMin", apply_reduce_min, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
      {"", "ReduceSum", apply_reduce_sum, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
      {"", "Relu", apply_relu, 1, 1, {}},
      {"", "Reshape", apply_reshape, 2, 2, {"allowzero"}, true},
      {"ai.onnx.ml", "Scaler", apply_scaler, 1, 1, {"offset", "scale"}},
      {"", "Shape", apply_shape, 1, 1, {"start", "end"}, true},
      {"", "Sigmoid", apply_sigmoid, 1, 1, {}},
      {"", "Slice", apply_slice, 1, 5, {"axes", "starts", "ends"}},
      {"", "Softmax", apply_softmax, 1, 1, {"axis"}},
      {"", "Split", apply_split, 1, 2, {"axis", "num_outputs", "split"}, false, true},
      {"", "Squeeze", apply_squeeze, 1, 2, {"axes"}, true},
      {"", "Sub", apply_sub, 2, 2, {}},
      {"", "Sum", apply_sum, 1, many, {}},
      {"", "Transpose", apply_transpose, 1, 1, {"perm"}, true},
      {"", "Unsqueeze", apply_unsqueeze, 1, 2, {"axes"}, true},
  };
  return table;
}

const Operator* find(const ::onnx::NodeProto& node) {
  const std::string_view domain = node.domain() == "ai.onnx" ? std::string_view() : std::string_view(node.domain());
  const auto found = std::find_if(operators().begin(), operators().end(), [&](const Operator& entry) {
    return entry.domain == domain && entry.type == node.op_type();
  });
  return found == operators().end() ? nullptr : &*found;
}

[[noreturn]] void refuse_attribute(std::string_view name, const char* expected) {
  refuse("attribute " + quote(name) + " is not " + expected);
}

}  // namespace

std::string supported_operators() {
  std::string list;
  for (const auto& entry : operators()) list += (list.empty() ? "" : ", ") + std::string(entry.type);
  return list;
}

Value apply_operator(const ::onnx::NodeProto& node, const Operation& operation) {
  const Operator* found = find(node);
  if (found == nullptr) {
    const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
    refuse("operator " + printable(node.op_type()) + (standard ? std::string() : " of domain " + quote(node.domain())) +
           " is not supported; supported are " + supported_operators());
  }
  if (operation.input_count() < found->fewest_inputs || operation.input_count() > found->most_inputs) {
    refuse("has " + std::to_string(operation.input_count()) + " inputs; allowed are " +
           std::to_string(found->fewest_inputs) +
           (found->most_inputs > found->fewest_inputs ? " to " + std::to_string(found->most_inputs) : std::string()));
  }
  for (const auto& attribute : node.attribute()) {
    if (std::find(found->attributes.begin(), found->attributes.end(), attribute.name()) == found->attributes.end()) {
      refuse("attribute " + quote(attribute.name()) + " is not supported");
    }
  }
  for (std::size_t i = 0; i < operation.input_count() && !found->moves; ++i) {
    const Data* data = operation.has_input(i) ? operation.data(i) : nullptr;
    if (data != nullptr && data->activation != Activation::none) {
      refuse("is applied behind a " + std::string(to_string(data->activation)) +
             ", which is supported at the end of a network only");
    }
  }
  return found->apply(operation);
}

std::size_t made_outputs(const ::onnx::NodeProto& node) {
  const Operator* found = find(node);
  const bool several = found != nullptr && found->many_outputs;
  return several ? static_cast<std::size_t>(node.output_size())
                 : std::min<std::size_t>(1, static_cast<std::size_t>(node.output_size()));
}

std::size_t Operation::output_count() const { return static_cast<std::size_t>(m_node->output_size()); }

const Value& Operation::input(std::size_t i) const {
  if (!has_input(i)) refuse("input " + std::to_string(i) + " is missing");
  return *m_inputs[i];
}

const Tensor* Operation::constant(std::size_t i) const {
  const auto* pointer = std::get_if<TensorPointer>(&input(i));
  if (pointer == nullptr) return nullptr;
  if ((*pointer)->is_sparse) refuse((*pointer)->origin + " is sparse, which is supported as a factor of Gemm only");
  return pointer->get();
}

const Tensor* Operation::sparse(std::size_t i) const {
  const auto* pointer = std::get_if<TensorPointer>(&input(i));
  return pointer != nullptr && (*pointer)->is_sparse ? pointer->get() : nullptr;
}

const Data* Operation::data(std::size_t i) const { return std::get_if<Data>(&input(i)); }

const Tensor& Operation::constant_for(std::size_t i, const char* use) const {
  const Tensor* tensor = constant(i);
  if (tensor == nullptr) refuse(std::string(use) + " depends on the input data; it has to be constant");
  return *tensor;
}

const ::onnx::AttributeProto* Operation::attribute(std::string_view name) const {
  for (const auto& attribute : m_node->attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

double Operation::real(std::string_view name, double standard) const {
  const auto* found = attribute(name);
  if (found == nullptr) return standard;
  if (!found->has_f() || !std::isfinite(found->f())) refuse_attribute(name, "a finite float");
  return static_cast<double>(found->f());
}

std::int64_t Operation::integer(std::string_view name, std::int64_t standard) const {
  const auto* found = attribute(name);
  if (found == nullptr) return standard;
  if (!found->has_i()) refuse_attribute(name, "an integer");
  return found->i();
}

std::optional<std::vector<std::int64_t>> Operation::integers(std::string_view name) const {
  const auto* found = attribute(name);
  if (found == nullptr) return std::nullopt;
  // An empty list stores nothing but its type, which old writers leave out.
  if (found->has_i() || found->has_f() || found->floats_size() > 0) refuse_attribute(name, "a list of integers");
  return std::vector<std::int64_t>(found->ints().begin(), found->ints().end());
}

std::vector<double> Operation::reals(std::string_view name) const {
  const auto* found = attribute(name);
  if (found == nullptr) return {};
  if (found->has_i() || found->has_f() || found->ints_size() > 0) refuse_attribute(name, "a list of floats");
  std::vector<double> values;
  for (const float value : found->floats()) {
    if (!std::isfinite(value)) refuse_attribute(name, "a list of finite floats");
    values.push_back(static_cast<double>(value));
  }
  return values;
}

std::string Operation::text(std::string_view name, std::string_view standard) const {
  const auto* found = attribute(name);
  if (found == nullptr) return std::string(standard);
  if (!found->has_s()) refuse_attribute(name, "a text");
  return found->s();
}

}  // namespace secateur::nn::detail
