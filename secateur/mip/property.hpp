// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/names.hpp"
#include "secateur/core/progress.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/model/vnnlib.hpp"

namespace secateur::mip {

/// What is known of a property: some input has it, none has, or why neither is known.
enum class Verdict { sat, unsat, time_limit, node_limit, memory_limit, interrupted };

struct PropertyResult {
  Verdict verdict = Verdict::interrupted;
  /// sat: the witness, replayed: the network at x satisfies every constraint of the disjunct in float64 arithmetic,
  /// strict ones strictly.
  Vector x, y;
  Proof proof = Proof::solver_tolerance;  ///< what stands behind `unsat`: the weakest proof of all disjuncts
  std::size_t disjunct = 0;               ///< sat: which one
  model::SolveResult work;                ///< seconds, nodes, boxes, neurons, solver: of all disjuncts together
};

/// Decides a property of the network: disjunct after disjunct, each as the search for a point of the box that satisfies
/// all constraints, one of which serves as the objective with its side as the target. Settings' time limit is for all
/// of them. Throws InputError when the property's box or indices do not fit the network, and as solve() does.
PropertyResult decide(const nn::Network& network, const model::Property& property, const model::SolveSettings& settings,
                      const SolverOptions& options = {}, const ProgressSink& progress = {});

}  // namespace secateur::mip

namespace secateur {
template <>
struct Names<mip::Verdict> {
  static constexpr std::array<std::string_view, 6> value{"sat",        "unsat",        "time_limit",
                                                         "node_limit", "memory_limit", "interrupted"};
};
}  // namespace secateur
