// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/backward.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/kernels.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

using exact::Rational;
using graph::NeuronBounds;
using graph::ReluGraph;

/// The pass as the textbook has it, in plain arithmetic: lower bounds of rows * z over the preactivations of a layer.
Vector plain_bounds(const ReluGraph& graph, const Box& box, const NeuronBounds& bounds, int layer, const Matrix& rows,
                    const Multipliers* multipliers = nullptr) {
  const auto k = static_cast<std::size_t>(layer);
  Matrix lambda = rows * Matrix(graph.layers[k].weight);
  Vector c = rows * graph.layers[k].bias - rows.cwiseAbs() * graph.layers[k].error;
  for (int t = layer - 1; t >= 0; --t) {
    const auto s = static_cast<std::size_t>(t);
    const graph::AffineLayer& affine = graph.layers[s];
    const Relaxation relaxation = relax(bounds[s]);
    const Index first = graph.first_value(t);
    Matrix mu(rows.rows(), affine.units());
    for (Index r = 0; r < rows.rows(); ++r) {
      for (Index i = 0; i < affine.units(); ++i) {
        const double value = lambda(r, first + i);
        const bool own = multipliers != nullptr && relaxation.intercept(i) > 0;
        mu(r, i) =
            value >= 0 ? value * (own ? (*multipliers)[s](r, i) : relaxation.alpha(i)) : value * relaxation.slope(i);
        c(r) += std::min(value, 0.0) * relaxation.intercept(i);
        if (multipliers != nullptr && relaxation.intercept(i) == 0) {
          // A row of its own, which pays for the unit's error by itself.
          const double beta = (*multipliers)[s](r, i), before = std::abs(mu(r, i));
          mu(r, i) += relaxation.slope(i) > 0 ? -beta : beta;
          c(r) -= (before + beta - std::abs(mu(r, i))) * affine.error(i);
        }
      }
    }
    c += mu * affine.bias - mu.cwiseAbs() * affine.error;
    lambda = (lambda.leftCols(first) + mu * Matrix(affine.weight)).eval();
  }
  return c + lambda.cwiseMax(0.0) * box.lower + lambda.cwiseMin(0.0) * box.upper;
}

struct Trial {
  nn::Network network;
  Box box;
  ReluGraph graph;
  NeuronBounds bounds;
};

/// Random networks of all kinds: dense, sparse, reduced ones with skips; on small boxes many units are stable.
Trial trial(Rng& rng, int number) {
  Trial t;
  t.network = random_network({.widths = {3, 14, 11, 9, 4},
                              .density = number % 2 == 0 ? 1.0 : 0.2,
                              .scaling = number % 3 == 0,
                              .exponent_spread = number % 3},
                             rng);
  t.box = random_box(3, number % 4 < 2 ? 2.0 : 0.3, rng);
  t.graph = graph::lower(t.network, t.box);
  t.bounds = crown(t.graph, t.box);
  return t;
}

BackwardPass pass_of(const ReluGraph& graph, const Box& box, const NeuronBounds& bounds) {
  BackwardPass pass(graph, box);
  for (int k = 0; k + 1 < graph.depth(); ++k) pass.set_bounds(k, bounds[static_cast<std::size_t>(k)]);
  return pass;
}

Matrix random_matrix(Index rows, Index columns, Rng& rng) {
  Matrix m(rows, columns);
  for (double& entry : m.reshaped()) entry = rng.below(4) == 0 ? 0.0 : rng.normal();
  return m;
}

void expect_near(const Vector& a, const Vector& b) {
  ASSERT_EQ(a.size(), b.size());
  for (Index i = 0; i < a.size(); ++i) EXPECT_NEAR(a(i), b(i), 1e-9 * (1 + std::abs(b(i))));
}

