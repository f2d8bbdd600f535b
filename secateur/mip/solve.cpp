// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/solve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include "secateur/core/error.hpp"
#include "secateur/core/version.hpp"
#include "secateur/lp/scaling.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/cell.hpp"
#include "secateur/mip/cell_steps.hpp"
#include "secateur/mip/conflict.hpp"
#include "secateur/mip/final_activation.hpp"
#include "secateur/mip/formulation.hpp"
#include "secateur/mip/incumbent.hpp"
#include "secateur/mip/ledger.hpp"
#include "secateur/mip/prepare.hpp"
#include "secateur/mip/tighten.hpp"
#include "secateur/mip/units.hpp"

namespace secateur::mip {

namespace {

/// Rounding takes the optimum of a closed gap a little apart again; the solver is asked for slightly less.
constexpr double gap_reserve = 0.95;
/// Tolerance of rows and integrality in a first run, and in a second one where the first was too coarse.
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double usual_feasibility = 1e-6, tight_feasibility = 1e-9;

/// Of linear programs and descents in turn, for one point.
constexpr int cell_rounds = 4;

class Search {
 public:
  Search(const model::Problem& problem, const model::SolveSettings& settings, const SolverOptions& options,
         const ProgressSink& progress, const graph::NeuronBounds* reference = nullptr,
         std::optional<Target> target = std::nullopt, const Interlude& interlude = {}, Start start = {})
      : m_problem(problem),
        m_structure(model::structure(problem)),
        m_settings(settings),
        m_reference(reference),
        m_target(target),
        m_interlude(interlude),
        m_start(std::move(start)),
        m_stop(settings.time_limit),
        m_ledger(problem, m_structure, settings, m_stop, progress) {
    // A solver or an option that cannot be had is refused at once. HiGHS itself is always there, and waits until it is
    // needed.
    if (settings.solver != model::Solver::highs) session();
    for (const auto& [name, value] : options) session().set_option(name, value);
  }

  model::SolveResult run() {
    model::SolveResult result;
    result.engine = model::Engine::milp;
    const Stopwatch bounds_watch;
    m_prepared = prepare(m_problem, m_structure, m_settings, m_reference);
    result.seconds.bounds = bounds_watch.seconds();
    result.neurons = {m_prepared.neurons, m_prepared.unstable, graph::count_unstable(m_prepared.constants)};

    const Stopwatch solve_watch;
    if (m_prepared.infeasible) m_beyond = Proof::rounding_safe;
    result.status = m_prepared.infeasible ? Status::infeasible : search(result);
    if (m_interlude && !m_formulated) {
      result.engine = model::Engine::native;
      result.solver = std::string("Secateur ").append(version);
    } else {
      result.solver = session().solver();
    }
    result.nodes = m_nodes;
    m_ledger.write(result);
    if (result.status == Status::infeasible) result.bound.reset();  // of no point
    // What stands behind a bound of the objective says nothing of how the search ended.
    const bool safely = m_prepared.infeasible || m_beyond == Proof::rounding_safe;
    if (result.status == Status::infeasible) result.proof = safely ? Proof::rounding_safe : Proof::solver_tolerance;
    if (m_prepared.infeasible) result.conflict = m_prepared.conflict;
    result.seconds.solve = solve_watch.seconds();
    result.seconds.total = m_stop.seconds();
    return result;
  }

  /// How it is proven that no feasible point reaches the target, if it is.
  [[nodiscard]] std::optional<Proof> beyond_target() const { return m_beyond; }

