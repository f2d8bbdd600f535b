// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/speed_up.hpp"

#include <gtest/gtest.h>

namespace secateur::study {
namespace {

model::SolveResult run(Status status, double seconds) {
  model::SolveResult result;
  result.status = status;
  result.seconds.total = seconds;
  return result;
}

TEST(SpeedUp, IsTheRatioOfTwoProvenRuns) {
  const auto ratio = speed_up(run(Status::optimal, 30), 60, run(Status::optimal, 2), 60);
  ASSERT_TRUE(ratio);
  EXPECT_DOUBLE_EQ(ratio->factor, 15);
  EXPECT_EQ(ratio->relation, Relation::equal);
  EXPECT_EQ(to_text(*ratio), "15×");
}

TEST(SpeedUp, CountsAStoppedBaselineAtItsLimitAndSaysAtLeast) {
  // The solver overshoots its limit a little; the limit is what counts.
  const auto ratio = speed_up(run(Status::time_limit, 61.7), 60, run(Status::optimal, 2), 60);
  ASSERT_TRUE(ratio);
  EXPECT_DOUBLE_EQ(ratio->factor, 30);
  EXPECT_EQ(ratio->relation, Relation::at_least);
  EXPECT_EQ(to_text(*ratio), "at least 30×");
}

TEST(SpeedUp, SaysAtMostWhenOnlyTheRunWasStopped) {
  const auto ratio = speed_up(run(Status::optimal, 5), 60, run(Status::time_limit, 10.1), 10);
  ASSERT_TRUE(ratio);
  EXPECT_DOUBLE_EQ(ratio->factor, 0.5);
  EXPECT_EQ(ratio->relation, Relation::at_most);
  EXPECT_EQ(to_text(*ratio), "at most 0.5×");
}

TEST(SpeedUp, IsUnknownWhenNeitherIsProven) {
  EXPECT_FALSE(speed_up(run(Status::time_limit, 60), 60, run(Status::time_limit, 10), 10));
  EXPECT_FALSE(speed_up(run(Status::time_limit, 60), 60, run(Status::memory_limit, 3), 10));
  EXPECT_FALSE(speed_up(run(Status::interrupted, 4), 60, run(Status::interrupted, 1), 10));
}

TEST(SpeedUp, CountsAnInterruptedBaselineForTheTimeItRan) {
  const auto ratio = speed_up(run(Status::interrupted, 12), 60, run(Status::optimal, 2), 60);
  ASSERT_TRUE(ratio);
  EXPECT_DOUBLE_EQ(ratio->factor, 6);
  EXPECT_EQ(ratio->relation, Relation::at_least);
}

TEST(SpeedUp, StaysFiniteForARunTooShortToMeasure) {
  const auto ratio = speed_up(run(Status::optimal, 1), 60, run(Status::optimal, 0), 60);
  ASSERT_TRUE(ratio);
  EXPECT_TRUE(std::isfinite(ratio->factor));
}

TEST(SpeedUpText, RoundsTowardsWhatItClaims) {
  EXPECT_EQ(to_text(SpeedUp{19.97, Relation::equal}), "20×");
  EXPECT_EQ(to_text(SpeedUp{19.97, Relation::at_least}), "at least 19×");
  EXPECT_EQ(to_text(SpeedUp{19.03, Relation::at_most}), "at most 20×");
  EXPECT_EQ(to_text(SpeedUp{2.47, Relation::equal}), "2.5×");
  EXPECT_EQ(to_text(SpeedUp{2.47, Relation::at_least}), "at least 2.4×");
  EXPECT_EQ(to_text(SpeedUp{0.0123, Relation::equal}), "0.012×");
  EXPECT_EQ(to_text(SpeedUp{1234567.8, Relation::at_least}), "at least 1234567×");
  EXPECT_EQ(to_text(SpeedUp{9.97, Relation::equal}), "10×");
  EXPECT_EQ(to_text(SpeedUp{30, Relation::at_least}), "at least 30×");
}

TEST(SpeedUpText, ExactValuesAreNotMovedByRounding) {
  // 0.3 and 2.3 are not exact in binary; rounding down must not show 0.29 and 2.2.
  EXPECT_EQ(to_text(SpeedUp{2.3, Relation::at_least}), "at least 2.3×");
  EXPECT_EQ(to_text(SpeedUp{0.3, Relation::at_least}), "at least 0.3×");
  EXPECT_EQ(to_text(SpeedUp{1.1, Relation::at_most}), "at most 1.1×");
}

}  // namespace
}  // namespace secateur::study
