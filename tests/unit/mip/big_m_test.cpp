// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/big_m.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/nn/evaluate.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur::mip {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Largest violation of a row, a column bound or integrality at a point, in absolute numbers.
double violation(const lp::Model& model, const Vector& point) {
  double worst = 0;
  for (int j = 0; j < model.columns(); ++j) {
    const auto c = static_cast<std::size_t>(j);
    worst = std::max({worst, model.column_lower[c] - point(j), point(j) - model.column_upper[c]});
    if (model.integer[c]) worst = std::max(worst, std::abs(point(j) - std::round(point(j))));
  }
  for (int r = 0; r < model.rows(); ++r) {
    const auto i = static_cast<std::size_t>(r);
    double activity = 0;
    for (int e = model.row_start[i]; e < model.row_start[i + 1]; ++e) {
      activity += model.value[static_cast<std::size_t>(e)] * point(model.column[static_cast<std::size_t>(e)]);
    }
    worst = std::max({worst, model.row_lower[i] - activity, activity - model.row_upper[i]});
  }
  return worst;
}

/// Origins of a graph that no pass has touched.
std::vector<std::vector<graph::NeuronId>> own_origin(const graph::ReluGraph& graph) {
  std::vector<std::vector<graph::NeuronId>> origin;
  for (int k = 0; k < graph.depth(); ++k) {
    origin.emplace_back();
    for (int i = 0; i < static_cast<int>(graph.layers[static_cast<std::size_t>(k)].units()); ++i) {
      origin.back().push_back({k, i});
    }
  }
  return origin;
}

/// One input, one neuron of each kind: z = x (unstable), x + 3 (active), x - 3 (inactive); y = a0 + a1 + a2.
struct OneOfEach {
  model::Compiled problem;
  graph::NeuronBounds bounds;
  explicit OneOfEach(double cost = 1, Sense sense = Sense::minimize) {
    nn::Network network;
    network.layers = {nn::Dense{Matrix{{1}, {1}, {1}}, Vector{{0, 3, -3}}}, nn::Relu{},
                      nn::Dense{Matrix{{1, 1, 1}}, Vector{{0}}}};
    network.input_names = {"x"};
    network.output_names = {"y"};
    problem = compiled(OverBox{network, {Vector{{-2}}, Vector{{1}}}, Vector{{cost}}, sense});
    bounds = bounds::interval(problem.graph, problem.graph.domain);
  }
  [[nodiscard]] Formulation formulation() const { return big_m(problem, bounds, own_origin(problem.graph)); }
};

TEST(BigM, WritesEachKindOfNeuronAsDerived) {
  const Formulation f = OneOfEach(1, Sense::maximize).formulation();
  EXPECT_THAT(f.model.column_names, testing::ElementsAre("x", "y", "a_0_0", "delta_0_0", "a_0_1"));
  EXPECT_EQ(f.frame_columns, 2);
  EXPECT_EQ(f.frame_rows, 0);
  EXPECT_THAT(f.model.row_names,
              testing::ElementsAre("above_0_0", "active_0_0", "inactive_0_0", "active_0_1", "output_y"));
  EXPECT_EQ(f.model.sense, Sense::maximize);
  EXPECT_EQ(f.binaries, 1);
  EXPECT_EQ(f.neurons[0][0].activation, 2);
  EXPECT_EQ(f.neurons[0][0].binary, 3);
  EXPECT_EQ(f.neurons[0][1].activation, 4);
  EXPECT_EQ(f.neurons[0][1].binary, -1);
  EXPECT_EQ(f.neurons[0][2].activation, -1);
  // active_0_0: a - x - lower delta <= -lower, with lower = -2 up to the rounding that bounds add.
  const int first = f.model.row_start[1];
  EXPECT_EQ(f.model.value[static_cast<std::size_t>(first)], 1);
  EXPECT_EQ(f.model.value[static_cast<std::size_t>(first + 1)], -1);
  EXPECT_NEAR(f.model.value[static_cast<std::size_t>(first + 2)], 2, 1e-12);
  EXPECT_NEAR(f.model.row_upper[1], 2, 1e-12);
  EXPECT_GE(f.model.row_upper[1], 2);
  // The active neuron is an equality without a binary.
  EXPECT_EQ(f.model.row_lower[3], 3);
  EXPECT_EQ(f.model.row_upper[3], 3);
}

