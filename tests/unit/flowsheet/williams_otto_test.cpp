// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/williams_otto.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <stdexcept>

#include "secateur/data/sampling.hpp"

namespace secateur::flowsheet {
namespace {

Vector point(std::initializer_list<double> values) {
  Vector result(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

struct Golden {
  Vector x, y;
};

// Of the case study: V, T, F_A, F_B, eta -> F_P, F_G, F_D, S, gross, ROI.
TEST(WilliamsOtto, GoldenPointsToEightDigits) {
  const Golden golden[] = {{point({0.03, 6.7, 13, 30, 0.1}),
                            point({4.591808816, 2.67113463, 35.73705655, 364.633509, 1143.113186, 117.0125763})},
                           {point({0.065, 6.5, 13, 30, 0.13}),
                            point({4.916328892, 2.766508967, 35.31716214, 279.3533159, 2019.644858, 93.57153119})},
                           {point({0.1, 5.8, 10, 20, 0.2}),
                            point({1.952120125, 0.1603273948, 27.88755248, 141.5502099, -1345.002227, -54.83340756})}};
  for (const Golden& one : golden) {
    const Simulation found = williams_otto()->simulate(one.x);
    ASSERT_TRUE(found.converged) << found.reason;
    for (Index k = 0; k < one.y.size(); ++k) {
      EXPECT_NEAR(found.outputs(k), one.y(k), 1e-8 * std::abs(one.y(k)))
          << williams_otto()->outputs()[static_cast<std::size_t>(k)].name;
    }
  }
}

// The steady state published for F_A = 10, F_B = 20, T = 5.8, eta = 0.2 with an outflow of 129.5, to three digits of
// its own unit of mass: 3.27, 7.47, 1.12, 9.81, 1.69, 0.22. The volume follows from the outflow, which falls with it.
TEST(WilliamsOtto, PublishedSteadyState) {
  double low = 0.1, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    const double outflow = williams_otto()->simulate(point({middle, 5.8, 10, 20, 0.2})).outputs(3);
    (outflow > 129.5 ? low : high) = middle;
  }
  const WilliamsOttoState state = williams_otto_state(low, 5.8, 10, 20, 0.2);
  ASSERT_TRUE(state.converged);
  const double published[] = {3.27, 7.47, 1.12, 9.81, 1.69, 0.22};
  const double unit = std::accumulate(std::begin(published), std::end(published), 0.0) / 129.5;
  for (std::size_t k = 0; k < 6; ++k) EXPECT_NEAR(unit * state.flow[k], published[k], 0.005) << k;
}

// What comes in goes out, at every point of the whole box; no flow and no rate is negative.
TEST(WilliamsOtto, MassIsConserved) {
  const Matrix points = data::sample(williams_otto()->box(), 2000, data::Sampling::sobol, 1);
  const std::vector<Simulation> all = williams_otto()->simulate(points);
  ASSERT_EQ(all.size(), 2000U);
  Index converged = 0;
  for (Index i = 0; i < points.rows(); ++i) {
    const Simulation& one = all[static_cast<std::size_t>(i)];
    if (!one.converged) {
      EXPECT_FALSE(one.reason.empty());
      continue;
    }
    ++converged;
    const Vector x = points.row(i).transpose();
    const double in = x(2) + x(3), out = one.outputs(0) + one.outputs(1) + one.outputs(2);
    EXPECT_NEAR(out, in, 1e-7 * in) << x.transpose();
    const WilliamsOttoState state = williams_otto_state(x(0), x(1), x(2), x(3), x(4));
    for (const double flow : state.flow) EXPECT_GE(flow, 0);
    for (const double rate : state.rate) EXPECT_GE(rate, 0);
  }
  EXPECT_EQ(converged, 2000);
}

// Rates at the steady state are what the kinetics give from the flows, written out once more.
TEST(WilliamsOtto, RatesFollowTheKinetics) {
  const Matrix points = data::sample(williams_otto()->box(), 200, data::Sampling::sobol, 2);
  for (Index i = 0; i < points.rows(); ++i) {
    const WilliamsOttoState s =
        williams_otto_state(points(i, 0), points(i, 1), points(i, 2), points(i, 3), points(i, 4));
    if (!s.converged) continue;
    const double t = points(i, 1), mass = points(i, 0) * 50;
    const auto [a, b, c, e, p, g] = s.flow;
    const double total = a + b + c + e + p + g;
    EXPECT_NEAR(s.rate[0], 5.9755e9 * std::exp(-120 / t) * a * b / total / total * mass, 1e-8);
    EXPECT_NEAR(s.rate[1], 2.5962e12 * std::exp(-150 / t) * b * c / total / total * mass, 1e-8);
    EXPECT_NEAR(s.rate[2], 9.6283e15 * std::exp(-200 / t) * c * p / total / total * mass, 1e-8);
  }
}

TEST(WilliamsOtto, SaysWhyAPointHasNoAnswer) {
  EXPECT_EQ(williams_otto()->simulate(point({0, 6.7, 13, 30, 0.1})).reason, "V is not positive");
  EXPECT_EQ(williams_otto()->simulate(point({0.03, 6.7, 13, 30, 1.5})).reason, "eta is above 1");
  EXPECT_EQ(williams_otto()->simulate(point({0.03, std::nan(""), 13, 30, 0.1})).reason, "T is not positive");
  EXPECT_THROW(static_cast<void>(williams_otto()->simulate(point({0.03, 6.7}))), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::flowsheet
