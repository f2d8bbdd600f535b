// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"

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

TEST(Session, SolvesALinearProgramWithDuals) {
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

TEST(Session, FollowsChangesOfBoundsCostsAndSense) {
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

TEST(Session, AddedRowsCutFromTheLastBasis) {
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

TEST(Session, AddedRowsHoldForIntegersToo) {
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

TEST(Session, RefusesRowsThatDoNotFit) {
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
TEST(Session, HotStartsAgreeWithColdOnes) {
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

TEST(Session, SolvesAnIntegerProgramAndItsRelaxation) {
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

TEST(Session, ReportsInfeasibleAndUnbounded) {
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

TEST(Session, BoundsThatContradictAreInfeasible) {
  Model model = small_lp();
  const auto session = make_session();
  session->load(model);
  session->set_column_bounds(0, 2, 1);
  EXPECT_EQ(session->run().status, Status::infeasible);
}

TEST(Session, StopsAtTheTimeLimitWithABound) {
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

TEST(Session, NoTimeAtAllIsATimeLimitToo) {
  const auto session = make_session();
  session->load(small_lp());
  RunSettings settings;
  settings.time_limit = 0;
  EXPECT_EQ(session->run(settings).status, Status::time_limit);
}

TEST(Session, StopsAtTheNodeLimit) {
  const auto session = make_session();
  session->load(hard_milp(60));
  RunSettings settings;
  settings.node_limit = 3;
  settings.gap = settings.absolute_gap = 0;
  const Outcome outcome = session->run(settings);
  EXPECT_EQ(outcome.status, Status::node_limit);
  EXPECT_TRUE(outcome.bound);
}

TEST(Session, StopsAtTheMemoryLimit) {
  const auto session = make_session();
  session->load(hard_milp(80));
  RunSettings settings;
  settings.memory_limit = 1;  // less than the process has already
  settings.gap = settings.absolute_gap = 0;
  settings.time_limit = 60;
  EXPECT_EQ(session->run(settings).status, Status::memory_limit);
}

TEST(Session, StopsWhenTheCallbackSaysSo) {
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

TEST(Session, ExceptionsOfCallbacksArriveUnchanged) {
  const auto session = make_session();
  session->load(hard_milp(40));
  Callbacks callbacks;
  callbacks.stop = []() -> std::optional<Status> { throw std::out_of_range("from inside"); };
  EXPECT_THROW(session->run({}, callbacks), std::out_of_range);
  // The session is still good.
  session->load(small_lp());
  EXPECT_NEAR(session->run().objective.value(), 11, 1e-9);
}

TEST(Session, AStartIsTheFirstIncumbent) {
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

TEST(Session, SameSeedSameAnswer) {
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

TEST(Session, ThreadsMayChangeBetweenRunsAndSessionsMayRunInParallel) {
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

TEST(Session, FractionalBoundsOfIntegersDoNotLoseTheOptimum) {
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

TEST(Session, TinyCoefficientsAreKept) {
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

TEST(Session, RefusesWrongOptions) {
  const auto session = make_session();
  const auto message = [&](const std::string& name, const std::string& value) -> std::string {
    try {
      session->set_option(name, value);
    } catch (const InputError& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_THAT(message("mip_heuristic_efort", "0.1"), testing::HasSubstr("no option 'mip_heuristic_efort'"));
  EXPECT_THAT(message("mip_heuristic_effort", "2"), testing::HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(message("mip_heuristic_effort", "0.1x"), testing::HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(message("mip_heuristic_effort", "nan"), testing::HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(message("mip_heuristic_effort", ""), testing::HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(message("mip_pscost_minreliable", "1.5"), testing::HasSubstr("a whole number from 0"));
  EXPECT_THAT(message("mip_pscost_minreliable", "-1"), testing::HasSubstr("a whole number from 0"));
  EXPECT_THAT(message("mip_detect_symmetry", "maybe"), testing::HasSubstr("true or false"));
  EXPECT_THAT(message("presolve", "sometimes"), testing::HasSubstr("'sometimes'"));
  EXPECT_THAT(message("presolve", std::string(600, 'a')), testing::HasSubstr("not allowed"));
  EXPECT_THAT(message("threads", "4"), testing::HasSubstr("the threads setting"));
  EXPECT_THAT(message("mip_lifting_for_probing", "0"), testing::HasSubstr("wrong optima"));
  EXPECT_THAT(message("", "4"), testing::HasSubstr("no option"));
  EXPECT_EQ(message("presolve", "off"), "");
  EXPECT_EQ(message("mip_detect_symmetry", "false"), "");
  EXPECT_EQ(message("mip_heuristic_effort", "0.2"), "");
  EXPECT_EQ(message("mip_pscost_minreliable", "4"), "");
}

TEST(Session, AnOptionTakesEffect) {
  const auto session = make_session();
  session->set_option("mip_max_nodes", "0");
  session->load(hard_milp(60));
  RunSettings settings;
  settings.gap = settings.absolute_gap = 0;
  EXPECT_EQ(session->run(settings).status, Status::node_limit);
}

TEST(Session, RefusesModelsThatAreNotModels) {
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

TEST(MakeSession, NamesWhatIsAvailable) {
  EXPECT_THAT(make_session("highs")->solver(), testing::StartsWith("HiGHS 1."));
  for (const char* solver : {"gurobi", "scip", "cplex"}) {
    try {
      make_session(solver);
      ADD_FAILURE() << solver;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("available: highs"));
    }
  }
}

}  // namespace
}  // namespace secateur::lp
