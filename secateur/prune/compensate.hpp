// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/data/dataset.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::prune {

/// The constants that stand for removed values: entry k holds one number for each input of Dense layer k.
///
/// Pruning a weight w from source j takes T = w [a_j.lower, a_j.upper] out of a preactivation's interval; adding w m to
/// the bias takes out T - w m instead, which contains 0 whenever a_j.lower <= m <= a_j.upper. The new interval then
/// lies inside the old one, and by inclusion isotonicity so does that of every later neuron: compensated pruning never
/// loosens an interval bound. The same holds for a node that is replaced by m as a whole.
///
/// m is the mean of a_j over the rows of `data` inside the box, clamped to a_j's range over the box (CROWN); the middle
/// of that range without data, or without a row in the box.
std::vector<Vector> replacement_values(const nn::Network& canonical, const Box& box, const data::Dataset* data);

}  // namespace secateur::prune
