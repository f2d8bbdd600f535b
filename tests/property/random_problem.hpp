// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "secateur/core/rng.hpp"
#include "secateur/model/problem.hpp"
#include "support/random_network.hpp"

namespace secateur {

inline nn::Network tiny_network(Index inputs, Index outputs, Rng& rng) {
  RandomNetwork how;
  const Index neurons = 2 + rng.below(3);
  how.widths = rng.below(2) == 0 ? std::vector<Index>{inputs, neurons, outputs}
                                 : std::vector<Index>{inputs, neurons, 2, outputs};
  how.density = rng.below(3) == 0 ? 0.7 : 1.0;
  how.scaling = rng.below(4) == 0;
  return random_network(how, rng);
}

/// A point that decisions may have, completed.
inline Vector sampled(const model::Problem& problem, const model::Structure& structure, Rng& rng) {
  Vector point(static_cast<Index>(problem.variables.size()));
  for (Index v = 0; v < point.size(); ++v) {
    const model::Variable& variable = problem.variables[static_cast<std::size_t>(v)];
    point(v) = std::isfinite(variable.lower) ? rng.uniform(variable.lower, variable.upper) : 0.0;
  }
  return model::complete(problem, structure, model::admissible(problem, structure, point));
}

/// Kinds in turn: a network over a box; with constraints; with integer and discrete inputs; a chain of two networks;
/// two networks side by side that share an input, next to a decision that no network reads. Constraints are drawn so
/// that a sampled point satisfies them, in every eighth problem so that it violates them by little.
inline model::Problem random_problem(std::uint64_t seed) {
  Rng rng(7000 + seed);
  const auto kind = seed % 5;
  model::Problem problem;
  problem.sense = rng.below(2) == 0 ? Sense::minimize : Sense::maximize;
  const auto decision = [&](const std::string& name, model::VariableType type) {
    model::Variable variable{name, {}, type, rng.uniform(-2, 0), rng.uniform(0.5, 2), {}};
    if (type == model::VariableType::integer) variable.upper += 1;
    if (type == model::VariableType::discrete) {
      variable.values = {variable.lower, (variable.lower + variable.upper) / 3, variable.upper};
    }
    return problem.add_variable(variable);
  };
  const auto free = [&](const std::string& name) {
    return problem.add_variable({name, {}, {}, -INFINITY, INFINITY, {}});
  };
  const bool choices = kind == 2 || kind == 3;
  const int x0 = decision("x0", choices ? model::VariableType::integer : model::VariableType::continuous);
  const int x1 = decision("x1", kind == 2 ? model::VariableType::discrete : model::VariableType::continuous);
  const int x2 = decision("x2", model::VariableType::continuous);
  const int y0 = free("y0"), y1 = free("y1");
  std::vector<int> outputs{y0, y1};
  problem.add_network("first", tiny_network(kind == 4 ? 2 : 3, 2, rng),
                      kind == 4 ? std::vector{x0, x1} : std::vector{x0, x1, x2}, {y0, y1});
  if (kind >= 3) {
    const int t = free("t");
    outputs.push_back(t);
    problem.add_network("second", tiny_network(2, 1, rng), kind == 3 ? std::vector{y0, x2} : std::vector{x1, x2}, {t});
  }
  for (const int y : outputs) problem.objective.push_back({y, rng.normal()});
  if (kind == 4) problem.objective.push_back({decision("price", model::VariableType::continuous), rng.normal()});
  problem.objective.push_back({x1, 0.1 * rng.normal()});
  problem.constant = rng.below(2) == 0 ? 0.0 : rng.normal();
  if (kind == 0) return problem;
  const Vector point = sampled(problem, model::structure(problem), rng);
  for (int c = 0; c < 2; ++c) {
    std::vector<model::Term> terms;
    double sum = 0;
    for (Index v = 0; v < point.size(); ++v) {
      if (rng.below(2) == 0) continue;
      terms.push_back({static_cast<int>(v), rng.normal()});
      sum += terms.back().coefficient * point(v);
    }
    if (terms.empty()) continue;
    const double slack = seed % 8 == 7 ? -2 * rng.uniform() : 0.5 * rng.uniform();
    const bool both = rng.below(3) == 0 && slack > 0;
    problem.add_constraint(std::string("c").append(std::to_string(c)), terms, both ? sum - 0.5 : -INFINITY,
                           sum + slack);
  }
  return problem;
}

}  // namespace secateur
