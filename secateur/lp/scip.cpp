// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/scip.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/lp/check.hpp"
#include "secateur/lp/option.hpp"
#include "secateur/lp/scip_api.hpp"
#include "secateur/lp/scip_lp.hpp"
#include "secateur/lp/watch.hpp"

namespace secateur::lp {

namespace {

using scip::Api;

/// Options that a run sets by itself, and what the user should give instead; and some that would change what an answer
/// means or write to the standard output, which belongs to results.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> governed{{
    {"limits/gap", "the gap setting"},
    {"limits/absgap", "the absolute gap setting"},
    {"limits/time", "the time limit setting"},
    {"limits/memory", "the memory limit setting"},
    {"limits/totalnodes", "the node limit setting"},
    {"limits/primal", "nothing: it would stop before the optimum"},
    {"limits/dual", "nothing: it would stop before the optimum"},
    {"numerics/feastol", "the feasibility setting"},
    {"numerics/dualfeastol", "the feasibility setting"},
    {"numerics/epsilon", "nothing: it is set by the smallest coefficient"},
    {"numerics/infinity", "nothing: bounds are infinite or not"},
    {"randomization/randomseedshift", "the seed setting"},
    {"timing/clocktype", "nothing: time is that of the clock on the wall"},
    {"misc/catchctrlc", "nothing: Ctrl-C is caught already"},
    {"display/verblevel", "nothing: SCIP is silent"},
    {"parallel/mode", "nothing: SCIP runs in one thread"},
    {"parallel/maxnthreads", "nothing: SCIP runs in one thread"},
}};

/// One run's way back from SCIP's events.
struct Run {
  const Api& api;
  Watch& watch;
  std::vector<scip::Variable*>& variables;
  double infinity;
  std::vector<double> point;

  [[nodiscard]] double number(double value) const {
    return std::abs(value) >= infinity ? std::numeric_limits<double>::infinity() : value;
  }
};

/// SCIP's handle; the event handler finds the run that is going on.
struct Handle {
  scip::Scip* scip = nullptr;
  Run* run = nullptr;
};

extern "C" int on_scip_event_init(scip::Scip*, scip::EventHandler*);
extern "C" int on_scip_event(scip::Scip*, scip::EventHandler*, scip::Event*, void*);

/// The interface that sessions of this process use, for callbacks, which have no other way to it.
const Api*& loaded() {
  static const Api* interface = nullptr;
  return interface;
}

const Api& api() {
  static std::mutex mutex;
  static std::string path;
  const std::lock_guard lock(mutex);
  const Library library(scip::library_names());
  if (loaded() != nullptr && path == library.path()) return *loaded();
  auto fresh = std::make_unique<const Api>(library);
  if (fresh->major_version() != 10) {
    throw InputError("the library " + library.path() + " is SCIP " + std::to_string(fresh->major_version()) + "." +
                         std::to_string(fresh->minor_version()) + ", but version 10 is needed; use --solver highs",
                     {}, "--solver");
  }
  fresh->set_error_printing(nullptr, nullptr);
  path = library.path();
  loaded() = fresh.release();  // stays: sessions keep references
  return *loaded();
}

class ScipSession final : public Session {
 public:
  ScipSession() : m_api(api()) {
    ok(m_api.create(&m_handle.scip), "starting");
    m_api.set_messages_quiet(m_handle.scip, 1);
    ok(m_api.include_default_plugins(m_handle.scip), "starting");
    scip::EventHandler* handler = nullptr;
    ok(m_api.include_event_handler(m_handle.scip, &handler, "secateur", "progress and interrupts", on_scip_event,
                                   &m_handle),
       "starting");
    ok(m_api.on_event_init(m_handle.scip, handler, on_scip_event_init), "starting");
    ok(m_api.set_bool(m_handle.scip, "misc/catchctrlc", 0), "misc/catchctrlc");
    ok(m_api.set_int(m_handle.scip, "timing/clocktype", 2), "timing/clocktype");
  }
  ~ScipSession() override {
    m_relaxation.reset();
    m_api.free(&m_handle.scip);
  }

