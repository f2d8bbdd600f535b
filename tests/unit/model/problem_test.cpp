// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/core/version.hpp"
#include "secateur/model/json.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::model {
namespace {

using testing::HasSubstr;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// y0 = max(0, x0 - x1), y1 = x0 + 2 x1 + 0.5 by way of two units each.
Problem small_problem() {
  Problem problem;
  nn::Dense first{Matrix{{1, -1}, {1, 2}, {-1, -2}}, Vector{{0, 0, 0}}};
  nn::Dense second{Matrix{{1, 0, 0}, {0, 1, -1}}, Vector{{0, 0.5}}};
  problem.network.layers = {first, nn::Relu{}, second};
  problem.network.input_names = {"T", "p"};
  problem.network.output_names = {"yield", "cost"};
  problem.box = {Vector{{-1, -1}}, Vector{{1, 1}}};
  problem.objective = Vector{{2, -1}};
  return problem;
}

std::string refusal(const Problem& problem) {
  try {
    check(problem);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Problem, ObjectiveIsAForwardPass) {
  EXPECT_DOUBLE_EQ(objective_at(small_problem(), Vector{{0.5, -0.25}}), 2 * 0.75 - (0.5 - 0.5 + 0.5));
}

TEST(Problem, CheckRefusesWhatDoesNotFit) {
  EXPECT_EQ(refusal(small_problem()), "accepted");
  Problem problem = small_problem();
  problem.box = {Vector{{-1, 2}}, Vector{{1, 1}}};
  EXPECT_THAT(refusal(problem), HasSubstr("the interval of p has lower 2.0 > upper 1.0"));
  problem.box = {Vector{{-1.0, -infinity}}, Vector{{1.0, 1.0}}};
  EXPECT_THAT(refusal(problem), HasSubstr("the interval of p is not finite"));
  problem.box = {Vector{{-1, -1}}, Vector{{std::numeric_limits<double>::quiet_NaN(), 1}}};
  EXPECT_THAT(refusal(problem), HasSubstr("the interval of T is not finite"));
  problem.box = {Vector{{-1}}, Vector{{1}}};
  EXPECT_THAT(refusal(problem), HasSubstr("1 interval, but the network has 2 inputs"));
  problem = small_problem();
  problem.objective = Vector{{1}};
  EXPECT_THAT(refusal(problem), HasSubstr("1 coefficients, but the network has 2 outputs"));
  problem.objective = Vector{{0, 0}};
  EXPECT_THAT(refusal(problem), HasSubstr("every coefficient is zero"));
  problem.objective = Vector{{1, infinity}};
  EXPECT_THAT(refusal(problem), HasSubstr("the coefficient of cost is not a finite number"));
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
                                         "engine", "solver", "neurons", "version", "seed"));
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
  problem.network.input_names = {"x", "x"};
  SolveResult result;
  result.x = Vector{{1, 2}};
  EXPECT_EQ(to_json(result, problem, {})["x"].dump(), R"({"x":1.0,"x_2":2.0})");
}

}  // namespace
}  // namespace secateur::model
