// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/mip/formulation.hpp"
#include "secateur/mip/neuron.hpp"

namespace secateur::mip {

/// Big-M (Tjeng et al. 2019; Fischetti & Jo 2018), with a_k, delta_k for each unstable neuron, lower < 0 < upper:
///
///     above_k     a >= z
///     active_k    a <= z - lower (1 - delta)
///     inactive_k  a <= upper delta                 0 <= a <= upper, delta in {0, 1}.
Formulation big_m(const model::Compiled& problem, const graph::NeuronBounds& bounds,
                  const std::vector<std::vector<graph::NeuronId>>& origin);

/// The same for one neuron that has its activation: the binary and the three rows.
void write_big_m(lp::Model& model, const Neuron& neuron, NeuronColumns& columns);

/// The second and the third row alone, for a neuron that has its binary.
void add_active_row(lp::Model& model, const Neuron& neuron, const NeuronColumns& columns);
void add_inactive_row(lp::Model& model, const Neuron& neuron, const NeuronColumns& columns);

}  // namespace secateur::mip
