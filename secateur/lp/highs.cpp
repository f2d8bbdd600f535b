// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/highs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "interfaces/highs_c_api.h"
#include "secateur/core/error.hpp"
#include "secateur/lp/check.hpp"
#include "secateur/lp/option.hpp"
#include "secateur/lp/watch.hpp"

namespace secateur::lp {

namespace {

/// Model statuses that the C header of some versions lacks.
constexpr HighsInt model_status_memory_limit = 18;
constexpr HighsInt model_status_highs_interrupt = 19;

/// Options that a run sets by itself, and what the user should give instead; and some that would change what an answer
/// means or write to the standard output, which belongs to results.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> governed{{
    {"mip_rel_gap", "the gap setting"},
    {"mip_abs_gap", "the absolute gap setting"},
    {"primal_feasibility_tolerance", "the feasibility setting"},
    {"mip_feasibility_tolerance", "the feasibility setting"},
    {"dual_feasibility_tolerance", "the feasibility setting"},
    {"kkt_tolerance", "the feasibility setting"},
    {"time_limit", "the time limit setting"},
    {"threads", "the threads setting"},
    {"random_seed", "the seed setting"},
    {"solve_relaxation", "nothing: the whole model is solved"},
    {"objective_bound", "nothing: it would stop before the optimum"},
    {"objective_target", "nothing: it would stop before the optimum"},
    {"allow_unbounded_or_infeasible", "nothing: the two are always told apart"},
    {"output_flag", "log_file=NAME"},
    {"log_to_console", "log_file=NAME"},
    {"small_matrix_value", "nothing: it is as small as HiGHS allows"},
    {"mip_lifting_for_probing", "nothing: HiGHS 1.15.1 reports wrong optima with it"},
    {"use_warm_start", "nothing: known points are always used"},
}};

/// A process has one HiGHS scheduler a thread, which keeps the number of workers that it was started with. Runs hold
/// the lock shared; taking the scheduler down to change the number needs it alone.
std::shared_mutex& scheduler_mutex() {
  static std::shared_mutex mutex;
  return mutex;
}
thread_local int scheduler_threads = 0;

std::shared_lock<std::shared_mutex> use_scheduler(int threads) {
  if (scheduler_threads != 0 && scheduler_threads != threads) {
    const std::unique_lock alone(scheduler_mutex());
    Highs_resetGlobalScheduler(1);
  }
  scheduler_threads = threads;
  return std::shared_lock(scheduler_mutex());
}

extern "C" void on_highs_callback(int type, const char*, const HighsCallbackDataOut* out, HighsCallbackDataIn* in,
                                  void* data) {
  if (out == nullptr || data == nullptr) return;
  Watch& watch = *static_cast<Watch*>(data);
  bool stop = false;
  if (type == kHighsCallbackMipImprovingSolution) {
    if (out->mip_solution != nullptr) stop = watch.improved(out->mip_solution, out->objective_function_value);
  } else if (type == kHighsCallbackMipInterrupt || type == kHighsCallbackMipLogging) {
    stop = watch.state(out->mip_primal_bound, out->mip_dual_bound, out->mip_node_count);
  } else {
    stop = watch.must_stop();
  }
  if (stop && in != nullptr) in->user_interrupt = 1;
}

constexpr std::array<HighsInt, 5> callback_types{kHighsCallbackSimplexInterrupt, kHighsCallbackIpmInterrupt,
                                                 kHighsCallbackMipImprovingSolution, kHighsCallbackMipLogging,
                                                 kHighsCallbackMipInterrupt};

class HighsSession final : public Session {
 public:
  HighsSession() : m_highs(Highs_create()) {
    if (m_highs == nullptr) throw SolverError("HiGHS could not be started");
    // Output stays on so that log_file works; the console belongs to results.
    ok(Highs_setBoolOptionValue(m_highs, "log_to_console", 0), "setting log_to_console");
    // Coefficients up to this size are dropped by HiGHS (1e-9 by default).
    ok(Highs_setDoubleOptionValue(m_highs, "small_matrix_value", 1e-12), "setting small_matrix_value");
    ok(Highs_setDoubleOptionValue(m_highs, "mip_min_logging_interval", 0.5), "setting mip_min_logging_interval");
  }
  ~HighsSession() override { Highs_destroy(m_highs); }

