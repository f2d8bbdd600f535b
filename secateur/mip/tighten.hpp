// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <limits>

#include "secateur/core/stop.hpp"
#include "secateur/mip/goal.hpp"
#include "secateur/mip/prepare.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::mip {

/// What is left to search once an objective is known: the feasible points that are better than a cut-off, a gap below
/// it.
struct Tightened {
  /// Its bounds, domain, frame and folded neurons hold at the feasible points whose objective is at least as good as
  /// `cutoff`.
  /// Elsewhere the graph need not be the network.
  Prepared prepared;
  /// In the user's sense; infinite (on the worse side) when no objective is known.
  double cutoff = std::numeric_limits<double>::infinity();
  /// Proven in real arithmetic: there is no such point.
  bool empty = false;
  std::int64_t boxes = 0;     ///< sub-boxes looked at
  std::int64_t programs = 0;  ///< linear programs solved
};

/// Whether tighten() begins with a subdivision of the inputs' box.
bool subdivides(const Prepared& prepared, const model::SolveSettings& settings);

/// Spends what pays on bounds (settings.tighten): subdivision of the inputs, with the cut-off and the ranges of `goal`,
/// then linear programs over the relaxation with the problem's constraints and the cut-off.
///
/// `cutoff`: points worse than it need not be kept (in the user's sense). `probe(x)` gets inputs of the graph that look
/// better than the cut-off and returns the cut-off from then on. `prove(bound)` gets bounds of the whole problem, valid
/// in real arithmetic. `search`: points have not been looked for; subdivision does that as well.
Tightened tighten(const Prepared& prepared, const model::Problem& problem, const Goal& goal,
                  const model::SolveSettings& settings, double cutoff, bool search,
                  const std::function<double(const Vector& x)>& probe, const std::function<void(double bound)>& prove,
                  const Stop& stop);

}  // namespace secateur::mip
