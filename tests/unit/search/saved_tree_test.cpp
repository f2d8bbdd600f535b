// SPDX-License-Identifier: Apache-2.0
// What every search saves between two rounds, and are again when they go on, against sampled points: none below the
// cut-off is outside the open nodes, or below the bound of the node that it is in.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/search/cut_tree.hpp"
#include "secateur/search/learned.hpp"
#include "secateur/search/part_tree.hpp"
#include "secateur/search/tree.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur::search {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double round_off = 1e-9;

/// A sampled point: its objective, and the preactivations of the folded network's units.
struct Point {
  Vector x;
  std::vector<double> z;
  double objective = 0;
};

struct Subject {
  Box box;
  std::shared_ptr<const Network> network;
  Task task;
  std::vector<Point> points;  ///< best first

  /// Dives of subdivision soon settle parts of a small network, and what they settle is not looked for any more.
  explicit Subject(std::uint64_t seed, bool large = false) {
    Rng rng(seed);
    RandomNetwork how;
    how.widths = large ? std::vector<Index>{5, 30, 24, 1} : std::vector<Index>{5, 14, 12, 1};
    how.density = large ? 1 : 0.5;
    const nn::Network stored = random_network(how, rng);
    box = random_box(stored.inputs(), 2.0, rng);
    const bool whole = seed % 3 == 2;  // the first input is an integer
    if (whole) {
      box.lower(0) = std::floor(box.lower(0));
      box.upper(0) = std::ceil(box.upper(0)) + 1;
    }
    const graph::ReluGraph graph = graph::lower(stored, box);
    task.values.assign(static_cast<std::size_t>(box.size()), Values::continuous());
    if (whole) task.values[0] = Values::integer();
    Vector objective = Vector::Zero(graph.outputs());
    objective(0) = 1;
    network =
        std::make_shared<const Network>(bounds::fold(graph, box, bounds::crown(graph, box), objective), task.ranges);
    for (int k = 0; k < 2000; ++k) {
      Vector x(box.size());
      for (Index j = 0; j < x.size(); ++j) {
        const double at = rng.below(4) == 0 ? static_cast<double>(rng.below(2)) : rng.uniform();
        x(j) = std::clamp(box.lower(j) + at * (box.upper(j) - box.lower(j)), box.lower(j), box.upper(j));
      }
      if (whole) x(0) = std::round(x(0));
      points.push_back(at(x));
    }
    std::ranges::sort(points, {}, &Point::objective);
  }

  [[nodiscard]] Point at(const Vector& x) const {
    const bounds::Folded& folded = network->folded();
    Point point{x, {}, 0};
    std::vector<double> value(x.begin(), x.end());
    for (Index i = 0; i <= folded.units(); ++i) {
      double z = folded.bias(i);
      for (std::size_t v = 0; v < value.size(); ++v) z += folded.weight(i, static_cast<Index>(v)) * value[v];
      if (i == folded.units()) {
        point.objective = z;
      } else {
        point.z.push_back(z);
        value.push_back(std::max(0.0, z));
      }
    }
    return point;
  }

  [[nodiscard]] bool inside(const Point& point, const SavedNode& node) const {
    for (std::size_t j = 0; j < node.lower.size(); ++j) {
      const double x = point.x(static_cast<Index>(j));
      if (x < node.lower[j] || x > node.upper[j]) return false;
    }
    const std::vector<Index>& units = network->folded().unit;
    return std::ranges::all_of(node.splits, [&](const Split& split) {
      const auto unit = std::ranges::lower_bound(units, split.value);
      if (unit == units.end() || *unit != split.value) throw std::logic_error("no unit of the root");
      const double z = point.z[static_cast<std::size_t>(unit - units.begin())];
      return split.active ? z >= -round_off : z <= round_off;
    });
  }

  /// How many points are left to be found in the tree; each is where it may be.
  [[nodiscard]] int check(const SavedTree& tree) const {
    int held = 0;
    EXPECT_TRUE(std::ranges::is_sorted(tree.open, {}, &SavedNode::bound));
    EXPECT_LE(tree.bound(), std::max(points.front().objective, tree.cutoff) + round_off);
    for (const Point& point : points) {
      if (point.objective >= std::min(tree.cutoff, tree.settled) - round_off) break;
      ++held;
      const bool found = std::ranges::any_of(tree.open, [&](const SavedNode& node) {
        return node.bound <= point.objective + round_off && inside(point, node);
      });
      EXPECT_TRUE(found) << "objective " << point.objective;
    }
    return held;
  }
};

class SavedTrees : public testing::TestWithParam<Way> {
 protected:
  SavedTrees() {
    m_listener.probe = [this](const Vector&) { return m_cutoff; };
    m_listener.prove = [](double, std::int64_t) {};
    // One round a run.
    m_listener.enough = [this](const TreeState&) { return ++m_asked % 2 == 0; };
  }
  [[nodiscard]] std::unique_ptr<Search> make(const Subject& subject, const SavedTree* saved = nullptr) {
    const auto make = GetParam() == Way::dual ? make_tree : GetParam() == Way::cut ? make_cut_tree : make_part_tree;
    m_asked = 0;
    return make(subject.task, subject.network, subject.box, m_cutoff, {}, m_listener, m_stop, saved);
  }
  /// Better than some of the points, so that these are not lost.
  void aim(const Subject& subject, std::size_t rank) { m_cutoff = subject.points[rank].objective; }

