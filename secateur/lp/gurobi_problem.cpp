// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/gurobi_problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "secateur/core/error.hpp"

namespace secateur::lp::gurobi {

void ok(const Api& api, Environment* environment, int code, const char* action, const std::string& size) {
  if (code == 0) return;
  const char* text = environment == nullptr ? nullptr : api.error_message(environment);
  std::string message = text == nullptr ? "error " + std::to_string(code) : text;
  std::replace(message.begin(), message.end(), '\n', ' ');
  if (code == size_limit_exceeded) {
    throw InputError("the model" + (size.empty() ? "" : " (" + size + ")") +
                         " is larger than the Gurobi licence takes (" + message + "); use --solver highs or scip",
                     {}, "--solver");
  }
  if (code == no_license) {
    throw InputError("Gurobi has no licence that can be used here (" + message + "); use --solver highs or scip", {},
                     "--solver");
  }
  throw SolverError(std::string("Gurobi failed at ") + action + ": " + message);
}

namespace {

double finite(double bound) { return std::clamp(bound, -infinity, infinity); }
double number(double value) {
  return std::abs(value) >= infinity ? std::copysign(std::numeric_limits<double>::infinity(), value) : value;
}

/// How a row is stated: sense and right-hand side, when it needs no slack.
struct Side {
  char sense;
  double value;
};
std::optional<Side> side(double lower, double upper) {
  if (lower == upper && std::isfinite(lower)) return Side{'=', lower};
  if (lower == -std::numeric_limits<double>::infinity()) return Side{'<', finite(upper)};
  if (upper == std::numeric_limits<double>::infinity()) return Side{'>', finite(lower)};
  return std::nullopt;
}

/// What the callback needs.
struct Run {
  const Api& api;
  Watch& watch;
  std::vector<double> point;
};

extern "C" int on_gurobi_callback(Problem* problem, void* data, int where, void* user) {
  Run& run = *static_cast<Run*>(user);
  const auto value = [&](int what) {
    double result = infinity;
    return run.api.callback_get(data, where, what, &result) == 0 ? number(result)
                                                                 : std::numeric_limits<double>::infinity();
  };
  const auto state = [&](int objective, int bound, int nodes) {
    const double count = value(nodes);
    return run.watch.state(value(objective), value(bound), std::isfinite(count) ? static_cast<std::int64_t>(count) : 0);
  };
  bool stop = false;
  if (where == where_solution) {
    if (run.api.callback_get(data, where, solution_point, run.point.data()) == 0) {
      stop = run.watch.improved(run.point.data(), value(solution_objective));
    }
    stop = state(solution_best, solution_bound, solution_nodes) || stop;
  } else if (where == where_mip) {
    stop = state(mip_objective, mip_bound, mip_nodes);
  } else if (where == where_node) {
    stop = state(node_best, node_bound, node_nodes);
  } else {
    stop = run.watch.must_stop();
  }
  if (stop) run.api.terminate(problem);
  return 0;
}

Status translate(int status, const std::optional<Status>& stopped) {
  switch (status) {
    case status_optimal:
      return Status::optimal;
    case status_infeasible:
      return Status::infeasible;
    case status_unbounded:
      return Status::unbounded;
    case status_time_limit:
      return Status::time_limit;
    case status_memory_limit:
      return Status::memory_limit;
    case status_iteration_limit:
    case status_node_limit:
    case status_solution_limit:
    case status_work_limit:
      return Status::node_limit;
    case status_interrupted:
      return stopped.value_or(Status::interrupted);
    default:
      throw SolverError("Gurobi gave up with status " + std::to_string(status));
  }
}

}  // namespace

void Model::ok(int code, const char* action) const {
  const std::string size = std::to_string(m_columns + m_slacks) + " columns, " + std::to_string(m_rows) + " rows";
  gurobi::ok(m_api, m_api.environment(m_problem), code, action, size);
}

Model::Model(const Api& api, Environment* environment, const lp::Model& model, bool relaxed)
    : m_api(api), m_columns(model.columns()) {
  m_branches = !relaxed && (std::find(model.integer.begin(), model.integer.end(), true) != model.integer.end() ||
                            !model.indicators.empty() || !model.sos1.empty());
  std::vector<double> cost = model.cost, lower = model.column_lower, upper = model.column_upper;
  std::string type;
  for (std::size_t j = 0; j < cost.size(); ++j) {
    const bool binary = lower[j] >= 0 && upper[j] <= 1;
    type += !m_branches || !model.integer[j] ? 'C' : binary ? 'B' : 'I';
    lower[j] = finite(lower[j]);
    upper[j] = finite(upper[j]);
  }
  gurobi::ok(m_api, environment,
             m_api.new_model(environment, &m_problem, "secateur", m_columns, cost.data(), lower.data(), upper.data(),
                             type.data(), nullptr),
             "loading a model");
  try {
    Rows rows;
    rows.lower = model.row_lower;
    rows.upper = model.row_upper;
    rows.start = model.row_start;
    rows.column = model.column;
    rows.value = model.value;
    add_rows(rows);
    set_sense(model.sense);
    ok(m_api.set_double_attribute(m_problem, "ObjCon", model.offset), "setting the offset");
    if (relaxed) return;
    for (const Indicator& one : model.indicators) {
      const auto add = [&](char sense, double value) {
        ok(m_api.add_indicator(m_problem, nullptr, one.column, one.value, static_cast<int>(one.columns.size()),
                               one.columns.data(), one.coefficients.data(), sense, value),
           "adding an indicator");
      };
      if (one.lower == one.upper) {
        add('=', one.upper);
      } else {
        if (std::isfinite(one.upper)) add('<', one.upper);
        if (std::isfinite(one.lower)) add('>', one.lower);
      }
    }
    for (const Sos1& set : model.sos1) {
      int kind = 1, begin = 0;
      std::vector<int> columns = set.columns;
      std::vector<double> weights = set.weights;
      ok(m_api.add_sos(m_problem, 1, static_cast<int>(columns.size()), &kind, &begin, columns.data(), weights.data()),
         "adding a special ordered set");
    }
  } catch (...) {
    m_api.free_model(m_problem);
    throw;
  }
}

Model::~Model() { m_api.free_model(m_problem); }

void Model::add_slack(int row, double lower, double upper) {
  int begin = 0;
  double minus = -1, cost = 0, from = finite(lower), to = finite(upper);
  char type = 'C';
  ok(m_api.add_variables(m_problem, 1, 1, &begin, &row, &minus, &cost, &from, &to, &type, nullptr), "adding a slack");
  m_slack[static_cast<std::size_t>(row)] = m_columns + m_slacks++;
}

void Model::add_rows(const Rows& rows) {
  if (rows.count() == 0) return;
  std::vector<int> start = rows.start, column = rows.column;
  std::vector<double> value = rows.value, right;
  std::string sense;
  for (std::size_t i = 0; i < rows.lower.size(); ++i) {
    const Side stated = side(rows.lower[i], rows.upper[i]).value_or(Side{'=', 0.0});
    sense += stated.sense;
    right.push_back(stated.value);
  }
  ok(m_api.add_rows(m_problem, rows.count(), static_cast<int>(value.size()), start.data(), column.data(), value.data(),
                    sense.data(), right.data(), nullptr),
     "adding rows");
  const int first = m_rows;
  m_rows += rows.count();
  m_slack.resize(static_cast<std::size_t>(m_rows), -1);
  ok(m_api.update(m_problem), "adding rows");  // slacks refer to them
  for (int i = 0; i < rows.count(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (!side(rows.lower[k], rows.upper[k])) add_slack(first + i, rows.lower[k], rows.upper[k]);
  }
}

void Model::set_column_bounds(int column, double lower, double upper) {
  ok(m_api.set_double_element(m_problem, "LB", column, finite(lower)), "changing a column's bounds");
  ok(m_api.set_double_element(m_problem, "UB", column, finite(upper)), "changing a column's bounds");
}

void Model::set_row_bounds(int row, double lower, double upper) {
  const int slack = m_slack.at(static_cast<std::size_t>(row));
  if (slack >= 0) {
    ok(m_api.update(m_problem), "changing a row's bounds");  // the slack may be new
    return set_column_bounds(slack, lower, upper);
  }
  const std::optional<Side> stated = side(lower, upper);
  const Side now = stated.value_or(Side{'=', 0.0});
  ok(m_api.set_char_element(m_problem, "Sense", row, now.sense), "changing a row's bounds");
  ok(m_api.set_double_element(m_problem, "RHS", row, now.value), "changing a row's bounds");
  if (!stated) add_slack(row, lower, upper);
}

void Model::set_cost(int column, double cost) {
  ok(m_api.set_double_element(m_problem, "Obj", column, cost), "changing a cost");
}

void Model::set_sense(Sense sense) {
  ok(m_api.set_int_attribute(m_problem, "ModelSense", sense == Sense::maximize ? -1 : 1), "changing the sense");
}

void Model::set_start(const Vector& point) {
  std::vector<double> start(point.begin(), point.end());
  ok(m_api.update(m_problem), "setting a start");
  ok(m_api.set_doubles(m_problem, "Start", 0, m_columns, start.data()), "setting a start");
}

void Model::set(const char* name, int value) { ok(m_api.set_int(m_api.environment(m_problem), name, value), name); }
void Model::set(const char* name, double value) {
  ok(m_api.set_double(m_api.environment(m_problem), name, value), name);
}
void Model::set(const char* name, const std::string& value) {
  ok(m_api.set_string(m_api.environment(m_problem), name, value.c_str()), name);
}

double Model::attribute(const char* name) const {
  double value = 0;
  ok(m_api.get_double_attribute(m_problem, name, &value), name);
  return value;
}

int Model::int_attribute(const char* name) const {
  int value = 0;
  ok(m_api.get_int_attribute(m_problem, name, &value), name);
  return value;
}

/// One call of Gurobi; returns its status. Exceptions of callbacks are thrown from here.
int Model::call(Watch& watch) {
  set("TimeLimit", std::clamp(watch.settings().time_limit - watch.seconds(), 0.0, infinity));
  ok(m_api.update(m_problem), "changing the model");
  Run run{m_api, watch, std::vector<double>(static_cast<std::size_t>(m_columns + m_slacks))};
  const bool listens = watch.listens();
  if (listens) ok(m_api.set_callback(m_problem, on_gurobi_callback, &run), "setting callbacks");
  const int code = m_api.optimize(m_problem);
  if (listens) m_api.set_callback(m_problem, nullptr, nullptr);
  watch.rethrow();
  ok(code, "solving");
  return int_attribute("Status");
}

/// Infeasible or unbounded: whether some point satisfies everything, by the same with a zero objective.
int Model::tell_apart(Watch& watch) {
  std::vector<double> cost(static_cast<std::size_t>(m_columns)), zero(cost.size(), 0.0);
  ok(m_api.get_doubles(m_problem, "Obj", 0, m_columns, cost.data()), "reading costs");
  ok(m_api.set_doubles(m_problem, "Obj", 0, m_columns, zero.data()), "changing costs");
  const Callbacks only_stop{{}, {}, watch.callbacks().stop};
  Watch inner(watch.settings(), only_stop, m_columns);
  const int status = call(inner);
  watch.set_stopped(inner.stopped());
  ok(m_api.set_doubles(m_problem, "Obj", 0, m_columns, cost.data()), "changing costs");
  return status == status_optimal ? status_unbounded : status;
}

void Model::read_numbers(Outcome& outcome) {
  outcome.iterations = static_cast<std::int64_t>(std::max(attribute("IterCount"), 0.0));
  if (m_branches) {
    outcome.nodes = static_cast<std::int64_t>(std::max(attribute("NodeCount"), 0.0));
    const double bound = number(attribute("ObjBound"));
    if (std::isfinite(bound)) outcome.bound = bound;
    if (int_attribute("SolCount") == 0) {
      if (outcome.status == Status::optimal) throw SolverError("Gurobi reports an optimum without a feasible point");
      return;
    }
  } else if (outcome.status != Status::optimal) {
    return;  // a basis on the way need not be feasible
  }
  outcome.objective = attribute("ObjVal");
  outcome.primal.resize(m_columns);
  ok(m_api.get_doubles(m_problem, "X", 0, m_columns, outcome.primal.data()), "reading the solution");
  if (m_branches) return;
  outcome.bound = outcome.objective;
  outcome.column_dual.resize(m_columns);
  outcome.row_dual.resize(m_rows);
  // Both are derivatives of the objective in either sense; for a row with a slack, too, whose reduced cost it is.
  ok(m_api.get_doubles(m_problem, "RC", 0, m_columns, outcome.column_dual.data()), "reading reduced costs");
  ok(m_api.get_doubles(m_problem, "Pi", 0, m_rows, outcome.row_dual.data()), "reading duals");
}

Outcome Model::run(Watch& watch) {
  Outcome outcome;
  int status = call(watch);
  if (status == status_infeasible_or_unbounded || (status == status_unbounded && m_branches)) {
    status = tell_apart(watch);
    outcome.status = translate(status, watch.stopped());
    outcome.seconds = watch.seconds();
    return outcome;  // what numbers there are belong to another objective
  }
  outcome.status = translate(status, watch.stopped());
  outcome.seconds = watch.seconds();
  if (outcome.status != Status::infeasible && outcome.status != Status::unbounded) read_numbers(outcome);
  return outcome;
}

}  // namespace secateur::lp::gurobi
