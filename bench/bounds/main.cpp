// SPDX-License-Identifier: Apache-2.0
//
// Times bounds of one network, from a file or drawn at random, and prints seconds, memory and the bounds themselves as
// JSON: the project's side of race.py.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "secateur/bounds/backward.hpp"
#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/subdivision.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/kernels.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/nn/onnx.hpp"

namespace {

using namespace secateur;

/// Fully connected layers of normal weights, of which those of the largest magnitude are kept: with share `density`
/// above the threshold, independently.
graph::ReluGraph random_graph(const std::vector<Index>& widths, double density, std::uint64_t seed) {
  Rng rng(seed);
  // P(|w| > threshold) = density for a standard normal w, by bisection on erfc.
  double low = 0, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (std::erfc(middle / std::sqrt(2.0)) > density ? low : high) = middle;
  }
  graph::ReluGraph graph;
  graph.domain = {Vector::Constant(widths.front(), -1.0), Vector::Constant(widths.front(), 1.0)};
  Index before = widths.front();
  for (std::size_t k = 1; k < widths.size(); ++k) {
    const Index fan_in = widths[k - 1];
    const double scale = std::sqrt(2.0 / static_cast<double>(fan_in));
    graph::AffineLayer layer;
    layer.weight.resize(widths[k], before);
    layer.weight.reserve(Eigen::VectorXi::Constant(
        widths[k], static_cast<int>(std::min(1.0, 1.5 * density + 0.02) * static_cast<double>(fan_in)) + 1));
    for (Index i = 0; i < widths[k]; ++i) {
      for (Index j = 0; j < fan_in; ++j) {
        const double w = rng.normal();
        if (density >= 1 || std::abs(w) > low) layer.weight.insert(i, before - fan_in + j) = scale * w;
      }
    }
    layer.weight.makeCompressed();
    layer.bias = layer.error = Vector::Zero(widths[k]);
    for (double& b : layer.bias) b = 0.1 * rng.normal();
    graph.layers.push_back(std::move(layer));
    before += widths[k];
  }
  return graph;
}

/// Every layer's CROWN bounds by the backward pass alone: what race.py does in PyTorch.
graph::NeuronBounds backward_only(const graph::ReluGraph& graph, const Box& box) {
  bounds::BackwardPass pass(graph, box);
  graph::NeuronBounds all;
  for (int k = 0; k < graph.depth(); ++k) {
    all.push_back(pass.layer_bounds(k));
    if (k + 1 < graph.depth()) pass.set_bounds(k, all.back());
  }
  return all;
}

/// The range of every preactivation by a problem of its own for each end: what the largest and the smallest value are,
/// not what bounds them.
graph::NeuronBounds exact(const nn::Network& network, const Box& box, int threads) {
  graph::NeuronBounds all;
  for (std::size_t length = 1; length <= network.layers.size(); ++length) {
    const auto* last = std::get_if<nn::Dense>(&network.layers[length - 1]);
    if (last == nullptr) continue;
    nn::Network part = network;
    part.layers.resize(length);
    const Index units = last->weight.rows();
    part.output_names.clear();
    for (Index i = 0; i < units; ++i) part.output_names.push_back("z" + std::to_string(i));
    graph::LayerBounds layer{Vector(units), Vector(units)};
    for (Index i = 0; i < units; ++i) {
      for (const Sense sense : {Sense::minimize, Sense::maximize}) {
        model::SolveSettings settings;
        settings.gap = settings.absolute_gap = 1e-6;
        settings.threads = threads;
        const auto result = mip::solve(model::over_box(part, box, Vector::Unit(units, i), sense), settings);
        if (result.status != Status::optimal) throw InputError("a range was not found", "", "exact");
        (sense == Sense::minimize ? layer.lower : layer.upper)(i) = *result.objective;
      }
    }
    all.push_back(std::move(layer));
  }
  return all;
}

