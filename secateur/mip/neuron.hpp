// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/mip/formulation.hpp"

namespace secateur::mip {

inline constexpr double no_side = std::numeric_limits<double>::infinity();

/// One input of a neuron: its value's index in the graph, its column and its weight.
struct NeuronInput {
  Index value = 0;
  int column = 0;
  double weight = 0;
};

/// An unstable neuron z = w v + b + e, |e| <= error, lower < 0 < upper, that a formulation writes into a model.
struct Neuron {
  graph::NeuronId id;  ///< in the lowered network: what its columns and rows are named after
  double lower = 0, upper = 0;
  double bias = 0, error = 0;
  double bias_below = 0, bias_above = 0;  ///< bias -+ error, rounded outwards
  std::vector<NeuronInput> inputs;        ///< without values that are zero

  [[nodiscard]] std::string name(const char* what) const;
};

/// Adds the terms of -w v to the row that is being written.
void subtract_inputs(lp::Model& model, const Neuron& neuron);

/// Adds the columns a and delta, the latter binary.
void add_activation(lp::Model& model, const Neuron& neuron, NeuronColumns& columns);
void add_binary(lp::Model& model, const Neuron& neuron, NeuronColumns& columns);

/// a >= z.
void add_above_row(lp::Model& model, const Neuron& neuron, const NeuronColumns& columns);

}  // namespace secateur::mip
