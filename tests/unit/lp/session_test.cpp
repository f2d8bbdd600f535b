// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <thread>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/core/stop.hpp"

namespace secateur::lp {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// max 3x + 2y, x + y <= 4, x + 3y <= 6, 0 <= x <= 3, y >= 0: optimum 11 at (3, 1).
Model small_lp() {
  Model model;
  model.sense = Sense::maximize;
  const int x = model.add_column(0, 3, 3, false, "x"), y = model.add_column(0, infinity, 2, false, "y");
  model.add_entry(x, 1);
  model.add_entry(y, 1);
  model.close_row(-infinity, 4, "sum");
  model.add_entry(x, 1);
  model.add_entry(y, 3);
  model.close_row(-infinity, 6, "weighted");
  return model;
}

/// A knapsack with many equal-looking items and several rows: thousands of nodes.
Model hard_milp(int columns) {
  Rng rng(7);
  Model model;
  model.sense = Sense::maximize;
  for (int j = 0; j < columns; ++j) {
    model.add_column(0, 1, static_cast<double>(100 + rng.below(20)), true, std::string("z").append(std::to_string(j)));
  }
  for (int r = 0; r < 15; ++r) {
    double total = 0;
    for (int j = 0; j < columns; ++j) {
      const auto weight = static_cast<double>(50 + rng.below(50));
      model.add_entry(j, weight);
      total += weight;
    }
    model.close_row(-infinity, std::floor(total / 2), "capacity" + std::to_string(r));
  }
  return model;
}

/// Every test of this suite runs with each solver; one that is not available here is skipped, and says why.
class Session : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const Availability available = availability(GetParam());
    if (!available.version) GTEST_SKIP() << available.reason;
  }
  static std::unique_ptr<lp::Session> make_session() { return lp::make_session(GetParam()); }
  static bool is(const char* solver) { return std::string(GetParam()) == solver; }
};

