// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/formulation.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "secateur/core/rounding.hpp"
#include "secateur/mip/big_m.hpp"
#include "secateur/mip/indicator.hpp"
#include "secateur/mip/neuron.hpp"
#include "secateur/mip/partitioned.hpp"

namespace secateur::mip {

namespace {

/// Right-hand sides of a few denormals are what error bounds leave of an exact zero; solvers warn of them, and no
/// solver's tolerance can tell them from zero.
double plain(double side) { return std::abs(side) < 1e-200 ? 0.0 : side; }

/// Adds the neurons and outputs of a graph to the frame.
class Builder {
 public:
  Builder(Formulation& formulation, const model::Compiled& problem, const FormulationSettings& settings)
      : m_formulation(formulation),
        m_model(formulation.model),
        m_graph(problem.graph),
        m_frame(problem.frame),
        m_settings(settings) {
    formulation.values = problem.frame.inputs;
  }

  void add_hidden_layer(const graph::AffineLayer& layer, const graph::LayerBounds& bounds,
                        const std::vector<graph::NeuronId>& origin, const Box& values) {
    std::vector<NeuronColumns> neurons;
    for (Index i = 0; i < layer.units(); ++i) {
      const Neuron neuron = read(layer, i, bounds, origin[static_cast<std::size_t>(i)]);
      neurons.push_back(add_neuron(neuron, values));
      if (neurons.back().binary >= 0) ++m_formulation.binaries;
    }
    for (const NeuronColumns& neuron : neurons) m_formulation.values.push_back(neuron.activation);
    m_formulation.neurons.push_back(std::move(neurons));
  }

  void add_outputs() {
    const graph::AffineLayer& layer = m_graph.layers.back();
    for (std::size_t i = 0; i < m_frame.outputs.size(); ++i) {
      const int y = m_frame.outputs[i];
      if (y < 0) continue;
      const auto unit = static_cast<Index>(i);
      m_model.add_entry(y, 1);
      for (const NeuronInput& input : inputs_of(layer, unit)) m_model.add_entry(input.column, -input.weight);
      const std::string& name = m_model.column_names[static_cast<std::size_t>(y)];
      m_model.close_row(layer.bias(unit), layer.bias(unit), "output_" + name);
    }
  }

 private:
  Neuron read(const graph::AffineLayer& layer, Index i, const graph::LayerBounds& bounds, graph::NeuronId id) const {
    Neuron neuron;
    neuron.id = id;
    neuron.lower = bounds.lower(i);
    neuron.upper = bounds.upper(i);
    neuron.bias = layer.bias(i);
    neuron.error = layer.error(i);
    neuron.bias_below = plain(neuron.error > 0 ? add_down(neuron.bias, -neuron.error) : neuron.bias);
    neuron.bias_above = plain(neuron.error > 0 ? add_up(neuron.bias, neuron.error) : neuron.bias);
    neuron.inputs = inputs_of(layer, i);
    return neuron;
  }

  NeuronColumns add_neuron(const Neuron& neuron, const Box& values) {
    NeuronColumns columns;
    if (neuron.upper <= 0) return columns;
    add_activation(m_model, neuron, columns);
    if (neuron.lower >= 0) {
      m_model.add_entry(columns.activation, 1);
      subtract_inputs(m_model, neuron);
      m_model.close_row(neuron.bias_below, neuron.bias_above, neuron.name("active_"));
      return columns;
    }
    switch (m_settings.kind) {
      case model::Formulation::big_m:
      case model::Formulation::hull:
        write_big_m(m_model, neuron, columns);
        break;
      case model::Formulation::partitioned:
        write_partitioned(m_model, neuron, values, m_settings.partitions, columns);
        break;
      case model::Formulation::indicator:
        write_indicator(m_model, neuron, columns);
        break;
      case model::Formulation::sos:
        write_sos(m_model, neuron, columns);
        break;
    }
    return columns;
  }

  [[nodiscard]] std::vector<NeuronInput> inputs_of(const graph::AffineLayer& layer, Index row) const {
    std::vector<NeuronInput> inputs;
    for (SparseMatrix::InnerIterator entry(layer.weight, row); entry; ++entry) {
      const int column = m_formulation.values[static_cast<std::size_t>(entry.col())];
      if (column >= 0 && entry.value() != 0) inputs.push_back({entry.col(), column, entry.value()});
    }
    return inputs;
  }