  [[nodiscard]] std::string solver() const override {
    return "SCIP " + std::to_string(m_api.major_version()) + "." + std::to_string(m_api.minor_version()) + "." +
           std::to_string(m_api.tech_version());
  }

  void set_option(const std::string& name, const std::string& value) override;

  void load(const Model& model) override {
    check(model);
    m_relaxation.reset();
    m_start.resize(0);
    m_model = model;
    for (std::size_t j = 0; j < m_model.cost.size(); ++j) {
      round_bounds(j, m_model.column_lower[j], m_model.column_upper[j]);
    }
    m_branches = std::find(model.integer.begin(), model.integer.end(), true) != model.integer.end() ||
                 !model.indicators.empty() || !model.sos1.empty();
  }

  void set_column_bounds(int column, double lower, double upper) override {
    const auto j = static_cast<std::size_t>(column);
    round_bounds(j, lower, upper);
    m_model.column_lower.at(j) = lower;
    m_model.column_upper.at(j) = upper;
    if (m_relaxation && lower <= upper) m_relaxation->set_column_bounds(column, lower, upper);
  }
  void set_row_bounds(int row, double lower, double upper) override {
    const auto i = static_cast<std::size_t>(row);
    m_model.row_lower.at(i) = lower;
    m_model.row_upper.at(i) = upper;
    if (m_relaxation && lower <= upper) m_relaxation->set_row_bounds(row, lower, upper);
  }
  void set_cost(int column, double cost) override {
    m_model.cost.at(static_cast<std::size_t>(column)) = cost;
    if (m_relaxation) m_relaxation->set_cost(column, cost);
  }
  void set_sense(Sense sense) override {
    if (sense == m_model.sense) return;
    m_model.sense = sense;
    for (int j = 0; m_relaxation && j < m_model.columns(); ++j) {
      m_relaxation->set_cost(j, m_model.cost[static_cast<std::size_t>(j)]);
    }
  }
  void add_rows(const Rows& rows) override {
    check(rows, m_model.columns());
    m_model.append(rows);
    bool contradicts = false;
    for (std::size_t i = 0; i < rows.lower.size(); ++i) contradicts = contradicts || rows.lower[i] > rows.upper[i];
    if (contradicts) m_relaxation.reset();
    if (m_relaxation) m_relaxation->add_rows(rows);
  }

  void set_start(const Vector& point) override {
    if (point.size() != m_model.columns()) throw std::invalid_argument("a start needs one entry a column");
    m_start = point;
  }

  Outcome run(const RunSettings& settings, const Callbacks& callbacks) override;
  Outcome run_relaxation(const RunSettings& settings, const Callbacks& callbacks) override;

 private:
  void round_bounds(std::size_t column, double& lower, double& upper) const {
    if (!m_model.integer.at(column)) return;
    lower = std::ceil(lower);
    upper = std::floor(upper);
  }
  static void ok(int code, const char* action) {
    if (code == scip::okay) return;
    throw SolverError(std::string("SCIP failed at ") + action + " (code " + std::to_string(code) + ")");
  }
  [[nodiscard]] std::optional<Status> known(const RunSettings& settings) const;
  [[nodiscard]] double finite(double bound) const {
    const double infinity = m_api.infinity(m_handle.scip);
    return std::clamp(bound, -infinity, infinity);
  }
  void apply(const RunSettings& settings);
  void build(std::vector<scip::Variable*>& variables, bool with_costs);
  void add(scip::Constraint* constraint);
  void add_indicator(const Indicator& indicator, const std::vector<scip::Variable*>& variables);
  void give_start(std::vector<scip::Variable*>& variables);
  int solve(Run& run);
  int branch(Watch& watch, Outcome& outcome, bool with_costs);

  const Api& m_api;
  Handle m_handle;
  Model m_model;
  bool m_branches = false;
  Vector m_start;
  std::unique_ptr<scip::Relaxation> m_relaxation;
};