INSTANTIATE_TEST_SUITE_P(, Session, testing::Values("highs", "gurobi", "scip"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST_P(Session, SolvesALinearProgramWithDuals) {
  const auto session = make_session();
  session->load(small_lp());
  const Outcome outcome = session->run();
  EXPECT_EQ(outcome.status, Status::optimal);
  EXPECT_NEAR(outcome.objective.value(), 11, 1e-9);
  EXPECT_NEAR(outcome.bound.value(), 11, 1e-9);
  ASSERT_EQ(outcome.primal.size(), 2);
  EXPECT_NEAR(outcome.primal(0), 3, 1e-9);
  EXPECT_NEAR(outcome.primal(1), 1, 1e-9);
  // One more unit of `sum` or of the bound on x: d objective / d bound.
  ASSERT_EQ(outcome.row_dual.size(), 2);
  EXPECT_NEAR(outcome.row_dual.dot(Vector{{4.0, 6.0}}) + outcome.column_dual(0) * 3, 11, 1e-9);
}

TEST_P(Session, FollowsChangesOfBoundsCostsAndSense) {
  const auto session = make_session();
  session->load(small_lp());
  session->run();
  session->set_column_bounds(0, 0, 1);
  EXPECT_NEAR(session->run().objective.value(), 3 + 2 * 5.0 / 3, 1e-9);
  session->set_row_bounds(1, -infinity, 4);
  EXPECT_NEAR(session->run().objective.value(), 5, 1e-9);
  session->set_cost(0, 0);
  EXPECT_NEAR(session->run().objective.value(), 2 * 4.0 / 3, 1e-9);
  session->set_sense(Sense::minimize);
  EXPECT_NEAR(session->run().objective.value(), 0, 1e-9);
}

TEST_P(Session, AddedRowsCutFromTheLastBasis) {
  const auto session = make_session();
  session->load(small_lp());
  EXPECT_NEAR(session->run().objective.value(), 11, 1e-9);
  Rows rows;
  rows.add_entry(0, 1);
  rows.add_entry(1, -1);
  rows.close_row(-infinity, 1);  // x - y <= 1
  rows.add_entry(0, 1);
  rows.close_row(0, infinity);  // says nothing new
  session->add_rows(rows);
  Outcome outcome = session->run();
  EXPECT_NEAR(outcome.objective.value(), 3 * 2.25 + 2 * 1.25, 1e-9);  // x - y <= 1 and x + 3y <= 6
  ASSERT_EQ(outcome.row_dual.size(), 4);
  EXPECT_NEAR(outcome.row_dual(2), 7.0 / 4, 1e-9);
  EXPECT_NEAR(outcome.row_dual(3), 0, 1e-9);
  EXPECT_LE(outcome.iterations, 2);
  session->set_row_bounds(2, -infinity, infinity);
  EXPECT_NEAR(session->run().objective.value(), 11, 1e-9);
  session->add_rows(Rows{});
  EXPECT_NEAR(session->run().objective.value(), 11, 1e-9);
}

TEST_P(Session, AddedRowsHoldForIntegersToo) {
  Model model = small_lp();
  model.integer = {true, true};
  const auto session = make_session();
  session->load(model);
  EXPECT_NEAR(session->run().objective.value(), 11, 1e-9);
  Rows rows;
  rows.add_entry(0, 2);
  rows.add_entry(1, 2);
  rows.close_row(-infinity, 7);
  session->add_rows(rows);
  EXPECT_NEAR(session->run().objective.value(), 9, 1e-9);  // (3, 0)
}

TEST_P(Session, RefusesRowsThatDoNotFit) {
  const auto session = make_session();
  session->load(small_lp());
  Rows good;
  good.add_entry(0, 1);
  good.close_row(0, 1);
  Rows rows = good;
  rows.column[0] = 2;
  EXPECT_THROW(session->add_rows(rows), std::invalid_argument);
  rows = good;
  rows.value[0] = infinity;
  EXPECT_THROW(session->add_rows(rows), std::invalid_argument);
  rows = good;
  rows.upper[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(session->add_rows(rows), std::invalid_argument);
  rows = good;
  rows.start.pop_back();
  EXPECT_THROW(session->add_rows(rows), std::invalid_argument);
  EXPECT_NEAR(session->run().objective.value(), 11, 1e-9);
}

/// Re-solves after changes of one cost, of many, of bounds and of rows, each against a fresh session.
TEST_P(Session, HotStartsAgreeWithColdOnes) {
  Rng rng(5);
  Model model;
  for (int j = 0; j < 30; ++j) model.add_column(-1, 1, rng.uniform(-1, 1), false, "");
  for (int i = 0; i < 25; ++i) {
    for (int j = 0; j < 30; ++j) {
      if (rng.below(4) == 0) model.add_entry(j, rng.uniform(-1, 1));
    }
    model.close_row(-infinity, rng.uniform(0, 0.5), "");
  }
  const auto session = make_session();
  session->load(model);
  session->run_relaxation();
  for (int step = 0; step < 60; ++step) {
    const int changes = step % 4 == 3 ? 30 : 1;
    for (int k = 0; k < changes; ++k) {
      const auto j = static_cast<int>(rng.below(30));
      model.cost[static_cast<std::size_t>(j)] = rng.uniform(-1, 1);
      session->set_cost(j, model.cost[static_cast<std::size_t>(j)]);
    }
    if (step % 3 == 1) {
      const auto j = static_cast<int>(rng.below(30));
      model.column_upper[static_cast<std::size_t>(j)] = rng.uniform(0, 1);
      session->set_column_bounds(j, -1, model.column_upper[static_cast<std::size_t>(j)]);
    }
    if (step % 5 == 2) {
      Rows rows;
      for (int j = 0; j < 30; j += 3) {
        const double value = rng.uniform(-1, 1);
        rows.add_entry(j, value);
        model.add_entry(j, value);
      }
      rows.close_row(-0.5, 0.3);
      model.close_row(-0.5, 0.3, "");
      session->add_rows(rows);
    }
    SCOPED_TRACE(step);
    const auto fresh = make_session();
    fresh->load(model);
    const Outcome hot = session->run_relaxation(), cold = fresh->run_relaxation();
    ASSERT_EQ(hot.status, Status::optimal);
    EXPECT_NEAR(hot.objective.value(), cold.objective.value(), 1e-7);
    EXPECT_EQ(hot.row_dual.size(), model.rows());
  }
}

TEST_P(Session, SolvesAnIntegerProgramAndItsRelaxation) {
  Model model = small_lp();
  model.integer = {true, true};
  model.column_upper[0] = 2.5;
  model.offset = 10;
  const auto session = make_session();
  session->load(model);
  const Outcome whole = session->run();
  EXPECT_EQ(whole.status, Status::optimal);
  EXPECT_NEAR(whole.objective.value(), 18, 1e-9);  // (2, 1)
  EXPECT_NEAR(whole.bound.value(), 18, 1e-2);
  const Outcome relaxed = session->run_relaxation();
  EXPECT_NEAR(relaxed.objective.value(), 10 + 6 + 2 * 4.0 / 3, 1e-9);  // x <= 2.5 was rounded, too
  EXPECT_NEAR(session->run().objective.value(), 18, 1e-9);             // integrality is still there
}

TEST_P(Session, ReportsInfeasibleAndUnbounded) {
  for (const bool integer : {false, true}) {
    SCOPED_TRACE(integer);
    const auto session = make_session();
    Model infeasible;
    infeasible.add_column(0, 10, 1, integer, "x");
    infeasible.add_column(0, 10, 1, integer, "y");
    infeasible.add_entry(0, 1);
    infeasible.add_entry(1, 1);
    infeasible.close_row(21, infinity, "too much");
    session->load(infeasible);
    Outcome outcome = session->run();
    EXPECT_EQ(outcome.status, Status::infeasible);
    EXPECT_FALSE(outcome.objective || outcome.bound);
    EXPECT_EQ(outcome.primal.size(), 0);

    Model unbounded;
    unbounded.sense = Sense::maximize;
    unbounded.add_column(0, infinity, 1, integer, "x");
    unbounded.add_column(0, infinity, 1, integer, "y");
    unbounded.add_entry(0, 1);
    unbounded.add_entry(1, -1);
    unbounded.close_row(-1, 1, "tied");
    session->load(unbounded);
    outcome = session->run();
    EXPECT_EQ(outcome.status, Status::unbounded);
    EXPECT_FALSE(outcome.bound);

    // Unbounded as a relaxation of the rows that matter to the objective, but with no point at all.
    Model both = unbounded;
    const int z = both.add_column(0, 1, 0, true, "z"), w = both.add_column(0, 1, 0, integer, "w");
    both.add_entry(z, 2);
    both.add_entry(w, 2);
    both.close_row(1, 1, "odd");
    both.add_entry(z, 1);
    both.add_entry(w, -1);
    both.close_row(0, 0, "equal");
    session->load(both);
    EXPECT_EQ(session->run().status, Status::infeasible);
  }
}

TEST_P(Session, BoundsThatContradictAreInfeasible) {
  Model model = small_lp();
  const auto session = make_session();
  session->load(model);
  session->set_column_bounds(0, 2, 1);
  EXPECT_EQ(session->run().status, Status::infeasible);
}

TEST_P(Session, StopsAtTheTimeLimitWithABound) {
  const auto session = make_session();
  session->load(hard_milp(80));
  RunSettings settings;
  settings.time_limit = 0.3;
  settings.gap = settings.absolute_gap = 0;
  const Outcome outcome = session->run(settings);
  EXPECT_EQ(outcome.status, Status::time_limit);
  EXPECT_LT(outcome.seconds, 3);
  ASSERT_TRUE(outcome.objective && outcome.bound);
  EXPECT_LE(*outcome.objective, *outcome.bound);
  // The clock starts anew with every run.
  settings.time_limit = 60;
  settings.gap = 0.05;
  EXPECT_EQ(session->run(settings).status, Status::optimal);
}

TEST_P(Session, NoTimeAtAllIsATimeLimitToo) {
  const auto session = make_session();
  session->load(small_lp());
  RunSettings settings;
  settings.time_limit = 0;
  EXPECT_EQ(session->run(settings).status, Status::time_limit);
}

TEST_P(Session, StopsAtTheNodeLimit) {
  const auto session = make_session();
  session->load(hard_milp(60));
  RunSettings settings;
  settings.node_limit = 3;
  settings.gap = settings.absolute_gap = 0;
  const Outcome outcome = session->run(settings);
  EXPECT_EQ(outcome.status, Status::node_limit);
  EXPECT_TRUE(outcome.bound);
}

TEST_P(Session, StopsAtTheMemoryLimit) {
  const auto session = make_session();
  session->load(hard_milp(80));
  RunSettings settings;
  settings.memory_limit = 1;  // less than the process has already
  settings.gap = settings.absolute_gap = 0;
  settings.time_limit = 60;
  EXPECT_EQ(session->run(settings).status, Status::memory_limit);
}

TEST_P(Session, StopsWhenTheCallbackSaysSo) {
  const auto session = make_session();
  session->load(hard_milp(80));
  RunSettings settings;
  settings.gap = settings.absolute_gap = 0;
  settings.time_limit = 60;
  Callbacks callbacks;
  double last_seconds = 0;
  std::optional<double> bound, objective;
  int improved = 0;
  callbacks.progress = [&](const SearchState& state) {
    EXPECT_GE(state.seconds, last_seconds);
    last_seconds = state.seconds;
    if (state.bound) bound = state.bound;
    if (state.objective) objective = state.objective;
  };
  callbacks.improved = [&](const Vector& point, double) {
    EXPECT_EQ(point.size(), 80);
    ++improved;
  };
  callbacks.stop = [&]() -> std::optional<Status> {
    return bound && objective ? std::optional(Status::interrupted) : std::nullopt;
  };
  const Outcome outcome = session->run(settings, callbacks);
  EXPECT_EQ(outcome.status, Status::interrupted);
  EXPECT_GT(improved, 0);
  ASSERT_TRUE(outcome.objective && outcome.bound);
  EXPECT_LE(*outcome.objective, *outcome.bound);
}

TEST_P(Session, ExceptionsOfCallbacksArriveUnchanged) {
  const auto session = make_session();
  session->load(hard_milp(40));
  Callbacks callbacks;
  callbacks.stop = []() -> std::optional<Status> { throw std::out_of_range("from inside"); };
  EXPECT_THROW(session->run({}, callbacks), std::out_of_range);
  // The session is still good.
  session->load(small_lp());
  EXPECT_NEAR(session->run().objective.value(), 11, 1e-9);
}

TEST_P(Session, AStartIsTheFirstIncumbent) {
  const Model model = hard_milp(40);
  const auto session = make_session();
  session->load(model);
  RunSettings settings;
  settings.time_limit = 20;
  settings.gap = 0.02;
  const Outcome good = session->run(settings);
  ASSERT_TRUE(good.objective);
  const auto again = make_session();
  again->load(model);
  again->set_start(good.primal);
  std::optional<double> first;
  Callbacks callbacks;
  callbacks.improved = [&](const Vector&, double objective) {
    if (!first) first = objective;
  };
  const Outcome outcome = again->run(settings, callbacks);
  EXPECT_GE(outcome.objective.value(), *good.objective - 1e-9);
  EXPECT_THROW(again->set_start(Vector::Zero(3)), std::invalid_argument);
}

TEST_P(Session, SameSeedSameAnswer) {
  std::optional<Outcome> first;
  for (int run = 0; run < 2; ++run) {
    const auto session = make_session();
    session->load(hard_milp(14));
    RunSettings settings;
    settings.seed = 42;
    settings.gap = 0;
    settings.time_limit = 60;
    const Outcome outcome = session->run(settings);
    ASSERT_EQ(outcome.status, Status::optimal);
    if (first) {
      EXPECT_EQ(outcome.nodes, first->nodes);
      EXPECT_EQ(*outcome.objective, *first->objective);
      EXPECT_EQ(outcome.primal, first->primal);
    }
    first = outcome;
  }
}

TEST_P(Session, ThreadsMayChangeBetweenRunsAndSessionsMayRunInParallel) {
  const auto solve = [](int threads) {
    const auto session = make_session();
    session->load(hard_milp(14));
    RunSettings settings;
    settings.threads = threads;
    settings.gap = 0;
    return session->run(settings).objective.value();
  };
  const double expected = solve(1);
  EXPECT_NEAR(solve(2), expected, 1e-6);
  EXPECT_NEAR(solve(1), expected, 1e-6);
  std::atomic<int> right = 0;
  std::vector<std::thread> workers;
  for (int k = 0; k < 3; ++k) {
    workers.emplace_back([&, k] {
      for (const int threads : {1 + k % 2, 2 - k % 2}) right += std::abs(solve(threads) - expected) < 1e-6 ? 1 : 0;
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(right, 6);
}

TEST_P(Session, FractionalBoundsOfIntegersDoNotLoseTheOptimum) {
  // Checked by enumerating both integers; HiGHS 1.15.1 with these bounds as they are answers -1.2024.
  Model model;
  model.offset = -0.08401229402401977;
  model.add_column(-2.2602792964614533, 5.103190819739649, 0.8059734232200136, true, "x");
  model.add_column(-3.555369937550057, -3, 0.4498816416692454, false, "y");
  model.add_column(-4.179758768331655, 2.0056713191729134, -1.792557646683151, true, "z");
  const double rows[7][4] = {{0.654006696826317, -0.6096750741997224, -0.6145619449435096, 4.612255217356181},
                             {-0.654006696826317, 0.6096750741997224, 0.6145619449435096, -3.127614416331284},
                             {0.2477463509550317, -2.0767517271790648, 1.7538004684105444, 12.066639790915708},
                             {1.824013661736016, -1.4788243460139319, 0.08045492901347069, 14.593615769125682},
                             {-1.824013661736016, 1.4788243460139319, -0.08045492901347069, -12.841286640371953},
                             {0.22629007058988063, 0.2695064542208291, 0.3012775391821361, 2.0093430487648667},
                             {-0.22629007058988063, -0.2695064542208291, -0.3012775391821361, 0.1583709114624905}};
  for (const auto& row : rows) {
    for (int j = 0; j < 3; ++j) model.add_entry(j, row[j]);
    model.close_row(-infinity, row[3], "");
  }
  const auto session = make_session();
  session->load(model);
  EXPECT_NEAR(session->run().objective.value(), -1.225040674221999, 1e-6);
}

TEST_P(Session, TinyCoefficientsAreKept) {
  // x = 1e-10 y with y = 1e8: HiGHS would drop the coefficient by default and answer x = 0.
  Model model;
  model.add_column(-infinity, infinity, 1, false, "x");
  model.add_column(1e8, 1e8, 0, false, "y");
  model.add_entry(0, 1);
  model.add_entry(1, -1e-10);
  model.close_row(0, 0, "tiny");
  const auto session = make_session();
  session->load(model);
  EXPECT_NEAR(session->run().objective.value(), 0.01, 1e-6);
}

/// What each solver is asked for in the tests of options.
struct OptionCase {
  std::string name, value, answer;  ///< part of the message; empty: it is taken
};

std::vector<OptionCase> option_cases(const std::string& solver) {
  const std::string letters(600, 'a');
  if (solver == "highs") {
    return {{"mip_heuristic_efort", "0.1", "HiGHS has no option 'mip_heuristic_efort'"},
            {"mip_heuristic_effort", "2", "a number from 0 to 1"},
            {"mip_heuristic_effort", "0.1x", "a number from 0 to 1"},
            {"mip_heuristic_effort", "nan", "a number from 0 to 1"},
            {"mip_heuristic_effort", "", "a number from 0 to 1"},
            {"mip_pscost_minreliable", "1.5", "a whole number from 0"},
            {"mip_pscost_minreliable", "-1", "a whole number from 0"},
            {"mip_detect_symmetry", "maybe", "true or false"},
            {"presolve", "sometimes", "'sometimes'"},
            {"presolve", letters, "not allowed"},
            {"threads", "4", "the threads setting"},
            {"mip_lifting_for_probing", "0", "wrong optima"},
            {"", "4", "no option"},
            {"presolve", "off", ""},
            {"mip_detect_symmetry", "false", ""},
            {"mip_heuristic_effort", "0.2", ""},
            {"mip_pscost_minreliable", "4", ""}};
  }
  if (solver == "scip") {
    return {{"branching/scorefak", "0.1", "SCIP has no option 'branching/scorefak'"},
            {"branching/scorefac", "2", "a number from 0 to 1"},
            {"branching/scorefac", "0.1x", "a number from 0 to 1"},
            {"branching/scorefac", "nan", "a number from 0 to 1"},
            {"branching/scorefac", "", "a number from 0 to 1"},
            {"presolving/maxrounds", "1.5", "a whole number from -1"},
            {"presolving/maxrounds", "-2", "a whole number from -1"},
            {"limits/stallnodes", "-2", "a whole number from -1"},
            {"conflict/enable", "maybe", "true or false"},
            {"lp/pricing", "x", "one character of"},
            {"lp/pricing", "", "one character of"},
            {"limits/gap", "0.1", "the gap setting"},
            {"display/verblevel", "4", "silent"},
            {"", "4", "no option"},
            {"branching/scorefac", "0.2", ""},
            {"presolving/maxrounds", "0", ""},
            {"limits/stallnodes", "1000", ""},
            {"conflict/enable", "false", ""},
            {"lp/pricing", "d", ""},
            {"visual/vbcfilename", "-", ""}};
  }
  return {{"MIPFokus", "1", "Gurobi has no option 'MIPFokus'"},
          {"Heuristics", "2", "a number from 0 to 1"},
          {"Heuristics", "0.1x", "a number from 0 to 1"},
          {"Heuristics", "nan", "a number from 0 to 1"},
          {"Heuristics", "", "a number from 0 to 1"},
          {"MIPFocus", "1.5", "a whole number from 0 to 3"},
          {"MIPFocus", "-1", "a whole number from 0 to 3"},
          {"MIPGap", "0.1", "the gap setting"},
          {"LogToConsole", "1", "LogFile=NAME"},
          {"", "4", "no option"},
          {"Heuristics", "0.2", ""},
          {"MIPFocus", "1", ""}};
}

TEST_P(Session, TakesItsOptionsAndRefusesWrongOnes) {
  const auto session = make_session();
  for (const OptionCase& option : option_cases(GetParam())) {
    SCOPED_TRACE(option.name + "=" + option.value.substr(0, 20));
    try {
      session->set_option(option.name, option.value);
      EXPECT_EQ(option.answer, "");
    } catch (const InputError& error) {
      EXPECT_NE(option.answer, "") << error.what();
      EXPECT_THAT(error.what(), testing::HasSubstr(option.answer));
      EXPECT_EQ(error.where(), "--solver-option");
    }
  }
}

TEST_P(Session, AnOptionTakesEffect) {
  const auto session = make_session();
  session->set_option(is("highs")  ? "mip_max_nodes"
                      : is("scip") ? "limits/nodes"
                                   : "SolutionLimit",
                      is("gurobi") ? "1" : "0");
  session->load(hard_milp(60));
  RunSettings settings;
  settings.gap = settings.absolute_gap = 0;
  EXPECT_EQ(session->run(settings).status, Status::node_limit);
  // It stays, and a run's own limit does not outlive that run.
  settings.node_limit = 5;
  EXPECT_EQ(session->run(settings).status, Status::node_limit);
}

TEST_P(Session, ALimitOfOneRunIsNotTheNextOnes) {
  const auto session = make_session();
  session->load(hard_milp(14));
  RunSettings settings;
  settings.gap = settings.absolute_gap = 0;
  settings.node_limit = 0;
  session->run(settings);
  settings.node_limit = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(session->run(settings).status, Status::optimal);
}

TEST_P(Session, StopsSoonAfterTheCallbackSaysSo) {
  const auto session = make_session();
  session->load(hard_milp(80));
  RunSettings settings;
  settings.gap = settings.absolute_gap = 0;
  settings.time_limit = 60;
  Callbacks callbacks;
  const Stopwatch clock;
  callbacks.stop = [&] { return clock.seconds() > 0.3 ? std::optional(Status::interrupted) : std::nullopt; };
  EXPECT_EQ(session->run(settings, callbacks).status, Status::interrupted);
  EXPECT_LT(clock.seconds(), 0.3 + 5);  // 0.1 s more on a machine that is not busy, without sanitizers
}

TEST_P(Session, ALongLinearProgramStopsToo) {
  // Large enough for seconds of simplex steps.
  Rng rng(3);
  Model model;
  const int size = 1200;
  for (int j = 0; j < size; ++j) model.add_column(-1, 1, rng.uniform(-1, 1), false, "");
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) {
      if (rng.below(5) == 0) model.add_entry(j, rng.uniform(-1, 1));
    }
    model.close_row(-infinity, rng.uniform(0, 0.5), "");
  }
  const auto session = make_session();
  session->load(model);
  Callbacks callbacks;
  const Stopwatch clock;
  callbacks.stop = [&] { return clock.seconds() > 0.1 ? std::optional(Status::interrupted) : std::nullopt; };
  EXPECT_EQ(session->run({}, callbacks).status, Status::interrupted);
  EXPECT_LT(clock.seconds(), 3);
  RunSettings settings;
  settings.time_limit = 0.1;
  EXPECT_EQ(session->run(settings).status, Status::time_limit);
}

TEST_P(Session, DualsAreDerivativesInBothSenses) {
  // Perturbing a bound moves the optimum by its dual.
  for (const Sense sense : {Sense::maximize, Sense::minimize}) {
    SCOPED_TRACE(static_cast<int>(sense));
    Model model = small_lp();
    model.row_upper[1] = 7;  // no degenerate vertex, where the two sides differ
    model.offset = 7;
    model.sense = sense;
    if (sense == Sense::minimize) model.cost = {-3, -2};
    const auto session = make_session();
    session->load(model);
    const Outcome outcome = session->run_relaxation();
    const double base = outcome.objective.value(), step = 1e-3;
    ASSERT_EQ(outcome.row_dual.size(), 2);
    for (int i = 0; i < 2; ++i) {
      const double upper = model.row_upper[static_cast<std::size_t>(i)];
      session->set_row_bounds(i, -infinity, upper + step);
      EXPECT_NEAR(session->run_relaxation().objective.value(), base + step * outcome.row_dual(i), 1e-8) << i;
      session->set_row_bounds(i, -infinity, upper);
    }
    session->set_column_bounds(0, 0, 3 + step);
    EXPECT_NEAR(session->run_relaxation().objective.value(), base + step * outcome.column_dual(0), 1e-8);
  }
}

/// max x + y, 0 <= x, y <= 4; b chooses: b = 1 implies x + y <= 3, b = 0 implies 1 <= x - y <= 2; cost of b.
Model with_indicators(double cost_of_b) {
  Model model;
  model.sense = Sense::maximize;
  model.add_column(0, 4, 1, false, "x");
  model.add_column(0, 4, 1, false, "y");
  model.add_column(0, 1, cost_of_b, true, "b");
  model.indicators.push_back({2, 1, -infinity, 3, {0, 1}, {1, 1}, "sum"});
  model.indicators.push_back({2, 0, 1, 2, {0, 1}, {1, -1}, "difference"});
  return model;
}

TEST_P(Session, IndicatorsImplyTheirRows) {
  if (is("highs")) {
    try {
      make_session()->load(with_indicators(0));
      ADD_FAILURE();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("--solver: HiGHS has no indicator"));
    }
    return;
  }
  const auto session = make_session();
  session->load(with_indicators(0));
  Outcome outcome = session->run();  // b = 0: (4, 3)
  EXPECT_NEAR(outcome.objective.value(), 7, 1e-6);
  EXPECT_NEAR(outcome.primal(2), 0, 1e-6);
  session->load(with_indicators(10));  // b = 1: 3 + 10
  EXPECT_NEAR(session->run().objective.value(), 13, 1e-6);
  EXPECT_NEAR(session->run_relaxation().objective.value(), 18, 1e-6);  // nothing but the bounds
}

TEST_P(Session, OneOfASpecialOrderedSetIsNotZero) {
  Model model;
  model.sense = Sense::maximize;
  for (const double cost : {1.0, 3.0, 2.0}) model.add_column(0, 2, cost, false, "");
  model.sos1.push_back({{0, 1, 2}, {1, 2, 3}, "one"});
  if (is("highs")) {
    EXPECT_THROW(make_session()->load(model), InputError);
    return;
  }
  const auto session = make_session();
  session->load(model);
  const Outcome outcome = session->run();
  EXPECT_NEAR(outcome.objective.value(), 6, 1e-6);
  EXPECT_NEAR(outcome.primal(0), 0, 1e-6);
  EXPECT_NEAR(outcome.primal(2), 0, 1e-6);
  EXPECT_NEAR(session->run_relaxation().objective.value(), 12, 1e-6);
}

TEST_P(Session, RefusesConditionsThatAreNone) {
  const auto session = make_session();
  Model model = with_indicators(0);
  const auto refuses = [&](const auto& change) {
    Model wrong = model;
    change(wrong);
    EXPECT_THROW(session->load(wrong), std::invalid_argument);
  };
  refuses([](Model& m) { m.indicators[0].column = 3; });
  refuses([](Model& m) { m.indicators[0].column = 0; });
  refuses([](Model& m) { m.indicators[0].value = 2; });
  refuses([](Model& m) { m.indicators[0].columns[0] = -1; });
  refuses([](Model& m) { m.indicators[0].coefficients[0] = infinity; });
  refuses([](Model& m) { m.indicators[0].coefficients.pop_back(); });
  refuses([](Model& m) { m.indicators[0].upper = -infinity; });
  refuses([](Model& m) { m.sos1.push_back({{0, 1}, {1, 1}, ""}); });
  refuses([](Model& m) { m.sos1.push_back({{0, 3}, {1, 2}, ""}); });
  refuses([](Model& m) { m.sos1.push_back({{0, 1}, {1}, ""}); });
  refuses([](Model& m) { m.sos1.push_back({{}, {}, ""}); });
}

TEST_P(Session, AModelOverTheLicencesSizeIsOneLine) {
  Model model;
  for (int j = 0; j < 2001; ++j) model.add_column(0, 1, -1, true, "");
  const auto session = make_session();
  session->load(model);
  try {
    EXPECT_NEAR(session->run().objective.value(), -2001, 1e-6);
  } catch (const InputError& error) {
    // Only Gurobi has licences of limited size.
    EXPECT_TRUE(is("gurobi"));
    EXPECT_EQ(error.where(), "--solver");
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("2001 columns"), testing::HasSubstr("--solver highs"),
                                             testing::Not(testing::HasSubstr("\n"))));
  }
}

TEST_P(Session, RefusesModelsThatAreNotModels) {
  const auto session = make_session();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Model model = small_lp();
  model.cost[0] = nan;
  EXPECT_THROW(session->load(model), std::invalid_argument);
  model = small_lp();
  model.column_lower[1] = nan;
  EXPECT_THROW(session->load(model), std::invalid_argument);
  model = small_lp();
  model.value[0] = infinity;
  EXPECT_THROW(session->load(model), std::invalid_argument);
  model = small_lp();
  model.column[0] = 2;
  EXPECT_THROW(session->load(model), std::invalid_argument);
  model = small_lp();
  model.row_start[1] = 3;
  model.row_start[2] = 2;
  EXPECT_THROW(session->load(model), std::invalid_argument);
  model = small_lp();
  model.row_names.pop_back();
  EXPECT_THROW(session->load(model), std::invalid_argument);
  model = small_lp();
  model.integer.pop_back();
  EXPECT_THROW(session->load(model), std::invalid_argument);
}

/// Sets an environment variable for one test.
class Environment {
 public:
  Environment(const char* name, const char* value) : m_name(name) {
    const char* before = std::getenv(name);
    if (before != nullptr) m_before = before;
    setenv(name, value, 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    if (m_before) {
      setenv(m_name, m_before->c_str(), 1);
    } else {
      unsetenv(m_name);
    }
  }

 private:
  const char* m_name;
  std::optional<std::string> m_before;
};

std::string refusal(const char* solver) {
  try {
    make_session(solver);
  } catch (const InputError& error) {
    EXPECT_EQ(error.where(), "--solver");
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n")));
    return error.what();
  }
  return "";
}

TEST(MakeSession, NamesTheSolversThatThereAre) {
  EXPECT_THAT(make_session("highs")->solver(), testing::StartsWith("HiGHS 1."));
  EXPECT_THAT(refusal("cplex"), testing::HasSubstr("no solver cplex; it is one of highs, gurobi, scip"));
}

TEST(MakeSession, SaysWhatIsWrongWithALibrary) {
  for (const auto& [solver, variable] : {std::pair("gurobi", "SECATEUR_GUROBI"), std::pair("scip", "SECATEUR_SCIP")}) {
    SCOPED_TRACE(solver);
    {
      const Environment missing(variable, "/nonexistent/lib.so");
      EXPECT_THAT(refusal(solver), testing::AllOf(testing::HasSubstr(variable), testing::HasSubstr("/nonexistent"),
                                                  testing::HasSubstr("--solver highs")));
    }
    const Environment other(variable, "libc.so.6");
    EXPECT_THAT(refusal(solver), testing::AllOf(testing::HasSubstr("libc.so.6"), testing::HasSubstr("no function"),
                                                testing::HasSubstr("--solver highs")));
  }
}

TEST(MakeSession, ListsEverySolverWithItsVersionOrAReason) {
  const std::vector<Availability> all = solvers();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].solver, "highs");
  EXPECT_TRUE(all[0].version);
  for (const Availability& one : all) {
    SCOPED_TRACE(one.solver);
    EXPECT_NE(one.version.has_value(), !one.reason.empty());
  }
}

}  // namespace
}  // namespace secateur::lp
