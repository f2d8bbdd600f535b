// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/constants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "secateur/lp/session.hpp"
#include "secateur/mip/neuron.hpp"
#include "secateur/mip/prepare.hpp"
#include "secateur/mip/solve.hpp"
#include "support/over_box.hpp"

namespace secateur::mip {
namespace {

using model::BigM, model::Binaries;

/// Neurons: unstable in both, active here and unstable there, unstable here and active there, active in both.
const graph::NeuronBounds bounds{{Vector{{-1, 1, -1, 1}}, Vector{{2, 2, 2, 2}}}, {Vector{{0}}, Vector{{1}}}};
const graph::NeuronBounds reference{{Vector{{-3, -1, 1, 0}}, Vector{{1, 3, 5, 3}}}, {Vector{{-9}}, Vector{{9}}}};

TEST(FormulationBounds, TightAndUnstableAreTheBoundsThemselves) {
  const auto result = formulation_bounds(bounds, reference, BigM::tight, Binaries::unstable);
  EXPECT_EQ(result[0].lower, bounds[0].lower);
  EXPECT_EQ(result[0].upper, bounds[0].upper);
}

TEST(FormulationBounds, LooseTakesTheUnionWhereBothAreUnstable) {
  const auto result = formulation_bounds(bounds, reference, BigM::loose, Binaries::unstable);
  EXPECT_EQ(result[0].lower, (Vector{{-3, 1, -1, 1}}));
  EXPECT_EQ(result[0].upper, (Vector{{2, 2, 2, 2}}));
  EXPECT_EQ(result[1].lower, bounds[1].lower);
  EXPECT_EQ(result[1].upper, bounds[1].upper);
}

TEST(FormulationBounds, AllTakesTheUnionWhereOnlyTheReferenceIsUnstable) {
  const auto result = formulation_bounds(bounds, reference, BigM::tight, Binaries::all);
  EXPECT_EQ(result[0].lower, (Vector{{-1, -1, -1, 1}}));
  EXPECT_EQ(result[0].upper, (Vector{{2, 3, 2, 2}}));
}

TEST(FormulationBounds, RefusesOtherShapes) {
  EXPECT_THROW(formulation_bounds(bounds, {reference[0]}, BigM::loose, Binaries::all), std::invalid_argument);
  EXPECT_THROW(formulation_bounds(bounds, {reference[1], reference[1]}, BigM::loose, Binaries::all),
               std::invalid_argument);
}

/// With s = |x| in [0, 1], which intervals take for [0, 2]: a_0 = 3/2 - s is active and a_1 = max(0, s - 1/2) is at
/// most 1/2; intervals make that unstable and at most 3/2. The maximum of y = a_0 + 2 a_1 is 3/2. |x| has one binary.
OverBox problem() {
  nn::Network network;
  network.layers = {nn::Dense{Matrix{{1}, {-1}}, Vector{{0, 0}}}, nn::Relu{},
                    nn::Dense{Matrix{{-1, -1}, {1, 1}}, Vector{{1.5, -0.5}}}, nn::Relu{},
                    nn::Dense{Matrix{{1, 2}}, Vector{{0}}}};
  network.input_names = {"x"};
  network.output_names = {"y"};
  return {network, {Vector{{-1}}, Vector{{1}}}, Vector{{1}}, Sense::maximize};
}

TEST(Switches, ChangeTheModelAndNotTheOptimum) {
  std::vector<std::int64_t> binaries;
  std::vector<double> relaxations;
  for (const Binaries which : {Binaries::unstable, Binaries::all}) {
    for (const BigM big_m : {BigM::tight, BigM::loose}) {
      model::SolveSettings settings;
      settings.bounds = graph::BoundsMethod::lp;
      settings.big_m = big_m;
      settings.binaries = which;
      const model::SolveResult result = solve(problem(), settings);
      EXPECT_EQ(result.status, Status::optimal);
      EXPECT_NEAR(result.objective.value(), 1.5, 1e-6);
      binaries.push_back(result.neurons.binaries);
      const auto session = lp::make_session();
      lp::Model model = formulate(problem(), settings);
      model.column_upper[1] = no_side;  // what bounds say of y alone
      session->load(model);
      relaxations.push_back(session->run_relaxation().objective.value());
    }
  }
  EXPECT_THAT(binaries, testing::ElementsAre(2, 2, 3, 3));
  // a_1 <= u s: u = 1/2 or 3/4; a_0 <= 3/2 - s or 3/4 (2 - s).
  const auto about = [](double value) { return testing::DoubleNear(value, 1e-6); };
  EXPECT_THAT(relaxations, testing::ElementsAre(about(1.5), about(2), about(1.75), about(2.25)));
}

TEST(Switches, TakeTheReferenceThatIsGiven) {
  const OverBox stated = problem();
  const model::Problem asked = stated;
  model::SolveSettings settings;
  settings.binaries = Binaries::all;
  settings.big_m = BigM::loose;
  graph::NeuronBounds wide{
      {Vector{{-7, -7}}, Vector{{7, 7}}}, {Vector{{-9, -9}}, Vector{{9, 9}}}, {Vector{{-99}}, Vector{{99}}}};
  const Prepared prepared = prepare(asked, model::structure(asked), settings, &wide);
  EXPECT_EQ(prepared.constants[0].lower(0), -7);
  EXPECT_EQ(prepared.constants[1].upper(1), 9);
  EXPECT_GT(prepared.bounds[1].lower(1), -9);
  EXPECT_EQ(formulation_of(prepared, settings, Stop()).binaries, 3);
  const model::SolveResult result = solve(asked, settings, {}, {}, &wide);
  EXPECT_EQ(result.neurons.binaries, 3);
  EXPECT_NEAR(result.objective.value(), 1.5, 1e-6);
}

}  // namespace
}  // namespace secateur::mip