  Formulation& m_formulation;
  lp::Model& m_model;
  const graph::ReluGraph& m_graph;
  const model::Frame& m_frame;
  const FormulationSettings& m_settings;
};

}  // namespace

std::string Neuron::name(const char* what) const {
  return std::string(what).append(std::to_string(id.layer)).append("_").append(std::to_string(id.unit));
}

void subtract_inputs(lp::Model& model, const Neuron& neuron) {
  for (const NeuronInput& input : neuron.inputs) model.add_entry(input.column, -input.weight);
}

void add_activation(lp::Model& model, const Neuron& neuron, NeuronColumns& columns) {
  columns.activation = model.add_column(std::max(0.0, neuron.lower), neuron.upper, 0, false, neuron.name("a_"));
}

void add_binary(lp::Model& model, const Neuron& neuron, NeuronColumns& columns) {
  columns.binary = model.add_column(0, 1, 0, true, neuron.name("delta_"));
}

void add_above_row(lp::Model& model, const Neuron& neuron, const NeuronColumns& columns) {
  model.add_entry(columns.activation, 1);
  subtract_inputs(model, neuron);
  model.close_row(neuron.bias_below, no_side, neuron.name("above_"));
}

Box value_bounds(const graph::ReluGraph& graph, const graph::NeuronBounds& bounds) {
  Box values{Vector(graph.values()), Vector(graph.values())};
  values.lower.head(graph.inputs()) = graph.domain.lower;
  values.upper.head(graph.inputs()) = graph.domain.upper;
  for (int k = 0; k + 1 < graph.depth(); ++k) {
    const graph::LayerBounds& layer = bounds[static_cast<std::size_t>(k)];
    values.lower.segment(graph.first_value(k), layer.size()) = layer.lower.cwiseMax(0.0);
    values.upper.segment(graph.first_value(k), layer.size()) = layer.upper.cwiseMax(0.0);
  }
  return values;
}

double objective_error(const model::Compiled& problem) {
  const model::Frame& frame = problem.frame;
  const Vector& row_error = problem.graph.layers.back().error;
  double sum = 0;
  for (std::size_t i = 0; i < frame.outputs.size(); ++i) {
    if (frame.outputs[i] < 0) continue;
    const double cost = std::abs(frame.model.cost[static_cast<std::size_t>(frame.outputs[i])]);
    const double part = multiply_up(cost, row_error(static_cast<Index>(i)));
    if (part > 0) sum = add_up(sum, part);
  }
  return sum;
}

Formulation formulate_graph(const model::Compiled& problem, const graph::NeuronBounds& bounds,
                            const std::vector<std::vector<graph::NeuronId>>& origin,
                            const FormulationSettings& settings) {
  if (settings.partitions < 1) throw std::invalid_argument("formulate_graph: a neuron has at least one partition");
  Formulation formulation;
  formulation.model = problem.frame.model;
  formulation.frame_columns = formulation.model.columns();
  formulation.frame_rows = formulation.model.rows();
  Builder builder(formulation, problem, settings);
  const Box values = value_bounds(problem.graph, bounds);
  const auto& layers = problem.graph.layers;
  for (std::size_t k = 0; k + 1 < layers.size(); ++k) builder.add_hidden_layer(layers[k], bounds[k], origin[k], values);
  builder.add_outputs();
  formulation.objective_error = objective_error(problem);
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
      if (neuron.slack >= 0) point(neuron.slack) = std::max(0.0, -value);
      for (const PartColumn& part : neuron.parts) {
        double sum = 0;
        for (const auto& [column, weight] : part.terms) sum += weight * point(column);
        point(part.column) = value > 0 ? sum : 0;
      }
    }
  }
  for (std::size_t i = 0; i < frame.outputs.size(); ++i) {
    if (frame.outputs[i] >= 0) point(frame.outputs[i]) = z.back()(static_cast<Index>(i));
  }
  return point;
}

}  // namespace secateur::mip
