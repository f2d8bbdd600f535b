// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/scip_lp.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace secateur::lp::scip {

Relaxation::Relaxation(const Api& api, const Model& model) : m_api(api), m_model(model) {
  ok(m_api.lp_create(&m_lp, nullptr, "secateur", 1), "starting");
  std::vector<double> cost = model.cost, lower = model.column_lower, upper = model.column_upper;
  if (model.sense == Sense::maximize) {
    for (double& c : cost) c = -c;
  }
  for (double& bound : lower) bound = finite(bound);
  for (double& bound : upper) bound = finite(bound);
  ok(m_api.lp_add_columns(m_lp, model.columns(), cost.data(), lower.data(), upper.data(), nullptr, 0, nullptr, nullptr,
                          nullptr),
     "adding columns");
  Rows rows;
  rows.lower = model.row_lower;
  rows.upper = model.row_upper;
  rows.start = model.row_start;
  rows.column = model.column;
  rows.value = model.value;
  add_rows(rows);
  // Presolving would start each call anew, and with it each slice of time.
  m_api.lp_set_int(m_lp, lp_presolving, 0);
  m_api.lp_set_int(m_lp, lp_timing, 2);
}

Relaxation::~Relaxation() { m_api.lp_free(&m_lp); }

double Relaxation::finite(double bound) const {
  const double infinity = m_api.lp_infinity(m_lp);
  return std::clamp(bound, -infinity, infinity);
}

void Relaxation::ok(int code, const char* action) const {
  if (code != okay) throw SolverError(std::string("SCIP's linear programming solver failed at ") + action);
}

void Relaxation::set_column_bounds(int column, double lower, double upper) {
  lower = finite(lower);
  upper = finite(upper);
  ok(m_api.lp_change_bounds(m_lp, 1, &column, &lower, &upper), "changing a column's bounds");
  m_only_costs_changed = false;
}

void Relaxation::set_row_bounds(int row, double lower, double upper) {
  lower = finite(lower);
  upper = finite(upper);
  ok(m_api.lp_change_sides(m_lp, 1, &row, &lower, &upper), "changing a row's bounds");
  m_only_costs_changed = false;
}

void Relaxation::set_cost(int column, double cost) {
  if (m_model.sense == Sense::maximize) cost = -cost;
  ok(m_api.lp_change_costs(m_lp, 1, &column, &cost), "changing a cost");
}

void Relaxation::add_rows(const Rows& rows) {
  std::vector<double> lower = rows.lower, upper = rows.upper;
  for (double& bound : lower) bound = finite(bound);
  for (double& bound : upper) bound = finite(bound);
  if (rows.count() == 0) return;
  ok(m_api.lp_add_rows(m_lp, rows.count(), lower.data(), upper.data(), nullptr, static_cast<int>(rows.value.size()),
                       rows.start.data(), rows.column.data(), rows.value.data()),
     "adding rows");
  m_only_costs_changed = false;
}

/// One call of the solver, for at most that long; false when it has not come to a result.
bool Relaxation::step(Method method, double seconds) {
  m_api.lp_set_real(m_lp, lp_time_limit, std::min(seconds, 1e20));
  const int code = method == Method::primal ? m_api.lp_solve_primal(m_lp) : m_api.lp_solve_dual(m_lp);
  return code == okay;
}

/// Calls the solver until it has an answer or a limit is reached; nothing when its answer is unclear. The solver has
/// no way to be interrupted, so that it is called for slices of time, each from the last one's basis.
std::optional<Status> Relaxation::finish(Watch& watch, Method method, Outcome& outcome) {
  double slice = 0.04;
  while (true) {
    const double left = watch.settings().time_limit - watch.seconds();
    if (left <= 0) return Status::time_limit;
    const bool good = step(method, watch.listens() ? std::min(slice, left) : left);
    int iterations = 0;
    m_api.lp_iteration_count(m_lp, &iterations);
    outcome.iterations += std::max(iterations, 0);
    if (watch.listens() && watch.must_stop()) {
      watch.rethrow();
      return watch.stopped();
    }
    if (good && m_api.lp_is_optimal(m_lp) != 0) return Status::optimal;
    if (good && m_api.lp_is_infeasible(m_lp) != 0) return Status::infeasible;
    if (good && m_api.lp_is_unbounded(m_lp) != 0) return Status::unbounded;
    if (!good || m_api.lp_is_time_limit(m_lp) == 0) return std::nullopt;
    if (iterations == 0) slice *= 2;
  }
}

/// Whether some point satisfies rows and bounds: the same with a zero objective.
bool Relaxation::has_feasible_point(Watch& watch, Outcome& outcome) {
  const double zero = 0;
  for (int j = 0; j < m_model.columns(); ++j) m_api.lp_change_costs(m_lp, 1, &j, &zero);
  const std::optional<Status> status = finish(watch, Method::primal, outcome);
  for (int j = 0; j < m_model.columns(); ++j) set_cost(j, m_model.cost[static_cast<std::size_t>(j)]);
  if (status == Status::optimal) return true;
  if (status == Status::infeasible) return false;
  throw SolverError("SCIP could not tell whether the model is infeasible or unbounded");
}

void Relaxation::read_numbers(Outcome& outcome) const {
  outcome.primal.resize(m_model.columns());
  outcome.column_dual.resize(m_model.columns());
  outcome.row_dual.resize(m_model.rows());
  Vector activity(m_model.rows());
  double objective = 0;
  ok(m_api.lp_solution(m_lp, &objective, outcome.primal.data(), outcome.row_dual.data(), activity.data(),
                       outcome.column_dual.data()),
     "reading the solution");
  if (m_model.sense == Sense::maximize) {
    objective = -objective;
    outcome.row_dual = -outcome.row_dual;
    outcome.column_dual = -outcome.column_dual;
  }
  outcome.objective = outcome.bound = objective + m_model.offset;
}

Outcome Relaxation::solve(Watch& watch) {
  Outcome outcome;
  const RunSettings& settings = watch.settings();
  m_api.lp_set_real(m_lp, lp_feasibility, std::clamp(settings.feasibility, 1e-9, 1e-3));
  m_api.lp_set_real(m_lp, lp_dual_feasibility, std::clamp(settings.optimality, 1e-9, 1e-3));
  m_api.lp_set_int(m_lp, lp_random_seed, static_cast<int>(settings.seed % 2147483647U));
  std::optional<Status> status = finish(watch, m_only_costs_changed ? Method::primal : Method::dual, outcome);
  m_only_costs_changed = false;
  if (!status) {
    // Unclear: once more from the start, each way.
    m_api.lp_set_int(m_lp, lp_from_scratch, 1);
    for (const Method method : {Method::primal, Method::dual}) {
      if (!status) status = finish(watch, method, outcome);
    }
    m_api.lp_set_int(m_lp, lp_from_scratch, 0);
  }
  if (!status) throw SolverError("SCIP's linear programming solver gave up");
  if (status == Status::unbounded && !has_feasible_point(watch, outcome)) status = Status::infeasible;
  outcome.status = *status;
  outcome.seconds = watch.seconds();
  if (status == Status::optimal) {
    read_numbers(outcome);
    m_only_costs_changed = true;  // until something else does
  }
  return outcome;
}

}  // namespace secateur::lp::scip
