// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/relu_graph.hpp"

#include <stdexcept>
#include <string>

namespace secateur::graph {

Index ReluGraph::first_value(int layer) const {
  Index first = inputs();
  for (int k = 0; k < layer; ++k) first += layers[static_cast<std::size_t>(k)].units();
  return first;
}

Index count_unstable(const NeuronBounds& bounds) {
  Index count = 0;
  for (std::size_t k = 0; k + 1 < bounds.size(); ++k) {
    count += ((bounds[k].lower.array() < 0) && (bounds[k].upper.array() > 0)).count();
  }
  return count;
}

std::vector<Vector> preactivations(const ReluGraph& graph, const Vector& input) {
  Vector values(graph.values());
  values.head(graph.inputs()) = input;
  std::vector<Vector> result;
  Index first = graph.inputs();
  for (const AffineLayer& layer : graph.layers) {
    Vector z = layer.weight * values.head(first) + layer.bias;
    if (result.size() + 1 < graph.layers.size()) {
      values.segment(first, layer.units()) = z.cwiseMax(0.0);
      first += layer.units();
    }
    result.push_back(std::move(z));
  }
  return result;
}

Matrix evaluate(const ReluGraph& graph, const Matrix& points) {
  // One point a column: a sparse row times a block of points reads both in order.
  Eigen::MatrixXd values(graph.values(), points.rows());
  values.topRows(graph.inputs()) = points.transpose();
  Index first = graph.inputs();
  for (int k = 0; k + 1 < graph.depth(); ++k) {
    const AffineLayer& layer = graph.layers[static_cast<std::size_t>(k)];
    values.middleRows(first, layer.units()) =
        ((layer.weight * values.topRows(first)).colwise() + layer.bias).cwiseMax(0.0);
    first += layer.units();
  }
  const AffineLayer& last = graph.layers.back();
  const Eigen::MatrixXd outputs = (last.weight * values).colwise() + last.bias;
  return outputs.transpose();
}

void check(const ReluGraph& graph) {
  const auto fail = [](const std::string& what) { throw std::invalid_argument("ReluGraph: " + what); };
  if (graph.layers.empty()) fail("no layers");
  const Box& domain = graph.domain;
  if (domain.lower.size() != domain.upper.size()) fail("domain bounds of different sizes");
  if (!domain.lower.allFinite() || !domain.upper.allFinite()) fail("domain is not finite");
  if ((domain.lower.array() > domain.upper.array()).any()) fail("domain has lower > upper");
  Index before = graph.inputs();
  for (std::size_t k = 0; k < graph.layers.size(); ++k) {
    const AffineLayer& layer = graph.layers[k];
    const std::string name = "layer " + std::to_string(k);
    if (layer.weight.rows() != layer.units() || layer.error.size() != layer.units()) fail(name + ": sizes differ");
    if (layer.weight.cols() != before) fail(name + ": does not read the values before it");
    if (!layer.weight.isCompressed()) fail(name + ": weight is not compressed");
    const Eigen::Map<const Vector> entries(layer.weight.valuePtr(), layer.weight.nonZeros());
    if (!entries.allFinite() || !layer.bias.allFinite() || !layer.error.allFinite()) fail(name + ": not finite");
    if ((layer.error.array() < 0).any()) fail(name + ": negative error");
    before += layer.units();
  }
}

}  // namespace secateur::graph
