// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstring>
#include <limits>

#include "onnx.pb.h"
#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/version.hpp"
#include "secateur/nn/onnx.hpp"
#include "secateur/nn/onnx_metadata.hpp"

namespace secateur::nn {

namespace {

using ::onnx::AttributeProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;

constexpr std::int64_t written_opset = 17;
constexpr std::int64_t written_ir_version = 8;

template <class Stored>
std::string raw_bytes(const double* numbers, Index count) {
  std::string bytes(static_cast<std::size_t>(count) * sizeof(Stored), '\0');
  for (Index i = 0; i < count; ++i) {
    const auto value = static_cast<Stored>(numbers[i]);
    std::memcpy(bytes.data() + static_cast<std::size_t>(i) * sizeof(Stored), &value, sizeof(Stored));
  }
  return bytes;
}

class Writer {
 public:
  Writer(const Network& network, GraphProto& graph)
      : m_network(network), m_graph(graph), m_precision(storage_precision(network)), m_sizes(layer_sizes(network)) {}

  void write() {
    m_graph.set_name("secateur");
    describe(*m_graph.add_input(), m_last, m_network.inputs());
    for (m_layer = 0; m_layer < m_network.layers.size(); ++m_layer) {
      std::visit([this](const auto& layer) { add(layer); }, m_network.layers[m_layer]);
    }
    add(m_network.activation);
    if (m_graph.node_size() == 0) add_node("Identity", {m_last});
    m_graph.mutable_node(m_graph.node_size() - 1)->set_output(0, m_output);
    describe(*m_graph.add_output(), m_output, m_network.outputs());
  }

 private:
  [[nodiscard]] std::string numbered(const char* prefix) const {
    return std::string(prefix).append(std::to_string(m_layer));
  }

  void describe(::onnx::ValueInfoProto& value, const std::string& name, Index size) const {
    value.set_name(name);
    auto* type = value.mutable_type()->mutable_tensor_type();
    type->set_elem_type(m_precision == Precision::float32 ? TensorProto::FLOAT : TensorProto::DOUBLE);
    type->mutable_shape()->add_dim()->set_dim_param("N");
    type->mutable_shape()->add_dim()->set_dim_value(size);
  }

  std::string add_initializer(const char* prefix, const double* numbers, std::initializer_list<Index> dims) {
    auto* tensor = m_graph.add_initializer();
    Index count = 1;
    for (const Index dim : dims) {
      tensor->add_dims(dim);
      count *= dim;
    }
    fill(*tensor, prefix, numbers, count);
    return tensor->name();
  }

  void fill(TensorProto& tensor, const char* prefix, const double* numbers, Index count) const {
    tensor.set_name(numbered(prefix));
    if (m_precision == Precision::float32) {
      tensor.set_data_type(TensorProto::FLOAT);
      tensor.set_raw_data(raw_bytes<float>(numbers, count));
    } else {
      tensor.set_data_type(TensorProto::DOUBLE);
      tensor.set_raw_data(raw_bytes<double>(numbers, count));
    }
  }

  /// A sparse initializer: its entries, and where they stand in the matrix counted row by row.
  std::string add_initializer(const char* prefix, const SparseMatrix& matrix) {
    auto* tensor = m_graph.add_sparse_initializer();
    tensor->add_dims(matrix.rows());
    tensor->add_dims(matrix.cols());
    tensor->mutable_values()->add_dims(matrix.nonZeros());
    fill(*tensor->mutable_values(), prefix, matrix.valuePtr(), matrix.nonZeros());
    std::vector<std::int64_t> positions;
    for (Index i = 0; i < matrix.rows(); ++i) {
      for (SparseMatrix::InnerIterator entry(matrix, i); entry; ++entry) {
        positions.push_back(i * matrix.cols() + entry.col());
      }
    }
    auto* indices = tensor->mutable_indices();
    indices->set_data_type(TensorProto::INT64);
    indices->add_dims(matrix.nonZeros());
    std::string bytes(positions.size() * sizeof(std::int64_t), '\0');
    if (!positions.empty()) std::memcpy(bytes.data(), positions.data(), bytes.size());
    indices->set_raw_data(std::move(bytes));
    return tensor->values().name();
  }