  [[nodiscard]] std::string solver() const override { return std::string("HiGHS ") + Highs_version(); }

  void set_option(const std::string& name, const std::string& value) override;

  void load(const Model& model) override {
    check(model);
    if (!model.indicators.empty() || !model.sos1.empty()) {
      throw InputError(
          "HiGHS has no indicator constraints or special ordered sets; use --solver gurobi or scip, or "
          "a formulation without them",
          {}, "--solver");
    }
    m_columns = model.columns();
    m_rows = model.rows();
    m_has_integers = std::find(model.integer.begin(), model.integer.end(), true) != model.integer.end();
    std::vector<HighsInt> start(model.row_start.begin(), model.row_start.end());
    std::vector<HighsInt> index(model.column.begin(), model.column.end());
    std::vector<HighsInt> integrality(model.integer.begin(), model.integer.end());
    m_cost = model.cost;
    m_integer = model.integer;
    m_changed_costs = many;
    std::vector<double> lower = model.column_lower, upper = model.column_upper;
    for (std::size_t j = 0; j < lower.size(); ++j) round_bounds(j, lower[j], upper[j]);
    ok(Highs_passModel(m_highs, m_columns, m_rows, static_cast<HighsInt>(index.size()), 0, kHighsMatrixFormatRowwise,
                       kHighsHessianFormatTriangular,
                       model.sense == Sense::maximize ? kHighsObjSenseMaximize : kHighsObjSenseMinimize, model.offset,
                       model.cost.data(), lower.data(), upper.data(), model.row_lower.data(), model.row_upper.data(),
                       start.data(), index.data(), model.value.data(), nullptr, nullptr, nullptr,
                       m_has_integers ? integrality.data() : nullptr),
       "loading a model");
  }

  void set_column_bounds(int column, double lower, double upper) override {
    round_bounds(static_cast<std::size_t>(column), lower, upper);
    ok(Highs_changeColBounds(m_highs, column, lower, upper), "changing a column's bounds");
    m_changed_costs = many;
  }
  void set_row_bounds(int row, double lower, double upper) override {
    ok(Highs_changeRowBounds(m_highs, row, lower, upper), "changing a row's bounds");
    m_changed_costs = many;
  }
  void set_cost(int column, double cost) override {
    ok(Highs_changeColCost(m_highs, column, cost), "changing a cost");
    m_cost[static_cast<std::size_t>(column)] = cost;
    m_changed_costs = std::min(m_changed_costs + 1, many);
  }
  void set_sense(Sense sense) override {
    ok(Highs_changeObjectiveSense(m_highs, sense == Sense::maximize ? kHighsObjSenseMaximize : kHighsObjSenseMinimize),
       "changing the sense");
    m_changed_costs = many;
  }
  void add_rows(const Rows& rows) override {
    check(rows, m_columns);
    ok(Highs_addRows(m_highs, rows.count(), rows.lower.data(), rows.upper.data(),
                     static_cast<HighsInt>(rows.value.size()), rows.start.data(), rows.column.data(),
                     rows.value.data()),
       "adding rows");
    m_rows += rows.count();
    m_changed_costs = many;
  }

  void set_start(const Vector& point) override {
    if (point.size() != m_columns) throw std::invalid_argument("a start needs one entry a column");
    ok(Highs_setSolution(m_highs, point.data(), nullptr, nullptr, nullptr), "setting a start");
  }

  Outcome run(const RunSettings& settings, const Callbacks& callbacks) override {
    return run(settings, callbacks, m_has_integers);
  }
  Outcome run_relaxation(const RunSettings& settings, const Callbacks& callbacks) override {
    return run(settings, callbacks, false);
  }

 private:
  static constexpr int many = 9;

  /// Integer columns get integer bounds: presolve of HiGHS 1.15.1 can lose the optimum when they are fractional.
  void round_bounds(std::size_t column, double& lower, double& upper) const {
    if (!m_integer.at(column)) return;
    lower = std::ceil(lower);
    upper = std::floor(upper);
  }
  static void ok(HighsInt status, const char* action) {
    if (status == kHighsStatusError) throw SolverError(std::string("HiGHS refused ") + action);
  }
  void set_double(const char* name, double value) { ok(Highs_setDoubleOptionValue(m_highs, name, value), name); }
  void set_int(const char* name, HighsInt value) { ok(Highs_setIntOptionValue(m_highs, name, value), name); }

