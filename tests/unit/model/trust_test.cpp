// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/model/trust_points.hpp"
#include "support/random_network.hpp"

namespace secateur::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Matrix random_points(Index count, Index dimensions, Rng& rng) {
  Matrix points(count, dimensions);
  for (double& value : points.reshaped()) value = rng.uniform(-0.5, 0.5);
  return points;
}

/// The Euclidean projection onto the hull by the Frank-Wolfe method with exact line search, which needs no corrals; its
/// gap bounds how far it is from the least square distance.
double slow_distance(const Matrix& points, const Vector& target) {
  Vector z = points.row(0).transpose() - target;
  for (int k = 0; k < 200000; ++k) {
    Index best = 0;
    (points * z).minCoeff(&best);
    const Vector towards = points.row(best).transpose() - target - z;
    if (-towards.dot(z) < 1e-9) break;
    z += std::clamp(-towards.dot(z) / towards.squaredNorm(), 0.0, 1.0) * towards;
  }
  return z.norm();
}

/// Whether a combination of the rows is the target, by a linear program over the weights.
bool in_hull(const Matrix& points, const Vector& target, double tolerance) {
  lp::Model model;
  for (Index i = 0; i < points.rows(); ++i) model.add_column(0, 1, 0, false, {});
  for (Index i = 0; i < points.rows(); ++i) model.add_entry(static_cast<int>(i), 1);
  model.close_row(1, 1, {});
  for (Index j = 0; j < points.cols(); ++j) {
    for (Index i = 0; i < points.rows(); ++i) model.add_entry(static_cast<int>(i), points(i, j));
    model.close_row(target(j) - tolerance, target(j) + tolerance, {});
  }
  const auto session = lp::make_session();
  session->load(model);
  return session->run().status == Status::optimal;
}

TEST(TrustPoints, ProjectsOntoATriangle) {
  const Matrix triangle{{0, 0}, {1, 0}, {0, 1}};
  const HullPoint inside = nearest_in_hull(triangle, Vector{{0.25, 0.25}});
  EXPECT_NEAR(inside.distance, 0, 1e-15);
  EXPECT_EQ(inside.rows.size(), 3u);
  const HullPoint edge = nearest_in_hull(triangle, Vector{{1, 1}});
  EXPECT_NEAR(edge.distance, std::sqrt(0.5), 1e-15);
  EXPECT_EQ(edge.rows.size(), 2u);
  const HullPoint corner = nearest_in_hull(triangle, Vector{{3, -1}});
  EXPECT_THAT(corner.rows, ElementsAre(1));
  EXPECT_NEAR(corner.distance, std::sqrt(5.0), 1e-15);
  EXPECT_NEAR(nearest_in_hull(triangle, Vector{{0, 1}}).distance, 0, 1e-15);
}

TEST(TrustPoints, ProjectionAndSeparationAgreeWithOtherMethods) {
  Rng rng(3);
  int inside = 0, outside = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Index dimensions = 1 + rng.below(5);
    const Matrix points = random_points(2 + rng.below(40), dimensions, rng);
    const Vector target = random_points(1, dimensions, rng).row(0).transpose();
    const HullPoint nearest = nearest_in_hull(points, target);
    EXPECT_NEAR(nearest.distance, slow_distance(points, target), 2e-4);
    Vector point = Vector::Zero(dimensions);
    double sum = 0;
    for (std::size_t i = 0; i < nearest.rows.size(); ++i) {
      EXPECT_GE(nearest.weights[i], 0);
      sum += nearest.weights[i];
      point += nearest.weights[i] * points.row(nearest.rows[i]).transpose();
    }
    EXPECT_NEAR(sum, 1, 1e-12);
    EXPECT_LE((target - point - nearest.residual).norm(), 1e-12);
    // Optimality: no row is beyond the supporting plane through the point.
    EXPECT_LE(((points.rowwise() - point.transpose()) * nearest.residual).maxCoeff(), 1e-9);
    const double separation = separation_from_hull(points, target);
    EXPECT_TRUE(in_hull(points, target, separation + 1e-7));
    if (separation > 1e-5) {
      EXPECT_FALSE(in_hull(points, target, separation - 1e-6));
      EXPECT_GT(nearest.distance, 0.999 * separation);  // the maximum norm is the smaller one
    }
    (nearest.distance > 1e-9 ? outside : inside) += 1;
    EXPECT_EQ(nearest.distance > 1e-7, separation > 1e-8);
  }
  EXPECT_GT(inside, 10);
  EXPECT_GT(outside, 10);
}

