// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/core/rng.hpp"
#include "secateur/train/stability.hpp"
#include "secateur/train/sweep.hpp"

namespace secateur::train {
namespace {

template <class Scalar>
struct Instance {
  Layout layout;
  Buffer<Scalar> parameters, x, t;
  Points<Scalar> points;

  Instance(std::vector<Index> widths, Index columns, std::uint64_t seed)
      : layout(widths),
        parameters(layout.size()),
        x(widths.front() * columns),
        t(widths.back() * columns),
        points{x.data(), t.data(), columns, columns} {
    Rng rng(seed);
    for (Index i = 0; i < parameters.size(); ++i) parameters[i] = static_cast<Scalar>(rng.uniform(-0.8, 0.8));
    for (Index i = 0; i < x.size(); ++i) x[i] = static_cast<Scalar>(rng.uniform(-1, 1));
    for (Index i = 0; i < t.size(); ++i) t[i] = static_cast<Scalar>(rng.uniform(-1, 1));
  }
};

/// (f(p + h) - f(p - h)) / 2h in each parameter.
template <class Function>
Vector differences(Buffer<double>& p, const Function& f) {
  Vector slope(p.size());
  const double h = 1e-6;
  for (Index i = 0; i < p.size(); ++i) {
    const double at = p[i];
    p[i] = at + h;
    const double above = f();
    p[i] = at - h;
    slope(i) = (above - f()) / (2 * h);
    p[i] = at;
  }
  return slope;
}

TEST(Sweep, LossIsTheWeightedSumOfSquares) {
  // One unit, z = 2 x - 1, a = max(0, z), outputs y = (3 a + 1, -a).
  Layout layout({1, 1, 2});
  Buffer<double> p(layout.size());
  p[layout.weight(0)] = 2, p[layout.bias(0)] = -1;
  p[layout.weight(1)] = 3, p[layout.weight(1) + 1] = -1;
  p[layout.bias(1)] = 1;
  Buffer<double> x(2), t(4);
  x[0] = 0, x[1] = 2;    // a = 0, 3; y = (1, 0), (10, -3)
  t[0] = 3, t[1] = 10;   // first output
  t[2] = -1, t[3] = -5;  // second output
  Sweep<double> sweep(layout, {1.0, 10.0});
  EXPECT_DOUBLE_EQ(sweep.loss(p.data(), {x.data(), t.data(), 2, 2}), 1 * (4 + 0) + 10 * (1 + 4));
}

TEST(Sweep, GradientMatchesFiniteDifferences) {
  for (const auto& widths : {std::vector<Index>{3, 1}, {2, 7, 2}, {1, 9, 5, 1}, {4, 6, 17, 3, 2}}) {
    Instance<double> at(widths, 21, widths.size());
    Sweep<double> sweep(at.layout, std::vector<double>(static_cast<std::size_t>(widths.back()), 1.7));
    Buffer<double> gradient(at.layout.size());
    const double scale = 0.3;
    const double loss = sweep.gradient(at.parameters.data(), at.points, scale, gradient.data());
    EXPECT_DOUBLE_EQ(loss, sweep.loss(at.parameters.data(), at.points));
    const Vector expected =
        differences(at.parameters, [&] { return scale * sweep.loss(at.parameters.data(), at.points); });
    EXPECT_GT(expected.norm(), 0.1);
    for (Index i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(gradient[i], expected(i), 1e-7 * (1 + std::fabs(expected(i)))) << "parameter " << i;
    }
  }
}

TEST(Sweep, FloatFollowsDouble) {
  Instance<double> exact({3, 40, 50, 2}, 100, 5);
  Instance<float> at({3, 40, 50, 2}, 100, 5);
  Sweep<double> exact_sweep(exact.layout, {1.0, 2.0});
  Sweep<float> sweep(at.layout, {1.0F, 2.0F});
  Buffer<double> expected(exact.layout.size());
  Buffer<float> gradient(at.layout.size());
  const double exact_loss = exact_sweep.gradient(exact.parameters.data(), exact.points, 0.01, expected.data());
  const double loss = sweep.gradient(at.parameters.data(), at.points, 0.01F, gradient.data());
  EXPECT_NEAR(loss, exact_loss, 1e-5 * exact_loss);
  double largest = 0;
  for (Index i = 0; i < expected.size(); ++i) largest = std::max(largest, std::fabs(expected[i]));
  for (Index i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(gradient[i]), expected[i], 1e-5 * largest);
  }
}

TEST(Sweep, PortionsAddUp) {
  Instance<double> at({3, 11, 4, 2}, 100, 9);
  Sweep<double> whole(at.layout, {1.0, 3.0}, 100);
  Sweep<double> parts(at.layout, {1.0, 3.0}, 32);
  Buffer<double> expected(at.layout.size()), gradient(at.layout.size());
  for (Index i = 0; i < gradient.size(); ++i) gradient[i] = 99;  // overwritten, not added to
  const double loss = whole.gradient(at.parameters.data(), at.points, 1, expected.data());
  EXPECT_NEAR(parts.gradient(at.parameters.data(), at.points, 1, gradient.data()), loss, 1e-12 * loss);
  EXPECT_NEAR(parts.loss(at.parameters.data(), at.points), loss, 1e-12 * loss);
  for (Index i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(gradient[i], expected[i], 1e-12 * (1 + std::fabs(expected[i])));
  }
}

TEST(Sweep, NoPointsNoGradient) {
  Instance<double> at({2, 3, 1}, 1, 1);
  at.points.columns = 0;
  Sweep<double> sweep(at.layout, {1.0});
  Buffer<double> gradient(at.layout.size());
  for (Index i = 0; i < gradient.size(); ++i) gradient[i] = 99;
  EXPECT_EQ(sweep.gradient(at.parameters.data(), at.points, 1, gradient.data()), 0);
  for (Index i = 0; i < gradient.size(); ++i) EXPECT_EQ(gradient[i], 0);
}

TEST(Stability, PenaltyOfOneUnit) {
  // z = 2 x + 1 on [-1, 1] lies in [-1, 3].
  Layout layout({1, 1, 1});
  Buffer<double> p(layout.size());
  p[layout.weight(0)] = 2, p[layout.bias(0)] = 1, p[layout.weight(1)] = 5;
  Stability<double> unstable(layout, Vector::Constant(1, -1), Vector::Constant(1, 1));
  EXPECT_DOUBLE_EQ(unstable.penalty(p.data()), -std::tanh(1 - 3));
  p[layout.bias(0)] = 4;  // [2, 6]: always active
  EXPECT_DOUBLE_EQ(unstable.penalty(p.data()), -std::tanh(13.0));
}

TEST(Stability, BoundsPassThroughLayers) {
  // First layer: z = (x0 + x1, x0 - x1 + 3) on [0, 1] x [-1, 1] in [-1, 2] and [2, 5], so a in [0, 2] and [2, 5].
  // Second layer: z = a0 - 2 a1 + 5 in [-5, 3].
  Layout layout({2, 2, 1, 1});
  Buffer<double> p(layout.size());
  const double first[] = {1, 1, 1, -1};
  for (Index i = 0; i < 4; ++i) p[layout.weight(0) + i] = first[i];
  p[layout.bias(0) + 1] = 3;
  p[layout.weight(1)] = 1, p[layout.weight(1) + 1] = -2, p[layout.bias(1)] = 5;
  Stability<double> stability(layout, Vector{{0.0, -1.0}}, Vector{{1.0, 1.0}});
  EXPECT_DOUBLE_EQ(stability.penalty(p.data()), -std::tanh(-1.0) - std::tanh(11.0) - std::tanh(-14.0));
}

TEST(Stability, GradientMatchesFiniteDifferences) {
  for (const auto& widths : {std::vector<Index>{3, 4, 1}, {2, 5, 6, 2}, {4, 3, 8, 5, 1}}) {
    Instance<double> at(widths, 1, 3 + widths.size());
    for (Index i = 0; i < at.parameters.size(); ++i) at.parameters[i] *= 0.7;  // keep away from tanh's flat ends
    const Index inputs = widths.front();
    Stability<double> stability(at.layout, Vector::LinSpaced(inputs, -0.5, -0.1), Vector::LinSpaced(inputs, 0.2, 0.6));
    Buffer<double> gradient(at.layout.size());
    for (Index i = 0; i < gradient.size(); ++i) gradient[i] = 1;  // added to
    const double scale = 0.7;
    EXPECT_EQ(stability.gradient(at.parameters.data(), scale, gradient.data()),
              stability.penalty(at.parameters.data()));
    const Vector expected = differences(at.parameters, [&] { return scale * stability.penalty(at.parameters.data()); });
    EXPECT_GT(expected.norm(), 1e-2);
    for (Index i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(gradient[i] - 1, expected(i), 1e-8 * (1 + std::fabs(expected(i)))) << "parameter " << i;
    }
  }
}

}  // namespace
}  // namespace secateur::train
