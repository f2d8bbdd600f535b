// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/sampling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "secateur/core/error.hpp"
#include "secateur/data/sobol.hpp"

namespace secateur::data {
namespace {

Box unit_cube(Index dimensions) { return {Vector::Zero(dimensions), Vector::Ones(dimensions)}; }

// tests/fixtures/data/sobol32.csv: rows of scipy.stats.qmc.Sobol(32, scramble=False) (scipy 1.17).
TEST(Sobol, AgreesWithAnIndependentImplementation) {
  const Table reference = read_csv(std::filesystem::path(SECATEUR_TEST_DATA) / "data" / "sobol32.csv");
  const auto points = sobol_points(1024, sobol_dimensions);
  for (Index row = 0; row < reference.rows(); ++row) {
    const auto index = static_cast<Index>(reference.values(row, 0));
    for (Index d = 0; d < sobol_dimensions; ++d) {
      const auto digits = points[static_cast<std::size_t>(index * sobol_dimensions + d)];
      EXPECT_EQ(static_cast<double>(digits) * 0x1p-53, reference.values(row, d + 1)) << "point " << index << ", " << d;
    }
  }
}

TEST(Sobol, RefusesWhatItHasNoDirectionNumbersFor) {
  EXPECT_THROW(sobol_points(1, 33), std::invalid_argument);
  EXPECT_THROW(sobol_points(1, 0), std::invalid_argument);
  EXPECT_THROW(sobol_points(-1, 2), std::invalid_argument);
}

// Each of 2^m equal strata of every coordinate holds exactly one of the first 2^m points; the shift keeps that.
TEST(Sample, SobolPointsAreStratifiedInEveryCoordinate) {
  const Matrix points = sample(unit_cube(32), 256, Sampling::sobol, 7);
  for (Index d = 0; d < 32; ++d) {
    std::set<int> strata;
    for (Index i = 0; i < 256; ++i) strata.insert(static_cast<int>(points(i, d) * 256));
    EXPECT_EQ(strata.size(), 256U) << d;
    EXPECT_GE(points.col(d).minCoeff(), 0);
    EXPECT_LT(points.col(d).maxCoeff(), 1);
  }
}

// The first two coordinates are a (0, m, 2)-net in base 2: one point in each elementary box of area 2^-m.
TEST(Sample, FirstTwoSobolCoordinatesAreANet) {
  const Matrix points = sample(unit_cube(2), 64, Sampling::sobol, 3);
  for (int a = 0; a <= 6; ++a) {
    std::set<std::pair<int, int>> boxes;
    for (Index i = 0; i < 64; ++i) {
      boxes.emplace(static_cast<int>(points(i, 0) * (1 << a)), static_cast<int>(points(i, 1) * (1 << (6 - a))));
    }
    EXPECT_EQ(boxes.size(), 64U) << a;
  }
}

TEST(Sample, LatinHypercubeHasOnePointInEachStratum) {
  const Matrix points = sample(unit_cube(40), 101, Sampling::latin_hypercube, 7);
  for (Index d = 0; d < 40; ++d) {
    std::set<int> strata;
    for (Index i = 0; i < 101; ++i) strata.insert(static_cast<int>(std::floor(points(i, d) * 101)));
    EXPECT_EQ(strata.size(), 101U) << d;
  }
}

TEST(Sample, StaysInTheBoxAndDependsOnTheSeed) {
  const Box box{Eigen::Vector3d(-3, 0.1, 5), Eigen::Vector3d(3, 0.3, 5)};
  for (const Sampling sampling : {Sampling::sobol, Sampling::latin_hypercube}) {
    const Matrix points = sample(box, 500, sampling, 1);
    ASSERT_EQ(points.rows(), 500);
    for (Index i = 0; i < 500; ++i) EXPECT_TRUE(box.contains(points.row(i).transpose()));
    EXPECT_EQ(points, sample(box, 500, sampling, 1));
    EXPECT_NE(points, sample(box, 500, sampling, 2));
    EXPECT_EQ(sample(box, 0, sampling, 1).rows(), 0);
  }
}

TEST(Sample, HasTheMomentsOfTheUniformDistribution) {
  for (const Sampling sampling : {Sampling::sobol, Sampling::latin_hypercube}) {
    const Matrix points = sample(unit_cube(3), 4096, sampling, 11);
    const Matrix moments = points.transpose() * points / 4096;
    for (Index i = 0; i < 3; ++i) {
      EXPECT_NEAR(points.col(i).mean(), 0.5, 1e-3);
      for (Index j = 0; j < 3; ++j) EXPECT_NEAR(moments(i, j), i == j ? 1.0 / 3 : 0.25, 1e-2);
    }
  }
}

TEST(Sample, RefusesBadBoxesAndTooManyDimensions) {
  EXPECT_THROW(sample({Vector::Ones(2), Vector::Zero(2)}, 5, Sampling::sobol, 0), std::invalid_argument);
  EXPECT_THROW(sample({Vector::Zero(2), Vector::Constant(2, INFINITY)}, 5, Sampling::sobol, 0), std::invalid_argument);
  EXPECT_THROW(sample({Vector::Zero(2), Vector::Ones(3)}, 5, Sampling::sobol, 0), std::invalid_argument);
  EXPECT_THROW(sample(unit_cube(2), -1, Sampling::sobol, 0), std::invalid_argument);
  EXPECT_THROW(sample(unit_cube(33), 5, Sampling::sobol, 0), InputError);
  EXPECT_EQ(sample(unit_cube(33), 5, Sampling::latin_hypercube, 0).cols(), 33);
}

TEST(Sample, OfAFunctionHoldsItsValues) {
  const TestFunction function = test_function("hartmann3");
  const Dataset data = sample(function, 20, Sampling::sobol, 4);
  EXPECT_THAT(data.input_names, testing::ElementsAre("x[0]", "x[1]", "x[2]"));
  EXPECT_THAT(data.output_names, testing::ElementsAre("y"));
  for (Index i = 0; i < 20; ++i) EXPECT_EQ(data.y(i, 0), function.value(data.x.row(i).transpose()));
}

}  // namespace
}  // namespace secateur::data
