// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/hull.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/big_m.hpp"
#include "support/formulations.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur::mip {
namespace {

TEST(HullCut, IsTheInequalityOfTheDerivation) {
  // z = x0 - 2 x1 + 1/2 over [0, 1] x [-1, 1], I = {x1}: L = 1, U = -1 there, so
  // a <= -2 (x1 - (1 - delta)) + (1/2 + 1) delta = -2 x1 - delta / 2 + 2.
  const Box box{Vector{{0, -1}}, Vector{{1, 1}}};
  const model::Compiled problem = one_neuron({1, -2}, 0.5, 0, box);
  const HullCut cut = hull_cut(problem.graph.layers[0], 0, box, {false, true});
  ASSERT_EQ(cut.terms.size(), 1U);
  EXPECT_EQ(cut.terms[0].first, 1);
  EXPECT_EQ(cut.terms[0].second, -2);
  EXPECT_EQ(cut.delta_coefficient, -0.5);
  EXPECT_EQ(cut.constant, 2);
}

TEST(HullCut, GivesAwayTheErrorOfTheRow) {
  const Box box{Vector{{0, -1}}, Vector{{1, 1}}};
  const model::Compiled problem = one_neuron({1, -2}, 0.5, 0.25, box);
  const HullCut cut = hull_cut(problem.graph.layers[0], 0, box, {false, true});
  EXPECT_EQ(cut.constant + cut.delta_coefficient, 1.75);
}

double side_of(const HullCut& cut, const Vector& values, double delta) {
  double side = cut.constant + cut.delta_coefficient * delta;
  for (const auto& [value, weight] : cut.terms) side += weight * values(value);
  return side;
}

TEST(HullCut, TheSeparatedSetIsTheMostViolatedOfAll) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Box box = random_box(5, 2.0, rng);
    std::vector<double> weights;
    for (int j = 0; j < 5; ++j) weights.push_back(rng.normal());
    const model::Compiled problem = one_neuron(weights, rng.normal(), 0, box);
    const graph::AffineLayer& layer = problem.graph.layers[0];
    const Vector x = random_point(box, rng);
    const double delta = rng.uniform();
    double least = std::numeric_limits<double>::infinity();
    for (unsigned subset = 0; subset < 32; ++subset) {
      std::vector<bool> in_set;
      for (unsigned i = 0; i < 5; ++i) in_set.push_back((subset >> i & 1U) != 0);
      least = std::min(least, side_of(hull_cut(layer, 0, box, in_set), x, delta));
    }
    EXPECT_NEAR(side_of(hull_cut(layer, 0, box, most_violated_set(layer, 0, box, x, delta)), x, delta), least, 1e-12);
  }
}

TEST(HullCut, HoldsInRealArithmeticForEverySet) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Index inputs = 4;
    const Box box = random_box(inputs, 2.0, rng);
    std::vector<double> weights;
    for (Index j = 0; j < inputs; ++j) weights.push_back(rng.normal());
    const double bias = rng.normal(), error = seed % 2 == 0 ? 0.0 : 1e-4;
    const model::Compiled problem = one_neuron(weights, bias, error, box);
    for (unsigned subset = 0; subset < 16; ++subset) {
      std::vector<bool> in_set;
      for (unsigned i = 0; i < 4; ++i) in_set.push_back((subset >> i & 1U) != 0);
      const HullCut cut = hull_cut(problem.graph.layers[0], 0, box, in_set);
      for (int corner = 0; corner < 16; ++corner) {
        mpq_class z = mpq_class(bias) + mpq_class(error), side = cut.constant;
        std::vector<mpq_class> x;
        for (Index j = 0; j < inputs; ++j) {
          x.emplace_back((corner >> j & 1) != 0 ? box.upper(j) : box.lower(j));
          z += mpq_class(weights[static_cast<std::size_t>(j)]) * x.back();
        }
        for (const auto& [value, weight] : cut.terms) side += mpq_class(weight) * x[static_cast<std::size_t>(value)];
        if (z > 0) {
          EXPECT_LE(z, side + mpq_class(cut.delta_coefficient));
        } else {
          EXPECT_GE(side, 0);
        }
      }
    }
  }
}

