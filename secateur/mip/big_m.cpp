// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/big_m.hpp"

#include "secateur/core/rounding.hpp"

namespace secateur::mip {

void add_active_row(lp::Model& model, const Neuron& neuron, const NeuronColumns& columns) {
  // a - w v - lower delta <= b - lower
  model.add_entry(columns.activation, 1);
  subtract_inputs(model, neuron);
  model.add_entry(columns.binary, -neuron.lower);
  model.close_row(-no_side, add_up(neuron.bias_above, -neuron.lower), neuron.name("active_"));
}

void add_inactive_row(lp::Model& model, const Neuron& neuron, const NeuronColumns& columns) {
  model.add_entry(columns.activation, 1);
  model.add_entry(columns.binary, -neuron.upper);
  model.close_row(-no_side, 0, neuron.name("inactive_"));
}

void write_big_m(lp::Model& model, const Neuron& neuron, NeuronColumns& columns) {
  add_binary(model, neuron, columns);
  add_above_row(model, neuron, columns);
  add_active_row(model, neuron, columns);
  add_inactive_row(model, neuron, columns);
}

Formulation big_m(const model::Compiled& problem, const graph::NeuronBounds& bounds,
                  const std::vector<std::vector<graph::NeuronId>>& origin) {
  return formulate_graph(problem, bounds, origin, {});
}

}  // namespace secateur::mip
