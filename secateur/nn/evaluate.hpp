// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/nn/network.hpp"

namespace secateur::nn {

/// Outputs at each row of `points` (points x inputs -> points x outputs), in float64 arithmetic whatever the network's
/// precision: the function that is optimised.
Matrix evaluate(const Network& network, const Matrix& points);
Vector evaluate(const Network& network, const Vector& point);

/// The same in the network's own precision, as a runtime computes it.
Matrix evaluate_native(const Network& network, const Matrix& points);

}  // namespace secateur::nn
