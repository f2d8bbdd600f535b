// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "secateur/core/rng.hpp"
#include "secateur/model/solve.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur {

/// A random network over [-1, 1]^inputs; every other seed maximises.
inline OverBox random_over_box(std::uint64_t seed, std::vector<Index> widths, double density = 1) {
  Rng rng(seed);
  RandomNetwork how;
  how.widths = std::move(widths);
  how.density = density;
  OverBox problem;
  problem.network = random_network(how, rng);
  problem.box = Box{Vector::Constant(problem.network.inputs(), -1), Vector::Constant(problem.network.inputs(), 1)};
  problem.objective = Vector::Zero(problem.network.outputs());
  problem.objective(0) = 1;
  problem.sense = seed % 2 == 0 ? Sense::minimize : Sense::maximize;
  return problem;
}

/// By the native engine alone: subdivision would close small problems by itself.
inline model::SolveSettings native_settings() {
  model::SolveSettings settings;
  settings.engine = model::Engine::native;
  settings.tighten = model::Tighten::off;
  settings.threads = 1;
  return settings;
}

}  // namespace secateur
