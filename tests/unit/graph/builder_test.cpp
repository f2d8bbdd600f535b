// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/builder.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/graph/lower.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::graph {
namespace {

using exact::Rational;

std::vector<AffineRow> joined(std::vector<AffineRow> head, const std::vector<AffineRow>& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

TEST(Builder, NetworksSideBySideShareTheirInputs) {
  Rng rng(1);
  const nn::Network a = random_network({.widths = {2, 3, 1}}, rng);
  const nn::Network b = random_network({.widths = {2, 4, 2}}, rng);
  const Box box = random_box(2, 2, rng);
  Builder builder(box);
  const std::vector<AffineRow> outputs =
      joined(builder.apply(a, builder.all_inputs()), builder.apply(b, builder.all_inputs()));
  EXPECT_EQ(builder.layers(), 2);
  EXPECT_EQ(builder.values(), 2 + 3 + 4);
  const ReluGraph graph = builder.finish(outputs);
  ASSERT_EQ(graph.outputs(), 3);
  EXPECT_EQ(graph.neurons(), 7);
  for (Index p = graph.layers[1].weight.nonZeros(); p-- > 0;) EXPECT_LT(graph.layers[1].weight.innerIndexPtr()[p], 2);
  const Matrix points{{box.lower(0), box.upper(1)}, {box.upper(0), box.lower(1)}};
  const Matrix found = evaluate(graph, points);
  const ReluGraph alone_a = lower(a, box), alone_b = lower(b, box);
  EXPECT_LE((found.leftCols(1) - evaluate(alone_a, points)).cwiseAbs().maxCoeff(), 1e-14);
  EXPECT_LE((found.rightCols(2) - evaluate(alone_b, points)).cwiseAbs().maxCoeff(), 1e-14);
}

TEST(Builder, ANetworkThatReadsAnotherIsFoldedIntoIt) {
  // y = 3 relu(x) + 1 read by z = 2 y - 5: no layer between them.
  nn::Network first, second;
  first.input_names = second.input_names = {"x"};
  first.output_names = second.output_names = {"y"};
  first.layers = {nn::Relu{}, nn::Dense{Matrix{{3.0}}, Vector{{1.0}}}};
  second.layers = {nn::Dense{Matrix{{2.0}}, Vector{{-5.0}}}};
  Builder builder({Vector{{-1.0}}, Vector{{1.0}}});
  const ReluGraph graph = builder.finish(builder.apply(second, builder.apply(first, builder.all_inputs())));
  ASSERT_EQ(graph.depth(), 2);
  EXPECT_EQ(graph.layers[1].weight.coeff(0, 1), 6.0);
  EXPECT_EQ(graph.layers[1].bias(0), -3.0);
  EXPECT_EQ(graph.layers[1].error(0), 0.0);
}

// Two networks side by side and a third that reads outputs of both, an input and a combination: on exact values of all
// units, every row stays within its error, and every unit is in its range.
TEST(Builder, ErrorsCoverChainsInExactArithmetic) {
  Rng rng(3);
  int rounded = 0;
  for (int c = 0; c < 200; ++c) {
    const RandomNetwork how{.widths = {2, 3, 2}, .density = 0.8, .scaling = true, .exponent_spread = 6};
    const nn::Network a = random_network(how, rng), b = random_network(how, rng);
    RandomNetwork behind = how;
    behind.widths = {4, 3, 2};
    const nn::Network last = random_network(behind, rng);
    const Box box = random_box(2, 2, rng);
    Builder builder(box);
    const std::vector<AffineRow> from_a = builder.apply(a, builder.all_inputs());
    const std::vector<AffineRow> from_b = builder.apply(b, builder.all_inputs());
    const double third = 1.0 / 3;
    const AffineRow mixed = builder.combine({{from_a[1], third}, {from_b[1], -0.7}, {builder.input(1), 0.1}}, third);
    const std::vector<AffineRow> read = {from_a[0], from_b[0], builder.input(0), mixed};
    const Box range = builder.range(read);
    const std::vector<AffineRow> outputs = builder.apply(last, read);
    const ReluGraph graph = builder.finish(outputs);
    for (int s = 0; s < 4; ++s) {
      const Vector x = random_point(box, rng);
      std::vector<exact::Point> stored;
      const auto take = [&stored](std::vector<exact::Point> some) {
        exact::Point output = some.back();
        some.pop_back();
        stored.insert(stored.end(), some.begin(), some.end());
        return output;
      };
      const exact::Point y_a = take(exact::preactivations(a, exact::point(x)));
      const exact::Point y_b = take(exact::preactivations(b, exact::point(x)));
      const Rational mix =
          Rational(third) * y_a[1] + Rational(-0.7) * y_b[1] + Rational(0.1) * Rational(x(1)) + Rational(third);
      const exact::Point inputs = {y_a[0], y_b[0], Rational(x(0)), mix};
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        ASSERT_GE(inputs[i], Rational(range.lower(static_cast<Index>(i))));
        ASSERT_LE(inputs[i], Rational(range.upper(static_cast<Index>(i))));
      }
      stored.push_back(take(exact::preactivations(last, inputs)));
      ASSERT_EQ(stored.size(), graph.layers.size());
      exact::Point values = exact::point(x);
      for (std::size_t k = 0; k < stored.size(); ++k) {
        const AffineLayer& layer = graph.layers[k];
        for (Index i = 0; i < layer.units(); ++i) {
          Rational z = layer.bias(i);
          for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
            z += Rational(entry.value()) * values[static_cast<std::size_t>(entry.col())];
          }
          const Rational difference = abs(z - stored[k][static_cast<std::size_t>(i)]);
          ASSERT_LE(difference, Rational(layer.error(i))) << "case " << c << " layer " << k << " unit " << i;
          rounded += difference > 0;
        }
        for (const Rational& z : stored[k]) values.push_back(z > 0 ? z : Rational(0));
      }
    }
  }
  EXPECT_GT(rounded, 1000) << "the test has no teeth unless folding does round";
}

