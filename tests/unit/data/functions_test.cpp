// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/functions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/data/sampling.hpp"

namespace secateur::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// A function, its dimension and the minimum as it is published.
struct Published {
  const char* name;
  Index inputs;
  double minimum;
  double digits;  ///< of the published value
};

class KnownMinimum : public testing::TestWithParam<Published> {
 protected:
  TestFunction function = test_function(GetParam().name, GetParam().inputs);
};

/// Pattern search inside the box: along each coordinate with shrinking steps.
double descend(const TestFunction& function, Vector x, double step) {
  double best = function.value(x);
  while (step > 1e-10) {
    bool better = false;
    for (Index i = 0; i < x.size(); ++i) {
      for (const double sign : {-1.0, 1.0}) {
        Vector trial = x;
        trial(i) += sign * step * (function.box.upper(i) - function.box.lower(i));
        trial = function.box.clamp(trial);
        const double value = function.value(trial);
        if (value < best) {
          best = value;
          x = trial;
          better = true;
        }
      }
    }
    if (!better) step /= 2;
  }
  return best;
}

TEST_P(KnownMinimum, IsTheValueAtTheMinimizer) {
  EXPECT_EQ(function.minimizer.size(), GetParam().inputs);
  EXPECT_EQ(function.box.size(), GetParam().inputs);
  EXPECT_TRUE(function.box.contains(function.minimizer));
  EXPECT_NEAR(function.value(function.minimizer), function.minimum, 5e-15 * (1 + std::abs(function.minimum)));
  EXPECT_NEAR(function.minimum, GetParam().minimum, GetParam().digits);
}

TEST_P(KnownMinimum, IsALocalMinimum) {
  const double slack = 1e-14 * (1 + std::abs(function.minimum));
  EXPECT_GE(descend(function, function.minimizer, 1e-2), function.minimum - slack);
  Rng rng(2);
  for (int trial = 0; trial < 200; ++trial) {
    Vector x = function.minimizer;
    for (Index i = 0; i < x.size(); ++i) x(i) += 1e-4 * rng.uniform(-1, 1);
    EXPECT_GT(function.value(function.box.clamp(x)), function.minimum - slack);
  }
}

TEST_P(KnownMinimum, IsNotUndercutBySampling) {
  const Dataset data = sample(function, 20000, Sampling::sobol, 9);
  EXPECT_GE(data.y.minCoeff(), function.minimum);
  std::vector<Index> order(20000);
  for (Index i = 0; i < 20000; ++i) order[static_cast<std::size_t>(i)] = i;
  std::partial_sort(order.begin(), order.begin() + 10, order.end(),
                    [&](Index a, Index b) { return data.y(a, 0) < data.y(b, 0); });
  for (std::size_t i = 0; i < 10; ++i) {
    const double found = descend(function, data.x.row(order[i]).transpose(), 1e-2);
    EXPECT_GE(found, function.minimum - 1e-13 * (1 + std::abs(function.minimum)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Functions, KnownMinimum,
    testing::Values(Published{"peaks", 2, -6.55113, 5e-6}, Published{"hartmann3", 3, -3.86278, 5e-6},
                    Published{"hartmann6", 6, -3.32237, 5e-6}, Published{"ackley", 1, 0, 0},
                    Published{"ackley", 2, 0, 0}, Published{"ackley", 5, 0, 0}, Published{"rosenbrock", 2, 0, 0},
                    Published{"rosenbrock", 4, 0, 0}, Published{"michalewicz", 1, -0.8013, 5e-5},
                    Published{"michalewicz", 2, -1.8013, 5e-5}, Published{"michalewicz", 5, -4.687658, 5e-7},
                    Published{"michalewicz", 10, -9.66015, 5e-6}),
    [](const auto& tested) { return tested.param.name + std::string("_") + std::to_string(tested.param.inputs); });

// Values that follow from the formulas by hand.
TEST(TestFunctions, HaveKnownValues) {
  EXPECT_NEAR(test_function("peaks").value(Vector::Zero(2)), 3 * std::exp(-1.0) - std::exp(-1.0) / 3, 1e-15);
  EXPECT_NEAR(test_function("ackley", 3).value(Vector::Ones(3)), 20 - 20 * std::exp(-0.2), 1e-14);
  EXPECT_EQ(test_function("rosenbrock", 3).value(Vector::Zero(3)), 2);
  EXPECT_EQ(test_function("rosenbrock", 3).value(Eigen::Vector3d(2, 2, 2)), 2 * (100 * 4 + 1));
  EXPECT_NEAR(test_function("peaks").minimizer(0), 0.2283, 5e-5);
  EXPECT_NEAR(test_function("peaks").minimizer(1), -1.6256, 1e-4);
}

TEST(TestFunctions, AreNamedAndRefused) {
  for (const std::string& name : test_function_names()) EXPECT_EQ(test_function(name).name, name);
  EXPECT_THAT([] { test_function("paeks"); },
              ThrowsMessage<InputError>(HasSubstr("\"paeks\"; there are peaks, hartmann3, hartmann6, ackley")));
  EXPECT_THAT([] { test_function("michalewicz", 11); }, ThrowsMessage<InputError>(HasSubstr("it takes 1 to 10")));
  EXPECT_THAT([] { test_function("rosenbrock", 1); }, ThrowsMessage<InputError>(HasSubstr("it takes at least 2")));
  EXPECT_THAT([] { test_function("ackley", 0); }, ThrowsMessage<InputError>(HasSubstr("it takes at least 1")));
}

}  // namespace
}  // namespace secateur::data
