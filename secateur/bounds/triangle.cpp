// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/triangle.hpp"

#include <algorithm>
#include <limits>

#include "secateur/bounds/relaxation.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double below(double value, double error) { return error == 0 ? value : add_down(value, -error); }
double above(double value, double error) { return error == 0 ? value : add_up(value, error); }

class Builder {
 public:
  Builder(const graph::ReluGraph& graph, const Surroundings& surroundings) : m_graph(graph) {
    m_triangle.model = surrounding_program(surroundings);
  }

  void add_inputs(const Box& inputs, const model::Frame* frame) {
    lp::Model& model = m_triangle.model;
    for (Index j = 0; j < inputs.size(); ++j) {
      if (frame == nullptr) {
        m_triangle.value.push_back(model.add_column(inputs.lower(j), inputs.upper(j), 0, false, {}));
        continue;
      }
      const int column = frame->inputs[static_cast<std::size_t>(j)];
      double& lower = model.column_lower[static_cast<std::size_t>(column)];
      double& upper = model.column_upper[static_cast<std::size_t>(column)];
      lower = std::max(lower, inputs.lower(j));
      upper = std::min(upper, inputs.upper(j));
      m_triangle.value.push_back(column);
    }
  }

  void add_hidden_layer(const graph::AffineLayer& layer, const graph::LayerBounds& bounds) {
    const Relaxation relaxation = relax(bounds);
    std::vector<int> activations, preactivations(static_cast<std::size_t>(layer.units()), -1);
    lp::Model& model = m_triangle.model;
    for (Index i = 0; i < layer.units(); ++i) {
      const double lower = bounds.lower(i), upper = bounds.upper(i);
      if (upper <= 0) {
        activations.push_back(-1);
        continue;
      }
      const int a = model.add_column(std::max(0.0, lower), upper, 0, false, {});
      activations.push_back(a);
      if (lower >= 0) {
        add_row(layer, i, a);
        continue;
      }
      const int z = model.add_column(lower, upper, 0, false, {});
      preactivations[static_cast<std::size_t>(i)] = z;
      add_row(layer, i, z);
      model.add_entry(a, 1);
      model.add_entry(z, -1);
      model.close_row(0, infinity, {});
      model.add_entry(a, 1);
      model.add_entry(z, -relaxation.slope(i));
      model.close_row(-infinity, relaxation.intercept(i), {});
    }
    m_triangle.value.insert(m_triangle.value.end(), activations.begin(), activations.end());
    m_triangle.preactivation.push_back(std::move(preactivations));
  }

  void add_outputs(const graph::AffineLayer& layer, const graph::LayerBounds& bounds, const model::Frame* frame) {
    std::vector<int> columns(static_cast<std::size_t>(layer.units()), -1);
    if (frame != nullptr) columns = frame->outputs;
    lp::Model& model = m_triangle.model;
    for (Index k = 0; k < layer.units(); ++k) {
      if (columns[static_cast<std::size_t>(k)] < 0) continue;
      const auto column = static_cast<std::size_t>(columns[static_cast<std::size_t>(k)]);
      model.column_lower[column] = std::max(model.column_lower[column], bounds.lower(k));
      model.column_upper[column] = std::min(model.column_upper[column], bounds.upper(k));
      add_row(layer, k, static_cast<int>(column));
    }
    m_triangle.preactivation.push_back(std::move(columns));
  }

  Triangle finish() { return std::move(m_triangle); }

 private:
  /// column - W v = b, within the row's error.
  void add_row(const graph::AffineLayer& layer, Index unit, int column) {
    m_triangle.model.add_entry(column, 1);
    for (SparseMatrix::InnerIterator entry(layer.weight, unit); entry; ++entry) {
      const int source = m_triangle.value[static_cast<std::size_t>(entry.col())];
      if (source >= 0 && entry.value() != 0) m_triangle.model.add_entry(source, -entry.value());
    }
    m_triangle.model.close_row(below(layer.bias(unit), layer.error(unit)), above(layer.bias(unit), layer.error(unit)),
                               {});
  }

  const graph::ReluGraph& m_graph;
  Triangle m_triangle;
};

}  // namespace

lp::Model surrounding_program(const Surroundings& surroundings) {
  if (surroundings.frame == nullptr) return {};
  lp::Model model = surroundings.frame->model;
  for (int j = 0; j < model.columns(); ++j) {
    const auto column = static_cast<std::size_t>(j);
    model.column_lower[column] = std::max(model.column_lower[column], surroundings.columns.lower(j));
    model.column_upper[column] = std::min(model.column_upper[column], surroundings.columns.upper(j));
  }
  if (surroundings.cutoff) {
    for (int j = 0; j < model.columns(); ++j) {
      const double cost = model.cost[static_cast<std::size_t>(j)];
      if (cost != 0) model.add_entry(j, cost);
    }
    const double side = *surroundings.cutoff - model.offset;
    if (model.sense == Sense::minimize) {
      model.close_row(-infinity, next_up(side), {});
    } else {
      model.close_row(next_down(side), infinity, {});
    }
  }
  std::fill(model.cost.begin(), model.cost.end(), 0.0);
  model.offset = 0;
  model.sense = Sense::minimize;
  return model;
}

Triangle triangle(const graph::ReluGraph& graph, const Box& inputs, const graph::NeuronBounds& bounds, int layers,
                  const Surroundings& surroundings) {
  Builder builder(graph, surroundings);
  builder.add_inputs(inputs, surroundings.frame);
  for (int k = 0; k < layers; ++k) {
    const auto layer = static_cast<std::size_t>(k);
    if (k + 1 < graph.depth()) {
      builder.add_hidden_layer(graph.layers[layer], bounds[layer]);
    } else {
      builder.add_outputs(graph.layers[layer], bounds[layer], surroundings.frame);
    }
  }
  return builder.finish();
}

Combination preactivation(const Triangle& triangle, const graph::ReluGraph& graph, graph::NeuronId id) {
  const auto layer = static_cast<std::size_t>(id.layer);
  if (layer < triangle.preactivation.size()) {
    const int column = triangle.preactivation[layer][static_cast<std::size_t>(id.unit)];
    if (column >= 0) return {{{column, 1.0}}, 0, 0};
  }
  const graph::AffineLayer& affine = graph.layers[layer];
  Combination combination{{}, affine.bias(id.unit), affine.error(id.unit)};
  for (SparseMatrix::InnerIterator entry(affine.weight, id.unit); entry; ++entry) {
    const int column = triangle.value[static_cast<std::size_t>(entry.col())];
    if (column >= 0 && entry.value() != 0) combination.terms.emplace_back(column, entry.value());
  }
  return combination;
}

}  // namespace secateur::bounds