  Listener m_listener;
  double m_cutoff = infinity;
  int m_asked = 0;
  const Stop m_stop;
};

TEST_P(SavedTrees, HoldEveryPointBelowTheCutoffInAnOpenNode) {
  int held = 0, shrunk = 0;
  std::size_t most = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    const Subject subject(seed, GetParam() == Way::subdivision);
    aim(subject, 200);
    const auto search = make(subject);
    for (int round = 0; round < (GetParam() == Way::subdivision ? 3 : 6); ++round) {
      const TreeResult result = search->run();
      const SavedTree tree = search->saved();
      held += subject.check(tree);
      most = std::max(most, tree.open.size());
      for (const SavedNode& node : tree.open) shrunk += node.splits.empty() ? 0 : 1;
      EXPECT_EQ(tree.nodes, result.nodes);
      EXPECT_EQ(tree.bound(), result.bound);
      if (result.exhausted) break;
    }
  }
  EXPECT_GT(held, GetParam() == Way::subdivision ? 400 : 2000);
  EXPECT_GT(most, 20U);
  // Subdivision splits no unit.
  EXPECT_EQ(shrunk > 50, GetParam() != Way::subdivision);
}

/// With the cut-off that it had and a lower one; then through further rounds, saved again after each.
TEST_P(SavedTrees, GoOnWithTheSameOpenParts) {
  int held = 0, continued = 0, grown = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    const Subject subject(seed, GetParam() == Way::subdivision);
    aim(subject, 200);
    SavedTree tree;
    {
      const auto search = make(subject);
      search->run();
      if (GetParam() != Way::subdivision) search->run();
      tree = search->saved();
    }
    for (const std::size_t rank : {200U, 100U, 25U, 10U, 3U}) {
      if (tree.open.empty()) break;
      ++continued;
      aim(subject, rank);
      const auto search = make(subject, &tree);
      const SavedTree again = search->saved();
      EXPECT_GE(again.bound(), std::min(tree.bound(), m_cutoff));
      EXPECT_EQ(again.nodes, tree.nodes);
      EXPECT_EQ(again.work, tree.work);
      EXPECT_LE(again.cutoff, m_cutoff);
      if (rank == 200) {
        EXPECT_EQ(again.open.size(), tree.open.size());
      }
      held += subject.check(again);
      search->run();
      tree = search->saved();
      EXPECT_GE(tree.bound(), again.bound());
      grown += tree.nodes > again.nodes && tree.work > again.work ? 1 : 0;
      held += subject.check(tree);
    }
  }
  EXPECT_GT(continued, 20);
  EXPECT_GT(grown, continued / 2);
  EXPECT_GT(held, GetParam() == Way::subdivision ? 200 : 1000);
}

TEST_P(SavedTrees, NodesThatAreNoPartsOfTheRootAreRefused) {
  const Subject subject(1);
  const auto search = make(subject);
  search->run();
  const SavedTree good = search->saved();
  ASSERT_FALSE(good.open.empty());
  EXPECT_NO_THROW(make(subject, &good));
  SavedTree bad = good;
  bad.open.front().lower.pop_back();
  EXPECT_THROW(make(subject, &bad), std::out_of_range);
  bad = good;
  bad.open.front().splits.push_back({10000, true});
  EXPECT_THROW(make(subject, &bad), std::out_of_range);
}

INSTANTIATE_TEST_SUITE_P(All, SavedTrees, testing::Values(Way::dual, Way::cut, Way::subdivision),
                         [](const auto& which) { return std::string(to_string(which.param)); });

/// What was learned of binaries comes along.
TEST(SavedCutTree, KeepsItsPseudoCosts) {
  const Subject subject(9);
  Listener listener;
  const double cutoff = subject.points[200].objective;
  int asked = 0;
  listener.probe = [&](const Vector&) { return cutoff; };
  listener.prove = [](double, std::int64_t) {};
  listener.enough = [&](const TreeState&) { return ++asked > 2; };
  const Stop stop;
  const auto search = make_cut_tree(subject.task, subject.network, subject.box, cutoff, {}, listener, stop);
  search->run();
  const SavedTree tree = search->saved();
  ASSERT_GT(tree.costs.size(), 3U);
  const auto again = make_cut_tree(subject.task, subject.network, subject.box, cutoff, {}, listener, stop, &tree);
  const SavedTree back = again->saved();
  ASSERT_EQ(back.costs.size(), tree.costs.size());
  for (std::size_t i = 0; i < tree.costs.size(); ++i) {
    EXPECT_EQ(back.costs[i].value, tree.costs[i].value);
    EXPECT_EQ(back.costs[i].up, tree.costs[i].up);
    EXPECT_EQ(back.costs[i].count, tree.costs[i].count);
    EXPECT_NEAR(back.costs[i].gain, tree.costs[i].gain, 1e-12 * std::abs(tree.costs[i].gain));
  }
}

}  // namespace
}  // namespace secateur::search
