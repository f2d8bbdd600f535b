// SPDX-License-Identifier: Apache-2.0
// The graph is walked once, from the input to the output, with a symbolic value on every edge: a constant, or the data
// as a shape and the layers that lead to it. Each operator maps values to a value (onnx_operation.hpp).
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>

#include "onnx.pb.h"
#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/nn/onnx.hpp"
#include "secateur/nn/onnx_graph.hpp"
#include "secateur/nn/onnx_metadata.hpp"
#include "secateur/nn/onnx_operation.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn {

namespace detail {
namespace {

constexpr std::int64_t oldest_opset = 7;
constexpr std::int64_t newest_opset = 28;

/// The file that is being read, for messages and external data.
struct Source {
  const std::string& name;
  const std::filesystem::path& folder;
};

[[noreturn]] void fail(const Source& source, const std::string& message, const std::string& where = {}) {
  throw InputError(message, source.name, where);
}

::onnx::ModelProto parse(std::string_view bytes, const Source& source) {
  if (bytes.empty()) fail(source, "is empty; an ONNX model is expected");
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    fail(source, "is larger than 2 GiB; weights of such a model belong into external data files");
  }
  ::onnx::ModelProto model;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    fail(source, "is not an ONNX model, or is truncated");
  }
  if (!model.has_graph()) fail(source, "is not an ONNX model: it holds no graph");
  return model;
}

std::int64_t opset_of(const ::onnx::ModelProto& model, const Source& source) {
  std::int64_t opset = 0;
  for (const auto& entry : model.opset_import()) {
    if (entry.domain().empty() || entry.domain() == "ai.onnx") opset = entry.version();
  }
  if (opset == 0) fail(source, "states no opset version; the file may be truncated");
  if (opset < oldest_opset || opset > newest_opset) {
    fail(source, "has opset " + std::to_string(opset) + "; supported are " + std::to_string(oldest_opset) + " to " +
                     std::to_string(newest_opset));
  }
  return opset;
}

/// The input tensor. Its leading dimension is the batch, unless it has only one dimension of fixed size, which then are
/// the inputs. `column`: read [n, 1] as one sample that is a column vector.
Data input_data(const ::onnx::ValueInfoProto& input, bool column) {
  const std::string name = "input " + quote(input.name());
  if (!input.has_type() || !input.type().has_tensor_type()) refuse(name + " is not a tensor of stated type");
  const auto& type = input.type().tensor_type();
  Data data;
  if (type.elem_type() != ::onnx::TensorProto::FLOAT && type.elem_type() != ::onnx::TensorProto::DOUBLE) {
    refuse(name + " is " + type_name(type.elem_type()) + "; supported are float and double");
  }
  data.element = element_of(type.elem_type(), name);
  if (!type.has_shape() || type.shape().dim_size() == 0) {
    refuse(name + (type.has_shape() ? " is a scalar" : " states no shape") +
           "; supported is [batch, inputs...] or [inputs]");
  }
  const auto& dims = type.shape().dim();
  if (static_cast<std::size_t>(dims.size()) > most_dims) refuse(name + " has more than 64 dimensions");
  const bool batch = !column && (dims.size() > 1 || dims[0].dim_value() <= 0);
  data.batch_axis = batch ? 0 : -1;
  std::int64_t units = 1;
  for (int i = 0; i < dims.size(); ++i) {
    // Some exporters write 0 or -1 for a batch of any size.
    const std::int64_t size = dims[i].has_dim_value() && dims[i].dim_value() > 0 ? dims[i].dim_value() : -1;
    if (batch && i == 0) {
      data.batch_size = size;
      data.dims.push_back(1);
      continue;
    }
    data.dims.push_back(size);
    if (size < 0) {
      refuse(name + ": dimension " + std::to_string(i) +
             " has no fixed size; only the leading dimension, the batch, may be open");
    }
    if (size > most_units / units) {
      refuse(name + " has more than " + std::to_string(most_units) +
             " elements per sample, the most that is supported");
    }
    units *= size;
  }
  return data;
}

/// A batch that states 1 is no obstacle to anything: it is a dimension like any other.
void forget_batch_of_one(Data& data) {
  if (data.batch_size == 1) data.batch_axis = -1;
}

/// Evaluates the nodes that the output needs.
class Walk {
 public:
  Walk(const Graph& graph, std::int64_t opset, const Source& source)
      : m_graph(graph), m_opset(opset), m_source(source) {}

  /// The output, with all layers before it.
  Data run(const Data& input, LayerDag& dag) {
    m_values.emplace(m_graph.input().name(), input);
    for (const int index : m_graph.order()) {
      try {
        step(m_graph.node(index), dag);
      } catch (const Refusal& refusal) {
        fail(m_source, refusal.what(), m_graph.describe(index));
      }
    }
    const auto found = m_values.find(m_graph.output());
    const Data* output = found == m_values.end() ? nullptr : std::get_if<Data>(&found->second);
    if (output == nullptr) refuse("output " + quote(m_graph.output()) + " does not depend on the input");
    return *output;
  }

