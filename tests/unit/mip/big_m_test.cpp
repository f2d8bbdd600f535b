// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/big_m.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/lp/session.hpp"
#include "support/formulations.hpp"
#include "support/over_box.hpp"

namespace secateur::mip {
namespace {

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

}  // namespace
}  // namespace secateur::mip