TEST(TrustPoints, ExtremeRowsAreTheCornersOfACube) {
  Rng rng(1);
  Matrix points = random_points(300, 3, rng);
  for (Index corner = 0; corner < 8; ++corner) {
    for (Index j = 0; j < 3; ++j) points(30 * corner + 7, j) = ((corner >> j) & 1) != 0 ? 0.5 : -0.5;
  }
  Extremes extremes = extreme_rows(points, 100, 0);
  EXPECT_TRUE(extremes.exact);
  std::sort(extremes.rows.begin(), extremes.rows.end());
  EXPECT_THAT(extremes.rows, ElementsAre(7, 37, 67, 97, 127, 157, 187, 217));
}

TEST(TrustPoints, ExtremeRowsSpanTheHullAndNoneIsInTheHullOfTheOthers) {
  Rng rng(2);
  for (const Index dimensions : {1, 2, 4}) {
    const Matrix points = random_points(150, dimensions, rng);
    const Extremes extremes = extreme_rows(points, 150, 0);
    EXPECT_TRUE(extremes.exact);
    const Matrix chosen = points(extremes.rows, Eigen::all);
    for (Index i = 0; i < points.rows(); ++i) EXPECT_TRUE(in_hull(chosen, points.row(i).transpose(), 1e-7));
    for (Index i = 0; i < chosen.rows(); ++i) {
      Matrix others(chosen.rows() - 1, dimensions);
      others << chosen.topRows(i), chosen.bottomRows(chosen.rows() - 1 - i);
      EXPECT_FALSE(in_hull(others, chosen.row(i).transpose(), 0));
    }
  }
}

TEST(TrustPoints, FewerExtremeRowsAreAnInnerApproximation) {
  Rng rng(4);
  const Matrix points = random_points(200, 5, rng);
  const Extremes extremes = extreme_rows(points, 20, 0);
  EXPECT_FALSE(extremes.exact);
  EXPECT_EQ(extremes.rows.size(), 20u);
}

TEST(TrustPoints, AskingForMoreExtremeRowsThanThereAreTakesNoMemory) {
  Rng rng(5);
  const Matrix points = random_points(40, 3, rng);
  EXPECT_EQ(extreme_rows(points, Index{1} << 40, 0).rows, extreme_rows(points, 40, 0).rows);
}

TEST(TrustPoints, DegenerateRows) {
  const Matrix same = Matrix::Constant(5, 2, 0.25);
  const Extremes one = extreme_rows(same, 10, 0);
  EXPECT_TRUE(one.exact);
  EXPECT_EQ(one.rows.size(), 1u);
  Matrix line(50, 2);
  for (Index i = 0; i < 50; ++i) line.row(i) << static_cast<double>(i), 2.0 * static_cast<double>(i);
  Extremes ends = extreme_rows(line / 49, 10, 0);
  std::sort(ends.rows.begin(), ends.rows.end());
  EXPECT_TRUE(ends.exact);
  EXPECT_THAT(ends.rows, ElementsAre(0, 49));
}

TEST(TrustPoints, CoverReachesEveryRow) {
  Rng rng(5);
  const Matrix points = random_points(200, 3, rng);
  double before = std::numeric_limits<double>::infinity();
  for (const Index most : {1, 5, 40, 200, 300}) {
    const Cover cover = covering_rows(points, most);
    EXPECT_EQ(static_cast<Index>(cover.rows.size()), std::min<Index>(most, 200));
    double farthest = 0;
    for (Index i = 0; i < points.rows(); ++i) {
      double nearest = std::numeric_limits<double>::infinity();
      for (const Index row : cover.rows) {
        nearest = std::min(nearest, (points.row(i) - points.row(row)).lpNorm<Eigen::Infinity>());
      }
      farthest = std::max(farthest, nearest);
    }
    EXPECT_EQ(cover.radius, farthest);
    EXPECT_LE(cover.radius, before);
    before = cover.radius;
  }
  EXPECT_EQ(before, 0);
}

TEST(TrustPoints, NeighboursByHand) {
  const Matrix points{{0, 0}, {0, 3}, {4, 3}, {4, 3}};
  const Neighbours found = neighbours(points, 10);
  EXPECT_THAT(found.euclidean, ElementsAre(0, 0, 3, 3));
  EXPECT_THAT(found.maximum, ElementsAre(0, 0, 3, 3));
  EXPECT_THAT(neighbours(points, 2).euclidean, ElementsAre(0, 3));
}

/// Inputs T in [0, 10] and p in [0, 1] of one network, the output y.
Problem two_inputs() {
  Rng rng(7);
  nn::Network network = random_network({.widths = {2, 4, 1}}, rng);
  network.input_names = {"T", "p"};
  network.output_names = {"y"};
  return over_box(network, {Vector{{0, 0}}, Vector{{10, 1}}}, Vector{{1}});
}

