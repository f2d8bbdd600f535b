// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/mip/neuron.hpp"

namespace secateur::mip {

/// An unstable neuron without a big-M constant: a >= z, a >= 0 and two conditions that the solver enforces by itself,
///
///     delta = 1  implies  a <= z,        delta = 0  implies  a <= 0.
void write_indicator(lp::Model& model, const Neuron& neuron, NeuronColumns& columns);

/// The same by a special ordered set and without a binary: a - s = z with a, s >= 0, at most one of which is not zero.
void write_sos(lp::Model& model, const Neuron& neuron, NeuronColumns& columns);

}  // namespace secateur::mip
