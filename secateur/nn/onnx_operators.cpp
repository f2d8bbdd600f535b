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
      {"", "Add", apply_add, 2, 2, {}},
      {"", "Cast", apply_cast, 1, 1, {"to", "saturate", "round_mode"}},
      {"", "Concat", apply_concat, 1, many, {"axis"}},
      {"", "Constant", apply_constant, 0, 0, {"value", "value_float", "value_floats", "value_int", "value_ints"}},
      {"", "Div", apply_div, 2, 2, {}},
      {"", "Dropout", apply_dropout, 1, 3, {"ratio", "seed"}},
      {"", "Flatten", apply_flatten, 1, 1, {"axis"}},
      {"", "Gather", apply_gather, 2, 2, {"axis"}},
      {"", "Gemm", apply_gemm, 2, 3, {"alpha", "beta", "transA", "transB"}},
      {"", "Identity", apply_identity, 1, 1, {}},
      {"", "MatMul", apply_matmul, 2, 2, {}},
      {"", "Mul", apply_mul, 2, 2, {}},
      {"", "Relu", apply_relu, 1, 1, {}},
      {"", "Reshape", apply_reshape, 2, 2, {"allowzero"}},
      {"ai.onnx.ml", "Scaler", apply_scaler, 1, 1, {"offset", "scale"}},
      {"", "Shape", apply_shape, 1, 1, {"start", "end"}},
      {"", "Slice", apply_slice, 1, 5, {"axes", "starts", "ends"}},
      {"", "Squeeze", apply_squeeze, 1, 2, {"axes"}},
      {"", "Sub", apply_sub, 2, 2, {}},
      {"", "Transpose", apply_transpose, 1, 1, {"perm"}},
      {"", "Unsqueeze", apply_unsqueeze, 1, 2, {"axes"}},
  };
  return table;
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
  const std::string_view domain = node.domain() == "ai.onnx" ? std::string_view() : std::string_view(node.domain());
  const auto found = std::find_if(operators().begin(), operators().end(), [&](const Operator& entry) {
    return entry.domain == domain && entry.type == node.op_type();
  });
  if (found == operators().end()) {
    refuse("operator " + printable(node.op_type()) + (domain.empty() ? std::string() : " of domain " + quote(domain)) +
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
  return found->apply(operation);
}

const Value& Operation::input(std::size_t i) const {
  if (!has_input(i)) refuse("input " + std::to_string(i) + " is missing");
  return *m_inputs[i];
}

const Tensor* Operation::constant(std::size_t i) const {
  const auto* pointer = std::get_if<TensorPointer>(&input(i));
  return pointer == nullptr ? nullptr : pointer->get();
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

}  // namespace secateur::nn::detail