  [[nodiscard]] int strategy(bool integers) const;
  void apply(const RunSettings& settings, bool integers);
  HighsInt call(Watch& watch);
  HighsInt settle(HighsInt status, Watch& watch, bool integers);
  [[nodiscard]] bool has_feasible_point(Watch& watch);
  Outcome run(const RunSettings& settings, const Callbacks& callbacks, bool integers);
  void read_numbers(Outcome& outcome, bool integers) const;

  [[nodiscard]] HighsInt int_info(const char* name) const {
    HighsInt value = 0;
    return Highs_getIntInfoValue(m_highs, name, &value) == kHighsStatusOk ? value : 0;
  }

  void* m_highs;
  HighsInt m_columns = 0, m_rows = 0;
  bool m_has_integers = false;
  /// Costs changed since the last optimal basis, when nothing else was; `many` otherwise.
  int m_changed_costs = many;
  std::set<std::string, std::less<>> m_given;  ///< options that the user has set
  HighsInt m_user_nodes = std::numeric_limits<HighsInt>::max();
  std::vector<double> m_cost;
  std::vector<bool> m_integer;
};

void HighsSession::set_option(const std::string& name, const std::string& value) {
  for (const auto& [option, instead] : governed) {
    if (name == option) refuse_governed("HiGHS", name, instead);
  }
  HighsInt type = 0;
  if (Highs_getOptionType(m_highs, name.c_str(), &type) != kHighsStatusOk) {
    refuse_unknown("HiGHS", name, "https://ergo-code.github.io/HiGHS");
  }
  const char* option = name.c_str();
  if (type == kHighsOptionTypeBool) {
    const auto parsed = parse_bool(value);
    if (!parsed) refuse_value("HiGHS", name, value, "true or false");
    ok(Highs_setBoolOptionValue(m_highs, option, *parsed ? 1 : 0), option);
  } else if (type == kHighsOptionTypeInt) {
    const auto parsed = parse_number<HighsInt>(value);
    HighsInt now = 0, least = 0, most = 0, standard = 0;
    Highs_getIntOptionValues(m_highs, option, &now, &least, &most, &standard);
    if (!parsed || Highs_setIntOptionValue(m_highs, option, *parsed) != kHighsStatusOk) {
      refuse_number("HiGHS", name, value, least, most);
    }
    if (name == "mip_max_nodes") m_user_nodes = *parsed;
  } else if (type == kHighsOptionTypeDouble) {
    const auto parsed = parse_number<double>(value);
    double now = 0, least = 0, most = 0, standard = 0;
    Highs_getDoubleOptionValues(m_highs, option, &now, &least, &most, &standard);
    if (!parsed || std::isnan(*parsed) || Highs_setDoubleOptionValue(m_highs, option, *parsed) != kHighsStatusOk) {
      refuse_number("HiGHS", name, value, least, most);
    }
  } else if (value.size() >= static_cast<std::size_t>(kHighsMaximumStringLength) ||
             Highs_setStringOptionValue(m_highs, option, value.c_str()) != kHighsStatusOk) {
    refuse_value("HiGHS", name, value, "HiGHS does not know it");
  }
  m_given.insert(name);
}

/// After the costs of a few columns changed, the last basis is still primal feasible and the primal simplex method
/// needs few steps from it (bounds of one variable after another: up to twice as fast). Choosing (0) lets HiGHS use it
/// exactly then; 1 is the dual method, its default. Cost perturbation stays on: without it, re-solves of relaxations of
/// ReLU networks whose costs are mostly zero stalled for minutes.
int HighsSession::strategy(bool integers) const { return !integers && m_changed_costs < many ? 0 : 1; }

