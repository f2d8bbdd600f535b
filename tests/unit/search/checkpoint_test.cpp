// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

#include "property/brute_force_problem.hpp"
#include "property/random_problem.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/search/solve.hpp"
#include "support/native_problem.hpp"

namespace secateur::search {
namespace {

class CheckpointTest : public testing::TestWithParam<Method> {
 protected:
  void SetUp() override {
    m_settings = native_settings();
    m_settings.gap = 1e-6;
    m_settings.absolute_gap = 1e-9;
    m_settings.feasibility = 1e-9;
    m_continuation.checkpoint = {testing::TempDir() + "search_" + std::to_string(getpid()) + ".ckpt", 0};
    std::filesystem::remove(file());
  }
  void TearDown() override {
    interrupt_flag() = false;
    std::filesystem::remove(file());
  }
  [[nodiscard]] const std::string& file() const { return m_continuation.checkpoint.file; }

  /// One process's share: interrupted as soon as the tree has grown.
  model::SolveResult leg(const model::Problem& problem, std::int64_t nodes_before, const Vector* known) {
    const ProgressSink interrupt = [&](const Progress& progress) {
      if (progress.nodes.value_or(0) > nodes_before) interrupt_flag() = true;
    };
    model::SolveResult result = solve(problem, m_settings, {}, interrupt, known, m_continuation, GetParam());
    interrupt_flag() = false;
    return result;
  }

  /// Interrupted again and again it ends at the optimum (none: infeasible).
  void check(const model::Problem& problem, std::optional<double> optimum, const Vector* known = nullptr) {
    const double sign = problem.sense == Sense::minimize ? 1 : -1;
    model::SolveResult result;
    std::optional<double> bound;
    std::int64_t nodes = 0;
    for (int k = 0; k < 400; ++k) {
      m_continued += std::filesystem::exists(file()) ? 1 : 0;
      result = leg(problem, nodes, known);
      if (result.status != Status::interrupted) break;
      // A leg never knows less than those before it, nor more than is true.
      EXPECT_GE(result.nodes, nodes);
      nodes = result.nodes;
      if (bound) {
        ASSERT_TRUE(result.bound);
        EXPECT_GE(sign * *result.bound, sign * *bound);
      }
      bound = result.bound;
      if (bound && optimum) {
        EXPECT_LE(sign * *bound, sign * *optimum + 1e-7 * std::max(1.0, std::abs(*optimum)));
      }
    }
    EXPECT_FALSE(std::filesystem::exists(file()));
    if (!optimum) {
      ++m_infeasible;
      EXPECT_EQ(result.status, Status::infeasible);
      return;
    }
    ASSERT_EQ(result.status, Status::optimal);
    m_both += result.note.find("then native search with cuts") == std::string::npos ? 0 : 1;
    const double slack = 2e-6 * std::max(1.0, std::abs(*optimum));
    EXPECT_NEAR(result.objective.value(), *optimum, slack);
    EXPECT_NEAR(result.bound.value(), *optimum, slack);
  }

