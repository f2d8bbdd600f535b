// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/ledger.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::mip {

Ledger::Ledger(const model::Problem& problem, const model::Structure& structure, const model::SolveSettings& settings,
               const Stop& stop, const ProgressSink& progress)
    : m_problem(problem), m_structure(structure), m_settings(settings), m_stop(stop), m_progress(progress) {}

bool Ledger::better(double a, double b) const { return m_problem.sense == Sense::minimize ? a < b : a > b; }

bool Ledger::offer(const Vector& point) {
  Vector replayed = model::complete(m_problem, m_structure, model::admissible(m_problem, m_structure, point));
  const double value = model::objective_at(m_problem, replayed);
  if (!std::isfinite(value) || (m_objective && !better(value, *m_objective))) return false;
  if (m_settings.worst_objective && better(*m_settings.worst_objective, value)) return false;
  if (!(model::violation(m_problem, replayed) <= m_settings.feasibility)) return false;
  m_objective = value;
  m_point = std::move(replayed);
  note();
  return true;
}

void Ledger::prove(double bound) {
  // A tighter bound is the worse objective: larger when minimising.
  if (!std::isfinite(bound) || (m_proven && !better(*m_proven, bound))) return;
  m_proven = bound;
  note();
}

void Ledger::begin_run() {
  m_heard_before = contradiction() == 0 ? m_heard : std::nullopt;
  m_heard = m_heard_before;
}

void Ledger::hear(std::optional<double> bound, std::int64_t nodes) {
  m_nodes = nodes;
  m_heard = bound && m_heard_before && better(*bound, *m_heard_before) ? m_heard_before : bound;
  if (!bound) m_heard = m_heard_before;
  note();
}

void Ledger::exhausted(double tolerance) {
  if (!m_heard || !m_objective || std::abs(*m_heard - *m_objective) > tolerance) return;
  m_heard = m_objective;
  note();
}

std::optional<Ledger::Bound> Ledger::best_bound() const {
  // A proof in real arithmetic is worth more than the solver's word when it suffices.
  if (m_proven && (!m_heard || !better(*m_proven, *m_heard))) return Bound{*m_proven, Proof::rounding_safe};
  if (m_proven && m_objective && model::gap_closed(*m_objective, *m_proven, m_problem.sense, m_settings)) {
    return Bound{*m_proven, Proof::rounding_safe};
  }
  if (!m_heard) return std::nullopt;
  // The true optimum is no worse than a forward pass, so a bound beyond it is moved back to it.
  const bool crossed = m_objective && better(*m_objective, *m_heard);
  return Bound{crossed ? *m_objective : *m_heard, Proof::solver_tolerance};
}

bool Ledger::closed() const {
  const auto bound = best_bound();
  return bound && m_objective && model::gap_closed(*m_objective, bound->value, m_problem.sense, m_settings);
}

double Ledger::contradiction() const {
  if (!m_heard || !m_objective || !better(*m_objective, *m_heard)) return 0;
  const double crossing = std::abs(*m_heard - *m_objective), size = std::abs(*m_objective);
  const double explained =
      std::max({m_settings.absolute_gap, m_settings.gap * size, m_settings.feasibility * std::max(1.0, size)});
  return crossing > explained ? crossing : 0;
}

void Ledger::note() {
  const auto bound = best_bound();
  const std::optional<double> value = bound ? std::optional(bound->value) : std::nullopt;
  const double now = m_stop.seconds();
  if (m_trace.empty() || m_trace.back().objective != m_objective || m_trace.back().bound != value) {
    m_trace.push_back({now, m_objective, value, m_nodes});
  }
  if (!m_progress) return;
  Progress report;
  report.stage = "solve";
  report.incumbent = m_objective;
  report.bound = value;
  if (m_objective && value) report.gap = model::relative_gap(*m_objective, *value, m_problem.sense);
  report.nodes = m_nodes;
  report.seconds = now;
  m_progress(report);
}

void Ledger::write(model::SolveResult& result) const {
  result.objective = m_objective;
  if (m_objective) {
    result.x = m_point(m_structure.decisions);
    result.y = m_point(m_structure.determined);
  }
  if (const auto bound = best_bound()) {
    result.bound = bound->value;
    result.proof = bound->proof;
    if (m_objective) result.gap = model::relative_gap(*m_objective, bound->value, m_problem.sense);
  }
  result.trace = m_trace;
}

}  // namespace secateur::mip