  NodeProto& add_node(const char* type, const std::vector<std::string>& inputs) {
    auto* node = m_graph.add_node();
    node->set_op_type(type);
    node->set_name(numbered("layer"));
    for (const auto& input : inputs) node->add_input(input);
    m_last = numbered("a");
    node->add_output(m_last);
    return *node;
  }

  void add(const Dense& dense) {
    add_gemm(add_initializer("W", dense.weight.data(), {dense.weight.rows(), dense.weight.cols()}), dense.bias);
  }

  void add(const Sparse& sparse) { add_gemm(add_initializer("W", sparse.weight), sparse.bias); }

  void add_gemm(const std::string& weight, const Vector& numbers) {
    const auto bias = add_initializer("b", numbers.data(), {numbers.size()});
    auto* transpose = add_node("Gemm", {m_last, weight, bias}).add_attribute();
    transpose->set_name("transB");
    transpose->set_type(AttributeProto::INT);
    transpose->set_i(1);
  }

  void add(const Elementwise& elementwise) {
    const auto constant = add_initializer("c", elementwise.constant.data(), {elementwise.constant.size()});
    switch (elementwise.op) {
      case ElementwiseOp::add:
        add_node("Add", {m_last, constant});
        break;
      case ElementwiseOp::subtract:
        add_node("Sub", {m_last, constant});
        break;
      case ElementwiseOp::subtract_from:
        add_node("Sub", {constant, m_last});
        break;
      case ElementwiseOp::multiply:
        add_node("Mul", {m_last, constant});
        break;
      case ElementwiseOp::divide:
        add_node("Div", {m_last, constant});
        break;
    }
  }

  /// A unit that passes untouched has slope 1 on both sides of zero.
  void add(const Relu& relu) {
    if (relu.units.empty()) {
      add_node("Relu", {m_last});
      return;
    }
    Vector slope = Vector::Ones(m_sizes[m_layer]);
    for (const Index unit : relu.units) slope(unit) = 0;
    add_node("PRelu", {m_last, add_initializer("s", slope.data(), {slope.size()})});
  }

  void add(Activation activation) {
    switch (activation) {
      case Activation::none:
        return;
      case Activation::sigmoid:
        add_node("Sigmoid", {m_last});
        return;
      case Activation::softmax:
        add_node("Softmax", {m_last});
        return;
      case Activation::log_softmax:
        add_node("LogSoftmax", {m_last});
        return;
    }
  }

  const Network& m_network;
  GraphProto& m_graph;
  Precision m_precision;
  std::vector<Index> m_sizes;
  std::size_t m_layer = 0;
  /// The value that the next node reads: first the input.
  std::string m_last = "x";
  const std::string m_output = "y";
};

}  // namespace

std::string to_onnx_bytes(const Network& network) {
  check(network);
  ::onnx::ModelProto model;
  model.set_ir_version(written_ir_version);
  model.set_producer_name("secateur");
  model.set_producer_version(std::string(version));
  auto* opset = model.add_opset_import();
  opset->set_domain("");
  opset->set_version(written_opset);
  for (const auto& [key, value] : detail::to_metadata(network)) {
    auto* entry = model.add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
  }
  Writer(network, *model.mutable_graph()).write();
  if (model.ByteSizeLong() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw InputError("the network takes more than 2 GiB, the most that an ONNX file can hold");
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream string_stream(&bytes);
    google::protobuf::io::CodedOutputStream stream(&string_stream);
    stream.SetSerializationDeterministic(true);
    model.SerializeToCodedStream(&stream);
  }
  return bytes;
}

void write_onnx(const Network& network, const std::filesystem::path& path) { write_file(path, to_onnx_bytes(network)); }

}  // namespace secateur::nn