const Matrix square{{2, 5, 0.2}, {6, 5, 0.2}, {2, 5, 0.8}, {6, 5, 0.8}, {4, 5, 0.5}};
const std::vector<std::string> square_columns{"T", "y", "p"};

TEST(Trust, SaysWhereAPointLies) {
  const Problem problem = two_inputs();
  const Trust trust(problem, square_columns, square);
  EXPECT_THAT(trust.networks(), ElementsAre(0));
  EXPECT_THAT(trust.variables(), ElementsAre(0, 1));
  EXPECT_EQ(trust.rows(), 5);
  const TrustReport on_row = trust.report(Vector{{4, 0.5, 0}});
  EXPECT_NEAR(on_row.distance, 0, 1e-15);
  EXPECT_EQ(on_row.row, 4);
  EXPECT_EQ(on_row.percentile, 0);
  EXPECT_TRUE(on_row.inside_box && on_row.inside_hull);
  const TrustReport inside = trust.report(Vector{{4, 0.2, 0}});
  EXPECT_NEAR(inside.distance, 0.5, 1e-12);
  EXPECT_TRUE(inside.inside_hull);
  // The rows' neighbours are sqrt(1/2) away.
  EXPECT_EQ(inside.percentile, 0);
  const TrustReport outside = trust.report(Vector{{10, 0.8, 0}});
  EXPECT_NEAR(outside.distance, 1, 1e-12);
  EXPECT_EQ(outside.percentile, 100);
  EXPECT_FALSE(outside.inside_box || outside.inside_hull);
  EXPECT_NEAR(outside.hull_distance, 1, 1e-9);
}

TEST(Trust, CoversTheNetworksAllOfWhoseInputsAreThere) {
  Problem problem = two_inputs();
  Rng rng(9);
  Variable q;
  q.name = "q";
  const int other = problem.add_variable(q);
  q.name = "z";
  const int output = problem.add_variable(q);
  problem.add_network("second", random_network({.widths = {2, 2, 1}}, rng), {1, other}, {output});
  const Trust first(problem, {"T", "p", "y"}, Matrix{{0, 0, 0}, {1, 1, 1}});
  EXPECT_THAT(first.networks(), ElementsAre(0));
  EXPECT_THAT(first.variables(), ElementsAre(0, 1));
  const Trust second(problem, {"q", "p"}, Matrix{{0, 0}, {1, 1}});
  EXPECT_THAT(second.networks(), ElementsAre(1));
  EXPECT_THAT(second.variables(), ElementsAre(1, 3));
  const Trust both(problem, {"q", "p", "T"}, Matrix{{0, 0, 0}, {1, 1, 1}});
  EXPECT_THAT(both.networks(), ElementsAre(0, 1));
  EXPECT_THAT(both.variables(), ElementsAre(0, 1, 3));
}

TEST(Trust, InsideTheBoxIsNotInsideTheHull) {
  const Trust trust(two_inputs(), {"T", "p"}, Matrix{{0, 0}, {10, 0}, {0, 1}});
  const TrustReport corner = trust.report(Vector{{10, 1, 0}});
  EXPECT_TRUE(corner.inside_box);
  EXPECT_FALSE(corner.inside_hull);
  EXPECT_NEAR(corner.hull_distance, 0.5, 1e-9);
  EXPECT_TRUE(trust.report(Vector{{5, 0.5, 0}}).inside_hull);
}

TEST(Trust, AConstantInputKeepsItsValue) {
  const Problem problem = two_inputs();
  const Trust trust(problem, {"T", "p"}, Matrix{{2, 0.5}, {6, 0.5}, {4, 0.5}});
  EXPECT_TRUE(trust.report(Vector{{5, 0.5, 0}}).inside_hull);
  const TrustReport off = trust.report(Vector{{5, 0.6, 0}});
  EXPECT_TRUE(std::isinf(off.distance) && std::isinf(off.hull_distance));
  EXPECT_FALSE(off.inside_box || off.inside_hull);
  EXPECT_TRUE(to_json(off)["distance"].is_null());
  for (const TrustRegion region : {TrustRegion::hull, TrustRegion::distance}) {
    Problem confined = problem;
    trust.confine(confined, {.region = region});
    const Vector moved =
        admissible(confined, structure(confined), Vector::Constant(static_cast<Index>(confined.variables.size()), 0.9));
    EXPECT_EQ(moved(1), 0.5);
  }
}