void ScipSession::set_option(const std::string& name, const std::string& value) {
  for (const auto& [option, instead] : governed) {
    if (name == option) refuse_governed("SCIP", name, instead);
  }
  scip::Scip* scip = m_handle.scip;
  scip::Parameter* parameter = m_api.parameter(scip, name.c_str());
  if (parameter == nullptr) {
    refuse_unknown("SCIP", name, "https://scipopt.org/doc/html/PARAMETERS.php");
  }
  const char* option = name.c_str();
  int code = 0;
  switch (m_api.parameter_type(parameter)) {
    case scip::type_bool: {
      const auto parsed = parse_bool(value);
      if (!parsed) refuse_value("SCIP", name, value, "true or false");
      code = m_api.set_bool(scip, option, *parsed ? 1 : 0);
      break;
    }
    case scip::type_int: {
      const auto parsed = parse_number<int>(value);
      const int least = m_api.int_min(parameter), most = m_api.int_max(parameter);
      if (!parsed || *parsed < least || *parsed > most) refuse_number("SCIP", name, value, least, most);
      code = m_api.set_int(scip, option, *parsed);
      break;
    }
    case scip::type_longint: {
      const auto parsed = parse_number<long long>(value);
      const long long least = m_api.longint_min(parameter), most = m_api.longint_max(parameter);
      if (!parsed || *parsed < least || *parsed > most) refuse_number("SCIP", name, value, least, most);
      code = m_api.set_longint(scip, option, *parsed);
      break;
    }
    case scip::type_real: {
      const auto parsed = parse_number<double>(value);
      const double least = m_api.real_min(parameter), most = m_api.real_max(parameter);
      if (!parsed || !(*parsed >= least && *parsed <= most)) refuse_number("SCIP", name, value, least, most);
      code = m_api.set_real(scip, option, *parsed);
      break;
    }
    case scip::type_char: {
      const char* allowed = m_api.char_allowed(parameter);
      const bool fits = value.size() == 1 &&
                        (allowed == nullptr || std::string_view(allowed).find(value[0]) != std::string_view::npos);
      if (!fits) {
        refuse_value("SCIP", name, value, std::string("one character of ") + (allowed == nullptr ? "any" : allowed));
      }
      code = m_api.set_char(scip, option, value[0]);
      break;
    }
    default:
      code = m_api.set_string(scip, option, value.c_str());
  }
  if (code != scip::okay) refuse_value("SCIP", name, value, "SCIP does not take it");
}

/// What needs no solver to tell: contradicting bounds, which SCIP takes for mistakes, and a limit of no time at all.
std::optional<Status> ScipSession::known(const RunSettings& settings) const {
  for (std::size_t j = 0; j < m_model.cost.size(); ++j) {
    if (m_model.column_lower[j] > m_model.column_upper[j]) return Status::infeasible;
  }
  for (std::size_t i = 0; i < m_model.row_lower.size(); ++i) {
    if (m_model.row_lower[i] > m_model.row_upper[i]) return Status::infeasible;
  }
  if (settings.time_limit <= 0) return Status::time_limit;
  return std::nullopt;
}

Outcome ScipSession::run_relaxation(const RunSettings& settings, const Callbacks& callbacks) {
  if (const auto status = known(settings)) {
    Outcome outcome;
    outcome.status = *status;
    return outcome;
  }
  Watch watch(settings, callbacks, m_model.columns());
  if (!m_relaxation) m_relaxation = std::make_unique<scip::Relaxation>(m_api, m_model);
  return m_relaxation->solve(watch);
}

