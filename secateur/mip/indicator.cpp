// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/indicator.hpp"

#include <utility>

namespace secateur::mip {

void write_indicator(lp::Model& model, const Neuron& neuron, NeuronColumns& columns) {
  add_binary(model, neuron, columns);
  add_above_row(model, neuron, columns);
  lp::Indicator active{columns.binary,        1, -no_side, neuron.bias_above, {columns.activation}, {1},
                       neuron.name("active_")};
  for (const NeuronInput& input : neuron.inputs) {
    active.columns.push_back(input.column);
    active.coefficients.push_back(-input.weight);
  }
  model.indicators.push_back(std::move(active));
  model.indicators.push_back(
      lp::Indicator{columns.binary, 0, -no_side, 0, {columns.activation}, {1}, neuron.name("inactive_")});
}

void write_sos(lp::Model& model, const Neuron& neuron, NeuronColumns& columns) {
  columns.slack = model.add_column(0, -neuron.lower, 0, false, neuron.name("s_"));
  model.add_entry(columns.activation, 1);
  model.add_entry(columns.slack, -1);
  subtract_inputs(model, neuron);
  model.close_row(neuron.bias_below, neuron.bias_above, neuron.name("split_"));
  model.sos1.push_back(lp::Sos1{{columns.activation, columns.slack}, {1, 2}, neuron.name("one_of_")});
}

}  // namespace secateur::mip