void HighsSession::apply(const RunSettings& settings, bool integers) {
  set_double("mip_rel_gap", settings.gap);
  set_double("mip_abs_gap", settings.absolute_gap);
  const double feasibility = std::max(settings.feasibility, 1e-10);
  set_double("primal_feasibility_tolerance", feasibility);
  set_double("mip_feasibility_tolerance", feasibility);
  set_double("dual_feasibility_tolerance", std::max(settings.optimality, 1e-10));
  set_double("time_limit", std::max(settings.time_limit, 0.0));
  set_int("mip_max_nodes", static_cast<HighsInt>(std::min<std::int64_t>(settings.node_limit, m_user_nodes)));
  set_int("threads", settings.threads);
  set_int("random_seed", static_cast<HighsInt>(settings.seed % 2147483647U));
  if (!m_given.contains("simplex_strategy")) set_int("simplex_strategy", strategy(integers));
  // Without an incumbent these heuristics take most of the time of a small tree, and so does strong branching to make
  // pseudo-costs more reliable than a tree of a few hundred nodes needs.
  for (const char* heuristic : {"mip_heuristic_run_feasibility_jump", "mip_heuristic_run_rens",
                                "mip_heuristic_run_rins", "mip_heuristic_run_root_reduced_cost"}) {
    if (!m_given.contains(heuristic)) {
      ok(Highs_setBoolOptionValue(m_highs, heuristic, settings.expect_infeasible ? 0 : 1), heuristic);
    }
  }
  if (!m_given.contains("mip_pscost_minreliable")) {
    set_int("mip_pscost_minreliable", settings.expect_infeasible ? 4 : 8);
  }
  ok(Highs_setBoolOptionValue(m_highs, "solve_relaxation", integers || !m_has_integers ? 0 : 1), "solve_relaxation");
}

/// One call of HiGHS; returns its model status. Exceptions of callbacks are thrown from here.
HighsInt HighsSession::call(Watch& watch) {
  const auto lock = use_scheduler(watch.settings().threads);
  // The clock otherwise runs on over all calls, and the time limit with it.
  Highs_zeroAllClocks(m_highs);
  const bool listens = watch.listens();
  if (listens) {
    ok(Highs_setCallback(m_highs, on_highs_callback, &watch), "callbacks");
    for (const HighsInt type : callback_types) ok(Highs_startCallback(m_highs, type), "a callback");
  }
  const HighsInt result = Highs_run(m_highs);
  if (listens) {
    for (const HighsInt type : callback_types) Highs_stopCallback(m_highs, type);
    Highs_setCallback(m_highs, nullptr, nullptr);
  }
  watch.rethrow();
  const HighsInt status = Highs_getModelStatus(m_highs);
  return result == kHighsStatusError && status == kHighsModelStatusNotset ? kHighsModelStatusSolveError : status;
}

/// Whether some point satisfies rows, bounds and integrality: the model with a zero objective.
bool HighsSession::has_feasible_point(Watch& watch) {
  std::vector<double> zero(m_cost.size(), 0.0);
  ok(Highs_changeColsCostByRange(m_highs, 0, m_columns - 1, zero.data()), "changing costs");
  const Callbacks only_stop{{}, {}, watch.callbacks().stop};
  Watch inner(watch.settings(), only_stop, m_columns);
  const HighsInt status = call(inner);
  watch.set_stopped(inner.stopped());
  ok(Highs_changeColsCostByRange(m_highs, 0, m_columns - 1, m_cost.data()), "changing costs");
  m_changed_costs = many;
  if (status == kHighsModelStatusOptimal) return true;
  if (status == kHighsModelStatusInfeasible) return false;
  throw SolverError("HiGHS could not tell whether the model is infeasible or unbounded (model status " +
                    std::to_string(status) + ")");
}

