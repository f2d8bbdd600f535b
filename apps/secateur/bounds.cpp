// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/bounds.hpp"

#include "command.hpp"
#include "model_arguments.hpp"
#include "output.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/graph/lower.hpp"

namespace secateur::app {

namespace {

class Bounds : public Command {
 public:
  Bounds()
      : Command("bounds", "proven bounds of every neuron and output over a box",
                "secateur bounds net.onnx --box -1:1 --method crown") {}

  void declare(Options& options) override {
    m_arguments.declare(options);
    options.add("method", m_method, "how they are computed, from fast to tight");
  }

  int run(const Context& context) override {
    const nn::Network network = m_arguments.read_network();
    const Box box = m_arguments.read_box(network);
    const Stopwatch watch;
    const graph::ReluGraph graph = graph::lower(network, box);
    const graph::NeuronBounds bounds = bounds::compute_bounds(graph, box, m_method);
    const double seconds = watch.seconds();
    if (context.json) {
      Json layers = Json::array();
      for (const graph::LayerBounds& layer : bounds) layers.push_back(to_json(layer));
      print_json({{"layers", layers}, {"seconds", seconds}});
    } else {
      print(text(network, bounds, seconds));
    }
    return 0;
  }

 private:
  static std::string text(const nn::Network& network, const graph::NeuronBounds& bounds, double seconds) {
    std::vector<std::vector<std::string>> rows{{"layer", "units", "unstable", "mean width"}};
    for (std::size_t k = 0; k < bounds.size(); ++k) {
      const graph::LayerBounds& layer = bounds[k];
      const bool output = k + 1 == bounds.size();
      const Index unstable = (layer.lower.array() < 0 && layer.upper.array() > 0).count();
      rows.push_back({output ? "output" : fmt::format("{}", k + 1), fmt::format("{}", layer.size()),
                      output ? "" : fmt::format("{}", unstable), number((layer.upper - layer.lower).mean())});
    }
    std::string out = table(rows);
    std::vector<std::vector<std::string>> outputs{{"output", "lower", "upper"}};
    for (Index i = 0; i < network.outputs(); ++i) {
      outputs.push_back({network.output_names[static_cast<std::size_t>(i)], number(bounds.back().lower(i)),
                         number(bounds.back().upper(i))});
    }
    return out + "\n" + table(outputs) + "\n" + facts({{"seconds", fmt::format("{:.3g}", seconds)}});
  }

  NetworkArguments m_arguments;
  graph::BoundsMethod m_method = graph::BoundsMethod::crown;
};

}  // namespace

std::unique_ptr<Command> make_bounds() { return std::make_unique<Bounds>(); }

}  // namespace secateur::app
