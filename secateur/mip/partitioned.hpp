// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/mip/neuron.hpp"

namespace secateur::mip {

/// Partitioned formulation (Tsay et al. 2021, eqs. 8 and 9) of an unstable neuron, between big-M (one part) and the
/// convex hull over the box of its inputs (a part for each input).
///
/// The inputs are split into parts S_1 .. S_N with sums s_n = sum over S_n of w_i v_i in [L_n, U_n]. The union of the
/// two sides a = 0, z <= 0 and a = z >= 0 is written with p_n = delta s_n:
///
///     L_n delta <= p_n <= U_n delta,      L_n (1 - delta) <= s_n - p_n <= U_n (1 - delta),      n = 1 .. N
///     a = p_1 + .. + p_N + b delta,       a >= z.
///
/// The equation gives p_N, so a neuron has N - 1 columns p more than with big-M. Where preactivation bounds are tighter
/// than the sum of the parts' intervals, the big-M rows say something new and are added.
///
/// `values`: bounds of the values that the inputs are. L_n, U_n are their interval sums, rounded outwards; the last
/// part's are widened by the row's error, for which p_N has to stand as well.
void write_partitioned(lp::Model& model, const Neuron& neuron, const Box& values, int partitions,
                       NeuronColumns& columns);

/// Parts of (nearly) equal size, neighbours in the order of their weights (Tsay et al. 2021, section 3.3); at most as
/// many as there are inputs.
std::vector<std::vector<NeuronInput>> equal_size_parts(std::vector<NeuronInput> inputs, int partitions);

}  // namespace secateur::mip
