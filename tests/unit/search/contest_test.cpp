// SPDX-License-Identifier: Apache-2.0
// Which of several searches runs, and for how long: with searches that close what a script says.
#include "secateur/search/contest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace secateur::search {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// What is open after so much work; its bound climbs from -1 to 0 as that falls.
using Script = std::function<double(double work)>;

class Scripted final : public Search {
 public:
  struct Log {
    double work = 0, cutoff = 0;
    int turns = 0, starts = 0;
  };
  /// Ends as stopped after `stop` work; with its last bound `short_of` below the cut-off.
  Scripted(Script script, const Listener& listener, Log& log, double stop, double short_of)
      : m_script(std::move(script)), m_listener(listener), m_log(log), m_stop(stop), m_short(short_of) {}

  TreeResult run() override {
    ++m_log.turns;
    TreeResult result;
    for (;; m_log.work += 1) {
      const double open = std::max(0.0, m_script(m_log.work));
      result.bound = open > 0 ? -open : 0 - m_short;
      result.nodes = static_cast<std::int64_t>(m_log.work);
      m_listener.prove(result.bound, result.nodes);
      if (open == 0) {
        result.exhausted = true;
        return result;
      }
      if (m_log.work >= m_stop) {
        result.stopped = Status::time_limit;
        return result;
      }
      const bool enough = m_listener.enough({result.bound, result.nodes, open, m_log.work});
      if (m_listener.save && (enough || m_listener.due())) m_listener.save();
      if (enough) return result;
    }
  }
  void lower_cutoff(double cutoff) override { m_log.cutoff = cutoff; }
  [[nodiscard]] SavedTree saved() const override {
    const double open = std::max(0.0, m_script(m_log.work));
    SavedTree tree{0, infinity, static_cast<std::int64_t>(m_log.work), m_log.work, {}, {}};
    if (open > 0) {
      tree.open.push_back({{}, {}, {}, {}, -open, 0});
    } else {
      tree.settled = -m_short;
    }
    return tree;
  }

 private:
  const Script m_script;
  const Listener& m_listener;
  Log& m_log;
  const double m_stop, m_short;
};

struct Contests : testing::Test {
  Contests() {
    listener.probe = [](const Vector&) { return 0.0; };
    listener.prove = [this](double, std::int64_t n) { nodes = n; };
    listener.enough = [](const TreeState&) { return false; };
  }
  void add(Script script, double entry, double stop = infinity, double short_of = 0) {
    const std::size_t i = contestants.size();
    contestants.push_back(
        {i == 0 ? Way::dual : Way::cut, std::string(1, static_cast<char>('a' + i)),
         [this, i, script, stop, short_of](double cutoff, const Listener& inner, const SavedTree* saved) {
           logs[i].cutoff = cutoff;
           ++logs[i].starts;
           if (saved != nullptr) logs[i].work = saved->work;
           return std::make_unique<Scripted>(script, inner, logs[i], stop, short_of);
         },
         entry});
  }
  ContestResult run(ContestMemory memory = {}) { return contest(contestants, 0, listener, std::move(memory)); }

  static Script steady(double total) {
    return [total](double work) { return 1 - work / total; };
  }
  static Script stuck(double at) {
    return [at](double) { return at; };
  }

  Listener listener;
  std::vector<Contestant> contestants;
  Scripted::Log logs[2];
  std::int64_t nodes = 0;
};

TEST_F(Contests, OneThatIsNearlyThereRunsAlone) {
  add(steady(300), 10);
  add(steady(20), 100);
  const ContestResult result = run();
  EXPECT_TRUE(result.tree.exhausted);
  EXPECT_EQ(result.ran, (std::vector<std::string>{"a"}));
  EXPECT_EQ(logs[1].turns, 0);
}

