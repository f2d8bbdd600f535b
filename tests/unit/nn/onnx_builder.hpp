// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace secateur::nn {

/// A protobuf message under construction: just enough of the wire format to write any ONNX file, right or wrong, with
/// no help from the schema that the reader uses.
class Message {
 public:
  Message& integer(int field, std::int64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3U);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Message& real(int field, float value) {
    varint(static_cast<std::uint64_t>(field) << 3U | 5U);
    append(value);
    return *this;
  }
  Message& text(int field, const std::string& value) {
    varint(static_cast<std::uint64_t>(field) << 3U | 2U);
    varint(value.size());
    m_bytes += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return text(field, value.m_bytes); }

  [[nodiscard]] const std::string& bytes() const { return m_bytes; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) m_bytes += static_cast<char>(value | 0x80U);
    m_bytes += static_cast<char>(value);
  }
  template <class Number>
  void append(Number value) {
    char raw[sizeof(Number)];
    std::memcpy(raw, &value, sizeof(Number));
    m_bytes.append(raw, sizeof(Number));
  }

  std::string m_bytes;
};

template <class Stored>
std::string raw(const std::vector<double>& values) {
  std::string bytes;
  for (const double value : values) {
    const auto stored = static_cast<Stored>(value);
    bytes.append(reinterpret_cast<const char*>(&stored), sizeof(Stored));
  }
  return bytes;
}

using Dims = std::vector<std::int64_t>;

/// Types of the ONNX schema.
enum OnnxType { float_type = 1, int32_type = 6, int64_type = 7, bool_type = 9, float16_type = 10, double_type = 11 };

/// TensorProto with raw data.
inline Message tensor_message(const std::string& name, int type, const Dims& dims, const std::string& data) {
  Message message;
  for (const std::int64_t dim : dims) message.integer(1, dim);
  return message.integer(2, type).text(8, name).text(9, data);
}
inline Message floats(const std::string& name, const Dims& dims, const std::vector<double>& values) {
  return tensor_message(name, float_type, dims, raw<float>(values));
}
inline Message doubles(const std::string& name, const Dims& dims, const std::vector<double>& values) {
  return tensor_message(name, double_type, dims, raw<double>(values));
}
inline Message integers(const std::string& name, const Dims& dims, const std::vector<double>& values) {
  return tensor_message(name, int64_type, dims, raw<std::int64_t>(values));
}

// AttributeProto.
inline Message attribute(const std::string& name, double value) {
  return Message().text(1, name).real(2, static_cast<float>(value)).integer(20, 1);
}
inline Message attribute(const std::string& name, int value) {
  return Message().text(1, name).integer(3, value).integer(20, 2);
}
inline Message attribute(const std::string& name, const Dims& values) {
  Message message = Message().text(1, name).integer(20, 7);
  for (const std::int64_t value : values) message.integer(8, value);
  return message;
}
inline Message real_attribute(const std::string& name, const std::vector<double>& values) {
  Message message = Message().text(1, name).integer(20, 6);
  for (const double value : values) message.real(7, static_cast<float>(value));
  return message;
}
inline Message attribute(const std::string& name, const Message& tensor) {
  return Message().text(1, name).message(5, tensor).integer(20, 4);
}

/// ValueInfoProto; a size of -1 is a dimension called N.
inline Message value_info(const std::string& name, int type, const Dims& dims) {
  Message shape;
  for (const std::int64_t dim : dims) {
    shape.message(1, dim == -1 ? Message().text(2, "N") : Message().integer(1, dim));
  }
  const Message tensor = Message().integer(1, type).message(2, shape);
  return Message().text(1, name).message(2, Message().message(1, tensor));
}

using Strings = std::vector<std::string>;

inline Message node(const std::string& type, const Strings& inputs, const Strings& outputs,
                    const std::vector<Message>& attributes = {}, const std::string& name = "",
                    const std::string& domain = "") {
  Message message;
  for (const auto& input : inputs) message.text(1, input);
  for (const auto& output : outputs) message.text(2, output);
  if (!name.empty()) message.text(3, name);
  message.text(4, type);
  for (const auto& entry : attributes) message.message(5, entry);
  if (!domain.empty()) message.text(7, domain);
  return message;
}

/// A model of one graph from "x" (float, [N, 3] unless said otherwise) to "y".
class ModelBuilder {
 public:
  ModelBuilder& input(int type, const Dims& dims) {
    m_input = value_info("x", type, dims);
    return *this;
  }
  ModelBuilder& opset(std::int64_t version) {
    m_opset = version;
    return *this;
  }
  ModelBuilder& add(const Message& entry) {
    m_graph.message(1, entry);
    return *this;
  }
  ModelBuilder& add(const std::string& type, const Strings& inputs, const std::string& output,
                    const std::vector<Message>& attributes = {}) {
    return add(node(type, inputs, {output}, attributes));
  }
  ModelBuilder& constant(const Message& tensor) {
    m_graph.message(5, tensor);
    return *this;
  }
  /// Any further field of the graph.
  ModelBuilder& graph(int field, const Message& value) {
    m_graph.message(field, value);
    return *this;
  }
  ModelBuilder& metadata(const std::string& key, const std::string& value) {
    m_model.message(14, Message().text(1, key).text(2, value));
    return *this;
  }

  [[nodiscard]] std::string bytes() const {
    Message whole_graph = m_graph;
    whole_graph.message(11, m_input).message(12, value_info("y", float_type, {-1, 1}));
    Message model = m_model;
    model.integer(1, 8).message(7, whole_graph);
    if (m_opset != 0) model.message(8, Message().text(1, "").integer(2, m_opset));
    return model.bytes();
  }

 private:
  Message m_input = value_info("x", float_type, {-1, 3});
  Message m_graph, m_model;
  std::int64_t m_opset = 17;
};

}  // namespace secateur::nn