void ScipSession::apply(const RunSettings& settings) {
  scip::Scip* scip = m_handle.scip;
  // SCIP takes coefficients below epsilon for zero; tolerances must not be below it.
  double smallest = 1e-9;
  for (const double value : m_model.value) {
    if (value != 0) smallest = std::min(smallest, std::abs(value) / 2);
  }
  const double epsilon = std::max(smallest, 1e-13);
  ok(m_api.set_real(scip, "numerics/epsilon", epsilon), "numerics/epsilon");
  const auto tolerance = [&](double value) { return std::clamp(value, 1e-9, 1e-3); };
  ok(m_api.set_real(scip, "numerics/feastol", tolerance(settings.feasibility)), "numerics/feastol");
  ok(m_api.set_real(scip, "numerics/dualfeastol", tolerance(settings.optimality)), "numerics/dualfeastol");
  ok(m_api.set_real(scip, "limits/gap", settings.gap), "limits/gap");
  ok(m_api.set_real(scip, "limits/absgap", settings.absolute_gap), "limits/absgap");
  const bool limited = settings.node_limit < std::numeric_limits<std::int64_t>::max();
  ok(m_api.set_longint(scip, "limits/totalnodes", limited ? std::max<std::int64_t>(settings.node_limit, 0) : -1),
     "limits/totalnodes");
  ok(m_api.set_int(scip, "randomization/randomseedshift", static_cast<int>(settings.seed % 2147483647U)),
     "randomization/randomseedshift");
}

void ScipSession::add(scip::Constraint* constraint) {
  ok(m_api.add_constraint(m_handle.scip, constraint), "adding a constraint");
  ok(m_api.release_constraint(m_handle.scip, &constraint), "adding a constraint");
}

/// SCIP's indicators are of the form x = 1 implies a'y <= b.
void ScipSession::add_indicator(const Indicator& indicator, const std::vector<scip::Variable*>& variables) {
  scip::Variable* binary = variables[static_cast<std::size_t>(indicator.column)];
  if (indicator.value == 0) ok(m_api.negated_variable(m_handle.scip, binary, &binary), "negating a binary");
  std::vector<scip::Variable*> columns;
  for (const int c : indicator.columns) columns.push_back(variables[static_cast<std::size_t>(c)]);
  const auto add_side = [&](double sign, double side) {
    std::vector<double> coefficients;
    for (const double value : indicator.coefficients) coefficients.push_back(sign * value);
    scip::Constraint* constraint = nullptr;
    ok(m_api.create_indicator(m_handle.scip, &constraint, indicator.name.c_str(), binary,
                              static_cast<int>(columns.size()), columns.data(), coefficients.data(), sign * side),
       "adding an indicator");
    add(constraint);
  };
  if (std::isfinite(indicator.upper)) add_side(1, indicator.upper);
  if (std::isfinite(indicator.lower)) add_side(-1, indicator.lower);
}

/// The model as a problem of SCIP's.
void ScipSession::build(std::vector<scip::Variable*>& variables, bool with_costs) {
  scip::Scip* scip = m_handle.scip;
  ok(m_api.create_problem(scip, "secateur"), "creating a problem");
  ok(m_api.set_sense(scip, m_model.sense == Sense::maximize ? -1 : 1), "setting the sense");
  if (with_costs) ok(m_api.add_offset(scip, m_model.offset), "setting the offset");
  for (std::size_t j = 0; j < m_model.cost.size(); ++j) {
    const double lower = m_model.column_lower[j], upper = m_model.column_upper[j];
    const scip::VariableType type = !m_model.integer[j]        ? scip::continuous
                                    : lower >= 0 && upper <= 1 ? scip::binary
                                                               : scip::integer;
    scip::Variable* variable = nullptr;
    ok(m_api.create_variable(scip, &variable, std::string("x").append(std::to_string(j)).c_str(), finite(lower),
                             finite(upper), with_costs ? m_model.cost[j] : 0.0, type),
       "adding a column");
    variables.push_back(variable);
    ok(m_api.add_variable(scip, variable), "adding a column");
  }
  std::vector<scip::Variable*> columns;
  std::vector<double> values;
  for (std::size_t i = 0; i < m_model.row_lower.size(); ++i) {
    columns.clear();
    values.clear();
    for (int e = m_model.row_start[i]; e < m_model.row_start[i + 1]; ++e) {
      columns.push_back(variables[static_cast<std::size_t>(m_model.column[static_cast<std::size_t>(e)])]);
      values.push_back(m_model.value[static_cast<std::size_t>(e)]);
    }
    scip::Constraint* constraint = nullptr;
    ok(m_api.create_linear(scip, &constraint, std::string("r").append(std::to_string(i)).c_str(),
                           static_cast<int>(columns.size()), columns.data(), values.data(),
                           finite(m_model.row_lower[i]), finite(m_model.row_upper[i])),
       "adding a row");
    add(constraint);
  }
  for (const Indicator& indicator : m_model.indicators) add_indicator(indicator, variables);
  for (const Sos1& set : m_model.sos1) {
    columns.clear();
    for (const int c : set.columns) columns.push_back(variables[static_cast<std::size_t>(c)]);
    values = set.weights;
    scip::Constraint* constraint = nullptr;
    ok(m_api.create_sos1(scip, &constraint, set.name.c_str(), static_cast<int>(columns.size()), columns.data(),
                         values.data()),
       "adding a special ordered set");
    add(constraint);
  }
}

