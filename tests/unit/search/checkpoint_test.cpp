// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/checkpoint.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "property/random_problem.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/search/solve.hpp"
#include "support/native_problem.hpp"

namespace secateur::search {
namespace {

class CheckpointTest : public testing::Test {
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
  model::SolveResult leg(const model::Problem& problem, std::int64_t nodes_before) {
    const ProgressSink interrupt = [&](const Progress& progress) {
      if (progress.nodes.value_or(0) > nodes_before) interrupt_flag() = true;
    };
    model::SolveResult result = solve(problem, m_settings, {}, interrupt, nullptr, m_continuation);
    interrupt_flag() = false;
    return result;
  }

  model::SolveSettings m_settings;
  Continuation m_continuation;
};

TEST_F(CheckpointTest, SearchesThatAreInterruptedAgainAndAgainEndAtTheOptimum) {
  int continued = 0, infeasible = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const model::Problem problem = random_problem(9000 + seed);
    const model::SolveResult whole = solve(problem, m_settings);
    const double sign = problem.sense == Sense::minimize ? 1 : -1;
    model::SolveResult result;
    std::optional<double> bound;
    std::int64_t nodes = 0;
    for (int k = 0; k < 200; ++k) {
      continued += std::filesystem::exists(file()) ? 1 : 0;
      result = leg(problem, nodes);
      if (result.status != Status::interrupted) break;
      // A leg never knows less than those before it, nor more than is true.
      EXPECT_GE(result.nodes, nodes);
      nodes = result.nodes;
      if (bound) {
        ASSERT_TRUE(result.bound);
        EXPECT_GE(sign * *result.bound, sign * *bound);
      }
      bound = result.bound;
      if (bound && whole.objective) {
        EXPECT_LE(sign * *bound, sign * *whole.objective + 1e-7 * std::max(1.0, std::abs(*whole.objective)));
      }
    }
    ASSERT_EQ(result.status, whole.status);
    EXPECT_FALSE(std::filesystem::exists(file()));
    if (!whole.objective) {
      ++infeasible;
      continue;
    }
    const double slack = 2e-6 * std::max(1.0, std::abs(*whole.objective));
    EXPECT_NEAR(result.objective.value(), *whole.objective, slack);
    EXPECT_NEAR(result.bound.value(), *whole.objective, slack);
  }
  EXPECT_GT(continued, 30);
  EXPECT_GT(infeasible, 0);
}

Saved sample() {
  Saved saved;
  Vector one = Vector::Constant(1, 1.0);
  saved.root.box = Box{-one, one};
  saved.root.ranges = {{0, -1, std::numeric_limits<double>::infinity(), 2}};
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
  saved.tree = {-3.5, std::numeric_limits<double>::infinity(), 17, {{{-1}, {0.5}, {{3, true}}, {0, 0.1}, -4, 6}}};
  return saved;
}

TEST(CheckpointBytes, ComeBackAsTheyWere) {
  const Saved saved = sample();
  const std::string bytes = encode(saved, "whose");
  const Saved back = decode(bytes, "whose", "f");
  EXPECT_EQ(encode(back, "whose"), bytes);
  EXPECT_EQ(back.root.folded.weight, saved.root.folded.weight);
  ASSERT_EQ(back.tree.open.size(), 1U);
  EXPECT_EQ(back.tree.open[0].splits[0].value, 3);
  EXPECT_TRUE(back.tree.open[0].splits[0].active);
  EXPECT_EQ(back.tree.open[0].depth, 6);
  EXPECT_EQ(back.tree.bound(), -4);
  EXPECT_EQ(back.tree.nodes, 17);
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
  Saved saved = sample();
  saved.root.ranges[0].output = 1;
  EXPECT_THROW(decode(encode(saved, "w"), "w", "f"), InputError);
  saved = sample();
  saved.root.folded.unit = {4};
  EXPECT_THROW(decode(encode(saved, "w"), "w", "f"), InputError);
  saved = sample();
  saved.root.box.lower = Vector::Zero(2);
  EXPECT_THROW(decode(encode(saved, "w"), "w", "f"), InputError);
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
