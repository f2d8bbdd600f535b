// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/final_activation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/core/error.hpp"
#include "secateur/mip/property.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/nn/evaluate.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur::mip {
namespace {

using testing::HasSubstr;

OverBox ending_in(nn::Activation activation, Index outputs, std::uint64_t seed, const Vector& objective, Sense sense) {
  Rng rng(seed);
  OverBox problem;
  problem.network = random_network({{2, 7, 6, outputs}, 1, false, 0}, rng);
  problem.network.activation = activation;
  problem.box = {Vector::Constant(2, -1.0), Vector::Constant(2, 1.0)};
  problem.objective = objective;
  problem.sense = sense;
  return problem;
}

class FinalActivation : public testing::TestWithParam<nn::Activation> {};

TEST_P(FinalActivation, TheOptimumIsThatOfTheStoredNetwork) {
  const nn::Activation activation = GetParam();
  const Index outputs = activation == nn::Activation::sigmoid ? 3 : 2;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    Vector objective = Vector::Zero(outputs);
    objective(1) = seed % 3 == 0 ? -2.5 : 1.5;
    const OverBox problem =
        ending_in(activation, outputs, seed, objective, seed % 2 == 0 ? Sense::minimize : Sense::maximize);
    const model::SolveResult result = solve(problem, {});
    ASSERT_EQ(result.status, Status::optimal);
    EXPECT_THAT(result.note, HasSubstr(std::string(to_string(activation))));
    EXPECT_EQ(*result.objective, objective_at(problem, result.x));
    EXPECT_LE(*result.gap, 1e-4);
    const double sign = problem.sense == Sense::minimize ? 1 : -1;
    EXPECT_LE(sign * *result.bound, sign * *result.objective);
    double best = std::numeric_limits<double>::infinity();
    Rng rng(seed);
    for (int k = 0; k < 3000; ++k) {
      const double value = sign * objective_at(problem, random_point(problem.box, rng));
      ASSERT_LE(sign * *result.bound, value);
      best = std::min(best, value);
    }
    EXPECT_LE(sign * *result.objective, best + 1e-4 * std::abs(best));
  }
}

INSTANTIATE_TEST_SUITE_P(Activations, FinalActivation,
                         testing::Values(nn::Activation::sigmoid, nn::Activation::softmax, nn::Activation::log_softmax),
                         [](const auto& instance) { return std::string(to_string(instance.param)); });

TEST(FinalActivationBound, IsOutwardOfTheFunction) {
  WithoutActivation without;
  for (const nn::Activation activation : {nn::Activation::sigmoid, nn::Activation::log_softmax}) {
    without.activation = activation;
    for (const double z : {-800.0, -40.0, -1.0, 0.0, 0.3, 5.0, 40.0, 800.0}) {
      const long double f = activation == nn::Activation::sigmoid ? 1 / (1 + std::exp(-static_cast<long double>(z)))
                                                                  : -std::log1p(std::exp(-static_cast<long double>(z)));
      for (const double coefficient : {2.0, -3.0}) {
        without.coefficient = coefficient;
        without.constant = 0.25;
        const long double exact = coefficient * f + 0.25L;
        // z times the sign of the coefficient is what is optimised.
        const double bound = coefficient < 0 ? -z : z;
        without.problem.sense = Sense::minimize;
        EXPECT_LE(without.objective_bound(bound), exact) << z << " " << coefficient;
        EXPECT_NEAR(without.objective_bound(bound), static_cast<double>(exact), 1e-13 * (1 + std::abs(z)));
        without.problem.sense = Sense::maximize;
        EXPECT_GE(without.objective_bound(bound), exact) << z << " " << coefficient;
      }
    }
  }
}

std::string refusal(const model::Problem& problem) {
  try {
    solve(problem, {});
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(FinalActivation, IsRefusedWhereLeavingItOutWouldNotBeExact) {
  EXPECT_THAT(refusal(ending_in(nn::Activation::softmax, 3, 1, Vector{{1, 0, 0}}, Sense::minimize)),
              HasSubstr("it is over 3 outputs"));
  EXPECT_THAT(refusal(ending_in(nn::Activation::sigmoid, 2, 1, Vector{{1, 1}}, Sense::minimize)),
              HasSubstr("the objective has more than one term"));
  model::Problem problem = ending_in(nn::Activation::sigmoid, 2, 1, Vector{{1, 0}}, Sense::minimize);
  problem.add_constraint("cap", {{3, 1}}, 0, 0.5);
  EXPECT_THAT(refusal(problem), HasSubstr("the constraint \"cap\" reads its outputs"));
  problem = ending_in(nn::Activation::sigmoid, 2, 1, Vector{{1, 0}}, Sense::minimize);
  problem.variables[2].lower = 0.1;
  EXPECT_THAT(refusal(problem), HasSubstr("has bounds or a type of its own"));
  problem.variables[2].lower = -std::numeric_limits<double>::infinity();
  problem.objective = {{0, 1}};
  EXPECT_THAT(refusal(problem), HasSubstr("the objective is not one of its outputs"));
  EXPECT_THROW(formulate(ending_in(nn::Activation::sigmoid, 1, 1, Vector{{1}}, Sense::minimize), {}), InputError);
}

TEST(FinalActivation, PropertiesMayCompareOutputs) {
  const OverBox problem = ending_in(nn::Activation::softmax, 3, 4, Vector{{1, 0, 0}}, Sense::minimize);
  const Vector middle = nn::evaluate(problem.network, Vector(Vector::Zero(2)));
  Index top = 0;
  middle.maxCoeff(&top);
  const int other = top == 0 ? 1 : 0;
  model::Property property;
  // Near the middle of the box the largest output stays the largest ...
  model::Conjunction near{{Vector::Constant(2, -1e-3), Vector::Constant(2, 1e-3)}, {}};
  near.constraints.push_back({{}, {{static_cast<int>(top), 1.0}, {other, -1.0}}, 0, false});
  property.disjuncts = {near};
  EXPECT_EQ(decide(problem.network, property, {}).verdict, Verdict::unsat);
  // ... which a property that asks for exactly that confirms with a witness.
  property.disjuncts[0].constraints[0].y = {{static_cast<int>(top), -1.0}, {other, 1.0}};
  const PropertyResult found = decide(problem.network, property, {});
  EXPECT_EQ(found.verdict, Verdict::sat);
  EXPECT_NEAR(found.y.sum(), 1, 1e-12);
  property.disjuncts[0].constraints[0] = {{}, {{0, 1.0}}, 0.5, false};
  EXPECT_THROW(decide(problem.network, property, {}), InputError);
}

}  // namespace
}  // namespace secateur::mip
