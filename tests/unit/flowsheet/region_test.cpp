// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/region.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "unit/flowsheet/paraboloid.hpp"

namespace secateur::flowsheet {
namespace {

Vector point(double x, double y) { return (Vector(2) << x, y).finished(); }

/// x from a list, y continuous in [-3, 3] but sampled in [-1, 1].
Case listed() {
  Case plant = paraboloid();
  plant.form.variables[0].type = model::VariableType::discrete;
  plant.form.variables[0].values = {-3, -1, 0.5, 3};
  plant.training = {point(-3, -1), point(3, 1)};
  return plant;
}

TEST(Region, PointsLieInItAndTakeWhatTheirVariablesMay) {
  const Case plant = listed();
  const Box region{point(-3, 0), point(3, 0.25)};
  const Matrix drawn = sample_points(plant, region, 64, data::Sampling::sobol, 5);
  ASSERT_EQ(drawn.rows(), 64);
  std::set<double> values;
  for (Index i = 0; i < drawn.rows(); ++i) {
    EXPECT_TRUE(region.contains(drawn.row(i).transpose()));
    values.insert(drawn(i, 0));
  }
  EXPECT_THAT(values, testing::ElementsAre(-3, -1, 0.5, 3));
  EXPECT_EQ(sample_points(plant, region, 64, data::Sampling::sobol, 5), drawn);
  EXPECT_NE(sample_points(plant, region, 64, data::Sampling::sobol, 6), drawn);
}

TEST(Region, IntegersAreSampledWhole) {
  Case plant = paraboloid();
  plant.form.variables[1].type = model::VariableType::integer;
  const Matrix drawn = sample_points(plant, plant.training, 50, data::Sampling::latin_hypercube, 1);
  EXPECT_EQ(drawn.col(1), Vector(drawn.col(1).array().round()));
  for (Index i = 0; i < drawn.rows(); ++i) EXPECT_FALSE(drawn(i, 1) == 0 && std::signbit(drawn(i, 1)));
}

TEST(Region, AroundAPointIsAShareOfTheTrainingBox) {
  const Case plant = paraboloid();
  const Box region = around(plant, point(0, 1), 0.25);
  EXPECT_EQ(region.lower, point(-1.5, -0.5));
  EXPECT_EQ(region.upper, point(1.5, 2.5));
}

TEST(Region, AroundAPointEndsAtTheVariablesBounds) {
  const Box region = around(paraboloid(), point(-3, 2.5), 0.25);
  EXPECT_EQ(region.lower, point(-3, 1));
  EXPECT_EQ(region.upper, point(-1.5, 3));
}

TEST(Region, AroundAPointLeavesChoicesAndTheTrainingBoxBehind) {
  // A list stays whole; y may go beyond where it was sampled at first.
  const Box region = around(listed(), point(0.5, 1), 0.2);
  EXPECT_EQ(region.lower, point(-3, 0.6));
  EXPECT_EQ(region.upper, point(3, 1.4));
}

TEST(Region, AnEdgeCountsWhereThePlantGoesOn) {
  const Case plant = paraboloid();
  const Box region{point(-3, 0), point(0, 3)};
  EXPECT_FALSE(on_edge(plant, region, point(-1, 1)));
  EXPECT_TRUE(on_edge(plant, region, point(0, 1)));
  EXPECT_TRUE(on_edge(plant, region, point(-1, 1e-7)));
  EXPECT_FALSE(on_edge(plant, region, point(-3, 1)));  // the plant's own ends
  EXPECT_FALSE(on_edge(plant, region, point(-1, 3)));
}

}  // namespace
}  // namespace secateur::flowsheet