/// The start of the user's; SCIP drops it when it is not feasible.
void ScipSession::give_start(std::vector<scip::Variable*>& variables) {
  if (m_start.size() != m_model.columns() || m_start.size() == 0) return;
  scip::Solution* solution = nullptr;
  ok(m_api.create_solution(m_handle.scip, &solution, nullptr), "setting a start");
  ok(m_api.set_solution_values(m_handle.scip, solution, static_cast<int>(variables.size()), variables.data(),
                               m_start.data()),
     "setting a start");
  scip::Bool stored = 0;
  ok(m_api.add_solution(m_handle.scip, &solution, &stored), "setting a start");
}

extern "C" int on_scip_event_init(scip::Scip* scip, scip::EventHandler* handler) {
  const Api& functions = *loaded();
  return functions.catch_event(
      scip, scip::event_best_solution | scip::event_lp | scip::event_node_solved | scip::event_presolve_round, handler,
      nullptr, nullptr);
}

extern "C" int on_scip_event(scip::Scip* scip, scip::EventHandler* handler, scip::Event* event, void*) {
  const Api& functions = *loaded();
  const auto* handle = static_cast<const Handle*>(functions.event_handler_data(handler));
  if (handle->run == nullptr) return scip::okay;
  Run& run = *handle->run;
  bool stop = false;
  if ((functions.event_type(event) & scip::event_best_solution) != 0) {
    scip::Solution* best = functions.best_solution(scip);
    const auto count = static_cast<int>(run.variables.size());
    if (best != nullptr &&
        functions.solution_values(scip, best, count, run.variables.data(), run.point.data()) == scip::okay) {
      stop = run.watch.improved(run.point.data(), functions.solution_objective(scip, best));
    }
  }
  stop = run.watch.state(run.number(functions.primal_bound(scip)), run.number(functions.dual_bound(scip)),
                         functions.node_count(scip)) ||
         stop;
  return stop ? functions.interrupt(scip) : scip::okay;
}

/// Runs SCIP, while a second thread asks every few milliseconds whether to stop: events may be far apart.
int ScipSession::solve(Run& run) {
  if (!run.watch.listens()) return m_api.solve(m_handle.scip);
  m_handle.run = &run;
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::thread guard([&] {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, std::chrono::milliseconds(10), [&] { return done; })) {
      // Again and again: SCIP forgets an interrupt that comes before its search begins.
      if (run.watch.must_stop()) m_api.interrupt(m_handle.scip);
    }
  });
  const int code = m_api.solve(m_handle.scip);
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  changed.notify_one();
  guard.join();
  m_handle.run = nullptr;
  return code;
}

