// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"
#include "secateur/model/vnnlib.hpp"

namespace secateur::mip {

/// A problem whose objective is one output of a network that ends in a sigmoid or softmax, without that end: the
/// objective is a monotone function f of an affine function z of the outputs before it, so both have the same optimal
/// points. Which is so for an output of a sigmoid (z is the output before it), and for an output k of a softmax or
/// log-softmax over two outputs (z = a_k - a_other, f the sigmoid or its logarithm).
struct WithoutActivation {
  model::Problem problem;  ///< maximises or minimises z
  nn::Activation activation = nn::Activation::none;
  double coefficient = 1;  ///< the objective is coefficient * f(z) + constant
  double constant = 0;
  std::string note;  ///< what was left out and why that is exact

  /// A bound of coefficient * f(z) + constant from one of z (in the sense of both): f is rounded outwards.
  [[nodiscard]] double objective_bound(double bound_of_z) const;
};

/// Nothing when no network ends in an activation. Throws InputError when one does and leaving it out would not be
/// exact: other terms in the objective, constraints or bounds on its outputs, another network that reads them, a
/// softmax over more than two outputs.
std::optional<WithoutActivation> without_activation(const model::Problem& problem);

/// Throws InputError unless leaving out the network's final activation changes no answer: every constraint that reads
/// outputs compares two of them (c y_i - c y_j <= 0), which sigmoid (output by output), softmax and log-softmax
/// preserve.
void require_preserved(const nn::Network& network, const model::Property& property);

}  // namespace secateur::mip