/// Memory of this process: `field` is VmRSS for what it has, VmHWM for the most it has had.
double megabytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == field + ":" && status >> kibibytes) return kibibytes / 1024;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times bounds");
  std::string file, method = "backward";
  std::vector<Index> widths;
  double density = 1, cutoff = std::numeric_limits<double>::infinity();
  int repeat = 1, threads = 1;
  bool print = false;
  app.add_option("--network", file, "ONNX file; box -1:1");
  app.add_option("--widths", widths, "draw a network instead: inputs, hidden layers, outputs")->delimiter(',');
  app.add_option("--density", density);
  app.add_option("--method", method)
      ->check(CLI::IsMember({"none", "backward", "interval", "crown", "alpha_crown", "lp", "subdivide", "exact"}));
  app.add_option("--cutoff", cutoff, "of subdivide, which minimises the first output");
  app.add_option("--threads", threads, "of subdivide");
  app.add_option("--repeat", repeat);
  app.add_flag("--print", print, "the bounds too");
  CLI11_PARSE(app, argc, argv);

  graph::ReluGraph graph;
  if (widths.empty()) {
    const nn::Network network = nn::read_onnx(file);
    const Index inputs = network.inputs();
    graph = graph::lower(network, {Vector::Constant(inputs, -1.0), Vector::Constant(inputs, 1.0)});
  } else {
    graph = random_graph(widths, density, 1);
  }
  const Box box = graph.domain;
  std::int64_t weights = 0;
  for (const auto& layer : graph.layers) weights += layer.weight.nonZeros();
  malloc_trim(0);                               // give back what drawing the network took
  std::ofstream("/proc/self/clear_refs") << 5;  // forget the most memory so far
  const double before = megabytes("VmRSS");
  nlohmann::json report{{"isa", std::string(to_string(active_isa()))},
                        {"version", std::string(version)},
                        {"compiler", "g++ " __VERSION__},
                        {"weights", weights},
                        {"neurons", graph.neurons()}};
  std::vector<double> seconds, cpu_seconds;
  graph::NeuronBounds bounds;
  for (int i = 0; i < repeat; ++i) {
    const Stopwatch watch;
    const std::clock_t start = std::clock();
    if (method == "backward") bounds = backward_only(graph, box);
    if (method == "interval") bounds = bounds::interval(graph, box);
    if (method == "crown") bounds = bounds::crown(graph, box);
    if (method == "alpha_crown") {
      bounds = bounds::compute_bounds(graph, box, graph::BoundsMethod::alpha_crown, threads);
    }
    if (method == "lp") bounds = bounds::compute_bounds(graph, box, graph::BoundsMethod::lp, threads);
    if (method == "exact") bounds = exact(nn::canonical(nn::read_onnx(file)), box, threads);
    if (method == "subdivide") {
      const Vector objective = Vector::Unit(graph.outputs(), 0);
      bounds::SubdivisionSettings settings;
      settings.threads = threads;
      const auto result = bounds::subdivide(graph, box, bounds::crown(graph, box), objective, cutoff, settings);
      report["boxes"] = result.boxes;
      report["bound"] = result.bound;
      report["exhausted"] = result.exhausted;
      bounds = result.bounds;
    }
    seconds.push_back(watch.seconds());
    cpu_seconds.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  report["seconds"] = seconds;
  report["cpu_seconds"] = cpu_seconds;
  report["megabytes_before"] = before;
  report["megabytes"] = megabytes("VmHWM");
  if (method != "none") report["unstable"] = graph::count_unstable(bounds);
  if (print) {
    for (const auto& layer : bounds) {
      report["lower"].push_back(std::vector<double>(layer.lower.begin(), layer.lower.end()));
      report["upper"].push_back(std::vector<double>(layer.upper.begin(), layer.upper.end()));
    }
  }
  std::cout << report.dump() << '\n';
  return 0;
} catch (const secateur::InputError& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