  model::SolveSettings m_settings;
  Continuation m_continuation;
  int m_continued = 0, m_infeasible = 0, m_both = 0;
};

/// Constraints, integers, chains of networks.
TEST_P(CheckpointTest, TinySearchesThatAreInterruptedAgainAndAgainEndAtTheOptimum) {
  BruteForceProblem oracle;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const model::Problem problem = random_problem(9000 + seed);
    check(problem, oracle.solve(problem).objective);
  }
  // Cuts close many of these at the root.
  EXPECT_GT(m_continued, GetParam() == Method::dual ? 20 : 0);
  EXPECT_GT(m_infeasible, 0);
}

/// Trees of many rounds, the optimum sent along as a point that must not be lost; some have an integer input. As
/// measured, rows are dense, so that ascent begins and cuts take over.
TEST_P(CheckpointTest, LargerSearchesThatAreInterruptedAgainAndAgainEndAtTheOptimum) {
  const bool contest = GetParam() == Method::measured;
  if (contest) m_settings.engine = model::Engine::auto_;
  for (std::uint64_t seed = contest ? 4 : 0; seed < 6; ++seed) {
    SCOPED_TRACE(seed);
    const OverBox over = contest ? random_over_box(seed, {8, 20, 20, 1}) : random_over_box(seed, {8, 25, 25, 1}, 0.6);
    model::Problem problem = over;
    if (seed % 3 == 2) problem.variables[0].type = model::VariableType::integer;
    const model::SolveResult whole = solve(problem, m_settings, {}, {}, nullptr, {}, GetParam());
    ASSERT_EQ(whole.status, Status::optimal);
    Vector known = Vector::Zero(static_cast<Index>(problem.variables.size()));
    known(model::structure(problem).decisions) = whole.x;
    check(problem, whole.objective, &known);
  }
  EXPECT_GT(m_continued, 10);
  EXPECT_EQ(m_both > 0, contest);
}

INSTANTIATE_TEST_SUITE_P(Methods, CheckpointTest,
                         testing::Values(Method::measured, Method::dual, Method::cut, Method::subdivision));

constexpr double infinity = std::numeric_limits<double>::infinity();

Saved sample() {
  Saved saved;
  Vector one = Vector::Constant(1, 1.0);
  saved.root.box = Box{-one, one};
  saved.root.ranges = {{0, -1, infinity, 2}};
  bounds::Folded& folded = saved.root.folded;
  folded.inputs = 1;
  folded.first = {1, 2};
  folded.unit = {3};
  folded.weight = Matrix{{0.5, 0.0}, {-0.25, 1.0}, {2.0, 3.0}};
  folded.bias = folded.error = folded.magnitude = Vector::Constant(3, 0.125);
  folded.reads = {1, 0, 1, 1};
  folded.underflow = 1e-300;
  folded.lower = Vector::Constant(4, -1);
  folded.upper = Vector::Constant(4, 1);
  saved.incumbent = Vector::Constant(2, 0.75);
  saved.objective = -3;
  const SavedTree dual{-3.5, infinity, 17, 1700, {{{-1}, {0.5}, {{3, true}}, {0, 0.1}, -4, 6}}, {}};
  const SavedTree cut{-3.25, -3.5, 5, 900, {{{-1}, {1}, {{3, false}}, {}, -5, 1}}, {{1, true, 0.5, 3}}};
  saved.contest.begun = {{Way::dual, dual, {{100, 1}, {1700, 0.25}}, 0}, {Way::cut, cut, {{900, 0.5}}, 1200}};
  saved.contest.at = 1;
  return saved;
}

TEST(CheckpointBytes, ComeBackAsTheyWere) {
  const Saved saved = sample();
  const std::string bytes = encode(saved, "whose");
  const Saved back = decode(bytes, "whose", "f");
  EXPECT_EQ(encode(back, "whose"), bytes);
  EXPECT_EQ(back.root.folded.weight, saved.root.folded.weight);
  EXPECT_EQ(back.contest.at, 1);
  ASSERT_EQ(back.contest.begun.size(), 2U);
  const SavedSearch &dual = back.contest.begun[0], &cut = back.contest.begun[1];
  EXPECT_EQ(dual.way, Way::dual);
  ASSERT_EQ(dual.tree.open.size(), 1U);
  EXPECT_EQ(dual.tree.open[0].splits[0].value, 3);
  EXPECT_TRUE(dual.tree.open[0].splits[0].active);
  EXPECT_EQ(dual.tree.open[0].depth, 6);
  EXPECT_EQ(dual.tree.bound(), -4);
  EXPECT_EQ(dual.tree.nodes, 17);
  EXPECT_EQ(dual.history.at(1).open, 0.25);
  EXPECT_EQ(cut.way, Way::cut);
  EXPECT_FALSE(cut.tree.open.at(0).splits[0].active);
  EXPECT_EQ(cut.tree.costs.at(0).count, 3);
  EXPECT_EQ(cut.tree.work, 900);
  EXPECT_EQ(cut.turn, 1200);
  // Each bound is of the whole problem.
  EXPECT_EQ(back.contest.bound(), -4);
  EXPECT_EQ(back.contest.nodes(), 22);
}

TEST(CheckpointBytes, AnyChangeIsRefused) {
  const std::string bytes = encode(sample(), "whose");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_THROW(decode(changed, "whose", "f"), InputError) << i;
    EXPECT_THROW(decode(bytes.substr(0, i), "whose", "f"), InputError) << i;
  }
  EXPECT_THROW(decode(bytes, "another", "f"), InputError);
}