TEST(BigM, EnumeratingTheBinaryGivesTheRelu) {
  // For every x, delta = 1 leaves exactly a = x where x >= 0 and nothing elsewhere; delta = 0 the mirror image.
  Formulation f = OneOfEach().formulation();
  f.model.cost = {0, 0, 1, 0, 0};  // a_0_0
  const auto session = lp::make_session();
  for (const double x : {-2.0, -1.0, -0.25, 0.25, 0.5, 1.0}) {
    for (const int delta : {0, 1}) {
      SCOPED_TRACE(std::to_string(x) + " " + std::to_string(delta));
      session->load(f.model);
      session->set_column_bounds(0, x, x);
      session->set_column_bounds(f.neurons[0][0].binary, delta, delta);
      const lp::Outcome least = session->run_relaxation();
      if ((x > 0) != (delta == 1)) {
        EXPECT_EQ(least.status, Status::infeasible);
        continue;
      }
      session->set_sense(Sense::maximize);
      EXPECT_NEAR(least.objective.value(), std::max(0.0, x), 1e-9);
      EXPECT_NEAR(session->run_relaxation().objective.value(), std::max(0.0, x), 1e-9);
    }
  }
}

TEST(BigM, RowErrorsWidenTheModelAndTheBound) {
  OneOfEach example(-2);
  graph::ReluGraph& graph = example.problem.graph;
  graph.layers[0].error = Vector{{0.25, 0.5, 0}};
  graph.layers[1].error(0) = 0.125;  // of y
  example.bounds = bounds::interval(graph, graph.domain);
  const Formulation f = example.formulation();
  EXPECT_GE(f.objective_error, 0.25);
  EXPECT_NEAR(f.objective_error, 0.25, 1e-15);
  EXPECT_LE(f.model.row_lower[0], -0.25);                              // a >= z - error
  EXPECT_GE(f.model.row_upper[1], 0.25 - example.bounds[0].lower(0));  // a <= z + error - lower (1 - delta)
  EXPECT_LE(f.model.row_lower[3], 2.5);
  EXPECT_GE(f.model.row_upper[3], 3.5);
}

class RandomFormulations : public testing::TestWithParam<bool> {};

TEST_P(RandomFormulations, ContainEveryForwardPass) {
  const bool simplified = GetParam();
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    RandomNetwork how;
    how.widths = {1 + rng.below(4), 1 + rng.below(8), 1 + rng.below(8), 1 + rng.below(3)};
    how.density = seed % 2 == 0 ? 1.0 : 0.6;
    how.scaling = seed % 3 == 0;
    const nn::Network network = random_network(how, rng);
    const Box box = random_box(network.inputs(), 2.0, rng);
    const model::Problem stated = model::over_box(network, box, Vector::Ones(network.outputs()));
    const model::Structure structure = model::structure(stated);
    model::Compiled problem = compiled(stated);
    graph::NeuronBounds bounds = bounds::crown(problem.graph, box);
    auto origin = own_origin(problem.graph);
    if (simplified) {
      graph::Reduction reduction = graph::simplify(problem.graph, bounds);
      bounds = graph::carry(bounds, reduction);
      problem.graph = std::move(reduction.graph);
      origin = std::move(reduction.origin);
    }
    const Formulation f = big_m(problem, bounds, origin);
    EXPECT_EQ(f.binaries, graph::count_unstable(bounds));
    for (int k = 0; k < 200; ++k) {
      const Vector x = random_point(box, rng);
      Vector given = Vector::Zero(network.inputs() + network.outputs());
      given.head(x.size()) = x;
      const Vector point = forward_point(f, problem, model::complete(stated, structure, given));
      // Sums in rows of this size are rounded to about 1e-14; the solver's tolerance is 1e-6.
      double size = 1;
      for (const double v : point) size = std::max(size, std::abs(v));
      EXPECT_LE(violation(f.model, point), 1e-11 * size);
      double cost = 0;
      for (int j = 0; j < f.model.columns(); ++j) cost += f.model.cost[static_cast<std::size_t>(j)] * point(j);
      EXPECT_NEAR(cost, nn::evaluate(network, x).sum(), 1e-9 * size);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(BigM, RandomFormulations, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Simplified" : "Whole"; });

}  // namespace
}  // namespace secateur::mip
