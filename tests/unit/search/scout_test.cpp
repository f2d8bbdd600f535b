// SPDX-License-Identifier: Apache-2.0
// Local search beside a tree: steps from cell to cell, batches of them, and what a search does with these.
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
#include "support/random_network.hpp"

namespace secateur::search {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A random graph with two outputs: the first is minimised, the second has a range that few points are in.
struct Subject {
  graph::ReluGraph graph;
  mip::Goal goal;
  Stop stop;

  explicit Subject(std::uint64_t seed, bool range = true) {
    Rng rng(seed);
    RandomNetwork how;
    how.widths = {4, 12, 10, 2};
    const Box box{Vector::Constant(4, -2), Vector::Constant(4, 2)};
    graph = graph::lower(random_network(how, rng), box);
    goal.objective = Vector::Zero(2);
    goal.objective(0) = 1;
    if (!range) return;
    const double somewhere = graph::evaluate(graph, mip::uniform_points(box, 2, seed))(1, 1);
    goal.ranges.push_back({1, somewhere - 0.01, somewhere + 0.01, 100});
  }
  [[nodiscard]] double at(const Vector& x) const { return mip::objectives(graph, goal, x.transpose())(0); }
  [[nodiscard]] std::vector<Values> any() const { return std::vector<Values>(4, Values::continuous()); }
};

TEST(CellSteps, AreNeverWorseAndTheirEndStays) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Subject subject(seed);
    CellSteps steps(subject.graph, subject.goal);
    const Matrix starts = mip::uniform_points(subject.graph.domain, 5, seed);
    for (Index p = 0; p < starts.rows(); ++p) {
      const Vector x = starts.row(p);
      const Sighting end = steps.improve(x, {}, subject.stop);
      EXPECT_TRUE(subject.graph.domain.contains(end.x));
      EXPECT_EQ(end.value, subject.at(end.x));
      EXPECT_LE(end.value, subject.at(x));
    }
  }
}

/// y0 = 2 x0 + x1 + 2 relu(x0 - x1), to be minimised where y1 = relu(x0) + x1 is in [1, 2]: at (0, 1), on the border of
/// two cells and of the range.
TEST(CellSteps, SlideAlongARangeThatBinds) {
  nn::Network network;
  network.precision = nn::Precision::float64;
  network.input_names = nn::default_names("x", 2);
  network.output_names = nn::default_names("y", 2);
  Matrix first(4, 2), last(2, 4);
  first << 1, -1, 1, 0, 1, 0, 0, 1;
  last << 2, 0, 2, 1, 0, 1, 0, 1;
  Vector shift(4), back(2);
  shift << 0, 0, 5, 5;  // the last two stay above zero
  back << -15, -5;
  network.layers.emplace_back(nn::Dense{first, shift});
  network.layers.emplace_back(nn::Relu{});
  network.layers.emplace_back(nn::Dense{last, back});
  const Box box{Vector::Constant(2, -0.5), Vector::Constant(2, 3)};
  const graph::ReluGraph graph = graph::lower(network, box);
  mip::Goal goal;
  goal.objective = Vector::Zero(2);
  goal.objective(0) = 1;
  goal.ranges.push_back({1, 1, 2, 100});
  CellSteps steps(graph, goal);
  const Stop stop;
  Vector x(2);
  x << 2.5, 2.0;
  const Sighting end = steps.improve(x, {}, stop);
  // Where x0 < 0, y1 = x1, and y0 falls with x0 down to its bound.
  EXPECT_NEAR(end.value, 0, 1e-6);
  EXPECT_NEAR(end.x(0), -0.5, 1e-6);
  EXPECT_NEAR(end.x(1), 1.0, 1e-6);
}

TEST(CellSteps, LeaveFixedInputsAlone) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Subject subject(seed);
    CellSteps steps(subject.graph, subject.goal);
    Vector x = Vector::Constant(4, 0.3);
    x(1) = -1;
    x(3) = 2;
    const Sighting end = steps.improve(x, {false, true, false, true}, subject.stop);
    EXPECT_EQ(end.x(1), -1);
    EXPECT_EQ(end.x(3), 2);
    EXPECT_LE(end.value, subject.at(x));
  }
}

/// From cell to cell the penalty is gone where descents along the gradient are left with some of it.
TEST(CellSteps, FindBetterPointsThanDescents) {
  double descents = 0, cells = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Subject subject(seed);
    Matrix points = mip::uniform_points(subject.graph.domain, 1, seed);
    const double value = mip::descend(subject.graph, subject.goal, points, 60, 0.25, 1e-4, subject.stop)(0);
    CellSteps steps(subject.graph, subject.goal);
    const Sighting end = steps.improve(points.row(0).transpose(), {}, subject.stop);
    EXPECT_LE(end.value, value);
    descents += value;
    cells += end.value;
  }
  EXPECT_LT(cells, descents - 1);
}

TEST(Scout, WorksForAShareOfTheTree) {
  const Subject subject(1);
  const auto values = subject.any();
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
  const Subject subject(1, false);
  const auto values = subject.any();
  Scout scout(subject.graph, subject.goal, values, 7, subject.stop);
  EXPECT_FALSE(scout.errand(1, {}));
  EXPECT_TRUE(scout.errand(1e7, {}));
}

TEST(Scout, FindsTheSameAgainAndSomethingElseNext) {
  int others = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Subject subject(seed);
    const auto values = subject.any();
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
  const Subject subject(3);
  auto values = subject.any();
  values[0] = Values::integer();
  values[2] = Values::one_of({-1.5, 0.25, 1.75});
  Scout scout(subject.graph, subject.goal, values, 7, subject.stop);
  Vector x(4);
  x << 0.4, 1, 0.3, -1;
  scout.suggest(x);
  for (const Sighting& each : scout.errand(1, {})()) {
    EXPECT_EQ(each.x(0), std::round(each.x(0)));
    EXPECT_TRUE(each.x(2) == -1.5 || each.x(2) == 0.25 || each.x(2) == 1.75) << each.x(2);
  }
}

/// A suggestion is improved: nobody else would look there.
TEST(Scout, TakesUpWhatIsSuggested) {
  int better = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Subject subject(seed);
    const auto values = subject.any();
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
        return std::vector<Sighting>{{Vector::Zero(6), 0.0}};
      };
    };
    listener.returned = [&](const std::vector<Sighting>& sightings) {
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
