// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/box.hpp"
#include "secateur/core/status.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::model {

/// min or max objective'y subject to y = network(x), x in box.
struct Problem {
  nn::Network network;
  Box box;
  Vector objective;  ///< one coefficient an output
  Sense sense = Sense::minimize;
};

/// Throws InputError when the box does not fit the network (count, lower > upper, infinite or NaN), or the objective
/// has the wrong length, is not finite, or is zero everywhere.
void check(const Problem& problem);

/// objective'y by a float64 forward pass at x.
double objective_at(const Problem& problem, const Vector& x);

}  // namespace secateur::model
