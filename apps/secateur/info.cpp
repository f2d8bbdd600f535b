// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <variant>

#include "command.hpp"
#include "output.hpp"
#include "secateur/nn/read.hpp"

namespace secateur::app {

namespace {

/// What is said of one layer: its kind, units, for a Dense or Sparse one the fan-in and the non-zero weights, and for a
/// ReLU of some units only how many.
struct Row {
  std::string type;
  Index units = 0;
  std::optional<Index> inputs, weights, neurons;
};

std::vector<Row> describe(const nn::Network& network) {
  std::vector<Row> rows;
  Index units = network.inputs();
  for (const nn::Layer& layer : network.layers) {
    if (const auto* const dense = std::get_if<nn::Dense>(&layer)) {
      units = dense->weight.rows();
      rows.push_back({"dense", units, dense->weight.cols(), (dense->weight.array() != 0).count(), {}});
    } else if (const auto* const scaling = std::get_if<nn::Elementwise>(&layer)) {
      rows.push_back({std::string(to_string(scaling->op)), units, {}, {}, {}});
    } else if (const auto* const sparse = std::get_if<nn::Sparse>(&layer)) {
      units = sparse->weight.rows();
      rows.push_back({"sparse", units, sparse->weight.cols(), sparse->weight.nonZeros(), {}});
    } else {
      const auto& some = std::get<nn::Relu>(layer).units;
      rows.push_back({"relu", units, {}, {}, {}});
      if (!some.empty()) rows.back().neurons = static_cast<Index>(some.size());
    }
  }
  if (network.activation != nn::Activation::none) {
    rows.push_back({std::string(to_string(network.activation)), units, {}, {}, {}});
  }
  return rows;
}

class Info : public Command {
 public:
  Info() : Command("info", "what stands in a model file: layers, weights, ops, names, box", "secateur info net.onnx") {}

  void declare(Options& options) override {
    options.positional("NET.onnx", m_file, "the network, an ONNX or .nnet file");
  }

  int run(const Context& context) override {
    nn::OnnxInfo onnx;
    const nn::Network network = nn::read_network(m_file, &onnx);
    if (context.json) {
      print_json(json(network, onnx));
    } else {
      print(text(network, onnx));
    }
    return 0;
  }

 private:
  /// A .nnet file has no operators, opset and producer.
  static bool is_onnx(const nn::OnnxInfo& onnx) { return onnx.opset != 0; }

  static Json json(const nn::Network& network, const nn::OnnxInfo& onnx) {
    Json layers = Json::array();
    for (const Row& row : describe(network)) {
      Json layer = {{"type", row.type}, {"units", row.units}};
      if (row.inputs) layer["inputs"] = *row.inputs;
      if (row.weights) layer["weights"] = *row.weights;
      if (row.neurons) layer["neurons"] = *row.neurons;
      layers.push_back(layer);
    }
    return {{"layers", layers},
            {"weights", nn::count_weights(network)},
            {"neurons", nn::count_neurons(network)},
            {"precision", to_string(network.precision)},
            {"ops", is_onnx(onnx) ? Json(onnx.ops) : Json()},
            {"names", {{"inputs", network.input_names}, {"outputs", network.output_names}}},
            {"box", network.box ? to_json(*network.box) : Json()},
            {"opset", is_onnx(onnx) ? Json(onnx.opset) : Json()},
            {"ir_version", is_onnx(onnx) ? Json(onnx.ir_version) : Json()},
            {"producer", is_onnx(onnx) ? Json(onnx.producer) : Json()}};
  }

  static std::string text(const nn::Network& network, const nn::OnnxInfo& onnx) {
    std::map<std::string, int> counts;
    for (const std::string& op : onnx.ops) ++counts[op];
    std::vector<std::string> ops;
    for (const auto& [op, count] : counts) ops.push_back(count == 1 ? op : fmt::format("{} x {}", count, op));
    std::vector<std::pair<std::string, std::string>> known{
        {"inputs", fmt::format("{}", network.inputs())},
        {"outputs", fmt::format("{}", network.outputs())},
        {"weights", fmt::format("{} non-zero", nn::count_weights(network))},
        {"neurons", fmt::format("{} ReLU", nn::count_neurons(network))},
        {"precision", std::string(to_string(network.precision))}};
    if (is_onnx(onnx)) {
      known.emplace_back("ops", join(ops));
      known.emplace_back("opset", fmt::format("{} (IR {}, by {})", onnx.opset, onnx.ir_version,
                                              onnx.producer.empty() ? "an unnamed producer" : onnx.producer));
    } else {
      known.emplace_back("format", ".nnet");
    }
    std::string out = facts(known);

    std::vector<std::vector<std::string>> layers{{"layer", "units", "inputs", "weights"}};
    for (const Row& row : describe(network)) {
      const auto count = [](const std::optional<Index>& value) { return value ? fmt::format("{}", *value) : ""; };
      const std::string type = row.neurons ? fmt::format("{} of {}", row.type, *row.neurons) : row.type;
      layers.push_back({type, fmt::format("{}", row.units), count(row.inputs), count(row.weights)});
    }
    out += "\n" + table(layers);

    std::vector<std::vector<std::string>> inputs{{"input", "lower", "upper"}};
    for (Index i = 0; i < network.inputs(); ++i) {
      const std::string& name = network.input_names[static_cast<std::size_t>(i)];
      inputs.push_back(
          {name, network.box ? number(network.box->lower(i)) : "-", network.box ? number(network.box->upper(i)) : "-"});
    }
    out += "\n" + table(inputs);
    out += "\noutput\n";
    for (const std::string& name : network.output_names) out += name + "\n";
    return out;
  }

  std::string m_file;
};

}  // namespace

std::unique_ptr<Command> make_info() { return std::make_unique<Info>(); }

}  // namespace secateur::app