 private:
  Status search(model::SolveResult& result) {
    if (m_start.bound) {
      const double better = m_problem.sense == Sense::minimize
                                ? std::max(*m_start.bound, m_prepared.bound.value_or(-infinity))
                                : std::min(*m_start.bound, m_prepared.bound.value_or(infinity));
      m_prepared.bound = better;
    }
    if (m_prepared.bound) m_ledger.prove(*m_prepared.bound);
    if (m_target && m_prepared.bound && !reaches(*m_target, *m_prepared.bound)) {
      m_beyond = Proof::rounding_safe;
      return Status::infeasible;
    }
    if (m_settings.worst_objective && m_prepared.bound &&
        !reaches({*m_settings.worst_objective, false}, *m_prepared.bound)) {
      m_prepared.infeasible = true;
      return Status::infeasible;
    }
    const Matrix sample = uniform_points(m_prepared.problem.graph.domain, 64, m_settings.seed);
    m_goal = goal_of(m_problem, m_structure, m_prepared.problem, sample);
    m_inner = m_prepared.problem;
    if (m_target) move_inwards(m_inner.frame.model);
    for (const Vector& start : m_start.points) m_ledger.offer(start);
    // Without constraints and with few inputs, subdivision finds points sooner than programs of cells do.
    const bool points_later = subdivision_searches();
    if (points_later) {
      const Box& domain = m_prepared.problem.graph.domain;
      offer(columns_at(0.5 * domain.lower + 0.5 * domain.upper));
    } else {
      find_points();
    }
    if (done()) return Status::optimal;
    if (const auto ended = other_search(m_prepared, false, cutoff())) return *ended;
    m_tightened = tighten(
        m_prepared, m_problem, m_goal, m_settings, cutoff(), points_later, [this](const Vector& x) { return probe(x); },
        [this](double bound) { m_ledger.prove(bound); }, m_stop);
    result.boxes = m_tightened.boxes;
    if (done()) return Status::optimal;
    if (m_tightened.empty) {
      if (m_target) m_beyond = Proof::rounding_safe;
      m_prepared.infeasible = !m_ledger.has_point() && !m_target;
      return m_ledger.has_point() ? Status::node_limit : Status::infeasible;
    }
    if (points_later) {
      find_points();
      if (done()) return Status::optimal;
    }
    improve_cutoff();
    if (const auto ended = other_search(m_tightened.prepared, true, m_tightened.cutoff)) return *ended;
    improve_cutoff();
    if (std::isfinite(m_tightened.cutoff)) add_cutoff(m_tightened.prepared, m_tightened.cutoff);
    m_formulated = true;
    const Formulation formulation = formulation_of(m_tightened.prepared, m_settings, m_stop);
    result.neurons.binaries = formulation.binaries;
    m_units = natural_units(formulation, m_tightened.prepared.problem, sample);
    return solve(formulation);
  }

  /// Bounds that hold for a cut-off hold for a better one, which keeps fewer points.
  void improve_cutoff() {
    const double now = cutoff();
    if (m_problem.sense == Sense::minimize ? now < m_tightened.cutoff : now > m_tightened.cutoff) {
      m_tightened.cutoff = now;
    }
  }

  /// Whether points may be left to subdivision: it closes nearly every gap with so few inputs, and every point of the
  /// box is feasible.
  [[nodiscard]] bool subdivision_searches() const {
    constexpr Index few_inputs = 4;
    const model::Compiled& compiled = m_prepared.problem;
    const lp::Model& frame = compiled.frame.model;
    const bool free = frame.rows() == 0 && m_goal.ranges.empty() &&
                      std::none_of(frame.integer.begin(), frame.integer.end(), [](bool integer) { return integer; });
    return !m_target && free && compiled.graph.inputs() <= few_inputs && subdivides(m_prepared, m_settings);
  }

  /// The other search's turn; how everything ended, if it has.
  std::optional<Status> other_search(const Prepared& prepared, bool tightened, double cutoff_now) {
    if (!m_interlude || m_target) return std::nullopt;
    const Outcome outcome =
        m_interlude({prepared, m_goal, tightened, cutoff_now, m_stop, [this](const Vector& x) { return probe(x); },
                     [this](const Vector& x) {
                       offer(cells().polish(columns_at(x), cell_rounds, m_stop));
                       return cutoff();
                     },
                     [this]() -> std::optional<std::pair<Vector, double>> {
                       if (!m_ledger.has_point()) return std::nullopt;
                       return std::pair{m_ledger.point(), m_ledger.objective()};
                     },
                     [this](const Vector& point) {
                       m_ledger.offer(point);
                       return cutoff();
                     },
                     [this, before = m_nodes](double bound, std::int64_t nodes) {
                       m_nodes = before + nodes;
                       m_ledger.count(m_nodes);
                       m_ledger.prove(bound);
                     }});
    if (outcome.kind == Outcome::Kind::passed) return done() ? std::optional(Status::optimal) : std::nullopt;
    if (done()) return Status::optimal;
    if (outcome.kind == Outcome::Kind::stopped) return outcome.status;
    // A point that the cut-off does not close is nothing the other search can improve on.
    if (m_ledger.has_point()) return std::nullopt;
    m_prepared.infeasible = true;
    return Status::infeasible;
  }