/// Turns the answers that say nothing definite into definite ones, by other ways through the solver.
HighsInt HighsSession::settle(HighsInt status, Watch& watch, bool integers) {
  const auto vague = [&] {
    return status == kHighsModelStatusUnknown || status == kHighsModelStatusSolveError ||
           status == kHighsModelStatusPresolveError || status == kHighsModelStatusPostsolveError;
  };
  if (vague() && !integers) {
    std::string presolve(kHighsMaximumStringLength, '\0'), method = presolve;
    Highs_getStringOptionValue(m_highs, "presolve", presolve.data());
    Highs_getStringOptionValue(m_highs, "solver", method.data());
    const std::pair<const char*, const char*> ways[] = {{"on", "simplex"}, {"off", "simplex"}, {"on", "ipm"}};
    for (const auto& [use_presolve, use_method] : ways) {
      Highs_clearSolver(m_highs);
      Highs_setStringOptionValue(m_highs, "presolve", use_presolve);
      Highs_setStringOptionValue(m_highs, "solver", use_method);
      status = call(watch);
      if (!vague()) break;
    }
    Highs_setStringOptionValue(m_highs, "presolve", presolve.c_str());
    Highs_setStringOptionValue(m_highs, "solver", method.c_str());
  }
  // An integer model whose relaxation is unbounded may still have no integer point.
  if (status == kHighsModelStatusUnboundedOrInfeasible || (status == kHighsModelStatusUnbounded && integers)) {
    return has_feasible_point(watch) ? kHighsModelStatusUnbounded : kHighsModelStatusInfeasible;
  }
  return status;
}

Status translate(HighsInt status, const std::optional<Status>& stopped) {
  switch (status) {
    case kHighsModelStatusOptimal:
    case kHighsModelStatusModelEmpty:
      return Status::optimal;
    case kHighsModelStatusInfeasible:
      return Status::infeasible;
    case kHighsModelStatusUnbounded:
      return Status::unbounded;
    case kHighsModelStatusTimeLimit:
      return Status::time_limit;
    case kHighsModelStatusIterationLimit:
    case kHighsModelStatusSolutionLimit:
      return Status::node_limit;
    case model_status_memory_limit:
      return Status::memory_limit;
    case kHighsModelStatusInterrupt:
    case model_status_highs_interrupt:
      return stopped.value_or(Status::interrupted);
    default:
      throw SolverError("HiGHS gave up with model status " + std::to_string(status));
  }
}

void HighsSession::read_numbers(Outcome& outcome, bool integers) const {
  if (integers) {
    std::int64_t nodes = 0;
    double bound = 0;
    Highs_getInt64InfoValue(m_highs, "mip_node_count", &nodes);
    outcome.nodes = std::max<std::int64_t>(nodes, 0);
    const bool known = Highs_getDoubleInfoValue(m_highs, "mip_dual_bound", &bound) == kHighsStatusOk;
    if (known && std::isfinite(bound)) outcome.bound = bound;
  }
  outcome.iterations = std::max<HighsInt>(int_info("simplex_iteration_count"), 0);
  if (outcome.status == Status::infeasible || outcome.status == Status::unbounded) {
    outcome.bound.reset();
    return;
  }
  const bool feasible = int_info("primal_solution_status") == kHighsSolutionStatusFeasible ||
                        (outcome.status == Status::optimal && m_columns == 0);
  if (!feasible) {
    if (outcome.status == Status::optimal) throw SolverError("HiGHS reports an optimum without a feasible point");
    return;
  }
  outcome.primal.resize(m_columns);
  Vector column_dual(m_columns), row_value(m_rows), row_dual(m_rows);
  ok(Highs_getSolution(m_highs, outcome.primal.data(), column_dual.data(), row_value.data(), row_dual.data()),
     "reading the solution");
  outcome.objective = Highs_getObjectiveValue(m_highs);
  if (!integers && outcome.status == Status::optimal) {
    outcome.bound = outcome.objective;
    if (int_info("dual_solution_status") == kHighsSolutionStatusFeasible) {
      outcome.column_dual = std::move(column_dual);
      outcome.row_dual = std::move(row_dual);
    }
  }
}

Outcome HighsSession::run(const RunSettings& settings, const Callbacks& callbacks, bool integers) {
  Watch watch(settings, callbacks, m_columns);
  Outcome outcome;
  if (settings.time_limit <= 0) {
    outcome.status = Status::time_limit;
    return outcome;
  }
  apply(settings, integers);
  m_changed_costs = many;  // unless this run ends at an optimal basis
  const HighsInt status = settle(call(watch), watch, integers);
  outcome.status = translate(status, watch.stopped());
  if (!integers && outcome.status == Status::optimal) m_changed_costs = 0;
  outcome.seconds = watch.seconds();
  read_numbers(outcome, integers);
  return outcome;
}

}  // namespace

std::unique_ptr<Session> make_highs_session() { return std::make_unique<HighsSession>(); }

}  // namespace secateur::lp