 private:
  void step(const ::onnx::NodeProto& node, LayerDag& dag) {
    std::vector<const Value*> inputs;
    for (const auto& name : node.input()) inputs.push_back(name.empty() ? nullptr : value(name, dag));
    const std::size_t outputs = made_outputs(node);
    for (std::size_t k = 0; k < std::max<std::size_t>(outputs, 1); ++k) {
      Value result = apply_operator(node, Operation(node, inputs, m_opset, m_source.folder, dag, k));
      if (k < outputs) m_values.insert_or_assign(node.output(static_cast<int>(k)), std::move(result));
    }
  }

  const Value* value(const std::string& name, LayerDag& dag) {
    const auto found = m_values.find(name);
    if (found != m_values.end()) return &found->second;
    if (const auto* sparse = m_graph.sparse_initializer(name)) {
      Tensor tensor = decode_sparse(*sparse, "initializer " + quote(name), m_source.folder);
      dag.credit(tensor.size());
      return &m_values.emplace(name, std::make_shared<const Tensor>(std::move(tensor))).first->second;
    }
    const auto* proto = m_graph.initializer(name);
    if (proto == nullptr) refuse("reads " + quote(name) + ", a second output of a node, which is not supported");
    Tensor tensor = decode(*proto, "initializer " + quote(name), m_source.folder);
    dag.credit(tensor.size());
    return &m_values.emplace(name, std::make_shared<const Tensor>(std::move(tensor))).first->second;
  }

  const Graph& m_graph;
  std::int64_t m_opset;
  Source m_source;
  /// A node-based map: pointers to its values stay good.
  std::unordered_map<std::string_view, Value> m_values;
};

struct Result {
  Precision precision = Precision::float32;
  std::vector<Layer> layers;
  Activation activation = Activation::none;
  Index inputs = 0, outputs = 0;
};

Result interpret(const Graph& graph, std::int64_t opset, const Source& source, bool column) {
  LayerDag dag;
  Data input = input_data(graph.input(), column);
  const Index inputs = input.units();
  forget_batch_of_one(input);
  const Data output = Walk(graph, opset, source).run(input, dag);
  Result result;
  result.inputs = inputs;
  result.outputs = output.units();
  result.layers = finish(output, dag, inputs);
  result.activation = output.activation;
  bool numbers = false;
  for (const auto& layer : result.layers) numbers = numbers || !std::holds_alternative<Relu>(layer);
  const bool wide = numbers ? output.wide : output.element == Element::float64;
  result.precision = wide ? Precision::float64 : Precision::float32;
  return result;
}

/// Is the input [n, 1] with a fixed n > 1? Then it may also be a column vector: W x.
bool may_be_column(const ::onnx::ValueInfoProto& input) {
  const Data data = input_data(input, false);
  return data.rank() == 2 && data.batch_size > 1 && data.dim(1) == 1;
}

Result interpret(const Graph& graph, std::int64_t opset, const Source& source) {
  if (!may_be_column(graph.input())) return interpret(graph, opset, source, false);
  // The leading dimension is the batch wherever that makes sense.
  std::exception_ptr first;
  try {
    return interpret(graph, opset, source, false);
  } catch (const std::runtime_error&) {
    first = std::current_exception();
  }
  try {
    return interpret(graph, opset, source, true);
  } catch (const std::runtime_error&) {
    std::rethrow_exception(first);
  }
}

Network read(const ::onnx::ModelProto& model, const Source& source) {
  const std::int64_t opset = opset_of(model, source);
  try {
    Result result = interpret(Graph(model.graph()), opset, source);
    Network network;
    network.precision = result.precision;
    network.layers = std::move(result.layers);
    network.activation = result.activation;
    Metadata metadata;
    for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
    from_metadata(metadata, result.inputs, result.outputs, network);
    return network;
  } catch (const Refusal& refusal) {
    fail(source, refusal.what());
  }
}

OnnxInfo info_of(const ::onnx::ModelProto& model, const Source& source) {
  OnnxInfo info;
  info.ir_version = model.ir_version();
  info.opset = opset_of(model, source);
  info.producer = printable(model.producer_name());
  for (const auto& node : model.graph().node()) info.ops.push_back(printable(node.op_type()));
  return info;
}

}  // namespace
}  // namespace detail

Network read_onnx_bytes(std::string_view bytes, const std::string& name, const std::filesystem::path& folder,
                        OnnxInfo* info) {
  const detail::Source source{name, folder};
  const ::onnx::ModelProto model = detail::parse(bytes, source);
  Network network = detail::read(model, source);
  check(network);
  if (info != nullptr) *info = detail::info_of(model, source);
  return network;
}

Network read_onnx(const std::filesystem::path& path, OnnxInfo* info) {
  return read_onnx_bytes(read_file(path), path.string(), path.parent_path(), info);
}

}  // namespace secateur::nn
