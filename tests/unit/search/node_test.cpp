// SPDX-License-Identifier: Apache-2.0
// Bounds of nodes against sampled points of them, and the padded network against the graph.
#include <gmpxx.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/search/bounding.hpp"
#include "secateur/search/expansion.hpp"
#include "support/random_network.hpp"

namespace secateur::search {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Subject {
  graph::ReluGraph graph;
  Box box;
  std::shared_ptr<const Network> network;
  Task task;

  /// Outputs 1 and up are kept in ranges that sampled points show to be possible.
  Subject(std::uint64_t seed, std::vector<Index> widths, bool ranges) {
    Rng rng(seed);
    RandomNetwork how;
    how.widths = std::move(widths);
    how.density = seed % 3 == 0 ? 0.5 : 1.0;
    const nn::Network stored = random_network(how, rng);
    box = random_box(stored.inputs(), 2.0, rng);
    graph = graph::lower(stored, box);
    task.values.resize(static_cast<std::size_t>(box.size()));
    if (ranges) {
      const Vector y = graph::preactivations(graph, random_point(box, rng)).back();
      for (Index o = 1; o < y.size(); ++o) {
        task.ranges.push_back({o, o % 2 == 0 ? -infinity : y(o) - 0.3, y(o) + 0.1, 1});
      }
    }
    Vector objective = Vector::Zero(graph.outputs());
    objective(0) = 1;
    network =
        std::make_shared<const Network>(bounds::fold(graph, box, bounds::crown(graph, box), objective), task.ranges);
  }

  /// Whether outputs are in their ranges.
  [[nodiscard]] bool feasible(const Vector& y) const {
    return std::all_of(task.ranges.begin(), task.ranges.end(),
                       [&](const Range& r) { return y(r.output) >= r.lower && y(r.output) <= r.upper; });
  }
};

TEST(SearchNetwork, ComputesWhatTheGraphDoes) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Subject subject(seed, {3, 7, 9, 2}, true);
    Rng rng(seed);
    for (int k = 0; k < 20; ++k) {
      const Vector x = random_point(subject.box, rng);
      const Sentinel sentinel(x);
      const Vector y = graph::preactivations(subject.graph, x).back();
      EXPECT_NEAR(sentinel.objective(*subject.network), y(0), 1e-11);
    }
  }
}

TEST(UpperLine, IsAboveTheReluInExactArithmetic) {
  Rng rng(31);
  for (int k = 0; k < 20000; ++k) {
    const auto size = [&] {
      return std::ldexp(rng.uniform(0.5, 1),
                        static_cast<int>(rng.below(k % 2 == 0 ? 8 : 600)) - (k % 2 == 0 ? 4 : 300));
    };
    const double lower = -size(), upper = size();
    const UpperLine line = upper_line(lower, upper);
    const mpq_class slope(line.slope), intercept(line.intercept), low(lower), high(upper);
    EXPECT_GE(slope * low + intercept, 0) << lower << ' ' << upper;
    EXPECT_GE(slope * high + intercept, high) << lower << ' ' << upper;
    EXPECT_LE(line.intercept, -lower * line.slope * (1 + 1e-12) + 1e-15 * upper + 1e-290);
  }
}

/// Random descents through the tree: no sampled point of a node lies below its bound or outside its units' bounds.
class NodeBounds : public testing::TestWithParam<bool> {};

TEST_P(NodeBounds, HoldAtEverySampledPoint) {
  int held = 0, nodes = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const Subject subject(seed, {2 + static_cast<Index>(seed % 3), 10, 8, 6, 2}, GetParam());
    Rng rng(500 + seed);
    std::vector<Sentinel> points;
    while (points.size() < 60) {
      const Vector x = random_point(subject.box, rng);
      points.emplace_back(x);
      if (!subject.feasible(graph::preactivations(subject.graph, x).back())) points.pop_back();
      if (rng.below(2000) == 0) break;
    }
    const Stop stop;
    Expander expander(subject.task, stop);
    std::vector<Node> open{root_node(subject.network, subject.box)};
    if (!expander.bound(open[0], infinity)) continue;
    for (int step = 0; step < 25 && !open.empty(); ++step) {
      const auto pick = static_cast<std::size_t>(rng.below(static_cast<Index>(open.size())));
      Node node = std::move(open[pick]);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(pick));
      std::vector<const Sentinel*> inside;
      for (const Sentinel& point : points) {
        if (point.inside(node)) inside.push_back(&point);
      }
      Expansion expansion = expander.expand(std::move(node), infinity);
      for (const Node& child : expansion.children) {
        ++nodes;
        for (const Sentinel& point : points) {
          if (!point.inside(child)) continue;
          ++held;
          EXPECT_NO_THROW(point.check(child, infinity));
        }
      }
      // Nothing gets lost between the children, but for points on a border and the settled part.
      for (const Sentinel* point : inside) {
        const bool found = std::any_of(expansion.children.begin(), expansion.children.end(),
                                       [&](const Node& child) { return point->inside(child); });
        EXPECT_TRUE(found || point->objective(*subject.network) >= expansion.settled);
      }
      for (Node& child : expansion.children) open.push_back(std::move(child));
    }
  }
  EXPECT_GT(held, 1000);
  EXPECT_GT(nodes, 300);
}

INSTANTIATE_TEST_SUITE_P(Ranges, NodeBounds, testing::Bool());

TEST(NodeBounds, RiseWithTheDepthAndNeverFall) {
  const Subject subject(4, {4, 12, 10, 1}, false);
  const Stop stop;
  Expander expander(subject.task, stop);
  Node node = root_node(subject.network, subject.box);
  ASSERT_TRUE(expander.bound(node, infinity));
  const double root = node.bound;
  for (int step = 0; step < 12; ++step) {
    const double before = node.bound;
    Expansion expansion = expander.expand(std::move(node), infinity);
    if (expansion.children.empty()) {
      EXPECT_GE(expansion.settled, before);
      return;
    }
    node = std::move(expansion.children.front());
    EXPECT_GE(node.bound, before);
  }
  EXPECT_GT(node.bound, root);
}

TEST(NodeBounds, SentinelSpeaksUpWhenAPointIsLost) {
  const Subject subject(5, {3, 8, 1}, false);
  Node node = root_node(subject.network, subject.box);
  const Sentinel point(0.5 * (subject.box.lower + subject.box.upper));
  ASSERT_TRUE(point.inside(node));
  EXPECT_NO_THROW(point.check(node, infinity));
  node.bound = point.objective(*subject.network) + 1e-3;
  EXPECT_THROW(point.check(node, infinity), std::logic_error);
  node.bound = -infinity;
  node.upper[0] = node.lower[0];
  EXPECT_THROW(point.check(node, infinity), std::logic_error);
}

/// Two rows that cannot hold together are proven to be that without an objective.
TEST(NodeBounds, ProveThatRangesContradictEachOther) {
  Subject subject(6, {3, 8, 3}, true);
  const Vector y = graph::preactivations(subject.graph, subject.box.lower).back();
  subject.task.ranges = {{1, y(1) + 1e6, infinity, 1}};
  subject.network = std::make_shared<const Network>(subject.network->folded(), subject.task.ranges);
  const Stop stop;
  Expander expander(subject.task, stop);
  Node node = root_node(subject.network, subject.box);
  EXPECT_FALSE(expander.bound(node, infinity));
  EXPECT_EQ(node.bound, infinity);
}

}  // namespace
}  // namespace secateur::search
