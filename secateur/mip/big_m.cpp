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

/// Adds the neurons and outputs of a graph to the frame; `m_columns` maps a value of the graph to its column, -1 for a
/// value that is zero.
class Builder {
 public:
  Builder(Formulation& formulation, const model::Compiled& problem)
      : m_formulation(formulation),
        m_model(formulation.model),
        m_graph(problem.graph),
        m_frame(problem.frame),
        m_columns(problem.frame.inputs) {}

  void add_hidden_layer(const graph::AffineLayer& layer, const graph::LayerBounds& bounds,
                        const std::vector<graph::NeuronId>& origin) {
    std::vector<NeuronColumns> neurons;
    for (Index i = 0; i < layer.units(); ++i) {
      neurons.push_back(add_neuron(layer, i, bounds.lower(i), bounds.upper(i), origin[static_cast<std::size_t>(i)]));
    }
    for (const NeuronColumns& neuron : neurons) m_columns.push_back(neuron.activation);
    m_formulation.neurons.push_back(std::move(neurons));
  }

  void add_outputs() {
    const graph::AffineLayer& layer = m_graph.layers.back();
    for (std::size_t i = 0; i < m_frame.outputs.size(); ++i) {
      const int y = m_frame.outputs[i];
      if (y < 0) continue;
      const auto unit = static_cast<Index>(i);
      m_model.add_entry(y, 1);
      subtract_row(layer, unit);
      const std::string& name = m_model.column_names[static_cast<std::size_t>(y)];
      m_model.close_row(layer.bias(unit), layer.bias(unit), "output_" + name);
      const double error = multiply_up(std::abs(m_model.cost[static_cast<std::size_t>(y)]), layer.error(unit));
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
  const model::Frame& m_frame;
  std::vector<int> m_columns;
};

}  // namespace

Formulation big_m(const model::Compiled& problem, const graph::NeuronBounds& bounds,
                  const std::vector<std::vector<graph::NeuronId>>& origin) {
  Formulation formulation;
  formulation.model = problem.frame.model;
  formulation.frame_columns = formulation.model.columns();
  formulation.frame_rows = formulation.model.rows();
  Builder builder(formulation, problem);
  const auto& layers = problem.graph.layers;
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) builder.add_hidden_layer(layers[k], bounds[k], origin[k]);
  builder.add_outputs();
  return formulation;
}

Vector forward_point(const Formulation& formulation, const model::Compiled& problem, const Vector& frame_point) {
  Vector point = Vector::Zero(formulation.model.columns());
  point.head(formulation.frame_columns) = frame_point;
  const model::Frame& frame = problem.frame;
  const std::vector<Vector> z = graph::preactivations(problem.graph, frame_point(frame.inputs));
  for (std::size_t k = 0; k < formulation.neurons.size(); ++k) {
    for (std::size_t i = 0; i < formulation.neurons[k].size(); ++i) {
      const NeuronColumns& neuron = formulation.neurons[k][i];
      const double value = z[k](static_cast<Index>(i));
      if (neuron.activation >= 0) point(neuron.activation) = std::max(0.0, value);
      if (neuron.binary >= 0) point(neuron.binary) = value > 0 ? 1 : 0;
    }
  }
  for (std::size_t i = 0; i < frame.outputs.size(); ++i) {
    if (frame.outputs[i] >= 0) point(frame.outputs[i]) = z.back()(static_cast<Index>(i));
  }
  return point;
}

}  // namespace secateur::mip
