// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/gurobi.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/lp/check.hpp"
#include "secateur/lp/gurobi_api.hpp"
#include "secateur/lp/gurobi_problem.hpp"
#include "secateur/lp/option.hpp"

namespace secateur::lp {

namespace {

using gurobi::Api;

const LibraryNames& library_names() {
  static const LibraryNames names{.solver = "Gurobi",
                                  .variable = "SECATEUR_GUROBI",
                                  .loader_names = {"libgurobi130.so", "libgurobi120.so", "libgurobi.so"},
                                  .home_variable = "GUROBI_HOME",
                                  .home_pattern = "libgurobi1[23]*.so",
                                  .wheel = "gurobipy",
                                  .wheel_patterns = {"gurobipy/.libs/libgurobi*.so", "gurobipy/libgurobi*.so"}};
  return names;
}

/// Options that a run sets by itself, and what the user should give instead; and some that would change what an answer
/// means or write to the standard output, which belongs to results. In lower case: Gurobi ignores case and underscores.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> governed{{
    {"mipgap", "the gap setting"},
    {"mipgapabs", "the absolute gap setting"},
    {"feasibilitytol", "the feasibility setting"},
    {"intfeastol", "the feasibility setting"},
    {"optimalitytol", "the feasibility setting"},
    {"timelimit", "the time limit setting"},
    {"nodelimit", "the node limit setting"},
    {"memlimit", "the memory limit setting"},
    {"softmemlimit", "the memory limit setting"},
    {"threads", "the threads setting"},
    {"seed", "the seed setting"},
    {"cutoff", "nothing: it would stop before the optimum"},
    {"bestobjstop", "nothing: it would stop before the optimum"},
    {"bestbdstop", "nothing: it would stop before the optimum"},
    {"outputflag", "LogFile=NAME"},
    {"logtoconsole", "LogFile=NAME"},
    {"updatemode", "nothing: changes are collected"},
    {"objnumber", "nothing: there is one objective"},
}};