TEST(BackwardPass, AgreesWithThePlainPassOnEveryKindOfGraph) {
  Rng rng(211);
  Index inactive = 0, skips = 0;
  for (int c = 0; c < 80; ++c) {
    Trial t = trial(rng, c);
    ReluGraph graph = t.graph;
    NeuronBounds bounds = t.bounds;
    if (c % 5 == 4) {
      graph = graph::simplify(t.graph, t.bounds).graph;
      bounds = crown(graph, t.box);
    }
    for (auto& layer : graph.layers) {
      for (double& error : layer.error) error += c % 2 == 0 ? 0.0 : 0.01 * rng.uniform();
    }
    const BackwardPass pass = pass_of(graph, t.box, bounds);
    for (int k = 0; k < graph.depth(); ++k) {
      const auto& affine = graph.layers[static_cast<std::size_t>(k)];
      if (k > 0) skips += Matrix(affine.weight).leftCols(graph.first_value(k - 1)).cwiseAbs().sum() > 0;
      inactive += (bounds[static_cast<std::size_t>(k)].upper.array() <= 0).count();
      const Matrix unit = Matrix::Identity(affine.units(), affine.units());
      const graph::LayerBounds layer = pass.layer_bounds(k);
      expect_near(layer.lower, plain_bounds(graph, t.box, bounds, k, unit));
      expect_near(layer.upper, -plain_bounds(graph, t.box, bounds, k, -unit));
      const Matrix rows = random_matrix(5, affine.units(), rng);
      expect_near(pass.lower_bounds(k, rows), plain_bounds(graph, t.box, bounds, k, rows));
      Multipliers slopes;
      for (int s = 0; s < k; ++s) {
        slopes.push_back(random_matrix(5, graph.layers[static_cast<std::size_t>(s)].units(), rng));
        slopes.back() = slopes.back().cwiseAbs().cwiseMin(1.0);
      }
      expect_near(pass.lower_bounds(k, rows, &slopes), plain_bounds(graph, t.box, bounds, k, rows, &slopes));
    }
  }
  EXPECT_GT(inactive, 300);
  EXPECT_GT(skips, 10);
}

TEST(BackwardPass, BoundsSomeUnitsAsItBoundsAll) {
  Rng rng(223);
  for (int c = 0; c < 20; ++c) {
    const Trial t = trial(rng, c);
    const BackwardPass pass = pass_of(t.graph, t.box, t.bounds);
    for (int k = 0; k < t.graph.depth(); ++k) {
      const graph::LayerBounds all = pass.layer_bounds(k);
      const std::vector<Index> units{3, 0, 2};
      const graph::LayerBounds some = pass.layer_bounds(k, units);
      expect_near(some.lower, all.lower(units));
      expect_near(some.upper, all.upper(units));
      EXPECT_EQ(pass.layer_bounds(k, {}).size(), 0);
    }
  }
}

