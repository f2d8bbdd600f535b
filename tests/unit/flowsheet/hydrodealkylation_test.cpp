// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/hydrodealkylation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/data/sampling.hpp"
#include "secateur/flowsheet/flash.hpp"

namespace secateur::flowsheet {
namespace {

Vector point(std::initializer_list<double> values) {
  Vector result(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

template <class TooHigh>
double bisect(TooHigh too_high, double low, double high) {
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (too_high(middle) ? high : low) = middle;
  }
  return low;
}

// The tutorial's base case: an adiabatic reactor, whose outlet temperature is where no heat goes in or out.
TEST(Hydrodealkylation, BaseCase) {
  const double outlet =
      bisect([](double t) { return hydrodealkylation_state(600, t, 325, 375, 150000).reactor > 0; }, 600, 900);
  EXPECT_NEAR(outlet, 771.857, 5e-4);
  const Simulation found = hydrodealkylation()->simulate(point({600, outlet, 325, 375, 150000}));
  ASSERT_TRUE(found.converged);
  EXPECT_NEAR(found.outputs(0), 419007.999, 5e-4);
  EXPECT_NEAR(found.outputs(1) / (found.outputs(1) + found.outputs(2)), 0.824296, 5e-7);
  EXPECT_NEAR(found.outputs(7), 7346.671, 5e-4);
}

// The published optimum is a vertex: TH and P2 at their bounds, T1 where the loss is 20 %, T2 where 0.15 mol/s are
// made.
TEST(Hydrodealkylation, Optimum) {
  const auto plant = [](double t1, double t2) {
    return hydrodealkylation()->simulate(point({500, 600, t1, t2, 105000})).outputs;
  };
  const double t1 = bisect([&](double t) { return plant(t, 363)(3) > 0.2; }, 298, 320);
  const double t2 = bisect([&](double t) { return plant(t1, t)(1) > 0.15; }, 357, 372);
  EXPECT_NEAR(t1, 301.881, 5e-4);
  EXPECT_NEAR(t2, 362.935, 5e-4);
  const Vector best = plant(t1, t2);
  EXPECT_NEAR(best(0), 312674.140, 5e-3);
  EXPECT_NEAR(best(1) / (best(1) + best(2)), 0.81883, 5e-6);
}

// Over the whole box: each component that comes in or is made goes out, and so does the heat.
TEST(Hydrodealkylation, MatterAndHeatAreConserved) {
  const Matrix points = data::sample(hydrodealkylation()->box(), 500, data::Sampling::sobol, 3);
  Index no_liquid = 0;
  for (Index i = 0; i < points.rows(); ++i) {
    const auto x = points.row(i);
    const HydrodealkylationState s = hydrodealkylation_state(x(0), x(1), x(2), x(3), x(4));
    ASSERT_TRUE(s.converged) << x;
    constexpr std::array<double, 4> stoichiometry{1, -1, -1, 1};
    for (std::size_t k = 0; k < 4; ++k) {
      EXPECT_NEAR(s.feed[k] + stoichiometry[k] * s.extent, s.purge[k] + s.product[k] + s.bottom[k], 1e-10) << x;
      EXPECT_GE(s.purge[k], 0);
      EXPECT_GE(s.product[k], 0);
      EXPECT_GE(s.bottom[k], 0);
    }
    const double heat = s.heater + s.reactor + s.flash_1 + s.flash_2;
    const double made = hydrodealkylation_heat * s.extent;
    EXPECT_NEAR(s.enthalpy_in + heat + made, s.enthalpy_out, 1e-7 * (std::abs(made) + std::abs(heat))) << x;
    if (s.product[0] + s.bottom[0] == 0) ++no_liquid;
  }
  // Half of the box has no liquid in the first flash.
  EXPECT_NEAR(static_cast<double>(no_liquid) / 500, 0.5, 0.1);
}

// Both coolers have one price, so the reactor's outlet temperature moves heat from one to the other.
TEST(Hydrodealkylation, ReactorTemperatureDoesNotMatterForTheCost) {
  const double cold = hydrodealkylation()->simulate(point({500, 600, 302, 363, 105000})).outputs(0);
  const double hot = hydrodealkylation()->simulate(point({500, 800, 302, 363, 105000})).outputs(0);
  EXPECT_NEAR(cold, hot, 1e-6);
}

TEST(Hydrodealkylation, SaysWhyAPointHasNoAnswer) {
  EXPECT_EQ(hydrodealkylation()->simulate(point({500, 600, 100, 363, 105000})).reason, "T1 is below 200 K");
  EXPECT_EQ(hydrodealkylation()->simulate(point({500, 600, 302, 363, 0})).reason, "P2 is not positive");
}

// Against the definition: y_i = K_i x_i, moles add up.
TEST(FlashCalculation, MeetsEquilibriumAndBalance) {
  const auto found = flash({0.3, 0.2}, 0.1, {2.0, 0.4});
  const double liquid = found.liquid[0] + found.liquid[1], vapour = found.vapour[0] + found.vapour[1] + 0.1;
  EXPECT_NEAR(found.vapour[0] / vapour, 2.0 * found.liquid[0] / liquid, 1e-12);
  EXPECT_NEAR(found.vapour[1] / vapour, 0.4 * found.liquid[1] / liquid, 1e-12);
  EXPECT_NEAR(found.vapour[0] + found.liquid[0], 0.3, 1e-15);
}

TEST(FlashCalculation, OnePhaseAlone) {
  EXPECT_THAT(flash({0.3, 0.2}, 0, {2.0, 1.1}).liquid, testing::ElementsAre(0, 0));
  EXPECT_THAT(flash({0.3, 0.2}, 0, {0.9, 0.4}).vapour, testing::ElementsAre(0, 0));
  EXPECT_THAT(flash({0, 0}, 0, {2, 0.4}).vapour, testing::ElementsAre(0, 0));
}

}  // namespace
}  // namespace secateur::flowsheet
