// SPDX-License-Identifier: Apache-2.0
// What has to be true of every formulation: no point of the network is lost, in floating-point and in real arithmetic,
// and nothing but the network's points is left when the binaries are fixed.
#include "secateur/mip/formulation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/affine_range.hpp"
#include "secateur/graph/passes.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/hull.hpp"
#include "secateur/nn/evaluate.hpp"
#include "support/formulations.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur::mip {
namespace {

struct Kind {
  const char* name;
  FormulationSettings settings;
};

const Kind kinds_of_rows[] = {{"BigM", {model::Formulation::big_m, 1}},
                              {"TwoParts", {model::Formulation::partitioned, 2}},
                              {"ThreeParts", {model::Formulation::partitioned, 3}},
                              {"ManyParts", {model::Formulation::partitioned, 100}},
                              {"Hull", {model::Formulation::hull, 1}}};
const Kind kinds_with_conditions[] = {{"Indicator", {model::Formulation::indicator, 1}},
                                      {"Sos", {model::Formulation::sos, 1}}};

class EveryFormulation : public testing::TestWithParam<Kind> {
 protected:
  /// With the cuts, if it has any.
  static Formulation write(const model::Compiled& problem, const graph::NeuronBounds& bounds,
                           const std::vector<std::vector<graph::NeuronId>>& origin) {
    Formulation f = formulate_graph(problem, bounds, origin, GetParam().settings);
    if (GetParam().settings.kind == model::Formulation::hull) add_hull_cuts(f, problem, bounds, origin, {}, Stop());
    return f;
  }
};

TEST_P(EveryFormulation, ContainsEveryForwardPass) {
  int cuts = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    SCOPED_TRACE(seed);
    const bool simplified = seed >= 40;
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
    const Formulation f = write(problem, bounds, origin);
    for (const std::string& name : f.model.row_names) cuts += name.starts_with("hull_") ? 1 : 0;
    const bool has_binaries = GetParam().settings.kind != model::Formulation::sos;
    EXPECT_EQ(f.binaries, has_binaries ? graph::count_unstable(bounds) : 0);
    const auto sets = static_cast<Index>(f.model.sos1.size());
    EXPECT_EQ(sets, has_binaries ? 0 : graph::count_unstable(bounds));
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
  if (GetParam().settings.kind == model::Formulation::hull) {
    EXPECT_GT(cuts, 50);
  }
}

/// One neuron with three to five inputs, some weights zero, an error, over a box; bounds are the interval's or tighter
/// ones that sampled points do not need.
struct RandomNeuron {
  model::Compiled problem;
  graph::NeuronBounds bounds;
  std::vector<double> weights;
  double bias, error;
  Box box;

  explicit RandomNeuron(Rng& rng) {
    const Index inputs = 3 + rng.below(3);
    box = random_box(inputs, 2.0, rng);
    for (Index j = 0; j < inputs; ++j) weights.push_back(rng.below(6) == 0 ? 0.0 : rng.normal());
    double middle = 0;
    for (Index j = 0; j < inputs; ++j) {
      middle += weights[static_cast<std::size_t>(j)] * (box.lower(j) + box.upper(j)) / 2;
    }
    bias = -middle + 0.1 * rng.normal();
    error = rng.below(2) == 0 ? 0.0 : 1e-3 * rng.uniform();
    problem = one_neuron(weights, bias, error, box);
    bounds = bounds::interval(problem.graph, box);
  }
  [[nodiscard]] bool unstable() const { return bounds[0].lower(0) < 0 && bounds[0].upper(0) > 0; }
};

TEST_P(EveryFormulation, LosesNoPointInRealArithmetic) {
  // z = w v + b + e for corners and inner points v of the box and e at both ends of the error and at zero, all
  // rational: the point that the derivation names satisfies every row exactly. With a zero tolerance, rounding one
  // coefficient the wrong way is an error.
  int points = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const RandomNeuron neuron(rng);
    if (!neuron.unstable()) continue;
    const Formulation f = write(neuron.problem, neuron.bounds, own_origin(neuron.problem.graph));
    const NeuronColumns& columns = f.neurons[0][0];
    for (int k = 0; k < 40; ++k) {
      std::vector<mpq_class> point(static_cast<std::size_t>(f.model.columns()), 0);
      mpq_class z = neuron.bias;
      for (Index j = 0; j < neuron.box.size(); ++j) {
        const auto i = static_cast<std::size_t>(j);
        const auto where = rng.below(3);
        point[i] = where == 0   ? neuron.box.lower(j)
                   : where == 1 ? neuron.box.upper(j)
                                : neuron.box.lower(j) + rng.uniform() * (neuron.box.upper(j) - neuron.box.lower(j));
        z += mpq_class(neuron.weights[i]) * point[i];
      }
      z += mpq_class(neuron.error) * (static_cast<int>(rng.below(3)) - 1);
      const bool on = z > 0;
      point[static_cast<std::size_t>(columns.activation)] = on ? z : mpq_class(0);
      if (columns.binary >= 0) point[static_cast<std::size_t>(columns.binary)] = on ? 1 : 0;
      if (columns.slack >= 0) point[static_cast<std::size_t>(columns.slack)] = on ? mpq_class(0) : mpq_class(-z);
      for (const PartColumn& part : columns.parts) {
        mpq_class sum = 0;
        for (const auto& [column, weight] : part.terms) {
          sum += mpq_class(weight) * point[static_cast<std::size_t>(column)];
        }
        point[static_cast<std::size_t>(part.column)] = on ? sum : mpq_class(0);
      }
      point[static_cast<std::size_t>(neuron.problem.frame.outputs[0])] =
          point[static_cast<std::size_t>(columns.activation)];
      EXPECT_TRUE(holds_exactly(f.model, point));
      ++points;
    }
  }
  EXPECT_GT(points, 2000);
}

