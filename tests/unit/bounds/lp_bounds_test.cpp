// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/lp_bounds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/triangle.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

using exact::Rational;
using graph::NeuronBounds;
using graph::ReluGraph;

constexpr double infinity = std::numeric_limits<double>::infinity();

bool inside(const NeuronBounds& tight, const NeuronBounds& loose, double slack = 0) {
  for (std::size_t k = 0; k < tight.size(); ++k) {
    if ((tight[k].lower.array() < loose[k].lower.array() - slack).any()) return false;
    if ((tight[k].upper.array() > loose[k].upper.array() + slack).any()) return false;
  }
  return true;
}

double width(const NeuronBounds& bounds) {
  double sum = 0;
  for (const auto& layer : bounds) sum += (layer.upper - layer.lower).sum();
  return sum;
}

/// Everything as tight as it gets.
LpSettings thorough() {
  LpSettings settings;
  settings.stable_neurons = true;
  settings.least_gain = 0;
  return settings;
}

/// One column an input and an output, without bounds of their own, no rows.
model::Frame plain_frame(const ReluGraph& graph) {
  model::Frame frame;
  for (Index j = 0; j < graph.inputs(); ++j) {
    frame.inputs.push_back(frame.model.add_column(-infinity, infinity, 0, false, {}));
  }
  for (Index k = 0; k < graph.outputs(); ++k) {
    frame.outputs.push_back(frame.model.add_column(-infinity, infinity, 0, false, {}));
  }
  return frame;
}

void add_row(lp::Model& model, double lower, const std::vector<std::pair<int, double>>& terms, double upper) {
  for (const auto& [column, value] : terms) model.add_entry(column, value);
  model.close_row(lower, upper, {});
}

// y = relu(x) - relu(x - 1) on [-1, 2]: by the triangles relu(x) <= 2 (x + 1) / 3 and relu(x - 1) <= (x + 1) / 3. The
// largest y by CROWN with lower slope 0 for relu(x - 1) is 2, the program's is where 2 (x + 1) / 3 - max(0, x - 1) is
// largest: x = 1, 4/3.
nn::Network two_kinks() {
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1.0}, {1.0}}, Vector{{0.0, -1.0}}}, nn::Relu{},
                    nn::Dense{Matrix{{1.0, -1.0}}, Vector{{0.0}}}};
  return network;
}

TEST(LpBounds, FindTheVertexOfTheTriangles) {
  const nn::Network network = two_kinks();
  const Box box{Vector{{-1.0}}, Vector{{2.0}}};
  const ReluGraph graph = graph::lower(network, box);
  const LpBounds bounds = lp_bounds(graph, box, crown(graph, box));
  EXPECT_NEAR(bounds.neurons.back().upper(0), 4.0 / 3, 1e-9);
  EXPECT_GE(bounds.neurons.back().upper(0), 4.0 / 3);
  EXPECT_GT(crown(graph, box).back().upper(0), 1.9);
  EXPECT_FALSE(bounds.infeasible);
  EXPECT_TRUE(bounds.report.complete);
  EXPECT_EQ(bounds.report.programs, 2);
}