/// How Gurobi compares names of options.
std::string folded(const std::string& name) {
  std::string result;
  for (const char c : name) {
    if (c != '_') result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

Api load_api(const Library& library) {
  Api api(library);
  int major = 0, minor = 0, technical = 0;
  api.version(&major, &minor, &technical);
  if (major < 12 || major > 13) {
    throw InputError("the library " + library.path() + " is Gurobi " + std::to_string(major) + "." +
                         std::to_string(minor) + ", but version 12 or 13 is needed; use --solver highs",
                     {}, "--solver");
  }
  return api;
}

class GurobiSession final : public Session {
 public:
  GurobiSession() : m_api(load_api(Library(library_names()))) {
    m_api.version(&m_version[0], &m_version[1], &m_version[2]);
    try {
      ok(m_api.empty_environment(&m_environment, m_version[0], m_version[1], m_version[2]), "starting");
      // Before it starts, when it would print the licence.
      ok(m_api.set_int(m_environment, "OutputFlag", 0), "OutputFlag");
      ok(m_api.start_environment(m_environment), "starting");
    } catch (...) {
      if (m_environment != nullptr) m_api.free_environment(m_environment);
      throw;
    }
  }
  ~GurobiSession() override {
    m_whole.reset();
    m_relaxed.reset();
    m_api.free_environment(m_environment);
  }

  [[nodiscard]] std::string solver() const override {
    return "Gurobi " + std::to_string(m_version[0]) + "." + std::to_string(m_version[1]) + "." +
           std::to_string(m_version[2]);
  }

  void set_option(const std::string& name, const std::string& value) override;

  void load(const Model& model) override {
    check(model);
    m_whole.reset();
    m_relaxed.reset();
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
    each([&](gurobi::Model& model) { model.set_column_bounds(column, lower, upper); });
  }
  void set_row_bounds(int row, double lower, double upper) override {
    const auto i = static_cast<std::size_t>(row);
    m_model.row_lower.at(i) = lower;
    m_model.row_upper.at(i) = upper;
    each([&](gurobi::Model& model) { model.set_row_bounds(row, lower, upper); });
  }
  void set_cost(int column, double cost) override {
    m_model.cost.at(static_cast<std::size_t>(column)) = cost;
    each([&](gurobi::Model& model) { model.set_cost(column, cost); });
  }
  void set_sense(Sense sense) override {
    m_model.sense = sense;
    each([&](gurobi::Model& model) { model.set_sense(sense); });
  }
  void add_rows(const Rows& rows) override {
    check(rows, m_model.columns());
    m_model.append(rows);
    each([&](gurobi::Model& model) { model.add_rows(rows); });
  }

  void set_start(const Vector& point) override {
    if (point.size() != m_model.columns()) throw std::invalid_argument("a start needs one entry a column");
    if (m_branches) whole().set_start(point);
  }

  Outcome run(const RunSettings& settings, const Callbacks& callbacks) override {
    return m_branches ? run(settings, callbacks, whole()) : run_relaxation(settings, callbacks);
  }
  Outcome run_relaxation(const RunSettings& settings, const Callbacks& callbacks) override {
    return run(settings, callbacks, relaxed());
  }

 private:
  void round_bounds(std::size_t column, double& lower, double& upper) const {
    if (!m_model.integer.at(column)) return;
    lower = std::ceil(lower);
    upper = std::floor(upper);
  }
  void ok(int code, const char* action) const { gurobi::ok(m_api, m_environment, code, action); }

  /// The model and its relaxation stand in Gurobi from their first use on.
  gurobi::Model& whole() {
    if (!m_whole) m_whole = std::make_unique<gurobi::Model>(m_api, m_environment, m_model, false);
    return *m_whole;
  }
  gurobi::Model& relaxed() {
    if (!m_relaxed) m_relaxed = std::make_unique<gurobi::Model>(m_api, m_environment, m_model, true);
    return *m_relaxed;
  }
  template <class Change>
  void each(const Change& change) {
    if (m_whole) change(*m_whole);
    if (m_relaxed) change(*m_relaxed);
  }

  /// Sets it for models to come and for those that there are.
  template <class Value>
  void set_everywhere(const std::string& name, const Value& value,
                      int (*set)(gurobi::Environment*, const char*, Value)) {
    if (set(m_environment, name.c_str(), value) != 0)
      refuse_value("Gurobi", name, "", m_api.error_message(m_environment));
    each([&](gurobi::Model& model) { model.set(name.c_str(), value); });
  }

  static Outcome run(const RunSettings& settings, const Callbacks& callbacks, gurobi::Model& model, Index columns);
  Outcome run(const RunSettings& settings, const Callbacks& callbacks, gurobi::Model& model) const {
    return run(settings, callbacks, model, m_model.columns());
  }

  const Api m_api;
  std::array<int, 3> m_version{};
  gurobi::Environment* m_environment = nullptr;
  Model m_model;
  bool m_branches = false;
  std::unique_ptr<gurobi::Model> m_whole, m_relaxed;
};

void GurobiSession::set_option(const std::string& name, const std::string& value) {
  for (const auto& [option, instead] : governed) {
    if (folded(name) == option) refuse_governed("Gurobi", name, instead);
  }
  const char* option = name.c_str();
  int now = 0, least = 0, most = 0, standard = 0;
  double real_now = 0, real_least = 0, real_most = 0, real_standard = 0;
  std::array<char, 1024> text_now{}, text_standard{};
  if (m_api.int_info(m_environment, option, &now, &least, &most, &standard) == 0) {
    const auto parsed = parse_number<int>(value);
    if (!parsed || *parsed < least || *parsed > most) refuse_number("Gurobi", name, value, least, most);
    set_everywhere(name, *parsed, m_api.set_int);
  } else if (m_api.double_info(m_environment, option, &real_now, &real_least, &real_most, &real_standard) == 0) {
    const auto parsed = parse_number<double>(value);
    if (!parsed || !(*parsed >= real_least && *parsed <= real_most)) {
      refuse_number("Gurobi", name, value, real_least, real_most);
    }
    set_everywhere(name, *parsed, m_api.set_double);
  } else if (m_api.string_info(m_environment, option, text_now.data(), text_standard.data()) == 0) {
    if (value.size() >= 512) refuse_value("Gurobi", name, value, "at most 511 characters");
    ok(m_api.set_string(m_environment, option, value.c_str()), option);
    each([&](gurobi::Model& model) { model.set(option, value); });
    if (folded(name) == "logfile") {
      // A log is written when output is on; the console belongs to results.
      set_everywhere("LogToConsole", 0, m_api.set_int);
      set_everywhere("OutputFlag", 1, m_api.set_int);
    }
  } else {
    refuse_unknown("Gurobi", name, "https://docs.gurobi.com/projects/optimizer/en/current/reference/parameters.html");
  }
}

Outcome GurobiSession::run(const RunSettings& settings, const Callbacks& callbacks, gurobi::Model& model,
                           Index columns) {
  if (settings.time_limit <= 0) {
    Outcome outcome;
    outcome.status = Status::time_limit;
    return outcome;
  }
  Watch watch(settings, callbacks, columns);
  const auto tolerance = [](double value) { return std::clamp(value, 1e-9, 1e-2); };
  model.set("MIPGap", settings.gap);
  model.set("MIPGapAbs", settings.absolute_gap);
  model.set("FeasibilityTol", tolerance(settings.feasibility));
  model.set("IntFeasTol", tolerance(settings.feasibility));
  model.set("OptimalityTol", tolerance(settings.optimality));
  const bool limited = settings.node_limit < std::numeric_limits<std::int64_t>::max();
  model.set("NodeLimit", limited ? static_cast<double>(settings.node_limit) : gurobi::infinity);
  model.set("Threads", settings.threads);
  model.set("Seed", static_cast<int>(settings.seed % 2000000000U));
  return model.run(watch);
}

}  // namespace

std::unique_ptr<Session> make_gurobi_session() { return std::make_unique<GurobiSession>(); }

}  // namespace secateur::lp
