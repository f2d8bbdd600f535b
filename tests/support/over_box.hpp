// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/model/compile.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/nn/evaluate.hpp"

namespace secateur {

/// One network over a box, with its parts at hand; becomes a Problem wherever one is asked for.
struct OverBox {
  nn::Network network;
  Box box;
  Vector objective;
  Sense sense = Sense::minimize;

  operator model::Problem() const {  // NOLINT(google-explicit-constructor)
    return model::over_box(network, box, objective, sense);
  }
};

/// objective'y by a float64 forward pass at x.
inline double objective_at(const OverBox& problem, const Vector& x) {
  return problem.objective.dot(nn::evaluate(problem.network, x));
}

/// Its graph and frame.
inline model::Compiled compiled(const model::Problem& problem) {
  return model::compile(problem, model::structure(problem), model::frame_of(problem));
}

}  // namespace secateur