TEST_F(Contests, AnotherOneIsTriedAfterItsEntryAndGoesOnWhereItIsFaster) {
  add(steady(1e6), 10);
  add(steady(400), 100);
  const ContestResult result = run();
  EXPECT_TRUE(result.tree.exhausted);
  EXPECT_EQ(result.ran, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(logs[0].work, 100);
  EXPECT_EQ(logs[1].work, 400);
  EXPECT_EQ(result.tree.nodes, 500);
  EXPECT_EQ(nodes, 500);
}

TEST_F(Contests, TheFirstGoesOnWhereTheOtherOneDisappoints) {
  add(steady(2000), 10);
  add(steady(1e6), 100);
  const ContestResult result = run();
  EXPECT_TRUE(result.tree.exhausted);
  EXPECT_EQ(logs[0].work, 2000);
  EXPECT_LT(logs[1].work, 400);
}

TEST_F(Contests, OneThatIsSlowAtFirstGetsFurtherTurns) {
  add(stuck(1), 10);
  add([](double work) { return work < 1000 ? 1.0 : 1 - (work - 1000) / 100; }, 100);
  const ContestResult result = run();
  EXPECT_TRUE(result.tree.exhausted);
  EXPECT_EQ(logs[1].work, 1100);
  EXPECT_GT(logs[1].turns, 2);
  // In vain no more than a multiple of what the winner took.
  EXPECT_LT(logs[0].work, 3 * logs[1].work);
  EXPECT_LT(logs[0].turns, 12);
}

TEST_F(Contests, AStrongStartDoesNotKeepOneThatIsStuck) {
  add([](double work) { return work < 20 ? 1 - work / 30 : 1.0 / 3; }, 10);
  add(steady(500), 100);
  const ContestResult result = run();
  EXPECT_TRUE(result.tree.exhausted);
  EXPECT_EQ(logs[1].work, 500);
}

TEST_F(Contests, BoundsHoldWhicheverTheyComeFrom) {
  add(stuck(0.25), 10);
  add(stuck(0.75), 100, 300);
  const ContestResult result = run();
  EXPECT_EQ(result.tree.stopped, Status::time_limit);
  EXPECT_FALSE(result.tree.exhausted);
  EXPECT_EQ(result.tree.bound, -0.25);
}

TEST_F(Contests, WhatOneLeavesUnprovenTheOtherMayProve) {
  add(steady(50), 10, infinity, 0.5);
  add(steady(500), 100);
  const ContestResult result = run();
  EXPECT_TRUE(result.tree.exhausted);
  EXPECT_EQ(result.tree.bound, 0);
  EXPECT_EQ(logs[1].work, 500);
}

TEST_F(Contests, WhatNeitherProvesEndsWithTheBetterBound) {
  add(steady(50), 10, infinity, 0.5);
  add(steady(500), 100, infinity, 0.125);
  const ContestResult result = run();
  EXPECT_TRUE(result.tree.exhausted);
  EXPECT_EQ(result.tree.bound, -0.125);
}

TEST_F(Contests, TheListenerEndsIt) {
  add(stuck(1), 10);
  add(stuck(1), 100);
  listener.enough = [](const TreeState& state) { return state.nodes >= 1000; };
  const ContestResult result = run();
  EXPECT_FALSE(result.tree.exhausted);
  EXPECT_FALSE(result.tree.stopped.has_value());
  EXPECT_EQ(result.tree.nodes, 1000);
}

TEST_F(Contests, PointsAreEverybodys) {
  add(stuck(1), 10);
  contestants.push_back({Way::cut, "b",
                         [this](double cutoff, const Listener& inner, const SavedTree*) {
                           EXPECT_EQ(cutoff, 0);
                           EXPECT_EQ(inner.probe(Vector::Zero(1)), -2);
                           return std::make_unique<Scripted>(stuck(1), inner, logs[1], infinity, 0);
                         },
                         100});
  listener.probe = [](const Vector&) { return -2.0; };
  listener.enough = [](const TreeState& state) { return state.nodes >= 1000; };
  run();
  EXPECT_EQ(logs[0].cutoff, -2);
}

/// Stopped after any amount of work and gone on with from what was saved last, a contest decides as it would have.
TEST_F(Contests, WhatIsSavedGoesOnAsItWouldHave) {
  struct Case {
    Script first, second;
    double short_of;
  };
  const std::vector<Case> cases{
      {steady(1e6), steady(400), 0},
      {steady(2000), steady(1e6), 0},
      {stuck(1), [](double work) { return work < 1000 ? 1.0 : 1 - (work - 1000) / 100; }, 0},
      {steady(50), steady(500), 0.5},
  };
  for (std::size_t c = 0; c < cases.size(); ++c) {
    SCOPED_TRACE(c);
    std::vector<Scripted::Log> whole;
    std::vector<std::string> ran;
    for (const double every : {infinity, 500.0, 37.0, 3.0}) {
      SCOPED_TRACE(every);
      contestants.clear();
      logs[0] = logs[1] = {};
      add(cases[c].first, 10, infinity, cases[c].short_of);
      add(cases[c].second, 100);
      SavedContest kept;
      ContestResult result;
      double bound = -infinity;
      int legs = 0;
      for (;; ++legs) {
        ASSERT_LT(legs, 5000);
        double asked = 0;
        bool over = false;
        listener.enough = [&](const TreeState&) { return over = ++asked > every; };
        ContestMemory memory;
        memory.earlier = kept;
        memory.due = [] { return false; };
        memory.save = [&](SavedContest now) { kept = std::move(now); };
        const std::int64_t before = kept.nodes();
        // Bounds of these scripts fall at their end where they are short of the cut-off.
        if (cases[c].short_of == 0) {
          EXPECT_GE(kept.bound(), bound);
        }
        bound = kept.bound();
        result = run(std::move(memory));
        if (!over) break;
        EXPECT_GE(kept.nodes(), before);
        EXPECT_EQ(kept.nodes(), static_cast<std::int64_t>(logs[0].work + logs[1].work));
        EXPECT_EQ(result.tree.nodes, kept.nodes());
        EXPECT_EQ(result.tree.bound, kept.bound());
      }
      EXPECT_TRUE(result.tree.exhausted);
      EXPECT_EQ(result.tree.bound, 0);
      if (every == infinity) {
        EXPECT_EQ(legs, 0);
        whole.assign(logs, logs + 2);
        ran = result.ran;
        continue;
      }
      EXPECT_GT(legs, 0);
      EXPECT_EQ(result.ran, ran);
      for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(logs[i].work, whole[i].work) << i;
    }
  }
}

/// Starting again costs cuts at the root: only what has its turn is.
TEST_F(Contests, OfWhatWasSavedOnlyTheOneThatRunsIsStarted) {
  add(stuck(0.25), 10);
  add(steady(1000), 100);
  ContestMemory memory;
  memory.earlier.begun = {
      {Way::dual, {0, infinity, 90, 90, {{{}, {}, {}, {}, -0.25, 2}}, {}}, {{0, 1}, {45, 0.25}, {90, 0.25}}, 0},
      {Way::cut, {0, infinity, 500, 500, {{{}, {}, {}, {}, -0.5, 1}}, {}}, {{0, 1}, {250, 0.75}, {500, 0.5}}, 0}};
  memory.earlier.at = 1;
  EXPECT_EQ(memory.earlier.bound(), -0.25);
  EXPECT_EQ(memory.earlier.nodes(), 590);
  const ContestResult result = run(std::move(memory));
  EXPECT_TRUE(result.tree.exhausted);
  EXPECT_EQ(result.tree.nodes, 1090);
  EXPECT_EQ(result.last, Way::cut);
  EXPECT_EQ(result.ran, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(logs[0].starts, 0);
  EXPECT_EQ(logs[1].starts, 1);
}

TEST_F(Contests, SavedWhenItIsDueAndWhenItEndsOpen) {
  add(steady(1e6), 10);
  add(steady(400), 100);
  int asked = 0, every = 50, saved = 0;
  const auto memory = [&] {
    ContestMemory result;
    result.due = [&] { return ++asked % every == 0; };
    result.save = [&](const SavedContest& now) {
      ++saved;
      EXPECT_FALSE(now.begun.at(static_cast<std::size_t>(now.at)).tree.open.empty());
    };
    return result;
  };
  run(memory());
  // 500 rounds; the change of turns is none of the reasons.
  EXPECT_NEAR(saved, 10, 1);
  logs[0] = logs[1] = {};
  saved = 0;
  every = 1000000;
  listener.enough = [](const TreeState& state) { return state.nodes >= 200; };
  run(memory());
  EXPECT_EQ(saved, 1);
}

TEST(Pace, TheLaterHalfTellsWhatIsLeft) {
  Pace pace;
  EXPECT_EQ(pace.remaining(), infinity);
  pace.record(0, 1);
  pace.record(50, 0.9);
  EXPECT_FALSE(pace.known(60));
  pace.record(100, 0.4);
  EXPECT_TRUE(pace.known(60));
  // 50 of work have closed half.
  EXPECT_DOUBLE_EQ(pace.remaining(), 40);
  pace.record(200, 0.4);
  EXPECT_EQ(pace.remaining(), infinity);
}

TEST(Pace, WhatTheStartTookSaysNothing) {
  Pace pace;
  pace.record(100, 1);
  pace.record(300, 0.2);
  EXPECT_FALSE(pace.known(10));
  pace.record(400, 0.1);
  EXPECT_TRUE(pace.known(10));
}

}  // namespace
}  // namespace secateur::search
