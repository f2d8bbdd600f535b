// SPDX-License-Identifier: Apache-2.0
/// Problems confined to where data lies, against brute force over activation patterns (and centres): the optimum is the
/// right one, it lies in the region, and the region never lets a point outside the data's hull or radius through.
#include "secateur/model/trust.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "property/brute_force_problem.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/mip/solve.hpp"
#include "support/random_network.hpp"

namespace secateur {
namespace {

using model::Problem;
using model::Trust;
using model::TrustRegion;

struct Case {
  Problem problem;
  std::vector<std::string> columns;
  Matrix rows;
};

/// One network over [-1, 1]^d, and data in a skewed cloud that leaves the corners of the box empty.
Case one_network(Rng& rng, Index inputs) {
  const nn::Network network = random_network({.widths = {inputs, 4, 3, 1}}, rng);
  Case made{model::over_box(network, {Vector::Constant(inputs, -1), Vector::Constant(inputs, 1)}, Vector{{1}},
                            rng.below(2) == 0 ? Sense::minimize : Sense::maximize),
            network.input_names, Matrix(12, inputs)};
  for (Index i = 0; i < made.rows.rows(); ++i) {
    const double common = rng.uniform(-0.8, 0.8);
    for (Index j = 0; j < inputs; ++j) made.rows(i, j) = common + rng.uniform(-0.2, 0.2);
  }
  return made;
}

/// A network that reads a decision and another network's output, with data of both: the region ties them together.
Case two_networks(Rng& rng) {
  Problem problem;
  const auto add = [&](const char* name, double bound) {
    model::Variable variable;
    variable.name = name;
    variable.lower = -bound;
    variable.upper = bound;
    return problem.add_variable(variable);
  };
  constexpr double none = std::numeric_limits<double>::infinity();
  const int x = add("x", 1), z = add("z", 1), h = add("h", none), y = add("y", none);
  problem.add_network("first", random_network({.widths = {2, 3, 1}}, rng), {x, z}, {h});
  problem.add_network("second", random_network({.widths = {2, 3, 1}}, rng), {x, h}, {y});
  problem.objective = {{y, 1}, {z, 0.1}};
  Case made{std::move(problem), {"h", "unused", "x", "z"}, Matrix(10, 4)};
  const model::Structure parts = model::structure(made.problem);
  for (Index i = 0; i < 10; ++i) {
    const double at = rng.uniform(-0.7, 0.7);
    Vector point{{at, 0.5 * at + rng.uniform(-0.2, 0.2), 0, 0}};
    point = model::complete(made.problem, parts, point);
    made.rows.row(i) << point(h), 1, point(x), point(z);
  }
  return made;
}

void expect_brute_force(const Case& made, const model::TrustSettings& settings, const std::string& what) {
  SCOPED_TRACE(what);
  Problem confined = made.problem;
  const Trust trust(made.problem, made.columns, made.rows);
  const model::TrustRestriction region = trust.confine(confined, settings);
  const auto expected = BruteForceProblem().solve(confined);
  const model::SolveResult result = mip::solve(confined, {});
  ASSERT_TRUE(expected.objective);
  ASSERT_EQ(result.status, Status::optimal);
  const double tolerance = 2e-4 * std::max(1.0, std::abs(*expected.objective));
  EXPECT_NEAR(*result.objective, *expected.objective, tolerance);
  const bool minimize = made.problem.sense == Sense::minimize;
  EXPECT_LE(minimize ? *result.bound - *expected.objective : *expected.objective - *result.bound, 1e-6);
  // The answer is an answer of the problem without the region, at most as good as its optimum.
  const auto free = BruteForceProblem().solve(made.problem);
  EXPECT_LE(minimize ? *free.objective - *expected.objective : *expected.objective - *free.objective, 1e-6);

  const auto report = trust.report(confined, result);
  ASSERT_TRUE(report);
  if (settings.region == TrustRegion::hull) {
    EXPECT_TRUE(report->inside_hull);
  } else {
    // Some row is within the radius of every input.
    const Vector range = made.rows.colwise().maxCoeff() - made.rows.colwise().minCoeff();
    const model::Structure parts = model::structure(confined);
    Vector point = Vector::Zero(static_cast<Index>(confined.variables.size()));
    point(parts.decisions) = result.x;
    point(parts.determined) = result.y;
    double nearest = std::numeric_limits<double>::infinity();
    for (Index i = 0; i < made.rows.rows(); ++i) {
      double farthest = 0;
      for (const int v : trust.variables()) {
        const std::string& name = confined.variables[static_cast<std::size_t>(v)].name;
        const auto column = std::find(made.columns.begin(), made.columns.end(), name) - made.columns.begin();
        farthest = std::max(farthest, std::abs(point(v) - made.rows(i, column)) / range(column));
      }
      nearest = std::min(nearest, farthest);
    }
    EXPECT_LE(nearest, region.radius + 1e-5);
  }
}

TEST(TrustAgainstBruteForce, HullOfOneNetworksData) {
  Rng rng(11);
  for (int trial = 0; trial < 9; ++trial) {
    expect_brute_force(one_network(rng, 1 + trial % 3), {.region = TrustRegion::hull}, std::to_string(trial));
  }
}

TEST(TrustAgainstBruteForce, InnerApproximationOfAHull) {
  Rng rng(12);
  for (int trial = 0; trial < 4; ++trial) {
    expect_brute_force(one_network(rng, 3), {.region = TrustRegion::hull, .points = 5}, std::to_string(trial));
  }
}

TEST(TrustAgainstBruteForce, DistanceToOneNetworksData) {
  Rng rng(13);
  for (int trial = 0; trial < 6; ++trial) {
    model::TrustSettings settings{.region = TrustRegion::distance, .radius = std::nullopt, .points = 4};
    if (trial % 2 == 0) settings.radius = 0.05;
    expect_brute_force(one_network(rng, 1 + trial % 3), settings, std::to_string(trial));
  }
}

TEST(TrustAgainstBruteForce, IntegerInputs) {
  Rng rng(16);
  for (int trial = 0; trial < 2; ++trial) {
    Case made = one_network(rng, 2);
    made.problem.variables[0].type = model::VariableType::integer;
    made.rows.row(0) << -1, -0.5;  // so that each integer is in the region
    made.rows.row(1) << 1, 0.5;
    expect_brute_force(made, {.region = TrustRegion::hull}, "hull");
    expect_brute_force(made, {.region = TrustRegion::distance, .points = 4}, "distance");
  }
}

TEST(TrustAgainstBruteForce, DataOfSeveralNetworks) {
  Rng rng(14);
  for (int trial = 0; trial < 4; ++trial) {
    const Case made = two_networks(rng);
    expect_brute_force(made, {.region = TrustRegion::hull}, "hull");
    expect_brute_force(made, {.region = TrustRegion::distance, .radius = 0.2, .points = 4}, "distance");
  }
}

TEST(TrustAgainstBruteForce, DataOutsideTheBoxIsAConflict) {
  Rng rng(15);
  Case made = one_network(rng, 2);
  made.rows.array() += 5;
  for (const TrustRegion region : {TrustRegion::hull, TrustRegion::distance}) {
    Problem confined = made.problem;
    Trust(made.problem, made.columns, made.rows).confine(confined, {.region = region});
    const model::SolveResult result = mip::solve(confined, {});
    EXPECT_EQ(result.status, Status::infeasible);
    ASSERT_FALSE(result.conflict.empty());
    EXPECT_EQ(result.conflict.front().rfind("trust", 0), 0u) << result.conflict.front();
  }
}

}  // namespace
}  // namespace secateur
