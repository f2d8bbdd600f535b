// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/problem.hpp"

#include <cmath>
#include <string>

#include "secateur/core/error.hpp"
#include "secateur/model/box.hpp"
#include "secateur/nn/evaluate.hpp"

namespace secateur::model {

void check(const Problem& problem) {
  nn::check(problem.network);
  check_box(problem.box, problem.network.input_names);
  const Vector& objective = problem.objective;
  const Index outputs = problem.network.outputs();
  if (objective.size() != outputs) {
    throw InputError(std::to_string(objective.size()) + " coefficients, but the network has " +
                         std::to_string(outputs) + (outputs == 1 ? " output" : " outputs"),
                     {}, "--objective");
  }
  for (Index k = 0; k < outputs; ++k) {
    if (!std::isfinite(objective(k))) {
      throw InputError(
          "the coefficient of " + problem.network.output_names[static_cast<std::size_t>(k)] + " is not a finite number",
          {}, "--objective");
    }
  }
  if (objective.isZero(0)) {
    throw InputError("every coefficient is zero; at least one output has to count", {}, "--objective");
  }
}

double objective_at(const Problem& problem, const Vector& x) {
  return problem.objective.dot(nn::evaluate(problem.network, x));
}

}  // namespace secateur::model