// Mathematically the program contains every choice of lower slopes, so from the same intermediate bounds alpha-CROWN
// cannot be tighter but for rounding and the solver's tolerance; and deeper layers start from tighter ones.
TEST(LpBounds, AreInsideAlphaCrownOverTheSameLayers) {
  Rng rng(71);
  double alpha_width = 0, lp_width = 0;
  for (int c = 0; c < 30; ++c) {
    const nn::Network network = random_network({.widths = {3, 6, 6, 2}, .density = c % 2 == 0 ? 1.0 : 0.6}, rng);
    const Box box = random_box(3, 2, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds alpha = alpha_crown(graph, box, {.steps = 60});
    const NeuronBounds from_crown = lp_bounds(graph, box, crown(graph, box), nullptr, thorough()).neurons;
    ASSERT_TRUE(inside(from_crown, alpha, 1e-7)) << c;
    ASSERT_TRUE(inside(compute_bounds(graph, box, graph::BoundsMethod::lp), alpha_crown(graph, box))) << c;
    alpha_width += width(alpha);
    lp_width += width(from_crown);
  }
  EXPECT_LT(lp_width, 0.99 * alpha_width);
}

// Rows, column bounds and a cut-off that couple inputs and outputs: what they leave of the box is sampled, and every
// point's exact values have to lie inside the bounds. Folded scaling and reduced graphs included.
TEST(LpBounds, HoldUnderJointConstraintsInExactArithmetic) {
  Rng rng(73);
  int points = 0, tighter = 0, inputs_tighter = 0;
  for (int c = 0; c < 120; ++c) {
    const nn::Network network = random_network(
        {.widths = {3, 5, 4, 2}, .density = c % 4 == 0 ? 0.6 : 1.0, .scaling = c % 3 == 0, .exponent_spread = c % 2},
        rng);
    const Box box = random_box(3, 2, rng);
    ReluGraph graph = graph::lower(network, box);
    if (c % 5 == 0) graph = graph::simplify(graph, crown(graph, box)).graph;
    const NeuronBounds start = crown(graph, box);
    model::Frame frame = plain_frame(graph);
    const int free = frame.model.add_column(-infinity, infinity, 0, false, {});
    // Sides through one point of the box and its outputs; the rows' exact values decide who else is feasible.
    const Vector center = random_point(box, rng);
    const Vector y = graph::preactivations(graph, center).back();
    const auto value_of = [&](const Vector& x, const Vector& outputs, const std::vector<double>& weights) {
      double sum = 0;
      for (Index j = 0; j < 3; ++j) sum += weights[static_cast<std::size_t>(j)] * x(j);
      for (Index k = 0; k < 2; ++k) sum += weights[static_cast<std::size_t>(3 + k)] * outputs(k);
      return sum;
    };
    std::vector<std::vector<double>> rows;
    std::vector<std::pair<double, double>> sides;
    for (int r = 0; r < 3; ++r) {
      std::vector<double> weights(5, 0.0);
      for (std::size_t j = 0; j < 5; ++j) {
        // Row 0 is about inputs alone, as in a mixture.
        if (j < 3 || r > 0) weights[j] = rng.normal();
      }
      const double at = value_of(center, y, weights);
      const double slack = 0.1 * (1 + std::abs(at));
      std::vector<std::pair<int, double>> terms;
      for (int j = 0; j < 5; ++j) terms.emplace_back(j, weights[static_cast<std::size_t>(j)]);
      const bool below = rng.below(2) == 0;
      rows.push_back(weights);
      sides.emplace_back(below ? -infinity : at - slack, below ? at + slack : infinity);
      add_row(frame.model, sides.back().first, terms, sides.back().second);
    }
    add_row(frame.model, 0, {{free, 1}, {0, -1}}, 0);
    frame.model.column_upper[3] = y(0) + 0.2;
    LpSettings settings = thorough();
    settings.rounds = 1 + c % 3;
    frame.model.sense = c % 2 == 0 ? Sense::minimize : Sense::maximize;
    frame.model.cost[4] = 2;
    frame.model.offset = 1;
    if (c % 3 == 1) settings.cutoff = 2 * y(1) + 1 + (c % 2 == 0 ? 0.5 : -0.5);

    const LpBounds bounds = lp_bounds(graph, box, start, &frame, settings);
    ASSERT_FALSE(bounds.infeasible) << c;
    ASSERT_TRUE(inside(bounds.neurons, start));
    tighter += width(bounds.neurons) < 0.8 * width(start);
    inputs_tighter += (bounds.inputs.upper - bounds.inputs.lower).sum() < 0.95 * (box.upper - box.lower).sum();
    for (Index j = 0; j < 3; ++j) {
      ASSERT_LE(bounds.columns.lower(frame.inputs[static_cast<std::size_t>(j)]), bounds.inputs.lower(j));
    }
    ASSERT_TRUE(std::isfinite(bounds.columns.upper(free)));
    for (int s = 0; s < 400; ++s) {
      Vector x = random_point(box, rng);
      if (s % 2 == 0) x = box.clamp(center + 0.1 * (x - center));
      const auto exact = exact::preactivations(graph, x);
      // Feasible beyond doubt: a margin far above the rounding of this check and of the graph's rows.
      Vector outputs(2);
      for (Index k = 0; k < 2; ++k) outputs(k) = exact.back()[static_cast<std::size_t>(k)].get_d();
      bool feasible = outputs(0) <= y(0) + 0.2 - 1e-6;
      for (std::size_t r = 0; r < rows.size(); ++r) {
        const double at = value_of(x, outputs, rows[r]);
        feasible = feasible && at >= sides[r].first + 1e-6 && at <= sides[r].second - 1e-6;
      }
      if (settings.cutoff) {
        const double objective = 2 * outputs(1) + 1;
        feasible =
            feasible && (c % 2 == 0 ? objective <= *settings.cutoff - 1e-6 : objective >= *settings.cutoff + 1e-6);
      }
      if (!feasible) continue;
      ++points;
      ASSERT_TRUE(bounds.inputs.contains(x)) << c;
      for (std::size_t k = 0; k < exact.size(); ++k) {
        for (Index i = 0; i < bounds.neurons[k].size(); ++i) {
          const Rational& z = exact[k][static_cast<std::size_t>(i)];
          ASSERT_LE(Rational(bounds.neurons[k].lower(i)), z) << "case " << c << " layer " << k;
          ASSERT_GE(Rational(bounds.neurons[k].upper(i)), z) << "case " << c << " layer " << k;
        }
      }
    }
  }
  EXPECT_GT(points, 5000);
  EXPECT_GT(tighter, 60);
  EXPECT_GT(inputs_tighter, 60);
}

// x0 + x1 = 1 in [0, 1]^2 and y = relu(x0 + x1): one network alone sees [0, 2].
TEST(LpBounds, UseRowsBetweenInputs) {
  nn::Network network;
  network.input_names = {"a", "b"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1.0, 1.0}}, Vector{{-0.5}}}, nn::Relu{}, nn::Dense{Matrix{{1.0}}, Vector{{0.0}}}};
  const Box box{Vector{{0.0, 0.0}}, Vector{{1.0, 1.0}}};
  const ReluGraph graph = graph::lower(network, box);
  model::Frame frame = plain_frame(graph);
  add_row(frame.model, 1, {{0, 1}, {1, 1}}, 1);
  const LpBounds bounds = lp_bounds(graph, box, crown(graph, box), &frame, thorough());
  EXPECT_NEAR(bounds.neurons.back().lower(0), 0.5, 1e-12);
  EXPECT_NEAR(bounds.neurons.back().upper(0), 0.5, 1e-12);
  EXPECT_EQ(bounds.report.fixed, 1);
}