// Layers wider than one block of rows.
TEST(BackwardPass, AgreesWithThePlainPassOnWideLayers) {
  Rng rng(227);
  for (const double density : {1.0, 0.1}) {
    const nn::Network network = random_network({.widths = {2, 130, 250, 3}, .density = density}, rng);
    const Box box = random_box(2, 2, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds bounds = crown(graph, box);
    const BackwardPass pass = pass_of(graph, box, bounds);
    for (int k = 1; k < 3; ++k) {
      const Index units = graph.layers[static_cast<std::size_t>(k)].units();
      const Matrix unit = Matrix::Identity(units, units);
      expect_near(pass.layer_bounds(k).lower, plain_bounds(graph, box, bounds, k, unit));
    }
  }
}

TEST(BackwardPass, LowerBoundsHoldInExactArithmeticForAnySlopes) {
  Rng rng(229);
  for (int c = 0; c < 60; ++c) {
    Trial t = trial(rng, c);
    if (c % 3 == 0) {
      t.box.upper = t.box.lower;  // a point: no room for a forgotten rounding
      t.graph = graph::lower(t.network, t.box);
      t.bounds = crown(t.graph, t.box);
    }
    const BackwardPass pass = pass_of(t.graph, t.box, t.bounds);
    const int last = t.graph.depth() - 1;
    const Matrix rows = random_matrix(6, 4, rng);
    Multipliers slopes;
    for (int s = 0; s < last; ++s) {
      Matrix slope = random_matrix(6, t.graph.layers[static_cast<std::size_t>(s)].units(), rng);
      slopes.push_back(slope.cwiseAbs().cwiseMin(1.0));
    }
    const Vector lower = pass.lower_bounds(last, rows, &slopes);
    for (int s = 0; s < 8; ++s) {
      Vector x = random_point(t.box, rng);
      for (Index j = 0; j < 3; ++j) {
        if (s > 2) x(j) = rng.below(2) == 0 ? t.box.lower(j) : t.box.upper(j);
      }
      const auto exact = exact::preactivations(t.network, x);
      for (Index r = 0; r < rows.rows(); ++r) {
        Rational value = 0;
        for (Index o = 0; o < 4; ++o) value += Rational(rows(r, o)) * exact.back()[static_cast<std::size_t>(o)];
        ASSERT_LE(Rational(lower(r)), value);
      }
    }
  }
}

// Setting a layer again forgets what rested on it: the same as a fresh pass.
TEST(BackwardPass, BoundsCanBeSetAgain) {
  Rng rng(233);
  const Trial t = trial(rng, 0);
  BackwardPass pass = pass_of(t.graph, t.box, interval(t.graph, t.box));
  for (int k = 0; k + 1 < t.graph.depth(); ++k) pass.set_bounds(k, t.bounds[static_cast<std::size_t>(k)]);
  const BackwardPass fresh = pass_of(t.graph, t.box, t.bounds);
  for (int k = 0; k < t.graph.depth(); ++k) {
    expect_near(pass.layer_bounds(k).lower, fresh.layer_bounds(k).lower);
    expect_near(pass.layer_bounds(k).upper, fresh.layer_bounds(k).upper);
  }
}

// Products near the largest double overflow inside the pass; no bound may come out that does not hold.
TEST(BackwardPass, OverflowNeverMakesABound) {
  Rng rng(239);
  for (int c = 0; c < 30; ++c) {
    nn::Network network = random_network({.widths = {2, 6, 6, 6, 1}}, rng);
    for (nn::Layer& layer : network.layers) {
      if (auto* dense = std::get_if<nn::Dense>(&layer)) dense->weight *= std::ldexp(1.0, 200 + 15 * (c % 10));
    }
    const Box box = random_box(2, 2, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds bounds = crown(graph, box);
    for (int s = 0; s < 5; ++s) {
      const auto exact = exact::preactivations(network, random_point(box, rng));
      for (std::size_t k = 0; k < exact.size(); ++k) {
        for (std::size_t i = 0; i < exact[k].size(); ++i) {
          const double lower = bounds[k].lower(static_cast<Index>(i)), upper = bounds[k].upper(static_cast<Index>(i));
          ASSERT_FALSE(lower == std::numeric_limits<double>::infinity());
          ASSERT_FALSE(upper == -std::numeric_limits<double>::infinity());
          if (std::isfinite(lower)) {
            ASSERT_LE(Rational(lower), exact[k][i]);
          }
          if (std::isfinite(upper)) {
            ASSERT_GE(Rational(upper), exact[k][i]);
          }
        }
      }
    }
  }
}

class BoundKernelsTest : public testing::TestWithParam<Isa> {};

TEST_P(BoundKernelsTest, RelaxRowsAgreesWithItsDefinition) {
  Rng rng(241);
  for (const Index stride : {8, 16, 40, 72}) {
    for (const bool with_own : {false, true}) {
      const Index units = 7;
      const Matrix lambda = random_matrix(units, stride, rng), own = random_matrix(units, stride, rng).cwiseAbs();
      const Matrix unit = random_matrix(6, units, rng);
      Matrix mu(units, stride);
      const Matrix start = random_matrix(2, stride, rng);
      Vector value = start.row(0).transpose(), size = start.row(1).transpose();
      RelaxRows of;
      of.units = units;
      of.stride = stride;
      of.lambda = lambda.data();
      of.mu = mu.data();
      of.alpha = unit.row(0).data();
      of.slope = unit.row(1).data();
      of.intercept = unit.row(2).data();
      of.bias = unit.row(3).data();
      of.error = unit.row(4).data();
      of.magnitude = unit.row(5).data();
      of.own_alpha = with_own ? own.data() : nullptr;
      of.value = value.data();
      of.size = size.data();
      bound_kernels(GetParam()).relax_rows(of);
      for (Index r = 0; r < stride; ++r) {
        double expected_value = start(0, r), expected_size = start(1, r);
        for (Index i = 0; i < units; ++i) {
          const double l = lambda(i, r);
          const double m = l * (l >= 0 ? (with_own ? own(i, r) : unit(0, i)) : unit(1, i));
          const double shift = std::min(l, 0.0) * unit(2, i);
          EXPECT_NEAR(mu(i, r), m, 1e-14);
          expected_value += m * unit(3, i) + shift - std::abs(m) * unit(4, i);
          expected_size += std::abs(m) * unit(5, i) - shift;
        }
        EXPECT_NEAR(value(r), expected_value, 1e-12);
        EXPECT_NEAR(size(r), expected_size, 1e-12);
      }
    }
  }
}

TEST_P(BoundKernelsTest, RelaxRowsKeepsWhatIsNotANumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Matrix lambda = Matrix::Constant(1, 8, nan);
  Matrix mu(1, 8);
  Vector value = Vector::Zero(8), size = Vector::Zero(8);
  const double zero = 0, one = 1;
  RelaxRows of{1,    8,     lambda.data(), mu.data(), &zero,        &zero,      &zero,
               &one, &zero, &one,          nullptr,   value.data(), size.data()};
  bound_kernels(GetParam()).relax_rows(of);
  EXPECT_TRUE(value.array().isNaN().all());
}

TEST_P(BoundKernelsTest, BoxRowsAgreesWithItsDefinition) {
  Rng rng(243);
  for (const Index stride : {8, 24, 72}) {
    const Index inputs = 5;
    const Matrix lambda = random_matrix(inputs, stride, rng), ends = random_matrix(2, inputs, rng);
    const Vector lower = ends.colwise().minCoeff().transpose(), upper = ends.colwise().maxCoeff().transpose();
    Vector value = Vector::Constant(stride, 1), size = Vector::Constant(stride, 2);
    bound_kernels(GetParam())
        .box_rows({inputs, stride, lambda.data(), lower.data(), upper.data(), value.data(), size.data()});
    for (Index r = 0; r < stride; ++r) {
      double expected_value = 1, expected_size = 2;
      for (Index j = 0; j < inputs; ++j) {
        const double l = lambda(j, r);
        expected_value += std::min(l * lower(j), l * upper(j));
        expected_size += std::abs(l) * std::max(std::abs(lower(j)), std::abs(upper(j)));
      }
      EXPECT_NEAR(value(r), expected_value, 1e-13);
      EXPECT_NEAR(size(r), expected_size, 1e-13);
    }
  }
}

TEST_P(BoundKernelsTest, GatherRowsAgreesWithItsDefinition) {
  Rng rng(247);
  for (const Index count : {1, 4, 7, 30}) {
    const Index stride = (2 * count + crown_lanes - 1) / crown_lanes * crown_lanes;
    const Matrix weight = random_matrix(1, 3 * count, rng);
    std::vector<int> place;
    for (Index r = 0; r < count; ++r) place.push_back(static_cast<int>(rng.below(3 * count)));
    Vector line = Vector::Constant(stride, 9), centres = Vector::Constant(count, 1), radii = centres;
    GatheredRows of;
    of.count = count;
    of.stride = stride;
    of.place = place.data();
    of.weight = weight.data();
    of.centre = -0.7;
    of.radius = 0.3;
    of.line = line.data();
    of.centres = centres.data();
    of.radii = radii.data();
    bound_kernels(GetParam()).gather_rows(of);
    for (Index r = 0; r < count; ++r) {
      const double w = weight(0, place[static_cast<std::size_t>(r)]);
      EXPECT_EQ(line(r), w);
      EXPECT_EQ(line(count + r), -w);
      EXPECT_NEAR(centres(r), 1 - 0.7 * w, 1e-15);
      EXPECT_NEAR(radii(r), 1 + 0.3 * std::abs(w), 1e-15);
    }
    for (Index r = 2 * count; r < stride; ++r) EXPECT_EQ(line(r), 0);
  }
}

TEST_P(BoundKernelsTest, SparseRowsAgreesWithItsDefinition) {
  Rng rng(251);
  const std::vector<int> begin{0, 2, 2, 5, 6}, unit{0, 3, 1, 2, 3, 0};
  std::vector<double> weight;
  for (int p = 0; p < 6; ++p) weight.push_back(rng.normal());
  for (const Index stride : {8, 24, 64, 136}) {
    for (const bool accumulate : {false, true}) {
      const Matrix mu = random_matrix(4, stride, rng), before = random_matrix(4, stride, rng);
      Matrix lambda = before;
      SparseRows of{4, stride, begin.data(), unit.data(), weight.data(), mu.data(), lambda.data(), accumulate};
      bound_kernels(GetParam()).sparse_rows(of);
      for (Index v = 0; v < 4; ++v) {
        for (Index r = 0; r < stride; ++r) {
          double expected = accumulate ? before(v, r) : 0.0;
          for (int p = begin[static_cast<std::size_t>(v)]; p < begin[static_cast<std::size_t>(v) + 1]; ++p) {
            expected += weight[static_cast<std::size_t>(p)] * mu(unit[static_cast<std::size_t>(p)], r);
          }
          EXPECT_NEAR(lambda(v, r), expected, 1e-13);
        }
      }
    }
  }
}

TEST_P(BoundKernelsTest, RowRangeAgreesWithItsDefinition) {
  Rng rng(257);
  for (const int count : {0, 1, 3, 8, 13, 40}) {
    const Matrix numbers = random_matrix(3, 50, rng);
    std::vector<int> column;
    for (int p = 0; p < count; ++p) column.push_back((7 * p) % 50);
    for (const bool sparse : {false, true}) {
      RangeSums sums[2];
      bound_kernels(GetParam())
          .row_range({count, numbers.row(0).data(), sparse ? column.data() : nullptr, numbers.row(1).data(),
                      numbers.row(2).data()},
                     sums);
      RangeSums expected[2] = {{0, 0, 0}, {0, 0, 0}};
      for (int p = 0; p < count; ++p) {
        const double w = numbers(0, p);
        const Index v = sparse ? column[static_cast<std::size_t>(p)] : p;
        for (int side = 0; side < 2; ++side) {
          const double end = (w > 0) == (side == 0) ? numbers(1, v) : numbers(2, v);
          expected[side].value += w * end;
          expected[side].magnitude += std::abs(w * end);
          expected[side].terms += w != 0 && end != 0;
        }
      }
      for (int side = 0; side < 2; ++side) {
        EXPECT_NEAR(sums[side].value, expected[side].value, 1e-13);
        EXPECT_NEAR(sums[side].magnitude, expected[side].magnitude, 1e-13);
        EXPECT_EQ(sums[side].terms, expected[side].terms);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, BoundKernelsTest, testing::ValuesIn(available_isas()),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace secateur::bounds