/// Branch and bound; returns SCIP's status and reads the numbers. Without costs it only looks for a feasible point.
int ScipSession::branch(Watch& watch, Outcome& outcome, bool with_costs) {
  scip::Scip* scip = m_handle.scip;
  const double left = std::max(watch.settings().time_limit - watch.seconds(), 0.0);
  ok(m_api.set_real(scip, "limits/time", std::min(left, 1e20)), "limits/time");
  std::vector<scip::Variable*> variables;
  struct Cleanup {
    const Api& api;
    scip::Scip* scip;
    std::vector<scip::Variable*>& variables;
    ~Cleanup() {
      for (scip::Variable*& variable : variables) api.release_variable(scip, &variable);
      api.free_problem(scip);
    }
  };
  const Cleanup cleanup{m_api, scip, variables};
  build(variables, with_costs);
  if (with_costs) give_start(variables);
  const double infinity = m_api.infinity(scip);
  Run run{m_api, watch, variables, infinity, std::vector<double>(variables.size())};
  const Callbacks only_stop{{}, {}, watch.callbacks().stop};
  Watch inner(watch.settings(), only_stop, m_model.columns());
  Run inner_run{m_api, inner, variables, infinity, std::vector<double>(variables.size())};
  const int code = solve(with_costs ? run : inner_run);
  if (!with_costs && inner.stopped()) watch.set_stopped(inner.stopped());
  watch.rethrow();
  inner.rethrow();
  ok(code, "solving");
  const int status = m_api.status(scip);
  if (!with_costs) return status;
  outcome.nodes = m_api.node_count(scip);
  outcome.iterations = m_api.lp_iterations(scip);
  const double bound = m_api.dual_bound(scip);
  if (std::abs(bound) < infinity) outcome.bound = bound;
  scip::Solution* best = m_api.solution_count(scip) > 0 ? m_api.best_solution(scip) : nullptr;
  if (best != nullptr) {
    outcome.primal.resize(m_model.columns());
    ok(m_api.solution_values(scip, best, m_model.columns(), variables.data(), outcome.primal.data()),
       "reading the solution");
    outcome.objective = m_api.solution_objective(scip, best);
  }
  return status;
}

Status translate(int status, const std::optional<Status>& stopped) {
  switch (status) {
    case scip::status_optimal:
    case scip::status_gap_limit:
      return Status::optimal;
    case scip::status_infeasible:
      return Status::infeasible;
    case scip::status_unbounded:
      return Status::unbounded;
    case scip::status_time_limit:
      return Status::time_limit;
    case scip::status_memory_limit:
      return Status::memory_limit;
    case scip::status_node_limit:
    case scip::status_total_node_limit:
    case scip::status_stall_node_limit:
    case scip::status_solution_limit:
    case scip::status_best_solution_limit:
    case scip::status_restart_limit:
      return Status::node_limit;
    case scip::status_user_interrupt:
    case scip::status_terminate:
      return stopped.value_or(Status::interrupted);
    default:
      throw SolverError("SCIP gave up with status " + std::to_string(status));
  }
}

Outcome ScipSession::run(const RunSettings& settings, const Callbacks& callbacks) {
  if (!m_branches) return run_relaxation(settings, callbacks);
  Outcome outcome;
  if (const auto status = known(settings)) {
    outcome.status = *status;
    return outcome;
  }
  Watch watch(settings, callbacks, m_model.columns());
  apply(settings);
  int status = branch(watch, outcome, true);
  if (status == scip::status_unbounded || status == scip::status_infeasible_or_unbounded) {
    // A relaxation that is unbounded says nothing about whether there is a point at all.
    const int without_costs = branch(watch, outcome, false);
    if (without_costs == scip::status_infeasible) {
      status = scip::status_infeasible;
    } else if (without_costs == scip::status_optimal || without_costs == scip::status_gap_limit) {
      status = scip::status_unbounded;
    } else {
      status = without_costs;
      outcome = {};
    }
  }
  outcome.status = translate(status, watch.stopped());
  outcome.seconds = watch.seconds();
  if (outcome.status == Status::infeasible || outcome.status == Status::unbounded) {
    outcome.bound.reset();
    outcome.objective.reset();
    outcome.primal.resize(0);
  } else if (outcome.status == Status::optimal && !outcome.objective) {
    throw SolverError("SCIP reports an optimum without a feasible point");
  }
  return outcome;
}

}  // namespace

std::unique_ptr<Session> make_scip_session() { return std::make_unique<ScipSession>(); }

}  // namespace secateur::lp
