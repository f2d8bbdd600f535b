// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/schedule.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "secateur/prune/selection.hpp"

namespace secateur::prune {
namespace {

int epochs_of(const std::vector<Stage>& plan) {
  return std::accumulate(plan.begin(), plan.end(), 0, [](int sum, const Stage& s) { return sum + s.epochs; });
}

TEST(Schedule, OneShotIsOneStage) {
  const auto plan = stages(Schedule::one_shot, 0, 0.9, 100);
  ASSERT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan[0].sparsity, 0.9);
  EXPECT_EQ(plan[0].epochs, 100);
}

TEST(Schedule, GradualFollowsTheCubic) {
  const auto plan = stages(Schedule::gradual, 0.1, 0.9, 300);
  ASSERT_EQ(plan.size(), 20U);
  // s_5 of 20: 0.9 - 0.8 * (3/4)^3; s_10: 0.9 - 0.8 / 8.
  EXPECT_DOUBLE_EQ(plan[4].sparsity, 0.9 - 0.8 * 27 / 64);
  EXPECT_DOUBLE_EQ(plan[9].sparsity, 0.8);
  EXPECT_EQ(plan.back().sparsity, 0.9);
  for (std::size_t t = 1; t < plan.size(); ++t) EXPECT_GT(plan[t].sparsity, plan[t - 1].sparsity);
}

TEST(Schedule, SpendsAllEpochsAndMostOfThemAtTheTarget) {
  for (const int epochs : {1, 2, 3, 5, 10, 39, 40, 41, 100, 300}) {
    for (const Schedule schedule : {Schedule::gradual, Schedule::one_shot}) {
      const auto plan = stages(schedule, 0, 0.5, epochs);
      EXPECT_EQ(epochs_of(plan), epochs);
      EXPECT_EQ(plan.back().sparsity, 0.5);
      for (const Stage& stage : plan) {
        EXPECT_GE(stage.epochs, 1) << epochs;
        EXPECT_LE(stage.epochs, plan.back().epochs);
      }
    }
  }
}

TEST(Schedule, HasOneStageWhenNothingIsLeftToPrune) {
  EXPECT_EQ(stages(Schedule::gradual, 0.5, 0.5, 100).size(), 1U);
  EXPECT_EQ(stages(Schedule::gradual, 0.6, 0.5, 100).size(), 1U);
}

TEST(TargetCount, IsTheFloorOfTheDecimalProduct) {
  EXPECT_EQ(target_count(0.9, 10), 9);
  EXPECT_EQ(target_count(0.29, 100), 29);  // 0.29 * 100 is 28.999... in binary
  EXPECT_EQ(target_count(0.55, 10), 5);
  EXPECT_EQ(target_count(0.999, 1000), 999);
  EXPECT_EQ(target_count(0.0, 10), 0);
  EXPECT_EQ(target_count(std::nextafter(1.0, 0.0), 10), 10);
}

TEST(Apportion, SharesEvenly) {
  EXPECT_EQ(apportion({10, 10}, {0, 0}, {10, 10}, 10), (std::vector<Index>{5, 5}));
  EXPECT_EQ(apportion({10, 30}, {0, 0}, {10, 30}, 20), (std::vector<Index>{5, 15}));
}

TEST(Apportion, SumsToTheTotalWithinOneOfTheShare) {
  const std::vector<Index> sizes{100, 2500, 2500, 50};
  for (Index total = 0; total <= 5150; total += 37) {
    const auto removed = apportion(sizes, {0, 0, 0, 0}, sizes, total);
    EXPECT_EQ(std::accumulate(removed.begin(), removed.end(), Index{0}), total);
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      const double share = static_cast<double>(total * sizes[k]) / 5150;
      EXPECT_NEAR(static_cast<double>(removed[k]), share, 1.0);
    }
  }
}

TEST(Apportion, NeverTakesLessForALargerTotal) {
  const std::vector<Index> sizes{3, 5, 7, 11};
  auto before = apportion(sizes, {0, 0, 0, 0}, sizes, 0);
  for (Index total = 1; total <= 26; ++total) {
    const auto now = apportion(sizes, {0, 0, 0, 0}, sizes, total);
    for (std::size_t k = 0; k < sizes.size(); ++k) EXPECT_GE(now[k], before[k]);
    before = now;
  }
}

TEST(Apportion, KeepsWhatIsGoneAndStopsAtTheCaps) {
  EXPECT_EQ(apportion({10, 10}, {8, 0}, {10, 10}, 10), (std::vector<Index>{8, 2}));
  EXPECT_EQ(apportion({10, 10}, {8, 0}, {10, 10}, 5), (std::vector<Index>{8, 0}));
  EXPECT_EQ(apportion({2, 2}, {0, 0}, {1, 1}, 3), (std::vector<Index>{1, 1}));
}

}  // namespace
}  // namespace secateur::prune
