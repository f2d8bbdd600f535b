// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "secateur/core/options.hpp"
#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/flowsheet/case.hpp"

namespace secateur::flowsheet {

struct ReferenceSettings {
  int starts = 20;
  int evaluations = 2000;
  std::uint64_t seed = 0;
};

template <class Visitor>
void describe(ReferenceSettings& s, Visitor&& visit) {
  visit("starts", s.starts, "local searches on the simulator, for each choice of what is not continuous",
        Range<int>{1, 100000});
  visit("evaluations", s.evaluations, "simulations a local search may take", Range<int>{10, 10000000});
  visit("seed", s.seed, "seed of everything random", Range<std::uint64_t>{0, UINT64_MAX});
}

/// Best point that local searches on the simulator itself have found.
struct DirectOptimum {
  std::optional<Reference> best;  ///< empty when no feasible point was found
  double violation = 0;           ///< there
  Index starts = 0;               ///< searches run
  Index agreeing = 0;             ///< of these, searches of the best choice that came within 1e-6 of its objective
  Index evaluations = 0;
  std::map<std::string, Index> failures;  ///< simulations that did not converge, by reason
  std::optional<Status> stopped;          ///< why it ended early
};

/// Multistart direct optimisation, without surrogate and without proof: from scrambled Sobol points of the decisions'
/// bounds COBYLA (Powell 1994), which needs no derivatives, then SLSQP (Kraft 1988) with central differences, both of
/// NLopt. What is not continuous is enumerated. Same seed, same answer.
///
/// Throws InputError when the case has no simulator, a decision has no finite bounds, or there are more than 1000
/// choices to enumerate.
DirectOptimum optimize_directly(const Case& plant, const ReferenceSettings& settings, const ProgressSink& progress = {},
                                const Stop& stop = Stop());

}  // namespace secateur::flowsheet
