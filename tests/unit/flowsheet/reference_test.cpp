// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/reference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/core/error.hpp"
#include "unit/flowsheet/paraboloid.hpp"

namespace secateur::flowsheet {
namespace {

// The optima that the case studies publish, and those committed with the cases.
TEST(Reference, PublishedOptimaAreFound) {
  const double published[] = {1539.702, 1483.738, 872.50, 121.10877, 312674.140};
  const double digit[] = {5e-4, 5e-4, 5e-3, 5e-6, 5e-3};
  for (std::size_t i = 0; i < cases().size(); ++i) {
    const Case& plant = cases()[i];
    const DirectOptimum found = optimize_directly(plant, {});
    ASSERT_TRUE(found.best) << plant.name;
    EXPECT_NEAR(found.best->objective, published[i], digit[i]) << plant.name;
    EXPECT_NEAR(found.best->objective, plant.reference->objective, 1e-8 * published[i]) << plant.name;
    EXPECT_LE(found.violation, 1e-8);
    EXPECT_GE(found.agreeing, 3) << plant.name;
    EXPECT_TRUE(found.failures.empty());
  }
}

TEST(Reference, SameSeedSameAnswer) {
  ReferenceSettings settings;
  settings.starts = 3;
  const Case& plant = find_case("williams-otto", "roi");
  const DirectOptimum first = optimize_directly(plant, settings), second = optimize_directly(plant, settings);
  EXPECT_EQ(first.best->objective, second.best->objective);
  EXPECT_EQ(first.best->x, second.best->x);
  EXPECT_EQ(first.evaluations, second.evaluations);
}

TEST(Reference, PointsWithoutAnAnswerAreCountedAndSteppedOver) {
  ReferenceSettings settings;
  settings.starts = 16;
  const DirectOptimum found = optimize_directly(paraboloid(), settings);
  ASSERT_TRUE(found.best);
  EXPECT_NEAR(found.best->objective, 0, 1e-9);
  EXPECT_NEAR(found.best->x(0), 1, 1e-4);
  ASSERT_EQ(found.failures.size(), 1U);
  EXPECT_GT(found.failures.at("too low"), 0);
}

TEST(Reference, ChoicesAreEnumerated) {
  Case plant = paraboloid();
  plant.form.variables[0].type = model::VariableType::integer;
  plant.form.variables[1].type = model::VariableType::discrete;
  plant.form.variables[1].values = {-1, 1.5, 2.25, 10};
  const DirectOptimum found = optimize_directly(plant, {});
  ASSERT_TRUE(found.best);
  EXPECT_EQ(found.best->x(0), 1);
  EXPECT_EQ(found.best->x(1), 2.25);
  EXPECT_EQ(found.starts, 7 * 3);
}

TEST(Reference, NothingFeasibleIsAnAnswer) {
  Case plant = paraboloid();
  plant.form.add_constraint("impossible", {{2, 1}}, -1e9, -1);
  ReferenceSettings settings;
  settings.starts = 3;
  EXPECT_FALSE(optimize_directly(plant, settings).best);
}

TEST(Reference, RefusesWhatItCannotSearch) {
  Case plant = paraboloid();
  plant.form.variables[1].upper = std::numeric_limits<double>::infinity();
  EXPECT_THROW(optimize_directly(plant, {}), InputError);
  plant.simulator = nullptr;
  EXPECT_THROW(optimize_directly(plant, {}), InputError);
}

TEST(Reference, LetsThroughWhatTheSimulatorThrows) {
  class Broken : public Simulator {
   public:
    Broken() : Simulator(Description{"broken", {{"x", "", ""}, {"y", "", ""}}, {{"f", "", ""}}, {}}) {}

   private:
    [[nodiscard]] Simulation run(const Vector&) const override { throw InputError("the plant is closed"); }
  };
  Case plant = paraboloid();
  plant.simulator = std::make_shared<Broken>();
  EXPECT_THROW(optimize_directly(plant, {}), InputError);
}

TEST(Reference, StopsWhenTold) {
  const DirectOptimum found = optimize_directly(paraboloid(), {}, {}, Stop(0));
  EXPECT_EQ(found.stopped, Status::time_limit);
  EXPECT_EQ(found.evaluations, 0);
}

}  // namespace
}  // namespace secateur::flowsheet
