// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/big_m.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "secateur/core/rounding.hpp"

namespace secateur::mip {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string neuron_name(const char* what, graph::NeuronId id) {
  return std::string(what).append(std::to_string(id.layer)).append("_").append(std::to_string(id.unit));
}

/// Right-hand sides of a few denormals are what error bounds leave of an exact zero; solvers warn of them, and no
/// solver's tolerance can tell them from zero.
double plain(double side) { return std::abs(side) < 1e-200 ? 0.0 : side; }

/// Adds rows of one graph to one model; `columns` maps a value of the graph to its column, -1 for a value that is zero.
class Builder {
 public:
  Builder(Formulation& formulation, const graph::ReluGraph& graph)
      : m_formulation(formulation), m_model(formulation.model), m_graph(graph) {}

  void add_inputs(const std::vector<std::string>& names) {
    for (Index j = 0; j < m_graph.inputs(); ++j) {
      m_columns.push_back(m_model.add_column(m_graph.domain.lower(j), m_graph.domain.upper(j), 0, false,
                                             names[static_cast<std::size_t>(j)]));
    }
    m_formulation.inputs = m_columns;
  }

  void add_hidden_layer(const graph::AffineLayer& layer, const graph::LayerBounds& bounds,
                        const std::vector<graph::NeuronId>& origin) {
    std::vector<NeuronColumns> neurons;
    for (Index i = 0; i < layer.units(); ++i) {
      neurons.push_back(add_neuron(layer, i, bounds.lower(i), bounds.upper(i), origin[static_cast<std::size_t>(i)]));
    }
    for (const NeuronColumns& neuron : neurons) m_columns.push_back(neuron.activation);
    m_formulation.neurons.push_back(std::move(neurons));
  }

  void add_outputs(const graph::AffineLayer& layer, const graph::LayerBounds& bounds,
                   const std::vector<std::string>& names, const Vector& objective) {
    for (Index k = 0; k < layer.units(); ++k) {
      // An output that does not count is left free, so that presolve can drop it together with its row.
      const bool counts = objective(k) != 0;
      const std::string& name = names[static_cast<std::size_t>(k)];
      const int y = m_model.add_column(counts ? bounds.lower(k) : -infinity, counts ? bounds.upper(k) : infinity,
                                       objective(k), false, name);
      m_model.add_entry(y, 1);
      subtract_row(layer, k);
      m_model.close_row(layer.bias(k), layer.bias(k), "output_" + name);
      m_formulation.outputs.push_back(y);
      const double error = multiply_up(std::abs(objective(k)), layer.error(k));
      if (error > 0) m_formulation.objective_error = add_up(m_formulation.objective_error, error);
    }
  }

 private:
  NeuronColumns add_neuron(const graph::AffineLayer& layer, Index i, double lower, double upper, graph::NeuronId id) {
    NeuronColumns neuron;
    if (upper <= 0) return neuron;
    const double bias = layer.bias(i), error = layer.error(i);
    const double bias_below = plain(error > 0 ? add_down(bias, -error) : bias);
    const double bias_above = plain(error > 0 ? add_up(bias, error) : bias);
    neuron.activation = m_model.add_column(std::max(0.0, lower), upper, 0, false, neuron_name("a_", id));
    if (lower >= 0) {
      m_model.add_entry(neuron.activation, 1);
      subtract_row(layer, i);
      m_model.close_row(bias_below, bias_above, neuron_name("active_", id));
      return neuron;
    }
    neuron.binary = m_model.add_column(0, 1, 0, true, neuron_name("delta_", id));
    ++m_formulation.binaries;

    m_model.add_entry(neuron.activation, 1);
    subtract_row(layer, i);
    m_model.close_row(bias_below, infinity, neuron_name("above_", id));

    // a - w v - lower delta <= b - lower
    m_model.add_entry(neuron.activation, 1);
    subtract_row(layer, i);
    m_model.add_entry(neuron.binary, -lower);
    m_model.close_row(-infinity, add_up(bias_above, -lower), neuron_name("active_", id));

    m_model.add_entry(neuron.activation, 1);
    m_model.add_entry(neuron.binary, -upper);
    m_model.close_row(-infinity, 0, neuron_name("inactive_", id));
    return neuron;
  }

  void subtract_row(const graph::AffineLayer& layer, Index row) {
    for (SparseMatrix::InnerIterator entry(layer.weight, row); entry; ++entry) {
      const int column = m_columns[static_cast<std::size_t>(entry.col())];
      if (column >= 0 && entry.value() != 0) m_model.add_entry(column, -entry.value());
    }
  }

  Formulation& m_formulation;
  lp::Model& m_model;
  const graph::ReluGraph& m_graph;
  std::vector<int> m_columns;
};

}  // namespace

Formulation big_m(const graph::ReluGraph& graph, const graph::NeuronBounds& bounds,
                  const std::vector<std::vector<graph::NeuronId>>& origin, const ColumnNames& names,
                  const Vector& objective, Sense sense) {
  Formulation formulation;
  formulation.model.sense = sense;
  Builder builder(formulation, graph);
  builder.add_inputs(names.inputs);
  const std::size_t last = graph.layers.size() - 1;
  for (std::size_t k = 0; k < last; ++k) builder.add_hidden_layer(graph.layers[k], bounds[k], origin[k]);
  builder.add_outputs(graph.layers[last], bounds[last], names.outputs, objective);
  return formulation;
}

Vector forward_point(const Formulation& formulation, const graph::ReluGraph& graph, const Vector& input) {
  Vector point(formulation.model.columns());
  for (Index j = 0; j < input.size(); ++j) point(formulation.inputs[static_cast<std::size_t>(j)]) = input(j);
  const std::vector<Vector> z = graph::preactivations(graph, input);
  for (std::size_t k = 0; k < formulation.neurons.size(); ++k) {
    for (std::size_t i = 0; i < formulation.neurons[k].size(); ++i) {
      const NeuronColumns& neuron = formulation.neurons[k][i];
      const double value = z[k](static_cast<Index>(i));
      if (neuron.activation >= 0) point(neuron.activation) = std::max(0.0, value);
      if (neuron.binary >= 0) point(neuron.binary) = value > 0 ? 1 : 0;
    }
  }
  for (std::size_t k = 0; k < formulation.outputs.size(); ++k) {
    point(formulation.outputs[k]) = z.back()(static_cast<Index>(k));
  }
  return point;
}

}  // namespace secateur::mip