TEST(CheckpointBytes, PartsThatDoNotFitAreRefused) {
  const auto refused = [](auto&& change) {
    Saved saved = sample();
    change(saved);
    EXPECT_THROW(decode(encode(saved, "w"), "w", "f"), InputError);
  };
  refused([](Saved& saved) { saved.root.ranges[0].output = 1; });
  refused([](Saved& saved) { saved.root.folded.unit = {4}; });
  refused([](Saved& saved) { saved.root.box.lower = Vector::Zero(2); });
  refused([](Saved& saved) { saved.contest.begun.clear(); });
  refused([](Saved& saved) { saved.contest.at = 2; });
  refused([](Saved& saved) { saved.contest.at = -1; });
  refused([](Saved& saved) { saved.contest.begun[0].way = Way::cut; });
  refused([](Saved& saved) { saved.contest.begun[0].way = Way::milp; });
  refused([](Saved& saved) { saved.contest.begun[1].tree.open.clear(); });
  refused([](Saved& saved) { saved.root.box.upper(0) = -2; });
  refused([](Saved& saved) { saved.root.box.lower(0) = -infinity; });
  refused([](Saved& saved) { saved.root.ranges[0].lower = NAN; });
  refused([](Saved& saved) { saved.root.folded.upper(3) = 0; });
  refused([](Saved& saved) { saved.root.folded.weight(0, 0) = NAN; });
  refused([](Saved& saved) { saved.root.folded.error(0) = -1; });
  refused([](Saved& saved) { saved.root.folded.first = {2, 1}; });
  // Units of layers without number would take much more memory than the file.
  refused([](Saved& saved) {
    saved.root.folded.first.assign(62, 2);
    saved.root.folded.first[0] = 1;
    saved.root.folded.reads.assign(62 * 62, 0);
  });
  refused([](Saved& saved) { saved.incumbent(0) = NAN; });
  refused([](Saved& saved) { saved.contest.begun[0].turn = NAN; });
  refused([](Saved& saved) { std::swap(saved.contest.begun[0].history[0], saved.contest.begun[0].history[1]); });
  refused([](Saved& saved) { saved.contest.begun[0].history[0].open = NAN; });
  refused([](Saved& saved) { saved.contest.begun[1].tree.costs[0].count = 0; });
  refused([](Saved& saved) { saved.contest.begun[1].tree.costs[0].gain = infinity; });
  const auto tree_refused = [&](auto&& change) {
    for (const std::size_t search : {0U, 1U}) {
      refused([&](Saved& saved) { change(saved.contest.begun[search].tree); });
    }
  };
  tree_refused([](SavedTree& tree) { tree.cutoff = NAN; });
  tree_refused([](SavedTree& tree) { tree.settled = NAN; });
  tree_refused([](SavedTree& tree) { tree.nodes = -1; });
  tree_refused([](SavedTree& tree) { tree.nodes = std::numeric_limits<std::int64_t>::max(); });
  tree_refused([](SavedTree& tree) { tree.work = infinity; });
  tree_refused([](SavedTree& tree) {
    tree.open.push_back(tree.open[0]);
    tree.open[1].bound -= 1;
  });
  const auto node_refused = [&](auto&& change) {
    for (const std::size_t search : {0U, 1U}) {
      refused([&](Saved& saved) { change(saved.contest.begun[search].tree.open[0]); });
    }
  };
  node_refused([](SavedNode& node) { node.lower.push_back(0); });
  node_refused([](SavedNode& node) { node.upper.clear(); });
  node_refused([](SavedNode& node) { node.splits[0].value = 2; });
  node_refused([](SavedNode& node) { node.price = {1}; });
  node_refused([](SavedNode& node) { node.depth = -1; });
  node_refused([](SavedNode& node) { node.depth = std::int64_t{1} << 40; });
  node_refused([](SavedNode& node) { node.bound = NAN; });
  node_refused([](SavedNode& node) { node.lower[0] = NAN; });
  node_refused([](SavedNode& node) { node.lower[0] = -2; });
  node_refused([](SavedNode& node) { node.upper[0] = -1.5; });
}