// y = relu(x) + relu(-x), and y <= 0.25 over [-1, 1]: a >= x >= -a of the triangles holds x to 0.25 either way, and an
// upper bound of the objective y does the same.
TEST(LpBounds, UseOutputBoundsAndTheCutOffToTightenInputs) {
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1.0}, {-1.0}}, Vector::Zero(2)}, nn::Relu{},
                    nn::Dense{Matrix{{1.0, 1.0}}, Vector{{0.0}}}};
  const Box box{Vector{{-1.0}}, Vector{{1.0}}};
  const ReluGraph graph = graph::lower(network, box);
  model::Frame bounded = plain_frame(graph);
  bounded.model.column_upper[1] = 0.25;
  const LpBounds by_bound = lp_bounds(graph, box, crown(graph, box), &bounded, thorough());
  EXPECT_NEAR(by_bound.inputs.upper(0), 0.25, 1e-9);
  EXPECT_NEAR(by_bound.inputs.lower(0), -0.25, 1e-9);
  EXPECT_GE(by_bound.inputs.upper(0), 0.25);

  model::Frame objective = plain_frame(graph);
  objective.model.cost[1] = 1;
  LpSettings settings = thorough();
  settings.cutoff = 0.25;
  EXPECT_NEAR(lp_bounds(graph, box, crown(graph, box), &objective, settings).inputs.upper(0), 0.25, 1e-9);
}

// Inputs in thousands, neurons and outputs in billionths: a solver's absolute tolerances see nothing there.
TEST(LpBounds, AreAsTightInAnyUnits) {
  Rng rng(91);
  for (int c = 0; c < 10; ++c) {
    const nn::Network network = random_network({.widths = {3, 8, 8, 2}}, rng);
    const Box box = random_box(3, 2, rng);
    nn::Network other = network;
    auto dense = [&](std::size_t k) -> nn::Dense& { return std::get<nn::Dense>(other.layers[k]); };
    dense(0).weight *= 0x1p-10;
    dense(2).weight *= 0x1p-30;
    dense(2).bias *= 0x1p-30;
    dense(4).bias *= 0x1p-30;
    const Box wide{0x1p10 * box.lower, 0x1p10 * box.upper};
    const ReluGraph graph = graph::lower(network, box), scaled = graph::lower(other, wide);
    const NeuronBounds a = lp_bounds(graph, box, crown(graph, box), nullptr, thorough()).neurons;
    const NeuronBounds b = lp_bounds(scaled, wide, crown(scaled, wide), nullptr, thorough()).neurons;
    for (std::size_t k = 1; k < 3; ++k) {
      EXPECT_TRUE(a[k].lower.isApprox(0x1p30 * b[k].lower, 1e-6)) << c << " layer " << k;
      EXPECT_TRUE(a[k].upper.isApprox(0x1p30 * b[k].upper, 1e-6)) << c << " layer " << k;
    }
  }
}

