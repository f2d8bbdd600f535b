// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::mip {

/// What is known so far: the best point, always by a float64 forward pass of the network itself, and the best bounds of
/// both kinds. Writes the trace and reports progress. Everything is in the user's sense.
class Ledger {
 public:
  Ledger(const model::Problem& problem, const model::Structure& structure, const model::SolveSettings& settings,
         const Stop& stop, const ProgressSink& progress);

  /// Moves the decisions among `point` (one entry a variable) inside their bounds and types, replays the networks, and
  /// keeps the point when it satisfies every constraint and is better than what was known.
  bool offer(const Vector& point);
  /// A bound that holds in real arithmetic.
  void prove(double bound);
  /// How many nodes have been looked at, by whatever search.
  void count(std::int64_t nodes) { m_nodes = nodes; }
  /// A new run of the solver begins. What it said at the end of the run before still counts, unless a forward pass
  /// contradicts it.
  void begin_run();
  /// What the solver says in the current run: replaces what it said earlier in the run.
  void hear(std::optional<double> bound, std::int64_t nodes);

  /// The solver has nothing left to search: what is left between its bound and the objective is no gap but its own
  /// tolerance, when that is as large.
  void exhausted(double tolerance);

  /// Whether some point is known; point() and objective() are about it.
  [[nodiscard]] bool has_point() const { return m_objective.has_value(); }
  [[nodiscard]] const Vector& point() const { return m_point; }
  [[nodiscard]] double objective() const { return m_objective.value(); }

  /// Whether the known point is proven to be optimal up to the gap asked for, by the bounds of either kind.
  [[nodiscard]] bool closed() const;
  /// How far the solver's bound lies on the wrong side of the objective, beyond what gap and tolerances explain; 0: it
  /// does not. A forward pass is a fact, so such a bound is wrong.
  [[nodiscard]] double contradiction() const;

  /// Fills objective, bound, gap, proof, x, y, and trace.
  void write(model::SolveResult& result) const;

 private:
  struct Bound {
    double value;
    Proof proof;
  };
  [[nodiscard]] std::optional<Bound> best_bound() const;
  [[nodiscard]] bool better(double a, double b) const;  ///< a is the better objective
  void note();

  const model::Problem& m_problem;
  const model::Structure& m_structure;
  const model::SolveSettings& m_settings;
  const Stop& m_stop;
  const ProgressSink& m_progress;
  Vector m_point;
  std::optional<double> m_objective, m_proven;
  std::optional<double> m_heard, m_heard_before;  ///< in the current run (or better), and before it
  std::int64_t m_nodes = 0;
  std::vector<model::SolveResult::Event> m_trace;
};

}  // namespace secateur::mip
