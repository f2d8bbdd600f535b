// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/scaling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"

namespace secateur::lp {
namespace {

/// max 1e-7 x + 3e-7 y with x in [0, 1e6] and x + 1e6 y <= 2e6, y <= 1.5: optimum 0.1 + 3e-7 at (1e6, 1).
Model odd_units() {
  Model model;
  model.sense = Sense::maximize;
  model.offset = 1e-6;
  model.add_column(0, 1e6, 1e-7, false, "x");
  model.add_column(-std::numeric_limits<double>::infinity(), 1.5, 3e-7, false, "y");
  model.add_column(0, 1, 0, true, "z");
  model.add_entry(0, 1);
  model.add_entry(1, 1e6);
  model.close_row(-std::numeric_limits<double>::infinity(), 2e6, "r");
  return model;
}

TEST(Scaling, SolvesToTheSamePoint) {
  const Scaling scaling{{19, 0, 0}, {-20}, 4};
  const auto session = make_session();
  session->load(scaled(odd_units(), scaling));
  const Outcome outcome = session->run();
  EXPECT_NEAR(std::ldexp(outcome.objective.value(), -4), 1e-6 + 0.1 + 3e-7, 1e-10);
  const Vector point = from_scaled(outcome.primal, scaling);
  EXPECT_NEAR(point(0), 1e6, 1e-3);
  EXPECT_NEAR(point(1), 1, 1e-9);
}

TEST(Scaling, IsExact) {
  Rng rng(1);
  Scaling scaling{{5, -7, 0}, {11}, -30};
  const Model model = odd_units(), there = scaled(model, scaling);
  Scaling back{{-5, 7, 0}, {-11}, 30};
  const Model again = scaled(there, back);
  EXPECT_EQ(again.cost, model.cost);
  EXPECT_EQ(again.offset, model.offset);
  EXPECT_EQ(again.column_lower, model.column_lower);
  EXPECT_EQ(again.column_upper, model.column_upper);
  EXPECT_EQ(again.row_upper, model.row_upper);
  EXPECT_EQ(again.value, model.value);
  EXPECT_EQ(there.row_lower, model.row_lower);  // -inf
  const Vector point{{rng.normal(), rng.normal(), 1}};
  EXPECT_EQ(from_scaled(to_scaled(point, scaling), scaling), point);
}

TEST(Scaling, MeasuresAnIndicatorByItsFirstColumn) {
  Model model = odd_units();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  model.indicators.push_back({2, 1, -infinity, 3, {0, 1}, {1, 0.5}, "i"});
  const Scaling scaling{{5, -7, 0}, {0}, 0};
  const Indicator there = scaled(model, scaling).indicators.at(0);
  // x + y / 2 <= 3 with x = 32 x', y = y' / 128, divided by 32.
  EXPECT_EQ(there.coefficients, (std::vector<double>{1, 0x1p-13}));
  EXPECT_EQ(there.upper, 3.0 / 32);
  EXPECT_EQ(there.lower, -infinity);
}

TEST(Scaling, RefusesIntegersAndWrongSizes) {
  EXPECT_THROW(scaled(odd_units(), {{0, 0, 1}, {0}, 0}), std::invalid_argument);
  EXPECT_THROW(scaled(odd_units(), {{0, 0}, {0}, 0}), std::invalid_argument);
  EXPECT_THROW(scaled(odd_units(), {{0, 0, 0}, {}, 0}), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::lp