struct TestNetwork {
  model::Compiled problem;
  graph::NeuronBounds bounds;
  explicit TestNetwork(std::uint64_t seed) {
    Rng rng(seed);
    RandomNetwork how;
    how.widths = {4, 10, 10, 1};
    const nn::Network network = random_network(how, rng);
    const Box box = random_box(4, 2.0, rng);
    problem = compiled(OverBox{network, box, Vector{{1}}});
    bounds = bounds::crown(problem.graph, box);
  }
};

TEST(HullCuts, RaiseTheRelaxationAndDropWhatIsSlack) {
  int raised = 0, dropped = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    const TestNetwork network(seed);
    const auto origin = own_origin(network.problem.graph);
    const Formulation plain = big_m(network.problem, network.bounds, origin);
    Formulation f = plain;
    const HullReport report = add_hull_cuts(f, network.problem, network.bounds, origin, {}, Stop());
    EXPECT_EQ(f.model.rows(), plain.model.rows() + report.kept);
    EXPECT_LE(report.kept, report.found);
    EXPECT_LE(report.rounds, 20);
    const auto session = lp::make_session();
    session->load(plain.model);
    const double size = std::max(1.0, std::abs(report.before.value()));
    EXPECT_NEAR(session->run_relaxation().objective.value(), report.before.value(), 1e-5 * size);
    // Without the slack rows the relaxation is the same.
    session->load(f.model);
    EXPECT_NEAR(session->run_relaxation().objective.value(), report.after.value(), 1e-5 * size);
    EXPECT_GE(report.after.value(), report.before.value() - 1e-7 * size);
    raised += report.after.value() > report.before.value() + 1e-3 * size ? 1 : 0;
    dropped += report.kept < report.found ? 1 : 0;
  }
  EXPECT_GT(raised, 5);
  EXPECT_GT(dropped, 5);
}

TEST(HullCuts, RoundsAreTheLimit) {
  const TestNetwork network(2);
  const auto origin = own_origin(network.problem.graph);
  const Formulation plain = big_m(network.problem, network.bounds, origin);
  HullSettings settings;
  settings.rounds = 0;
  Formulation none = plain;
  EXPECT_EQ(add_hull_cuts(none, network.problem, network.bounds, origin, settings, Stop()).rounds, 0);
  EXPECT_EQ(none.model.rows(), plain.model.rows());
  settings.rounds = 1;
  Formulation once = plain;
  EXPECT_EQ(add_hull_cuts(once, network.problem, network.bounds, origin, settings, Stop()).rounds, 1);
}

TEST(HullCuts, NoTimeMeansNoCuts) {
  const TestNetwork network(2);
  const auto origin = own_origin(network.problem.graph);
  Formulation f = big_m(network.problem, network.bounds, origin);
  const int rows = f.model.rows();
  const HullReport report = add_hull_cuts(f, network.problem, network.bounds, origin, {}, Stop(0));
  EXPECT_FALSE(report.before);
  EXPECT_EQ(f.model.rows(), rows);
}

TEST(HullCuts, AnUnboundedRelaxationGetsNone) {
  TestNetwork network(2);
  lp::Model& frame = network.problem.frame.model;
  frame.add_column(-no_side, no_side, 1, false, "free");
  const auto origin = own_origin(network.problem.graph);
  Formulation f = big_m(network.problem, network.bounds, origin);
  const int rows = f.model.rows();
  EXPECT_EQ(add_hull_cuts(f, network.problem, network.bounds, origin, {}, Stop()).found, 0);
  EXPECT_EQ(f.model.rows(), rows);
}

TEST(HullCuts, AreTheSameInEveryRun) {
  const TestNetwork network(4);
  const auto origin = own_origin(network.problem.graph);
  Formulation first = big_m(network.problem, network.bounds, origin), second = first;
  add_hull_cuts(first, network.problem, network.bounds, origin, {}, Stop());
  add_hull_cuts(second, network.problem, network.bounds, origin, {}, Stop());
  EXPECT_EQ(lp::to_mps(first.model), lp::to_mps(second.model));
}

}  // namespace
}  // namespace secateur::mip
