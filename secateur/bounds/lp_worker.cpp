// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/lp_worker.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/core/rounding.hpp"
#include "secateur/lp/safe_bound.hpp"

namespace secateur::bounds {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool sign_known(const Target& target) { return target.lower >= 0 || target.upper <= 0; }

}  // namespace

LpWorker::LpWorker() : m_session(lp::make_session("highs")) {
  // Only costs change from one program to the next, though many at a time, so that the last basis stays primal
  // feasible: letting HiGHS choose the primal simplex method then takes two thirds of the time.
  m_session->set_option("simplex_strategy", "0");
}

/// A lower bound of sign * function over the program's points, or minus infinity.
double LpWorker::least(const Combination& function, double sign, const Budget& budget, Result& result) {
  for (const auto& [column, weight] : function.terms) {
    m_model.cost[static_cast<std::size_t>(column)] = sign * weight;
    m_session->set_cost(column, sign * weight);
  }
  double bound = -infinity;
  try {
    lp::Callbacks callbacks;
    callbacks.stop = budget.stop;
    const lp::Outcome outcome = m_session->run_relaxation({}, callbacks);
    ++result.programs;
    if (outcome.row_dual.size() == m_model.rows()) {
      bound = lp::safe_dual_bound(m_model, outcome.row_dual);
    } else if (outcome.status == Status::infeasible) {
      result.infeasible = lp::find_conflict(m_model, {}, callbacks).has_value();
    }
  } catch (const lp::SolverError&) {
    // Numerical trouble in one program: its range stays as it is.
    ++result.programs;
  }
  for (const auto& [column, weight] : function.terms) {
    m_model.cost[static_cast<std::size_t>(column)] = 0;
    m_session->set_cost(column, 0);
  }
  if (function.bias != 0) bound = add_down(bound, sign * function.bias);
  if (function.error != 0) bound = add_down(bound, -function.error);
  return bound;
}

LpWorker::Result LpWorker::tighten(const lp::Model& program, const std::vector<Target*>& targets,
                                   const Budget& budget) {
  Result result;
  if (targets.empty()) return result;
  m_model = program;
  m_session->load(program);
  // Optimistic at first: two dozen programs without any gain bring it from 1 below 0.02.
  double gain = 1;
  for (Target* target : targets) {
    // The end nearer to zero first: where it settles the sign, the other one is not needed.
    const bool upper_first = target->upper < -target->lower;
    for (const bool upper : {upper_first, !upper_first}) {
      if (target->sign_only && sign_known(*target)) break;
      const double width = target->upper - target->lower;
      if (width == 0) break;
      if (result.programs >= budget.programs || gain < budget.least_gain || budget.stop()) {
        result.complete = false;
        return result;
      }
      const double bound = least(target->function, upper ? -1 : 1, budget, result);
      if (result.infeasible) return result;
      double moved = 0;
      if (upper && -bound < target->upper) {
        moved = target->upper + bound;
        target->upper = -bound;
      } else if (!upper && bound > target->lower) {
        moved = bound - target->lower;
        target->lower = bound;
      }
      if (target->lower > target->upper) {
        result.infeasible = true;
        return result;
      }
      double share = std::isfinite(width) ? std::min(1.0, moved / width) : moved > 0 ? 1.0 : 0.0;
      if (target->sign_only && sign_known(*target)) share = 1;
      result.shrunk += share;
      gain = 0.85 * gain + 0.15 * share;
    }
  }
  return result;
}

}  // namespace secateur::bounds