// An output that is a combination of others has no column: its range is still wanted.
TEST(LpBounds, OutputsWithoutAColumnAreBoundedUnderTheOthers) {
  nn::Network network = two_kinks();
  auto& last = std::get<nn::Dense>(network.layers[2]);
  last = {Matrix{{1.0, -1.0}, {2.0, -2.0}}, Vector{{0.0, 1.0}}};
  network.output_names = {"y", "sum"};
  const Box box{Vector{{-1.0}}, Vector{{2.0}}};
  const ReluGraph graph = graph::lower(network, box);
  model::Frame frame = plain_frame(graph);
  frame.outputs[1] = -1;
  frame.model.column_upper[1] = 0.25;
  const LpBounds bounds = lp_bounds(graph, box, crown(graph, box), &frame, thorough());
  EXPECT_NEAR(bounds.neurons.back().upper(1), 1.5, 1e-9);
  EXPECT_GE(bounds.neurons.back().upper(1), 1.5);
}

// A cut-off near the optimum: what the deep layers learn of it goes back to the inputs and from there forward again.
TEST(LpBounds, FurtherRoundsTightenWhileTheyPay) {
  Rng rng(103);
  double one = 0, many = 0;
  for (int c = 0; c < 10; ++c) {
    const nn::Network network = random_network({.widths = {2, 8, 8, 1}}, rng);
    const Box box = random_box(2, 2, rng);
    const ReluGraph graph = graph::lower(network, box);
    model::Frame frame = plain_frame(graph);
    frame.model.cost[2] = 1;
    Matrix points(2000, 2);
    for (Index r = 0; r < points.rows(); ++r) points.row(r) = random_point(box, rng).transpose();
    LpSettings settings;
    settings.cutoff = graph::evaluate(graph, points).minCoeff() + 0.01;
    settings.rounds = 1;
    const NeuronBounds start = crown(graph, box);
    const LpBounds first = lp_bounds(graph, box, start, &frame, settings);
    settings.rounds = 20;
    const LpBounds last = lp_bounds(graph, box, start, &frame, settings);
    EXPECT_EQ(first.report.rounds, 1);
    EXPECT_LT(last.report.rounds, 20);
    ASSERT_TRUE(inside(last.neurons, first.neurons));
    EXPECT_GE(last.report.fixed, first.report.fixed);
    one += width(first.neurons);
    many += width(last.neurons);
    // Without anything that couples the outputs there is nothing to go back for.
    settings.cutoff.reset();
    EXPECT_EQ(lp_bounds(graph, box, start, nullptr, settings).report.rounds, 1);
  }
  EXPECT_LT(many, 0.9 * one);
}

TEST(LpBounds, ProveThatThereIsNoPoint) {
  const nn::Network network = two_kinks();
  const Box box{Vector{{-1.0}}, Vector{{2.0}}};
  const ReluGraph graph = graph::lower(network, box);
  const NeuronBounds start = crown(graph, box);
  // By bounds alone, by rows alone, by the network's relaxation.
  model::Frame bounds = plain_frame(graph);
  bounds.model.column_lower[1] = start.back().upper(0) + 0.1;
  EXPECT_TRUE(lp_bounds(graph, box, start, &bounds).infeasible);
  model::Frame rows = plain_frame(graph);
  add_row(rows.model, 4.1, {{0, 1}, {1, 1}}, infinity);
  EXPECT_TRUE(lp_bounds(graph, box, start, &rows).infeasible);
  model::Frame relaxed = plain_frame(graph);
  relaxed.model.column_lower[1] = 4.0 / 3 + 1e-4;
  EXPECT_TRUE(lp_bounds(graph, box, start, &relaxed).infeasible);
  relaxed.model.column_lower[1] = 0.99;  // the largest y is 1
  EXPECT_FALSE(lp_bounds(graph, box, start, &relaxed).infeasible);
}

TEST(LpBounds, IntegerColumnsAreRounded) {
  Rng rng(83);
  const nn::Network network = random_network({.widths = {2, 4, 1}}, rng);
  const Box box{Vector{{-3.0, 0.0}}, Vector{{3.0, 1.0}}};
  const ReluGraph graph = graph::lower(network, box);
  model::Frame frame = plain_frame(graph);
  frame.model.integer[0] = true;
  add_row(frame.model, -1.5, {{0, 1}, {1, -0.25}}, 2.4);
  const LpBounds bounds = lp_bounds(graph, box, crown(graph, box), &frame, thorough());
  EXPECT_EQ(bounds.inputs.lower(0), -1);
  EXPECT_EQ(bounds.inputs.upper(0), 2);
}