/// A file of these contents under the right checksum.
std::string sealed(const std::string& contents) {
  const std::string bytes = encode(sample(), "w");
  const std::string head = bytes.substr(0, bytes.find('\n') + 1) + "w\n";
  return head + hash_of(head + contents) + "\n" + contents;
}
std::string contents() {
  const std::string bytes = encode(sample(), "w");
  return bytes.substr(sealed("").size());
}

TEST(CheckpointBytes, ContentsThatLieUnderTheRightChecksumAreRefused) {
  ASSERT_NO_THROW(decode(sealed(contents()), "w", "f"));
  const std::string good = contents(), number(8, '\0');
  const std::size_t before = sealed("").size();
  const auto refusal = [&](const std::string& what, const std::string& where) {
    return testing::ThrowsMessage<InputError>(
        testing::StartsWith("f: byte " + where + ": is a checkpoint that is damaged: " + what + "; remove it"));
  };
  EXPECT_THAT([&] { decode(sealed(good + "ab"), "w", "f"); },
              refusal("2 bytes more than belong to it", std::to_string(before + good.size())));
  EXPECT_THAT([&] { decode(sealed(good.substr(0, good.size() - 3)), "w", "f"); },
              refusal("5 bytes are left where 8 belong", std::to_string(before + good.size() - 8)));
  // The first list is the box's lower ends, the second its upper ends; then come ranges, of 32 bytes each.
  const auto with_count = [&](std::size_t at, std::int64_t count) {
    std::string changed = good;
    std::memcpy(changed.data() + at, &count, sizeof count);
    return sealed(changed);
  };
  const auto room = [&](std::size_t at, std::size_t entry) {
    return std::to_string((good.size() - at - sizeof(std::int64_t)) / entry);
  };
  for (const std::int64_t count :
       {std::int64_t{1} << 40, static_cast<std::int64_t>(good.size() / 8), std::int64_t{-1}}) {
    EXPECT_THAT([&] { decode(with_count(0, count), "w", "f"); },
                refusal("a list of " + std::to_string(count) + " entries where " + room(0, 8) +
                            " at most fit into what is left",
                        std::to_string(before)));
    EXPECT_THAT([&] { decode(with_count(32, count), "w", "f"); },
                refusal("a list of " + std::to_string(count) + " entries where " + room(32, 32) +
                            " at most fit into what is left",
                        std::to_string(before + 32)));
  }
}

TEST(CheckpointFingerprint, SeesEveryNumberThatMatters) {
  const model::Problem problem = random_problem(9001);
  const model::SolveSettings settings;
  const std::string mine = fingerprint(problem, settings);
  EXPECT_EQ(fingerprint(problem, settings), mine);
  model::SolveSettings other = settings;
  other.threads = 7, other.seed = 3, other.time_limit = 5;
  EXPECT_EQ(fingerprint(problem, other), mine);
  other.gap = 0.5;
  EXPECT_NE(fingerprint(problem, other), mine);
  other = settings;
  other.worst_objective = 0;
  EXPECT_NE(fingerprint(problem, other), mine);
  const auto changed = [&](auto&& change) {
    model::Problem copy = problem;
    change(copy);
    return fingerprint(copy, settings);
  };
  EXPECT_NE(changed([](auto& p) { p.variables[0].upper += 1e-9; }), mine);
  EXPECT_NE(changed([](auto& p) { p.objective[0].coefficient *= 2; }), mine);
  EXPECT_NE(changed([](auto& p) { p.sense = p.sense == Sense::minimize ? Sense::maximize : Sense::minimize; }), mine);
  EXPECT_NE(changed([](auto& p) { p.constant += 1; }), mine);
  EXPECT_NE(changed([](auto& p) { p.constraints.push_back({"c", {{0, 1.0}}, 0, 1}); }), mine);
  EXPECT_NE(changed([](auto& p) {
              for (nn::Layer& layer : p.networks[0].network.layers) {
                if (auto* dense = std::get_if<nn::Dense>(&layer)) dense->bias(0) += 1e-9;
              }
            }),
            mine);
}

}  // namespace
}  // namespace secateur::search