  /// Nothing is left to find: the gap is closed, or the target met.
  [[nodiscard]] bool done() const {
    if (!m_ledger.has_point()) return false;
    return m_target ? reaches(*m_target, m_ledger.objective()) : m_ledger.closed();
  }
  [[nodiscard]] bool reaches(const Target& target, double objective) const {
    if (objective == target.value) return !target.strict;
    return (m_problem.sense == Sense::minimize) == (objective < target.value);
  }

  /// The objective that is worth looking for: the target, or a gap better than the best one known.
  [[nodiscard]] double cutoff() const {
    if (m_target) return m_target->value;
    const double worse = m_problem.sense == Sense::minimize ? infinity : -infinity;
    if (!m_ledger.has_point()) return m_settings.worst_objective.value_or(worse);
    const double objective = m_ledger.objective();
    const double step = gap_reserve * std::max(m_settings.absolute_gap, m_settings.gap * std::abs(objective));
    return m_problem.sense == Sense::minimize ? objective - step : objective + step;
  }

  /// Linear programs meet their rows up to a tolerance; points of these rows meet the original ones exactly.
  static void move_inwards(lp::Model& model) {
    constexpr double margin = 1e-8;
    for (std::size_t i = 0; i < model.row_lower.size(); ++i) {
      const double lower = model.row_lower[i] + margin * std::max(1.0, std::abs(model.row_lower[i]));
      const double upper = model.row_upper[i] - margin * std::max(1.0, std::abs(model.row_upper[i]));
      if (!(lower <= upper)) continue;
      model.row_lower[i] = lower;
      model.row_upper[i] = upper;
    }
  }

  double probe(const Vector& x) {
    offer(columns_at(x));
    return cutoff();
  }

  lp::Session& session() {
    if (!m_session) m_session = lp::make_session(to_string(m_settings.solver));
    return *m_session;
  }

  CellSearch cells() {
    if (!m_cells) m_cells = lp::make_session(to_string(m_settings.solver));
    return CellSearch(*m_cells, m_inner, m_goal, m_settings.threads, [this](const Vector& columns) { offer(columns); });
  }

  /// Columns of the frame, or of a formulation on it, as a candidate.
  void offer(const Vector& columns) { m_ledger.offer(columns.head(static_cast<Index>(m_problem.variables.size()))); }

  /// Points by forward passes alone; the best few improved from cell to cell.
  void find_points() {
    const graph::ReluGraph& graph = m_prepared.problem.graph;
    // Multiply-adds that a cell's map takes, about, and what may be spent on one of each point.
    const double map = static_cast<double>(graph.inputs()) * work_of_a_point(graph);
    constexpr double affordable = 3.5e5;
    const auto polished = static_cast<std::size_t>(goal_is_whole() ? std::clamp(affordable / map, 3.0, 8.0) : 3.0);
    const auto improve = [&](const std::vector<Vector>& columns) {
      for (std::size_t i = 0; i < std::min(polished, columns.size()) && !m_stop.reason(); ++i) polish(columns[i]);
    };
    if (done()) return;
    improve(starts());
    if (done()) return;
    const std::vector<Vector> points = good_points(graph, m_goal, m_settings.seed, m_stop);
    std::vector<Vector> candidates;
    for (const Vector& x : points) {
      candidates.push_back(columns_at(x));
      offer(candidates.back());
    }
    improve(candidates);
  }

  /// Offers what a point of the frame becomes from cell to cell: by steps of the graph where the goal says everything,
  /// which cost a tenth, and by the solver's linear programs otherwise, or where the steps' end just misses a range.
  void polish(Vector columns) {
    if (goal_is_whole()) {
      std::vector<bool> fixed;
      for (const int column : m_prepared.problem.frame.inputs) {
        fixed.push_back(m_problem.variables[static_cast<std::size_t>(column)].type != model::VariableType::continuous);
      }
      const Sighting end =
          CellSteps(m_prepared.problem.graph, m_goal).improve(inputs_of(m_prepared.problem, columns), fixed, m_stop);
      columns = columns_at(end.x);
      offer(columns);
      if (m_goal.ranges.empty()) return;
      const double sign = m_problem.sense == Sense::minimize ? 1 : -1;
      const double rounding = 1e-9 * std::max(1.0, std::abs(end.value));
      if (m_ledger.has_point() && sign * m_ledger.objective() <= end.value + rounding) return;
    }
    offer(cells().polish(columns, cell_rounds, m_stop));
  }