TEST(Trust, RepairsLeadIntoTheRegion) {
  Rng rng(8);
  const Problem problem = two_inputs();
  Matrix rows = random_points(80, 2, rng);
  rows.col(0) = (rows.col(0).array() + 0.5) * 10;
  rows.col(1).array() += 0.5;
  const Trust trust(problem, {"T", "p"}, rows);
  for (const TrustRegion region : {TrustRegion::hull, TrustRegion::distance}) {
    Problem confined = problem;
    trust.confine(confined, {.region = region, .points = 20});
    check(confined);
    const Structure parts = structure(confined);
    for (int trial = 0; trial < 50; ++trial) {
      Vector point = Vector::Zero(static_cast<Index>(confined.variables.size()));
      point(0) = rng.uniform(0, 10);
      point(1) = rng.uniform(0, 1);
      point = complete(confined, parts, admissible(confined, parts, point));
      EXPECT_LE(violation(confined, point), 1e-12);
      // Once there, it stays.
      EXPECT_LE((admissible(confined, parts, point) - point).lpNorm<Eigen::Infinity>(), 1e-12);
    }
  }
}

TEST(Trust, TheDistanceIsToARowOfTheData) {
  const Problem problem = two_inputs();
  const Trust trust(problem, square_columns, square);
  Problem confined = problem;
  const TrustRestriction made = trust.confine(confined, {.region = TrustRegion::distance, .radius = 0.1});
  EXPECT_EQ(made.points, 5);
  EXPECT_EQ(made.radius, 0.1);
  EXPECT_EQ(made.covering, 0);
  EXPECT_EQ(made.inside, 1);
  const Structure parts = structure(confined);
  Vector point = Vector::Zero(static_cast<Index>(confined.variables.size()));
  point.head(2) << 10, 0.8;
  point = admissible(confined, parts, point);
  // 10 % of the range of T, which is 4.
  EXPECT_NEAR(point(0), 6.4, 1e-12);
  EXPECT_EQ(point(1), 0.8);
}

TEST(Trust, CentresOutOfReachAreLeftOut) {
  Problem problem = two_inputs();
  problem.variables[0].upper = 3;
  const Trust trust(problem, square_columns, square);
  Problem confined = problem;
  EXPECT_EQ(trust.confine(confined, {.region = TrustRegion::distance, .radius = 0.1}).points, 2);
  problem.variables[0].upper = 1;  // none is in reach: the constraints stay and say so
  confined = problem;
  EXPECT_EQ(trust.confine(confined, {.region = TrustRegion::distance, .radius = 0.1}).points, 5);
}

TEST(Trust, AuxiliaryVariablesStayOutOfNetworksAndResults) {
  Problem problem = two_inputs();
  const Trust trust(problem, square_columns, square);
  trust.confine(problem, {.region = TrustRegion::hull});
  trust.confine(problem, {.region = TrustRegion::distance});
  check(problem);
  EXPECT_GT(problem.variables.size(), 3u);
  for (std::size_t v = 3; v < problem.variables.size(); ++v) EXPECT_TRUE(problem.variables[v].auxiliary);
  problem.networks[0].inputs[0] = 3;
  EXPECT_THROW(check(problem), InputError);
}

std::string refusal(const Problem& problem, const std::vector<std::string>& columns, const Matrix& rows) {
  try {
    const Trust trust(problem, columns, rows, "runs.csv");
  } catch (const InputError& error) {
    EXPECT_EQ(error.file(), "runs.csv");
    EXPECT_EQ(error.message().find('\n'), std::string::npos);
    return error.message();
  }
  return "accepted";
}

TEST(Trust, RefusesDataThatDoesNotFit) {
  const Problem problem = two_inputs();
  EXPECT_THAT(refusal(problem, {"T", "y"}, Matrix::Zero(3, 2)),
              HasSubstr("no column \"p\", which the network \"network\" reads; there are \"T\", \"y\""));
  EXPECT_THAT(refusal(problem, {"a", "y"}, Matrix::Zero(3, 2)),
              HasSubstr("no column is an input of a network (\"T\", \"p\"); there are \"a\", \"y\""));
  EXPECT_THAT(refusal(problem, {"T", "p"}, Matrix::Zero(1, 2)), HasSubstr("has 1 row; at least 2"));
  EXPECT_THAT(refusal(problem, {"T", "p"}, Matrix::Constant(3, 2, std::numeric_limits<double>::quiet_NaN())),
              HasSubstr("not a finite number"));
  EXPECT_THAT(refusal(problem, {"T", "p"}, Matrix{{1e308, 0}, {-1e308, 0}}), HasSubstr("too far apart"));
  EXPECT_THROW(Trust(problem, {"T", "p"}, Matrix::Zero(3, 3)), std::invalid_argument);
  const Trust trust(problem, square_columns, square);
  Problem confined = problem, other = problem;
  EXPECT_THROW(trust.confine(confined, {}), std::invalid_argument);
  other.variables[0].name = "U";
  EXPECT_THROW(trust.confine(other, {.region = TrustRegion::hull}), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::model
