// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/solve.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>

#include "secateur/lp/scaling.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/big_m.hpp"
#include "secateur/mip/cell.hpp"
#include "secateur/mip/incumbent.hpp"
#include "secateur/mip/ledger.hpp"
#include "secateur/mip/prepare.hpp"
#include "secateur/mip/units.hpp"

namespace secateur::mip {

namespace {

/// Rounding takes the optimum of a closed gap a little apart again; the solver is asked for slightly less.
constexpr double gap_reserve = 0.95;
/// Tolerance of rows and integrality in a first run, and in a second one where the first was too coarse.
constexpr double usual_feasibility = 1e-6, tight_feasibility = 1e-9;

class Search {
 public:
  Search(const model::Problem& problem, const model::SolveSettings& settings, const SolverOptions& options,
         const ProgressSink& progress)
      : m_problem(problem),
        m_settings(settings),
        m_stop(settings.time_limit),
        m_ledger(problem, settings, m_stop, progress),
        m_session(lp::make_session(to_string(settings.solver))),
        m_cells(lp::make_session(to_string(settings.solver))) {
    for (const auto& [name, value] : options) m_session->set_option(name, value);
  }

  model::SolveResult run() {
    model::SolveResult result;
    result.engine = model::Engine::milp;
    result.solver = m_session->solver();

    const Stopwatch bounds_watch;
    m_prepared = prepare(m_problem, m_settings);
    result.seconds.bounds = bounds_watch.seconds();
    result.neurons = {m_prepared.neurons, m_prepared.unstable, 0};
    m_ledger.prove(m_prepared.bound);

    const Stopwatch solve_watch;
    find_points();
    const Formulation formulation = formulation_of(m_problem, m_prepared);
    result.neurons.binaries = formulation.binaries;
    m_units = natural_units(formulation, m_prepared.graph, uniform_points(m_problem.box, 64, m_settings.seed));
    result.status = m_ledger.closed() ? Status::optimal : solve(formulation);
    result.nodes = m_nodes;
    m_ledger.write(result);
    result.seconds.solve = solve_watch.seconds();
    result.seconds.total = m_stop.seconds();
    return result;
  }

 private:
  /// Points by forward passes alone; the best few improved by the linear programs of their cells.
  void find_points() {
    const Vector objective = minimized(m_problem);
    const std::vector<Vector> points = good_points(m_prepared.graph, objective, m_settings.seed, m_stop);
    for (const Vector& x : points) m_ledger.offer(x);
    constexpr std::size_t polished = 3;
    for (std::size_t i = 0; i < std::min(polished, points.size()) && !m_stop.reason(); ++i) {
      m_ledger.offer(polish(*m_cells, m_prepared.graph, objective, points[i], m_settings.threads, 4, m_stop));
    }
  }

  /// Runs the solver, replays its answer, and runs it once more with tighter tolerances where the replay does not bear
  /// the first answer out.
  Status solve(const Formulation& formulation) {
    for (const double feasibility : {std::min(usual_feasibility, m_settings.feasibility), tight_feasibility}) {
      if (const auto reason = m_stop.reason()) return *reason;
      m_session->load(lp::scaled(formulation.model, m_units));
      m_session->set_start(lp::to_scaled(forward_point(formulation, m_prepared.graph, m_ledger.point()), m_units));
      m_ledger.begin_run();
      lp::Outcome outcome;
      try {
        outcome = run_solver(formulation, feasibility);
      } catch (const lp::SolverError&) {
        // Numerical trouble; the second run takes another way through the solver.
        if (feasibility == tight_feasibility) throw;
        continue;
      }
      replay(formulation, outcome);
      if (outcome.status != Status::optimal && outcome.status != Status::infeasible &&
          outcome.status != Status::unbounded) {
        require_no_contradiction();
        return m_ledger.closed() ? Status::optimal : outcome.status;
      }
      if (outcome.status == Status::optimal && m_ledger.contradiction() == 0 && m_ledger.closed()) {
        return Status::optimal;
      }
      if (outcome.status != Status::optimal && feasibility == tight_feasibility) {
        throw std::runtime_error(m_session->solver() + " finds the formulation " +
                                 std::string(to_string(outcome.status)) +
                                 ", but the network has a value at every point");
      }
    }
    require_no_contradiction();
    // The tree is exhausted; the objective is of size 2^-units in its own units.
    m_ledger.exhausted(tight_feasibility *
                       std::max(std::ldexp(1.0, -m_units.objective), std::abs(m_ledger.objective())));
    return m_ledger.closed() ? Status::optimal : Status::node_limit;
  }

