// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/units.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/mip/big_m.hpp"
#include "secateur/mip/incumbent.hpp"
#include "support/over_box.hpp"

namespace secateur::mip {
namespace {

TEST(NaturalUnits, MakeEveryColumnAboutOne) {
  // x in thousands, neurons of 1e-4 and 1e5, y in billionths.
  nn::Network network;
  network.layers = {nn::Dense{Matrix{{1e-7}, {100}}, Vector{{0, 0}}}, nn::Relu{},
                    nn::Dense{Matrix{{1e-6, 2e-15}}, Vector{{0}}}};
  network.input_names = {"x"};
  network.output_names = {"y"};
  const model::Compiled problem = compiled(OverBox{network, {Vector{{-1000}}, Vector{{1000}}}, Vector{{1e9}}});
  const graph::NeuronBounds bounds = bounds::interval(problem.graph, problem.graph.domain);
  const Formulation f = big_m(problem, bounds, {{{0, 0}, {0, 1}}, {{1, 0}, {1, 1}}});
  const lp::Scaling units = natural_units(f, problem, uniform_points(problem.graph.domain, 64, 0));
  EXPECT_EQ(units.column[0], 10);                                                      // 2000
  EXPECT_EQ(units.column[static_cast<std::size_t>(f.neurons[0][0].activation)], -14);  // 1e-4
  EXPECT_EQ(units.column[static_cast<std::size_t>(f.neurons[0][1].activation)], 16);   // 1e5
  EXPECT_EQ(units.column[static_cast<std::size_t>(f.neurons[0][0].binary)], 0);
  const lp::Model model = lp::scaled(f.model, units);
  for (const double value : model.value) {
    EXPECT_GT(std::abs(value), 0.1);
    EXPECT_LT(std::abs(value), 10);
  }
  for (int j = 0; j < model.columns(); ++j) {
    EXPECT_TRUE(j == 1 || std::abs(model.column_upper[static_cast<std::size_t>(j)]) < 10);  // y is free
  }
  EXPECT_GT(model.cost[1], 0.1);
  EXPECT_LT(model.cost[1], 10);
}

TEST(NaturalUnits, ConstantsAndPointsKeepTheirUnit) {
  nn::Network network;
  network.layers = {nn::Dense{Matrix{{0}}, Vector{{5}}}, nn::Relu{}, nn::Dense{Matrix{{1}}, Vector{{0}}}};
  network.input_names = {"x"};
  network.output_names = {"y"};
  const model::Compiled problem = compiled(OverBox{network, {Vector{{2}}, Vector{{2}}}, Vector{{1}}});
  const graph::NeuronBounds bounds = bounds::interval(problem.graph, problem.graph.domain);
  const Formulation f = big_m(problem, bounds, {{{0, 0}}, {{1, 0}}});
  const lp::Scaling units = natural_units(f, problem, uniform_points(problem.graph.domain, 8, 0));
  EXPECT_EQ(units.column[0], 0);
  EXPECT_EQ(units.column[1], 0);
  EXPECT_EQ(units.objective, 0);
}

}  // namespace
}  // namespace secateur::mip
