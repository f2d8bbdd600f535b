// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/core/version.hpp"
#include "secateur/model/compile.hpp"
#include "secateur/model/json.hpp"
#include "secateur/model/solve.hpp"
#include "support/over_box.hpp"

namespace secateur::model {
namespace {

using testing::HasSubstr;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// y0 = max(0, x0 - x1), y1 = x0 + 2 x1 + 0.5 by way of two units each.
OverBox small() {
  OverBox problem;
  nn::Dense first{Matrix{{1, -1}, {1, 2}, {-1, -2}}, Vector{{0, 0, 0}}};
  nn::Dense second{Matrix{{1, 0, 0}, {0, 1, -1}}, Vector{{0, 0.5}}};
  problem.network.layers = {first, nn::Relu{}, second};
  problem.network.input_names = {"T", "p"};
  problem.network.output_names = {"yield", "cost"};
  problem.box = {Vector{{-1, -1}}, Vector{{1, 1}}};
  problem.objective = Vector{{2, -1}};
  return problem;
}

Problem small_problem() { return small(); }

template <class Action>
std::string refusal_of(Action&& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusal(const OverBox& problem) {
  return refusal_of([&] { check(Problem(problem)); });
}

std::string refusal(const Problem& problem) {
  return refusal_of([&] { check(problem, "p.json"); });
}

TEST(Problem, OverABoxHasAVariableAnInputAndAnOutput) {
  const Problem problem = small_problem();
  ASSERT_EQ(problem.variables.size(), 4u);
  EXPECT_EQ(problem.variables[1].name, "p");
  EXPECT_EQ(problem.variables[1].lower, -1);
  EXPECT_EQ(problem.variables[3].name, "cost");
  EXPECT_EQ(problem.variables[3].upper, infinity);
  const Structure parts = structure(problem);
  EXPECT_THAT(parts.decisions, testing::ElementsAre(0, 1));
  EXPECT_THAT(parts.determined, testing::ElementsAre(2, 3));
  const Vector point = complete(problem, parts, Vector{{0.5, -0.25, 7, 7}});
  EXPECT_EQ(point, (Vector{{0.5, -0.25, 0.75, 0.5}}));
  EXPECT_DOUBLE_EQ(objective_at(problem, point), 2 * 0.75 - 0.5);
}

TEST(Problem, OverABoxRefusesWhatDoesNotFit) {
  EXPECT_EQ(refusal(small()), "accepted");
  OverBox problem = small();
  problem.box = {Vector{{-1, 2}}, Vector{{1, 1}}};
  EXPECT_THAT(refusal(problem), HasSubstr("the interval of p has lower 2.0 > upper 1.0"));
  problem.box = {Vector{{-1.0, -infinity}}, Vector{{1.0, 1.0}}};
  EXPECT_THAT(refusal(problem), HasSubstr("the interval of p is not finite"));
  problem.box = {Vector{{-1, -1}}, Vector{{std::numeric_limits<double>::quiet_NaN(), 1}}};
  EXPECT_THAT(refusal(problem), HasSubstr("the interval of T is not finite"));
  problem.box = {Vector{{-1}}, Vector{{1}}};
  EXPECT_THAT(refusal(problem), HasSubstr("1 interval, but the network has 2 inputs"));
  problem = small();
  problem.objective = Vector{{1}};
  EXPECT_THAT(refusal(problem), HasSubstr("1 coefficients, but the network has 2 outputs"));
  problem.objective = Vector{{0, 0}};
  EXPECT_THAT(refusal(problem), HasSubstr("every coefficient is zero"));
  problem.objective = Vector{{1, infinity}};
  EXPECT_THAT(refusal(problem), HasSubstr("the coefficient of cost is not a finite number"));
}

TEST(Problem, CheckRefusesVariablesThatMeanNothing) {
  const auto with = [](const Variable& variable) {
    Problem problem = small_problem();
    problem.add_variable(variable);
    return refusal(problem);
  };
  EXPECT_EQ(with({"v", "", VariableType::continuous, -infinity, infinity, {}}), "accepted");
  EXPECT_EQ(with({"v", "", VariableType::continuous, 2, 1, {}}),
            "p.json: variables[4] \"v\": the bounds contradict each other: lower 2 > upper 1");
  EXPECT_THAT(with({"v", "", VariableType::continuous, infinity, infinity, {}}), HasSubstr("on the wrong side"));
  EXPECT_EQ(with({"v", "", VariableType::integer, -0.5, 0.5, {}}), "accepted");
  EXPECT_THAT(with({"v", "", VariableType::integer, 0.25, 0.75, {}}),
              HasSubstr("no integer lies between lower 0.25 and upper 0.75"));
  EXPECT_THAT(with({"v", "", VariableType::integer, 1.5, 1.5, {}}),
              HasSubstr("an integer variable is fixed at 1.5, which is no integer"));
  EXPECT_THAT(with({"v", "", VariableType::binary, 0, 2, {}}), HasSubstr("have to be 0 or 1; found lower 0, upper 2"));
  EXPECT_THAT(with({"v", "", VariableType::discrete, 0, 2, {}}), HasSubstr("needs at least one value"));
  EXPECT_THAT(with({"v", "", VariableType::discrete, 0, 2, {1, 1}}), HasSubstr("ascending, each once"));
  EXPECT_THAT(with({"v", "", VariableType::discrete, 0, 2, {3, 4}}), HasSubstr("no value lies between"));
  EXPECT_THAT(with({"v", "", VariableType::continuous, 0, 2, {1}}), HasSubstr("only a discrete variable has values"));
}

TEST(Problem, CheckRefusesConstraintsAndBindingsThatMeanNothing) {
  Problem problem = small_problem();
  problem.add_constraint("c", {{2, 1}}, 3, 2);
  EXPECT_THAT(refusal(problem), HasSubstr("constraints[0] \"c\": the sides contradict each other: lower 3 > upper 2"));
  problem = small_problem();
  problem.add_constraint("c", {{9, 1}}, 0, 2);
  EXPECT_THAT(refusal(problem), HasSubstr("refers to variable 9 of 4"));
  problem = small_problem();
  problem.objective.push_back({0, infinity});
  EXPECT_THAT(refusal(problem), HasSubstr("objective: a coefficient is not a finite number"));
  problem = small_problem();
  problem.networks[0].inputs = {0};
  EXPECT_THAT(refusal(problem), HasSubstr("1 input, but the network has 2 inputs"));
  problem = small_problem();
  problem.networks[0].outputs = {2, 2};
  EXPECT_THAT(refusal(problem), HasSubstr("\"yield\" is an output of this network and of \"network\""));
  problem = small_problem();
  problem.networks[0].inputs = {0, 3};
  EXPECT_THAT(refusal(problem), HasSubstr("in a cycle"));
}

/// u = T - p from one network, fed to a second: v = max(0, u) + 1. n is an integer, d one of three values.
Problem chained() {
  Problem problem;
  problem.add_variable({"v", "", VariableType::continuous, -infinity, infinity, {}});
  problem.add_variable({"u", "", VariableType::continuous, -infinity, infinity, {}});
  problem.add_variable({"T", "K", VariableType::continuous, -1, 1, {}});
  problem.add_variable({"d", "", VariableType::discrete, -1, 1, {-0.5, 0.25, 1, 7}});
  problem.add_variable({"n", "", VariableType::integer, -2.5, 2.5, {}});
  nn::Network difference, hinge;
  difference.layers = {nn::Dense{Matrix{{1, -1}}, Vector{{0}}}};
  difference.input_names = nn::default_names("x", 2);
  difference.output_names = nn::default_names("y", 1);
  hinge.layers = {nn::Dense{Matrix{{1}}, Vector{{0}}}, nn::Relu{}, nn::Dense{Matrix{{1}}, Vector{{1}}}};
  hinge.input_names = nn::default_names("x", 1);
  hinge.output_names = nn::default_names("y", 1);
  problem.add_network("hinge", hinge, {1}, {0});
  problem.add_network("difference", difference, {2, 3}, {1});
  problem.add_constraint("together", {{0, 1}, {4, 2}}, -infinity, 3);
  problem.objective = {{0, 1}, {4, -1}};
  problem.constant = 10;
  return problem;
}

TEST(Problem, NetworksAreEvaluatedInTheOrderOfTheirBindings) {
  const Problem problem = chained();
  check(problem);
  const Structure parts = structure(problem);
  EXPECT_THAT(parts.order, testing::ElementsAre(1, 0));
  EXPECT_THAT(parts.decisions, testing::ElementsAre(2, 3, 4));
  const Vector point = complete(problem, parts, Vector{{0, 0, 0.75, 0.25, 2}});
  EXPECT_EQ(point, (Vector{{1.5, 0.5, 0.75, 0.25, 2}}));
  EXPECT_DOUBLE_EQ(objective_at(problem, point), 1.5 - 2 + 10);
}

TEST(Problem, AdmissiblePointsAreInsideBoundsAndTypes) {
  const Problem problem = chained();
  const Vector point = admissible(problem, structure(problem), Vector{{5, 5, -3, 0.7, -2.5}});
  EXPECT_EQ(point, (Vector{{5, 5, -1, 1, -2}}));
}

TEST(Problem, ViolationIsTheLargestOfAll) {
  const Problem problem = chained();
  EXPECT_EQ(violation(problem, Vector{{1.5, 0.5, 0.75, 0.25, 0}}), 0);
  EXPECT_DOUBLE_EQ(violation(problem, Vector{{1.5, 0.5, 0.75, 0.25, 1}}), 0.5 / 3);  // together: 3.5 > 3
  EXPECT_DOUBLE_EQ(violation(problem, Vector{{1.5, 0.5, 3, 0.25, 0}}), 2);           // T > 1
  EXPECT_DOUBLE_EQ(violation(problem, Vector{{1.5, 0.5, 0, 0.375, 0}}), 0.125);      // d is none of its values
  EXPECT_DOUBLE_EQ(violation(problem, Vector{{1.5, 0.5, 0, 0.25, -0.25}}), 0.25);    // n is no integer
}

TEST(Compile, TheGraphAgreesWithForwardPasses) {
  const Problem problem = chained();
  const Structure parts = structure(problem);
  const Compiled compiled = compile(problem, parts, frame_of(problem));
  EXPECT_THAT(compiled.frame.inputs, testing::ElementsAre(2, 3, 4));
  EXPECT_THAT(compiled.frame.outputs, testing::ElementsAre(0, 1, -1, -1));
  EXPECT_EQ(compiled.objective.output, 2);
  EXPECT_TRUE(compiled.objective.whole);
  ASSERT_EQ(compiled.constraints.size(), 1u);
  EXPECT_EQ(compiled.constraints[0].output, 3);
  EXPECT_EQ(compiled.graph.domain.lower, (Vector{{-1, -0.5, -2}}));
  EXPECT_EQ(compiled.graph.domain.upper, (Vector{{1, 1, 2}}));
  for (const Vector& x : {Vector{{0.75, 0.25, 2}}, Vector{{-1, 1, 0}}, Vector{{1, -0.5, -1}}}) {
    Vector point = Vector::Zero(5);
    point.tail(3) = x;
    point = complete(problem, parts, point);
    const Matrix y = graph::evaluate(compiled.graph, x.transpose());
    EXPECT_DOUBLE_EQ(y(0, 0), point(0));
    EXPECT_DOUBLE_EQ(y(0, 1), point(1));
    EXPECT_DOUBLE_EQ(y(0, 2), objective_at(problem, point));
    EXPECT_DOUBLE_EQ(y(0, 3), point(0) + 2 * point(4));
  }
}

TEST(Compile, DiscreteValuesAreSelected) {
  const Problem problem = chained();
  const Frame frame = frame_of(problem);
  // The value 7 is outside the bounds.
  EXPECT_THAT(frame.model.column_names, testing::ElementsAre("v", "u", "T", "d", "n", "d_is_0", "d_is_1", "d_is_2"));
  EXPECT_THAT(frame.model.row_names, testing::ElementsAre("together", "d_is_one_of", "d_value"));
  const Vector columns = frame_point(problem, frame, Vector{{1.5, 0.5, 0.75, 0.25, 0}});
  EXPECT_EQ(columns, (Vector{{1.5, 0.5, 0.75, 0.25, 0, 0, 1, 0}}));
}

TEST(Compile, VariablesWithoutFiniteBoundsStayOutsideTheGraph) {
  Problem problem = chained();
  problem.variables[4].lower = -infinity;
  const Compiled compiled = compile(problem, structure(problem), frame_of(problem));
  EXPECT_THAT(compiled.frame.inputs, testing::ElementsAre(2, 3));
  EXPECT_FALSE(compiled.objective.whole);
  EXPECT_FALSE(compiled.constraints[0].whole);
  problem.variables[2].upper = infinity;
  EXPECT_EQ(refusal_of([&] { compile(problem, structure(problem), frame_of(problem)); }),
            "\"T\" is an input of the network \"difference\" and has no finite bounds, also after propagating the "
            "constraints; give it lower and upper");
}

TEST(Note, GrowsByWhatThereIsToSay) {
  SolveResult result;
  add_note(result, "");
  EXPECT_EQ(result.note, "");
  add_note(result, "one");
  add_note(result, "");
  add_note(result, "two");
  EXPECT_EQ(result.note, "one; two");
}

TEST(Gap, IsNeverNegativeAndKnowsItsSense) {
  EXPECT_DOUBLE_EQ(relative_gap(-2, -3, Sense::minimize), 0.5);
  EXPECT_DOUBLE_EQ(relative_gap(2, 3, Sense::maximize), 0.5);
  EXPECT_EQ(relative_gap(-3, -2, Sense::minimize), 0);
  EXPECT_EQ(relative_gap(3, 2, Sense::maximize), 0);
  EXPECT_DOUBLE_EQ(relative_gap(0, -1e-9, Sense::minimize), 1);
}

TEST(Gap, IsClosedByEitherTolerance) {
  SolveSettings settings;
  settings.gap = 1e-3;
  settings.absolute_gap = 1e-6;
  EXPECT_TRUE(gap_closed(-1000, -1000.9, Sense::minimize, settings));
  EXPECT_FALSE(gap_closed(-1000, -1001.1, Sense::minimize, settings));
  EXPECT_TRUE(gap_closed(1e-9, -9e-7, Sense::minimize, settings));
  EXPECT_FALSE(gap_closed(1e-9, -2e-6, Sense::minimize, settings));
  EXPECT_TRUE(gap_closed(1000, 1000.9, Sense::maximize, settings));
  EXPECT_FALSE(gap_closed(1000, 1001.1, Sense::maximize, settings));
}

TEST(ResultJson, HasEveryKeyInOrder) {
  SolveResult result;
  result.status = Status::optimal;
  result.objective = -1.5;
  result.bound = -1.50001;
  result.gap = relative_gap(-1.5, -1.50001, Sense::minimize);
  result.proof = Proof::rounding_safe;
  result.x = Vector{{0.25, -1}};
  result.y = Vector{{1, 3.5}};
  result.seconds = {1.5, 0.25, 1.0};
  result.nodes = 17;
  result.solver = "HiGHS 1.15.1";
  result.neurons = {3, 2, 1};
  SolveSettings settings;
  settings.seed = 18446744073709551615U;
  const auto json = to_json(result, small_problem(), settings);
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("status", "objective", "bound", "gap", "proof", "x", "y", "seconds", "nodes",
                                         "boxes", "engine", "solver", "neurons", "version", "seed"));
  EXPECT_EQ(json["status"], "optimal");
  EXPECT_EQ(json["proof"], "rounding_safe");
  EXPECT_EQ(json["x"].dump(), R"({"T":0.25,"p":-1.0})");
  EXPECT_EQ(json["y"].dump(), R"({"yield":1.0,"cost":3.5})");
  EXPECT_EQ(json["seconds"].dump(), R"({"total":1.5,"bounds":0.25,"solve":1.0})");
  EXPECT_EQ(json["neurons"].dump(), R"({"total":3,"unstable":2,"binaries":1})");
  EXPECT_EQ(json["engine"], "milp");
  EXPECT_EQ(json["version"], version);
  EXPECT_EQ(json["seed"], 18446744073709551615U);
}

TEST(ResultJson, WhatIsNotKnownIsNull) {
  SolveResult result;
  result.objective = infinity;
  const auto json = to_json(result, small_problem(), {});
  for (const char* key : {"objective", "bound", "gap", "proof", "x", "y"}) EXPECT_TRUE(json[key].is_null()) << key;
  EXPECT_EQ(json["status"], "interrupted");
}

TEST(ResultJson, EqualNamesLoseNoValue) {
  Problem problem = small_problem();
  problem.variables[0].name = problem.variables[1].name = "x";
  SolveResult result;
  result.x = Vector{{1, 2}};
  EXPECT_EQ(to_json(result, problem, {})["x"].dump(), R"({"x":1.0,"x_2":2.0})");
}

}  // namespace
}  // namespace secateur::model
