// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/optimize.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/core/error.hpp"
#include "secateur/flowsheet/region.hpp"
#include "unit/flowsheet/paraboloid.hpp"

namespace secateur::flowsheet {
namespace {

using testing::HasSubstr;

/// Small enough for a test. The paraboloid's optimum is 0, where an error relative to it means nothing: add 10.
LoopSettings small() {
  LoopSettings settings;
  settings.rounds = 3;
  settings.samples = 800;
  settings.hidden = {16, 16};
  settings.train.epochs = 400;
  settings.prune.epochs = 100;
  settings.prune.sparsity = 0.3;
  settings.solve.time_limit = 10;
  return settings;
}

Case raised() {
  Case plant = paraboloid();
  plant.form.constant = 10;
  return plant;
}

TEST(Loop, EndsAtAPointThatThePlantConfirms) {
  const Case plant = raised();
  std::size_t told = 0;
  const LoopResult result = optimize(plant, small(), {}, [&](const Round& round, const LoopResult& so_far) {
    EXPECT_EQ(&round, &so_far.rounds.back());
    told = so_far.rounds.size();
  });
  ASSERT_NE(result.attempt(), nullptr);
  EXPECT_EQ(told, result.rounds.size());
  EXPECT_TRUE(result.accepted);
  EXPECT_FALSE(result.stopped);
  const Attempt& best = *result.attempt();
  const Case::Evaluation again = plant.evaluate(best.search.x);
  ASSERT_NE(best.answer(), nullptr);
  EXPECT_EQ(best.answer()->objective, again.objective);
  EXPECT_NEAR(again.objective, 10, 0.2);
  EXPECT_DOUBLE_EQ(*best.error, std::abs(*best.search.objective - again.objective) / again.objective);
  EXPECT_LE(*best.error, small().accuracy);
}

TEST(Loop, CountsWhatHasNoAnswer) {
  LoopSettings settings = small();
  settings.rounds = 1;
  const LoopResult result = optimize(raised(), settings);
  const Round& round = result.rounds.front();
  // An eighteenth of the box lies below x + y = -4.
  EXPECT_EQ(round.simulated, 800);
  EXPECT_EQ(round.reused, 0);
  ASSERT_EQ(round.failures.size(), 1U);
  EXPECT_NEAR(static_cast<double>(round.failures.at("too low")), 800.0 / 18, 10);
  EXPECT_EQ(round.rows, 800 - round.failures.at("too low"));
  EXPECT_EQ(result.simulations, 800 + static_cast<Index>(round.attempts.size()));
}

TEST(Loop, LaterRegionsLieAroundTheOptimumAndUseEarlierPointsAgain) {
  LoopSettings settings = small();
  settings.accuracy = 1e-9;  // never reached
  const Case plant = raised();
  const LoopResult result = optimize(plant, settings);
  ASSERT_EQ(result.rounds.size(), 3U);
  EXPECT_FALSE(result.accepted);
  EXPECT_EQ(result.rounds[0].region.lower, plant.training.lower);
  const Vector first = result.rounds[0].attempts.back().search.x;
  const Box expected = around(plant, first, 0.2);
  EXPECT_EQ(result.rounds[1].region.lower, expected.lower);
  EXPECT_EQ(result.rounds[1].region.upper, expected.upper);
  EXPECT_GT(result.rounds[1].reused, 0);
  EXPECT_LT(result.rounds[1].reused, 800);
  const Vector second = result.rounds[1].attempts.back().search.x;
  const double share = on_edge(plant, result.rounds[1].region, second) ? 0.2 : 0.1;
  EXPECT_EQ(result.rounds[2].region.lower, around(plant, second, share).lower);
  for (const Round& round : result.rounds) EXPECT_TRUE(round.region.contains(round.attempts.back().search.x));
}

TEST(Loop, CorrectsConstraintsByTheErrorSeen) {
  // The least x + y with f <= 2: at (0, 1), on the constraint, which any surrogate misses by a little.
  Case plant = raised();
  plant.form.objective = {{0, 1}, {1, 1}};
  plant.form.add_constraint("f", {{2, 1}}, -std::numeric_limits<double>::infinity(), 2);
  LoopSettings settings = small();
  settings.rounds = 1;
  settings.seed = 5;
  settings.corrections = 6;
  settings.accuracy = 1;
  const LoopResult result = optimize(plant, settings);
  const auto& attempts = result.rounds.front().attempts;
  ASSERT_GT(attempts.size(), 1U) << "the first optimum was feasible by chance; take another seed";
  EXPECT_EQ(attempts[0].bias(0), 0);
  EXPECT_GT(attempts[0].answer()->violation, 1e-3);
  // What the plant said beyond the surrogate.
  EXPECT_DOUBLE_EQ(attempts[1].bias(0), attempts[0].answer()->simulation.outputs(0) - attempts[0].predicted(0));
  EXPECT_LE(result.attempt()->answer()->violation, 1e-3);
  EXPECT_NEAR(result.attempt()->answer()->objective, 11, 0.3);
}

TEST(Loop, AFeasibleAttemptComesBeforeABetterOne) {
  Case plant = raised();
  plant.form.objective = {{0, 1}, {1, 1}};
  plant.form.add_constraint("f", {{2, 1}}, -std::numeric_limits<double>::infinity(), 2);
  LoopSettings settings = small();
  settings.rounds = 1;
  settings.corrections = 6;
  settings.accuracy = 1;
  const LoopResult result = optimize(plant, settings);
  for (const Attempt& attempt : result.rounds.front().attempts) {
    EXPECT_TRUE(attempt.feasible(settings) || result.attempt() != &attempt);
  }
  EXPECT_TRUE(result.attempt()->feasible(settings));
}

TEST(Loop, AnInfeasibleSurrogateIsAnAnswer) {
  Case plant = raised();
  plant.form.add_constraint("impossible", {{0, 1}}, 5, 6);
  const LoopResult result = optimize(plant, small());
  EXPECT_EQ(result.attempt(), nullptr);
  ASSERT_EQ(result.rounds.size(), 1U);
  EXPECT_EQ(result.rounds.front().attempts.back().search.status, Status::infeasible);
  EXPECT_FALSE(result.accepted);
}

TEST(Loop, PrunesToTheDefaultSparsityOrAsFarAsTheErrorBears) {
  LoopSettings settings = small();
  settings.rounds = 1;
  settings.prune.sparsity.reset();
  settings.hidden = {60, 60};
  settings.train.epochs = 100;
  settings.prune.epochs = 300;
  const Round large = optimize(raised(), settings).rounds.front();
  EXPECT_NEAR(large.sparsity, LoopSettings::default_sparsity, 1e-3);
  EXPECT_LE(large.growth, LoopSettings::default_tolerance);

  // Too few weights to lose four fifths of them.
  settings.hidden = {5, 5};
  settings.train.epochs = small().train.epochs;
  settings.prune.epochs = small().prune.epochs;
  const Round tight = optimize(raised(), settings).rounds.front();
  EXPECT_LT(tight.sparsity, LoopSettings::default_sparsity - 0.05);
  EXPECT_LE(tight.growth, LoopSettings::default_tolerance);

  // What is asked for is done.
  settings.prune.sparsity = 0.8;
  const Round asked = optimize(raised(), settings).rounds.front();
  EXPECT_NEAR(asked.sparsity, 0.8, 0.02);
  EXPECT_GT(asked.growth, LoopSettings::default_tolerance);
}

TEST(Loop, SameSeedSameAnswer) {
  LoopSettings settings = small();
  settings.rounds = 1;
  const LoopResult first = optimize(raised(), settings), second = optimize(raised(), settings);
  EXPECT_EQ(first.attempt()->search.x, second.attempt()->search.x);
  settings.seed = 7;
  EXPECT_NE(optimize(raised(), settings).attempt()->search.x, first.attempt()->search.x);
}

TEST(Loop, StopsWhenTold) {
  const LoopResult result = optimize(raised(), small(), {}, {}, Stop(0));
  EXPECT_EQ(result.stopped, Status::time_limit);
  EXPECT_TRUE(result.rounds.empty());
  EXPECT_EQ(result.attempt(), nullptr);
}

TEST(Loop, RefusesToLearnFromTooLittle) {
  Case plant = raised();
  plant.training.upper.setConstant(-2.1);
  try {
    optimize(plant, small());
    FAIL() << "nothing was refused";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("800 of 800 points have no answer: 800 too low"));
  }
}

TEST(Loop, OfDataAloneHasOneRoundAndNothingToCompareWith) {
  Case plant = raised();
  auto data = std::make_shared<Sample>(
      simulate(*plant.simulator, sample_points(plant, plant.training, 300, data::Sampling::sobol, 0)));
  plant.data = data;
  plant.simulator = nullptr;
  const LoopResult result = optimize(plant, small());
  ASSERT_EQ(result.rounds.size(), 1U);
  EXPECT_EQ(result.rounds.front().simulated, 300);
  EXPECT_EQ(result.rounds.front().rows, data->data.rows());
  EXPECT_EQ(result.simulations, 0);
  EXPECT_FALSE(result.accepted);
  ASSERT_NE(result.attempt(), nullptr);
  EXPECT_FALSE(result.attempt()->plant);
  EXPECT_FALSE(result.attempt()->error);
  EXPECT_EQ(result.rounds.front().attempts.size(), 1U);
  EXPECT_NEAR(result.attempt()->search.x(0), 1, 0.5);
  plant.data = nullptr;
  EXPECT_THROW(optimize(plant, small()), std::logic_error);
}

TEST(Loop, ATrustRegionIsOfTheRowsWithAnAnswer) {
  // The least x + y: where nothing converges, unless the search keeps to the data.
  Case plant = raised();
  plant.form.objective = {{0, 1}, {1, 1}};
  plant.form.constant = 20;
  LoopSettings settings = small();
  settings.rounds = 1;
  const LoopResult free = optimize(plant, settings);
  EXPECT_EQ(free.attempt()->answer(), nullptr);
  EXPECT_FALSE(free.attempt()->trust->inside_hull);
  EXPECT_FALSE(free.rounds.front().trust);
  for (const model::TrustRegion region : {model::TrustRegion::hull, model::TrustRegion::distance}) {
    settings.trust.region = region;
    if (region == model::TrustRegion::distance) settings.trust.radius = 0.001;
    const LoopResult kept = optimize(plant, settings);
    ASSERT_NE(kept.attempt()->answer(), nullptr);
    EXPECT_EQ(kept.attempt()->search.x.size(), 2);
    EXPECT_LE(kept.attempt()->trust->distance, 0.2);
    EXPECT_EQ(kept.rounds.front().trust->region, region);
    // Rows near the edge of what converges; centres of the distance are a hundred of them.
    EXPECT_NEAR(kept.attempt()->answer()->objective, 16, 0.7);
  }
}

}  // namespace
}  // namespace secateur::flowsheet
