// SPDX-License-Identifier: Apache-2.0
// Which of several searches runs, and for how long: with searches that close what a script says.
#include "secateur/search/contest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
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
    int turns = 0;
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
      if (m_listener.enough({result.bound, result.nodes, open, m_log.work})) return result;
    }
  }
  void lower_cutoff(double cutoff) override { m_log.cutoff = cutoff; }

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
    contestants.push_back({std::string(1, static_cast<char>('a' + i)),
                           [this, i, script, stop, short_of](double cutoff, const Listener& inner) {
                             logs[i].cutoff = cutoff;
                             return std::make_unique<Scripted>(script, inner, logs[i], stop, short_of);
                           },
                           entry});
  }
  ContestResult run() { return contest(contestants, 0, listener); }

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
  contestants.push_back({"b",
                         [this](double cutoff, const Listener& inner) {
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