TEST(LpBounds, TheSameThreadsGiveTheSameBits) {
  Rng rng(89);
  const nn::Network network = random_network({.widths = {3, 12, 12, 2}}, rng);
  const Box box = random_box(3, 2, rng);
  const ReluGraph graph = graph::lower(network, box);
  const NeuronBounds start = crown(graph, box);
  model::Frame frame = plain_frame(graph);
  add_row(frame.model, -infinity, {{0, 1}, {1, 1}, {3, 1}}, box.lower.sum() + start.back().upper(0));
  LpSettings settings = thorough();
  const LpBounds one = lp_bounds(graph, box, start, &frame, settings);
  for (const int threads : {2, 3}) {
    settings.threads = threads;
    const LpBounds first = lp_bounds(graph, box, start, &frame, settings);
    const LpBounds second = lp_bounds(graph, box, start, &frame, settings);
    EXPECT_EQ(first.report.programs, second.report.programs);
    EXPECT_EQ(first.report.programs, one.report.programs);
    EXPECT_TRUE(inside(first.neurons, second.neurons) && inside(second.neurons, first.neurons));
    // Other bases, other roundings; the same bounds otherwise.
    EXPECT_TRUE(inside(first.neurons, one.neurons, 1e-6) && inside(one.neurons, first.neurons, 1e-6));
  }
}

TEST(LpBounds, StopAtTheirBudgetAndWhereTheyNoLongerPay) {
  Rng rng(97);
  const nn::Network network = random_network({.widths = {3, 30, 30, 30, 2}}, rng);
  const Box box = random_box(3, 3, rng);
  const ReluGraph graph = graph::lower(network, box);
  const NeuronBounds start = alpha_crown(graph, box);
  LpSettings settings;
  settings.least_gain = 0;
  const LpBounds whole = lp_bounds(graph, box, start, nullptr, settings);
  EXPECT_TRUE(whole.report.complete);
  settings.programs = 20;
  const LpBounds some = lp_bounds(graph, box, start, nullptr, settings);
  EXPECT_LE(some.report.programs, 20);
  EXPECT_GE(some.report.programs, 15);
  EXPECT_FALSE(some.report.complete);
  EXPECT_TRUE(inside(some.neurons, start));

  LpSettings none;
  none.seconds = 0;
  const LpBounds nothing = lp_bounds(graph, box, start, nullptr, none);
  EXPECT_EQ(nothing.report.programs, 0);
  EXPECT_FALSE(nothing.report.complete);
  EXPECT_EQ(lp_bounds(graph, box, start, nullptr, {}, Stop(0)).report.programs, 0);

  // From its own result a second round has next to nothing to gain, and notices.
  LpSettings careful;
  careful.least_gain = 0.05;
  const LpBounds again = lp_bounds(graph, box, whole.neurons, nullptr, careful);
  EXPECT_FALSE(again.report.complete);
  EXPECT_LT(3 * again.report.programs, 2 * whole.report.programs);
}

TEST(LpBounds, RefuseWhatDoesNotFit) {
  Rng rng(101);
  const nn::Network network = random_network({.widths = {2, 3, 1}}, rng);
  const Box box{Vector{{0.0, 0.0}}, Vector{{1.0, 1.0}}};
  const ReluGraph graph = graph::lower(network, box);
  const NeuronBounds start = crown(graph, box);
  const model::Frame frame = plain_frame(graph);
  EXPECT_THROW(lp_bounds(graph, {box.lower, 2 * box.upper}, start), std::invalid_argument);
  EXPECT_THROW(lp_bounds(graph, box, {start[0]}), std::invalid_argument);
  EXPECT_THROW(lp_bounds(graph, box, {start[0], start[0]}), std::invalid_argument);
  LpSettings settings;
  settings.cutoff = 1;
  EXPECT_THROW(lp_bounds(graph, box, start, nullptr, settings), std::invalid_argument);
  settings = {};
  settings.threads = 0;
  EXPECT_THROW(lp_bounds(graph, box, start, &frame, settings), std::invalid_argument);
  settings = {};
  settings.rounds = 0;
  EXPECT_THROW(lp_bounds(graph, box, start, &frame, settings), std::invalid_argument);
  model::Frame wrong = frame;
  wrong.inputs.pop_back();
  EXPECT_THROW(lp_bounds(graph, box, start, &wrong), std::invalid_argument);
  wrong = frame;
  wrong.outputs[0] = 7;
  EXPECT_THROW(lp_bounds(graph, box, start, &wrong), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::bounds
