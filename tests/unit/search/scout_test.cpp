// SPDX-License-Identifier: Apache-2.0
// Local search beside a tree: batches of steps from cell to cell, and what a search does with these.
#include "secateur/search/scout.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/mip/incumbent.hpp"
#include "secateur/search/cut_tree.hpp"
#include "secateur/search/learned.hpp"
#include "secateur/search/tree.hpp"
#include "support/goal_with_range.hpp"
#include "support/random_network.hpp"

namespace secateur::search {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Values of the inputs of such a goal.
std::vector<Values> any() { return std::vector<Values>(4, Values::continuous()); }

TEST(Scout, WorksForAShareOfTheTree) {
  const GoalWithRange subject(1);
  const auto values = any();
  Scout scout(subject.graph, subject.goal, values, 7, subject.stop);
  // With ranges the first batch is due at once, then each needs as much more work.
  EXPECT_TRUE(scout.errand(0, {}));
  EXPECT_FALSE(scout.errand(1, {}));
  int batches = 0;
  for (int k = 1; k <= 1000; ++k) batches += scout.errand(1e3 * k, {}) ? 1 : 0;
  EXPECT_GT(batches, 3);
  EXPECT_LT(batches, 100);
}

TEST(Scout, WaitsWhereEveryPointIsFeasible) {
  const GoalWithRange subject(1, false);
  const auto values = any();
  Scout scout(subject.graph, subject.goal, values, 7, subject.stop);
  EXPECT_FALSE(scout.errand(1, {}));
  EXPECT_TRUE(scout.errand(1e7, {}));
}

TEST(Scout, FindsTheSameAgainAndSomethingElseNext) {
  int others = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const GoalWithRange subject(seed);
    const auto values = any();
    const auto scout = [&] { return Scout(subject.graph, subject.goal, values, 7, subject.stop); };
    Scout one = scout(), other = scout();
    const Box part{Vector::Constant(4, 0), Vector::Constant(4, 1)};
    const auto first = one.errand(1, {part})(), same = other.errand(1, {part})(), next = one.errand(1e9, {part})();
    ASSERT_FALSE(first.empty());
    ASSERT_EQ(first.size(), same.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(first[i].value, same[i].value);
      EXPECT_EQ(first[i].x, same[i].x);
    }
    EXPECT_LE(first.front().value, first.back().value);
    others += first.back().x != next.back().x ? 1 : 0;
  }
  EXPECT_GT(others, 0);
}

TEST(Scout, KeepsIsolatedInputsAtTheirValues) {
  const GoalWithRange subject(3);
  auto values = any();
  values[0] = Values::integer();
  values[2] = Values::one_of({-1.5, 0.25, 1.75});
  Scout scout(subject.graph, subject.goal, values, 7, subject.stop);
  Vector x(4);
  x << 0.4, 1, 0.3, -1;
  scout.suggest(x);
  for (const mip::Sighting& each : scout.errand(1, {})()) {
    EXPECT_EQ(each.x(0), std::round(each.x(0)));
    EXPECT_TRUE(each.x(2) == -1.5 || each.x(2) == 0.25 || each.x(2) == 1.75) << each.x(2);
  }
}

/// A suggestion is improved: nobody else would look there.
TEST(Scout, TakesUpWhatIsSuggested) {
  int better = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const GoalWithRange subject(seed);
    const auto values = any();
    Scout without(subject.graph, subject.goal, values, 7, subject.stop),
        with(subject.graph, subject.goal, values, 7, subject.stop);
    // Near the best of many points.
    const Matrix points = mip::uniform_points(subject.graph.domain, 20000, 99);
    Index at = 0;
    mip::objectives(subject.graph, subject.goal, points).minCoeff(&at);
    with.suggest(points.row(at).transpose());
    const auto alone = without.errand(1, {})(), helped = with.errand(1, {})();
    EXPECT_EQ(helped.size(), alone.size() + 1);
    EXPECT_LE(helped.front().value, alone.front().value);
    better += helped.front().value < alone.front().value ? 1 : 0;
  }
  EXPECT_GT(better, 0);
}

/// What is done beside a round lowers the cut-off after it, whatever the number of threads.
class Errands : public testing::TestWithParam<Way> {};

TEST_P(Errands, GoBesideTheRounds) {
  Rng rng(5);
  RandomNetwork how;
  how.widths = {6, 16, 14, 1};
  const Box box{Vector::Constant(6, -1), Vector::Constant(6, 1)};
  const graph::ReluGraph graph = graph::lower(random_network(how, rng), box);
  Vector objective = Vector::Zero(1);
  objective(0) = 1;
  Task task;
  task.values.assign(6, Values::continuous());
  const auto network =
      std::make_shared<const Network>(bounds::fold(graph, box, bounds::crown(graph, box), objective), task.ranges);
  const Stop stop;
  std::vector<double> bounds, nodes;
  for (const int threads : {1, 2}) {
    double cutoff = infinity;
    std::atomic<int> ran = 0;
    int returned = 0, parts = 0;
    Listener listener;
    listener.probe = [&](const Vector& x) {
      return cutoff = std::min(cutoff, graph::evaluate(graph, x.transpose())(0, 0) - 1e-6);
    };
    listener.prove = [](double, std::int64_t) {};
    listener.enough = [](const TreeState& state) { return state.nodes > 200; };
    listener.errand = [&](double, const std::vector<Box>& boxes) -> Errand {
      for (const Box& part : boxes) {
        ++parts;
        EXPECT_TRUE(box.contains(part.lower) && box.contains(part.upper));
      }
      return [&ran] {
        ++ran;
        return std::vector<mip::Sighting>{{Vector::Zero(6), 0.0}};
      };
    };
    listener.returned = [&](const std::vector<mip::Sighting>& sightings) {
      ++returned;
      return listener.probe(sightings.at(0).x);
    };
    TreeLimits limits;
    limits.threads = threads;
    const auto search = GetParam() == Way::cut ? make_cut_tree(task, network, box, infinity, limits, listener, stop)
                                               : make_tree(task, network, box, infinity, limits, listener, stop);
    const TreeResult result = search->run();
    EXPECT_GT(ran, 0);
    EXPECT_EQ(ran, returned);
    EXPECT_GE(parts, returned);
    EXPECT_LE(result.cutoff, graph::evaluate(graph, Matrix::Zero(1, 6))(0, 0));
    bounds.push_back(result.bound);
    nodes.push_back(static_cast<double>(result.nodes));
  }
  EXPECT_EQ(bounds[0], bounds[1]);
  EXPECT_EQ(nodes[0], nodes[1]);
}

INSTANTIATE_TEST_SUITE_P(Both, Errands, testing::Values(Way::dual, Way::cut),
                         [](const auto& which) { return std::string(to_string(which.param)); });

}  // namespace
}  // namespace secateur::search