TEST(Builder, CombiningExactNumbersIsExactAndCancels) {
  Builder builder({Vector{{-1.0, 0.0}}, Vector{{1.0, 4.0}}});
  const AffineRow sum = builder.combine({{builder.input(0), 2.0}, {builder.input(1), -0.5}}, 3.0);
  EXPECT_EQ(sum.columns, (std::vector<int>{0, 1}));
  EXPECT_EQ(sum.coefficients, (std::vector<double>{2.0, -0.5}));
  EXPECT_EQ(sum.bias, 3.0);
  EXPECT_EQ(sum.error, 0.0);
  EXPECT_LE(builder.range({sum}).lower(0), -1.0);
  EXPECT_GE(builder.range({sum}).lower(0), -1.0 - 1e-14);
  const AffineRow rest = builder.combine({{sum, 1.0}, {builder.input(0), -2.0}}, -3.0);
  EXPECT_EQ(rest.columns, (std::vector<int>{1}));
  EXPECT_EQ(rest.bias, 0.0);
}

TEST(Builder, ARowOfUnitsMayBeReadAgainLater) {
  // relu(x) and relu(-x) are made in different layers; |x| reads both.
  Builder builder({Vector{{-2.0}}, Vector{{3.0}}});
  const AffineRow positive = builder.relu({builder.input(0)}).front();
  const AffineRow negated = builder.combine({{builder.input(0), -1.0}}, 0);
  const AffineRow negative = builder.relu({negated}).front();
  const ReluGraph graph = builder.finish({builder.combine({{positive, 1.0}, {negative, 1.0}}, 0)});
  EXPECT_EQ(evaluate(graph, Matrix{{-2.0}, {0.0}, {1.5}}), (Matrix{{2.0}, {0.0}, {1.5}}));
  EXPECT_TRUE((graph.layers[2].error.array() == 0).all());
}

TEST(Builder, RefusesWhatDoesNotFit) {
  Rng rng(9);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THROW(Builder({Vector{{0.0}}, Vector{{infinity}}}), std::invalid_argument);
  EXPECT_THROW(Builder({Vector{{1.0}}, Vector{{0.0}}}), std::invalid_argument);
  EXPECT_THROW(Builder({Vector{{1.0}}, Vector{{2.0, 3.0}}}), std::invalid_argument);
  Builder builder({Vector{{0.0, 0.0}}, Vector{{1.0, 1.0}}});
  EXPECT_THROW(static_cast<void>(builder.input(2)), std::invalid_argument);
  EXPECT_THROW(builder.apply(random_network({.widths = {3, 1}}, rng), builder.all_inputs()), std::invalid_argument);
  EXPECT_THROW(builder.relu({copy_of(2)}), std::invalid_argument) << "reads a value that is not there";
  EXPECT_THROW(builder.relu({AffineRow{{1, 0}, {1.0, 1.0}, 0, 0}}), std::invalid_argument) << "not in order";
  EXPECT_THROW(builder.finish({}), std::invalid_argument);
}

TEST(Builder, OverflowIsTheUsersNumbersNotACrash) {
  Builder builder({Vector{{-1.0}}, Vector{{1.0}}});
  const AffineRow large = builder.combine({{builder.input(0), 1e200}}, 0);
  const AffineRow infinite = builder.combine({{large, 1e200}}, 0);
  EXPECT_THROW(builder.relu({infinite}), InputError);
  EXPECT_THROW(builder.finish({infinite}), InputError);
}

}  // namespace
}  // namespace secateur::graph