  /// Whether a point without penalty is feasible, up to rounding, and the goal its objective. Targets have to be
  /// reached without tolerance.
  [[nodiscard]] bool goal_is_whole() const {
    const model::Compiled& compiled = m_prepared.problem;
    return (!m_target || m_goal.ranges.empty()) && compiled.objective.whole &&
           std::all_of(compiled.constraints.begin(), compiled.constraints.end(),
                       [](const auto& constraint) { return constraint.whole; });
  }

  /// The points to begin with as columns, the best first by the goal.
  [[nodiscard]] std::vector<Vector> starts() const {
    const model::Compiled& compiled = m_prepared.problem;
    std::vector<std::pair<double, Vector>> found;
    for (const Vector& start : m_start.points) {
      const Vector columns = model::frame_point(m_problem, compiled.frame, completed(start));
      found.emplace_back(objectives(compiled.graph, m_goal, inputs_of(m_prepared.problem, columns).transpose())(0),
                         columns);
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Vector> columns;
    for (auto& [value, point] : found) columns.push_back(std::move(point));
    return columns;
  }

  /// The frame's columns where the graph has these inputs and every other decision is as small as its bounds allow.
  [[nodiscard]] Vector columns_at(const Vector& inputs) const {
    const std::vector<int>& columns = m_prepared.problem.frame.inputs;
    Vector point = Vector::Zero(static_cast<Index>(m_problem.variables.size()));
    for (std::size_t j = 0; j < columns.size(); ++j) point(columns[j]) = inputs(static_cast<Index>(j));
    return model::frame_point(m_problem, m_prepared.problem.frame, completed(point));
  }

  /// A point of all variables whose decisions are moved to where the problem allows them.
  [[nodiscard]] Vector completed(const Vector& point) const {
    return model::complete(m_problem, m_structure, model::admissible(m_problem, m_structure, point));
  }

  /// Runs the solver, replays its answer, and runs it once more with tighter tolerances where the replay does not bear
  /// the first answer out.
  Status solve(const Formulation& formulation) {
    for (const double feasibility : {std::min(usual_feasibility, m_settings.feasibility), tight_feasibility}) {
      if (const auto reason = m_stop.reason()) return *reason;
      session().load(lp::scaled(formulation.model, m_units));
      m_ledger.begin_run();
      lp::Outcome outcome;
      try {
        outcome = run_solver(formulation, feasibility);
      } catch (const lp::SolverError&) {
        // Numerical trouble; the second run takes another way through the solver.
        if (feasibility == tight_feasibility) throw;
        continue;
      }
      replay(outcome);
      if (m_target) {
        if (done()) return Status::optimal;
        if (outcome.status == Status::infeasible) {
          m_beyond = Proof::solver_tolerance;
          return Status::infeasible;
        }
        if (outcome.status != Status::optimal) return outcome.status;
        continue;
      }
      if (outcome.status == Status::infeasible && m_ledger.has_point()) {
        // Nothing is better than the cut-off.
        m_ledger.hear(m_tightened.cutoff, m_nodes);
        outcome.status = Status::optimal;
      }
      const bool nothing = outcome.status == Status::infeasible || outcome.status == Status::unbounded;
      if (outcome.status != Status::optimal && !nothing) {
        require_no_contradiction();
        return m_ledger.closed() ? Status::optimal : outcome.status;
      }
      if (outcome.status == Status::optimal && m_ledger.contradiction() == 0 && m_ledger.closed()) {
        return Status::optimal;
      }
      const bool expected = outcome.status == Status::infeasible && m_settings.worst_objective;
      if (nothing && (expected || feasibility == tight_feasibility)) return without_optimum(outcome.status);
    }
    require_no_contradiction();
    if (m_target || !m_ledger.has_point()) return Status::node_limit;
    // The tree is exhausted; the objective is of size 2^-units in its own units.
    m_ledger.exhausted(tight_feasibility *
                       std::max(std::ldexp(1.0, -m_units.objective), std::abs(m_ledger.objective())));
    return m_ledger.closed() ? Status::optimal : Status::node_limit;
  }

  /// Infeasible or unbounded, unless a point or a bound that is known says otherwise.
  Status without_optimum(Status status) const {
    if (status == Status::infeasible || !m_prepared.bound) return status;
    throw std::runtime_error(m_session->solver() +
                             " finds the formulation unbounded, but a bound of the problem is known; please report "
                             "this problem");
  }

  lp::Outcome run_solver(const Formulation& formulation, double feasibility) {
    lp::RunSettings run;
    run.gap = gap_reserve * m_settings.gap;
    run.absolute_gap = std::ldexp(gap_reserve * m_settings.absolute_gap, m_units.objective);
    run.feasibility = feasibility;
    run.optimality = std::min(1e-7, feasibility);
    run.time_limit = m_stop.seconds_left();
    run.memory_limit = m_settings.memory_limit;
    const double nodes_left = std::max(0.0, std::floor(m_settings.node_limit) - static_cast<double>(m_nodes));
    if (nodes_left < 0x1p62) run.node_limit = static_cast<std::int64_t>(nodes_left);
    run.threads = m_settings.threads;
    run.seed = m_settings.seed;
    // Local search finds the optimum nearly always: what is left is to prove that nothing is better.
    run.expect_infeasible = m_ledger.has_point() || m_settings.worst_objective;
    lp::Callbacks callbacks;
    const std::int64_t nodes_before = m_nodes;
    callbacks.progress = [&](const lp::SearchState& state) {
      m_nodes = nodes_before + state.nodes;
      m_ledger.hear(widened(state.bound, formulation), m_nodes);
    };
    callbacks.improved = [&](const Vector& columns, double) { offer(lp::from_scaled(columns, m_units)); };
    callbacks.stop = [&]() -> std::optional<Status> {
      if (m_target && done()) return Status::optimal;
      return m_stop.reason();
    };
    const lp::Outcome outcome = session().run(run, callbacks);
    m_nodes = nodes_before + outcome.nodes;
    // What an infeasible model means for the bound is the caller's to say; until then the last word stands.
    if (outcome.status != Status::infeasible) m_ledger.hear(widened(outcome.bound, formulation), m_nodes);
    return outcome;
  }

  /// The solver's point through the network itself, and the best point of its cell: tolerances let the solver's columns
  /// differ from any forward pass, the cell's linear program does not have that freedom.
  void replay(const lp::Outcome& outcome) {
    if (outcome.primal.size() == 0) return;
    const Vector columns = lp::from_scaled(outcome.primal, m_units);
    offer(columns);
    if (m_ledger.closed() && m_ledger.contradiction() == 0) return;
    // Repair gets its own moment: it decides between an answer and none.
    const Stop moment(std::max(1.0, m_stop.seconds_left()));
    offer(cells().polish(columns.head(m_prepared.problem.frame.model.columns()), cell_rounds, moment));
  }

  void require_no_contradiction() const {
    if (m_ledger.contradiction() == 0) return;
    throw std::runtime_error(m_session->solver() + " claims a bound that a forward pass beats by " +
                             std::to_string(m_ledger.contradiction()) + "; please report this problem");
  }

  std::optional<double> widened(const std::optional<double>& bound, const Formulation& formulation) const {
    if (!bound) return bound;
    const double in_users_units = std::ldexp(*bound, -m_units.objective);
    // The model says nothing of points beyond the cut-off.
    return m_problem.sense == Sense::minimize
               ? std::min(m_tightened.cutoff, in_users_units - formulation.objective_error)
               : std::max(m_tightened.cutoff, in_users_units + formulation.objective_error);
  }

  const model::Problem& m_problem;
  const model::Structure m_structure;
  const model::SolveSettings& m_settings;
  const graph::NeuronBounds* m_reference;
  std::optional<Target> m_target;
  const Interlude m_interlude;
  const Start m_start;
  std::optional<Proof> m_beyond;
  Stop m_stop;
  Ledger m_ledger;
  std::unique_ptr<lp::Session> m_session, m_cells;  ///< made when they are needed
  Prepared m_prepared;
  model::Compiled m_inner;  ///< its frame is what incumbents have to satisfy
  Goal m_goal;
  Tightened m_tightened;
  lp::Scaling m_units;
  std::int64_t m_nodes = 0;
  bool m_formulated = false;
};

}  // namespace

namespace {

model::SolveResult solve_piecewise_linear(const model::Problem& problem, const model::SolveSettings& settings,
                                          const SolverOptions& options, const ProgressSink& progress,
                                          const graph::NeuronBounds* reference, const Interlude& interlude,
                                          const Start& start) {
  if (has_conditions(settings.formulation) && settings.solver == model::Solver::highs) {
    throw InputError("the formulation " + std::string(to_string(settings.formulation)) +
                         " needs a solver that has such conditions: gurobi or scip (--solver); highs has big_m, " +
                         "partitioned, hull",
                     {}, "--formulation");
  }
  const Stopwatch watch;
  model::SolveResult result =
      Search(problem, settings, options, progress, reference, std::nullopt, interlude, start).run();
  if (result.status == Status::infeasible && result.conflict.empty() && !settings.worst_objective) {
    // Each question gets a fresh search for any feasible point.
    const auto is_infeasible = [&](const model::Problem& part, double seconds) {
      model::SolveSettings brief = settings;
      brief.time_limit = seconds;
      return Search(part, brief, options, {}).run().status == Status::infeasible;
    };
    constexpr double most_seconds = 30;
    result.conflict =
        smallest_conflict(problem, is_infeasible, std::min(most_seconds, settings.time_limit - watch.seconds()));
    result.seconds.total = watch.seconds();
  }
  return result;
}

void require_piecewise_linear(const model::Problem& problem) {
  for (const model::NetworkUse& use : problem.networks) {
    if (use.network.activation == nn::Activation::none) continue;
    throw InputError("the network \"" + use.name + "\" ends in a " + std::string(to_string(use.network.activation)) +
                     ", which has no place in a mixed-integer linear program; store the network without its last "
                     "operation");
  }
}

/// The answer for the problem as it is stated from the one for what is before its final activation.
model::SolveResult with_activation(const model::Problem& problem, const WithoutActivation& without,
                                   model::SolveResult result) {
  result.note = without.note;
  result.trace.clear();
  if (result.bound) result.bound = without.objective_bound(*result.bound);
  if (result.x.size() == 0) return result;
  const model::Structure structure = model::structure(problem);
  Vector point = Vector::Zero(static_cast<Index>(problem.variables.size()));
  point(structure.decisions) = result.x;
  point = model::complete(problem, structure, point);
  result.objective = model::objective_at(problem, point);
  result.y = point(structure.determined);
  if (result.bound) result.gap = model::relative_gap(*result.objective, *result.bound, problem.sense);
  return result;
}

}  // namespace

model::SolveResult solve(const model::Problem& problem, const model::SolveSettings& settings,
                         const SolverOptions& options, const ProgressSink& progress,
                         const graph::NeuronBounds* reference, const Interlude& interlude, const Start& start) {
  require_available(problem, settings);
  const std::optional<WithoutActivation> without = without_activation(problem);
  if (!without) return solve_piecewise_linear(problem, settings, options, progress, reference, interlude, start);
  // A sigmoid changes by at most its value times a change of its argument, and so does the softmax of two outputs.
  model::SolveSettings before = settings;
  const Start points_only{start.points, {}};  // bounds are of the objective behind the activation
  before.gap = 0;
  if (settings.worst_objective) {  // it is of the objective behind the activation
    before.worst_objective = without->problem.sense == Sense::minimize ? infinity : -infinity;
  }
  before.absolute_gap = without->activation == nn::Activation::log_softmax
                            ? std::max(settings.absolute_gap / std::abs(without->coefficient), 1e-9)
                            : std::max(0.5 * settings.gap, 1e-9);
  return with_activation(
      problem, *without,
      solve_piecewise_linear(without->problem, before, options, {}, reference, interlude, points_only));
}

TargetResult reach(const model::Problem& problem, const Target& target, const model::SolveSettings& settings,
                   const SolverOptions& options, const ProgressSink& progress) {
  require_available(problem, settings);
  require_piecewise_linear(problem);
  model::SolveSettings exact = settings;
  exact.feasibility = 0;
  Search search(problem, exact, options, progress, nullptr, target);
  TargetResult result;
  result.search = search.run();
  result.beyond = search.beyond_target();
  return result;
}

lp::Model formulate(const model::Problem& problem, const model::SolveSettings& settings) {
  require_available(problem, settings);
  require_piecewise_linear(problem);
  return formulation_of(prepare(problem, model::structure(problem), settings), settings, Stop()).model;
}

}  // namespace secateur::mip
