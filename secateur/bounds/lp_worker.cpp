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

/// The power of two that measures `size`; 0 for a size that says nothing.
int unit_of(double size) { return std::isfinite(size) && size > 0x1p-300 && size < 0x1p300 ? std::ilogb(size) : 0; }

/// Columns in units of their bounds, rows in those of their largest term.
lp::Scaling natural_units(const lp::Model& model) {
  lp::Scaling units;
  for (std::size_t j = 0; j < model.column_lower.size(); ++j) {
    units.column.push_back(unit_of(std::max(std::abs(model.column_lower[j]), std::abs(model.column_upper[j]))));
  }
  for (std::size_t i = 0; i < model.row_lower.size(); ++i) {
    double size = 0;
    for (auto p = static_cast<std::size_t>(model.row_start[i]); p < static_cast<std::size_t>(model.row_start[i + 1]);
         ++p) {
      const auto column = static_cast<std::size_t>(model.column[p]);
      size = std::max(size, std::ldexp(std::abs(model.value[p]), units.column[column]));
    }
    units.row.push_back(-unit_of(size));
  }
  return units;
}

}  // namespace

LpWorker::LpWorker() : m_session(lp::make_session("highs")) {
  // Only costs change from one program to the next, though many at a time, so that the last basis stays primal
  // feasible: letting HiGHS choose the primal simplex method then takes two thirds of the time.
  m_session->set_option("simplex_strategy", "0");
}

/// A lower bound of sign * function over the program's points, or minus infinity.
double LpWorker::least(const Combination& function, double sign, const Budget& budget, Result& result) {
  const auto unit = [this](int column) { return m_units.column[static_cast<std::size_t>(column)]; };
  double size = 0;
  for (const auto& [column, weight] : function.terms) {
    size = std::max(size, std::ldexp(std::abs(weight), unit(column)));
  }
  const int objective = -unit_of(size);
  for (const auto& [column, weight] : function.terms) {
    m_model.cost[static_cast<std::size_t>(column)] = sign * weight;
    m_session->set_cost(column, std::ldexp(sign * weight, unit(column) + objective));
  }
  double bound = -infinity;
  try {
    lp::Callbacks callbacks;
    callbacks.stop = budget.stop;
    lp::Outcome outcome = m_session->run_relaxation({}, callbacks);
    ++result.programs;
    if (outcome.row_dual.size() == m_model.rows()) {
      for (int i = 0; i < m_model.rows(); ++i) {
        double& dual = outcome.row_dual(i);
        dual = std::ldexp(dual, m_units.row[static_cast<std::size_t>(i)] - objective);
      }
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
  std::fill(m_model.integer.begin(), m_model.integer.end(), false);
  m_units = natural_units(m_model);
  m_session->load(lp::scaled(m_model, m_units));
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
