// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/partitioned.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/big_m.hpp"
#include "secateur/mip/hull.hpp"
#include "support/formulations.hpp"
#include "support/random_network.hpp"

namespace secateur::mip {
namespace {

using testing::ElementsAre;

std::vector<std::vector<double>> weights_of(const std::vector<std::vector<NeuronInput>>& parts) {
  std::vector<std::vector<double>> weights;
  for (const auto& part : parts) {
    weights.emplace_back();
    for (const NeuronInput& input : part) weights.back().push_back(input.weight);
  }
  return weights;
}

TEST(Partitioned, PartsAreNeighboursInTheOrderOfWeights) {
  const std::vector<NeuronInput> inputs{{0, 0, 3}, {1, 1, -2}, {2, 2, 1}, {3, 3, 0.5}, {4, 4, -4}};
  EXPECT_THAT(weights_of(equal_size_parts(inputs, 2)), ElementsAre(ElementsAre(-4, -2, 0.5), ElementsAre(1, 3)));
  EXPECT_THAT(weights_of(equal_size_parts(inputs, 1)), ElementsAre(ElementsAre(-4, -2, 0.5, 1, 3)));
  EXPECT_EQ(equal_size_parts(inputs, 100).size(), 5U);
  EXPECT_TRUE(equal_size_parts({}, 3).empty());
}

Formulation partitioned(const model::Compiled& problem, const graph::NeuronBounds& bounds, int partitions) {
  return formulate_graph(problem, bounds, own_origin(problem.graph), {model::Formulation::partitioned, partitions});
}

TEST(Partitioned, WritesTheRowsOfTheDerivation) {
  // z = x0 - 2 x1 + 1/2 over [0, 1]^2; parts {-2 x1} in [-2, 0] and {x0} in [0, 1].
  const Box box{Vector{{0, 0}}, Vector{{1, 1}}};
  const model::Compiled problem = one_neuron({1, -2}, 0.5, 0, box);
  const Formulation f = partitioned(problem, {{Vector{{-1.5}}, Vector{{1.5}}}, {Vector{{0}}, Vector{{1.5}}}}, 2);
  EXPECT_THAT(f.model.column_names, ElementsAre("x0", "x1", "y", "a_0_0", "delta_0_0", "part_0_0_0"));
  EXPECT_THAT(f.model.row_names,
              ElementsAre("above_0_0", "part_0_0_0_on_upper", "part_0_0_0_on_lower", "part_0_0_0_off_upper",
                          "part_0_0_0_off_lower", "part_0_0_1_on_upper", "part_0_0_1_on_lower", "part_0_0_1_off_upper",
                          "part_0_0_1_off_lower", "output_y"));
  const auto row = [&](std::size_t r) {
    Vector dense = Vector::Zero(f.model.columns());
    for (int e = f.model.row_start[r]; e < f.model.row_start[r + 1]; ++e) {
      dense(f.model.column[static_cast<std::size_t>(e)]) = f.model.value[static_cast<std::size_t>(e)];
    }
    return dense;
  };
  // Columns x0, x1, y, a, delta, p.
  EXPECT_EQ(row(1), (Vector{{0, 0, 0, 0, 0, 1}}));  // p <= 0 delta
  EXPECT_EQ(f.model.row_upper[1], 0);
  EXPECT_EQ(row(2), (Vector{{0, 0, 0, 0, 2, 1}}));  // p >= -2 delta
  EXPECT_EQ(f.model.row_lower[2], 0);
  EXPECT_EQ(row(3), (Vector{{0, 2, 0, 0, 0, 1}}));  // -2 x1 - p <= 0
  EXPECT_EQ(f.model.row_lower[3], 0);
  EXPECT_EQ(row(4), (Vector{{0, 2, 0, 0, 2, 1}}));  // -2 x1 - p >= -2 (1 - delta)
  EXPECT_EQ(f.model.row_upper[4], 2);
  EXPECT_EQ(row(5), (Vector{{0, 0, 0, 1, -1.5, -1}}));   // a - p - delta / 2 <= delta
  EXPECT_EQ(row(6), (Vector{{0, 0, 0, 1, -0.5, -1}}));   // a - p - delta / 2 >= 0
  EXPECT_EQ(row(7), (Vector{{-1, 0, 0, 1, -1.5, -1}}));  // x0 - (a - p - delta / 2) <= 1 - delta
  EXPECT_EQ(f.model.row_lower[7], -1);
  EXPECT_EQ(row(8), (Vector{{-1, 0, 0, 1, -0.5, -1}}));  // x0 - (a - p - delta / 2) >= 0
  EXPECT_EQ(f.model.row_upper[8], 0);
}

TEST(Partitioned, OnePartIsBigM) {
  const Box box{Vector{{0, 0}}, Vector{{1, 1}}};
  const model::Compiled problem = one_neuron({1, -2}, 0.5, 0, box);
  const graph::NeuronBounds bounds = bounds::interval(problem.graph, box);
  const lp::Model one = partitioned(problem, bounds, 1).model;
  EXPECT_EQ(lp::to_mps(one), lp::to_mps(big_m(problem, bounds, own_origin(problem.graph)).model));
}

TEST(Partitioned, AddsBigMRowsWhereBoundsAreTighterThanTheParts) {
  const Box box{Vector{{0, 0}}, Vector{{1, 1}}};
  const model::Compiled problem = one_neuron({1, -2}, 0.5, 0, box);
  const Formulation f = partitioned(problem, {{Vector{{-1.25}}, Vector{{1.25}}}, {Vector{{0}}, Vector{{1.5}}}}, 2);
  EXPECT_THAT(f.model.row_names, testing::IsSupersetOf({"active_0_0", "inactive_0_0"}));
}

/// The largest a at a given x with delta free in [0, 1].
double largest(const lp::Model& model, int activation, const Vector& x) {
  const auto session = lp::make_session();
  lp::Model copy = model;
  std::fill(copy.cost.begin(), copy.cost.end(), 0.0);
  copy.cost[static_cast<std::size_t>(activation)] = 1;
  copy.sense = Sense::maximize;
  session->load(copy);
  for (Index j = 0; j < x.size(); ++j) session->set_column_bounds(static_cast<int>(j), x(j), x(j));
  return session->run_relaxation().objective.value();
}

/// The largest a under the inequalities of all subsets of inputs: the convex hull, by enumeration.
double largest_in_hull(const model::Compiled& problem, const graph::NeuronBounds& bounds, const Vector& x) {
  Formulation f = big_m(problem, bounds, own_origin(problem.graph));
  const Box values = value_bounds(problem.graph, bounds);
  const auto inputs = static_cast<std::size_t>(problem.graph.inputs());
  for (unsigned subset = 0; subset < 1U << inputs; ++subset) {
    std::vector<bool> in_set;
    for (std::size_t i = 0; i < inputs; ++i) in_set.push_back((subset >> i & 1U) != 0);
    const HullCut cut = hull_cut(problem.graph.layers[0], 0, values, in_set);
    f.model.add_entry(f.neurons[0][0].activation, 1);
    for (const auto& [value, weight] : cut.terms) f.model.add_entry(static_cast<int>(value), -weight);
    f.model.add_entry(f.neurons[0][0].binary, -cut.delta_coefficient);
    f.model.close_row(-no_side, cut.constant, {});
  }
  return largest(f.model, f.neurons[0][0].activation, x);
}

TEST(Partitioned, MorePartsAreTighterUpToTheConvexHull) {
  int tighter = 0, neurons = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Box box = random_box(4, 2.0, rng);
    std::vector<double> weights;
    double middle = 0;
    for (Index j = 0; j < 4; ++j) {
      weights.push_back(rng.normal());
      middle += weights.back() * (box.lower(j) + box.upper(j)) / 2;
    }
    const model::Compiled problem = one_neuron(weights, -middle, 0, box);
    const graph::NeuronBounds bounds = bounds::interval(problem.graph, box);
    ++neurons;
    for (int k = 0; k < 3; ++k) {
      const Vector x = random_point(box, rng);
      double last = largest(partitioned(problem, bounds, 1).model, 5, x);
      const double first = last;
      for (const int partitions : {2, 4}) {  // a partition of the one before
        const double now = largest(partitioned(problem, bounds, partitions).model, 5, x);
        EXPECT_LE(now, last + 1e-7);
        last = now;
      }
      EXPECT_NEAR(last, largest_in_hull(problem, bounds, x), 1e-7);
      tighter += last < first - 1e-3 ? 1 : 0;
    }
  }
  EXPECT_GT(tighter, neurons);
}

}  // namespace
}  // namespace secateur::mip