class EveryFormulationOfRows : public EveryFormulation {};

TEST_P(EveryFormulationOfRows, LeavesNothingButTheReluWhenTheBinaryIsFixed) {
  const auto session = lp::make_session();
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    RandomNeuron neuron(rng);
    if (!neuron.unstable()) continue;
    neuron.problem.graph.layers[0].error(0) = 0;
    const Formulation f = write(neuron.problem, neuron.bounds, own_origin(neuron.problem.graph));
    for (int k = 0; k < 4; ++k) {
      const Vector x = random_point(neuron.box, rng);
      const double z = graph::preactivations(neuron.problem.graph, x)[0](0);
      for (const int delta : {0, 1}) {
        session->load(f.model);
        for (Index j = 0; j < x.size(); ++j) session->set_column_bounds(static_cast<int>(j), x(j), x(j));
        session->set_column_bounds(f.neurons[0][0].binary, delta, delta);
        const lp::Outcome least = session->run_relaxation();
        if (std::abs(z) < 1e-5) continue;
        if ((z > 0) != (delta == 1)) {
          EXPECT_EQ(least.status, Status::infeasible);
          continue;
        }
        session->set_sense(Sense::maximize);
        EXPECT_NEAR(least.objective.value(), std::max(0.0, z), 1e-6);
        EXPECT_NEAR(session->run_relaxation().objective.value(), std::max(0.0, z), 1e-6);
      }
    }
  }
}

std::string name_of(const testing::TestParamInfo<Kind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Rows, EveryFormulation, testing::ValuesIn(kinds_of_rows), name_of);
INSTANTIATE_TEST_SUITE_P(Conditions, EveryFormulation, testing::ValuesIn(kinds_with_conditions), name_of);
INSTANTIATE_TEST_SUITE_P(Rows, EveryFormulationOfRows, testing::ValuesIn(kinds_of_rows), name_of);

TEST(Formulation, IndicatorsAndSetsSayWhatTheDerivationSays) {
  // z = x0 - 2 x1 + 1/2 +- 1/4 over [0, 1]^2.
  const Box box{Vector{{0, 0}}, Vector{{1, 1}}};
  const model::Compiled problem = one_neuron({1, -2}, 0.5, 0.25, box);
  const graph::NeuronBounds bounds{{Vector{{-1.75}}, Vector{{1.75}}}, {Vector{{0}}, Vector{{2}}}};
  const auto origin = own_origin(problem.graph);
  const lp::Model indicator = formulate_graph(problem, bounds, origin, {model::Formulation::indicator}).model;
  ASSERT_EQ(indicator.indicators.size(), 2U);
  const lp::Indicator& active = indicator.indicators[0];
  EXPECT_EQ(active.value, 1);
  EXPECT_EQ(active.columns, (std::vector<int>{3, 0, 1}));
  EXPECT_EQ(active.coefficients, (std::vector<double>{1, -1, 2}));
  EXPECT_NEAR(active.upper, 0.75, 1e-15);
  EXPECT_GE(active.upper, 0.75);
  EXPECT_EQ(indicator.indicators[1].value, 0);
  EXPECT_EQ(indicator.indicators[1].upper, 0);
  const lp::Model sos = formulate_graph(problem, bounds, origin, {model::Formulation::sos}).model;
  ASSERT_EQ(sos.sos1.size(), 1U);
  EXPECT_EQ(sos.sos1[0].columns, (std::vector<int>{3, 4}));
  EXPECT_EQ(sos.column_upper[4], 1.75);
  EXPECT_EQ(std::count(sos.integer.begin(), sos.integer.end(), true), 0);
}

TEST(Formulation, RefusesNoPartition) {
  Rng rng(1);
  const RandomNeuron neuron(rng);
  EXPECT_THROW(formulate_graph(neuron.problem, neuron.bounds, own_origin(neuron.problem.graph),
                               {model::Formulation::partitioned, 0}),
               std::invalid_argument);
}

TEST(Formulation, BoundsOfValuesAreThoseOfInputsAndActivations) {
  Rng rng(3);
  const RandomNeuron neuron(rng);
  const Box values = value_bounds(neuron.problem.graph, neuron.bounds);
  ASSERT_EQ(values.size(), neuron.box.size() + 1);
  EXPECT_EQ(values.lower.head(neuron.box.size()), neuron.box.lower);
  EXPECT_EQ(values.upper.head(neuron.box.size()), neuron.box.upper);
  EXPECT_EQ(values.lower(neuron.box.size()), std::max(0.0, neuron.bounds[0].lower(0)));
  EXPECT_EQ(values.upper(neuron.box.size()), std::max(0.0, neuron.bounds[0].upper(0)));
}

}  // namespace
}  // namespace secateur::mip