  lp::Outcome run_solver(const Formulation& formulation, double feasibility) {
    lp::RunSettings run;
    run.gap = gap_reserve * m_settings.gap;
    run.absolute_gap = std::ldexp(gap_reserve * m_settings.absolute_gap, m_units.objective);
    run.feasibility = feasibility;
    run.optimality = std::min(1e-7, feasibility);
    run.time_limit = m_stop.seconds_left();
    run.memory_limit = m_settings.memory_limit;
    run.threads = m_settings.threads;
    run.seed = m_settings.seed;
    lp::Callbacks callbacks;
    const std::int64_t nodes_before = m_nodes;
    callbacks.progress = [&](const lp::SearchState& state) {
      m_nodes = nodes_before + state.nodes;
      m_ledger.hear(widened(state.bound, formulation), m_nodes);
    };
    callbacks.improved = [&](const Vector& columns, double) { m_ledger.offer(inputs_of(formulation, columns)); };
    callbacks.stop = [&] { return m_stop.reason(); };
    const lp::Outcome outcome = m_session->run(run, callbacks);
    m_nodes = nodes_before + outcome.nodes;
    m_ledger.hear(widened(outcome.bound, formulation), m_nodes);
    return outcome;
  }

  /// The solver's point through the network itself, and the best point of its cell: tolerances let the solver's columns
  /// differ from any forward pass, the cell's linear program does not have that freedom.
  void replay(const Formulation& formulation, const lp::Outcome& outcome) {
    if (outcome.primal.size() == 0) return;
    const Vector x = inputs_of(formulation, outcome.primal);
    m_ledger.offer(x);
    if (m_ledger.closed() && m_ledger.contradiction() == 0) return;
    // Repair gets its own moment: it decides between an answer and none.
    const Stop moment(std::max(1.0, m_stop.seconds_left()));
    const Vector objective = minimized(m_problem);
    m_ledger.offer(polish(*m_cells, m_prepared.graph, objective, x, m_settings.threads, 4, moment));
  }

  void require_no_contradiction() const {
    if (m_ledger.contradiction() == 0) return;
    throw std::runtime_error(m_session->solver() + " claims a bound that a forward pass beats by " +
                             std::to_string(m_ledger.contradiction()) + "; please report this problem");
  }

  std::optional<double> widened(const std::optional<double>& bound, const Formulation& formulation) const {
    if (!bound) return bound;
    const double in_users_units = std::ldexp(*bound, -m_units.objective);
    return m_problem.sense == Sense::minimize ? in_users_units - formulation.objective_error
                                              : in_users_units + formulation.objective_error;
  }

  Vector inputs_of(const Formulation& formulation, const Vector& scaled_columns) const {
    const Vector columns = lp::from_scaled(scaled_columns, m_units);
    Vector x(static_cast<Index>(formulation.inputs.size()));
    for (Index j = 0; j < x.size(); ++j) x(j) = columns(formulation.inputs[static_cast<std::size_t>(j)]);
    return x;
  }

  const model::Problem& m_problem;
  const model::SolveSettings& m_settings;
  Stop m_stop;
  Ledger m_ledger;
  std::unique_ptr<lp::Session> m_session, m_cells;
  Prepared m_prepared;
  lp::Scaling m_units;
  std::int64_t m_nodes = 0;
};

}  // namespace

model::SolveResult solve(const model::Problem& problem, const model::SolveSettings& settings,
                         const SolverOptions& options, const ProgressSink& progress) {
  require_available(problem, settings);
  return Search(problem, settings, options, progress).run();
}

lp::Model formulate(const model::Problem& problem, const model::SolveSettings& settings) {
  require_available(problem, settings);
  return formulation_of(problem, prepare(problem, settings)).model;
}

}  // namespace secateur::mip
