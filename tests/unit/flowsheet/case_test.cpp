// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/core/error.hpp"

namespace secateur::flowsheet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Vector point(std::initializer_list<double> values) {
  Vector result(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(Cases, AreFoundByName) {
  for (const Case& one : cases()) EXPECT_EQ(&find_case(one.flowsheet, one.name), &one);
  EXPECT_EQ(cases().size(), 5U);
  EXPECT_EQ(refusal([] { find_case("williams-otto", "bases"); }),
            "unknown case \"bases\" of williams-otto; allowed: base, permit, catalogue, roi");
  EXPECT_EQ(refusal([] { find_case("otto", "base"); }),
            "unknown flowsheet \"otto\"; allowed: williams-otto, hda, or a file SPEC.json");
}

TEST(Cases, NamesFollowTheNetwork) {
  EXPECT_THAT(find_case("williams-otto", "base").inputs(), ElementsAre("V", "T", "F_A", "F_B", "eta"));
  EXPECT_THAT(find_case("williams-otto", "base").outputs(), ElementsAre("gross", "F_P", "F_G"));
  EXPECT_THAT(find_case("williams-otto", "roi").inputs(), ElementsAre("T", "F_A", "F_B", "eta"));
  EXPECT_THAT(find_case("hda", "base").outputs(), ElementsAre("cost", "n_B", "n_T", "loss"));
}

TEST(Cases, ReferencesAreWhatTheSimulatorGives) {
  for (const Case& one : cases()) {
    ASSERT_TRUE(one.reference);
    const Case::Evaluation found = one.evaluate(one.reference->x);
    ASSERT_TRUE(found.simulation.converged);
    EXPECT_NEAR(found.objective, one.reference->objective, 1e-7 * one.reference->objective) << one.name;
    EXPECT_LE(found.violation, 1e-7) << one.name;
  }
}

TEST(Cases, AnEvaluationIsTheSimulatorsWord) {
  const Case& base = find_case("williams-otto", "base");
  const Case::Evaluation found = base.evaluate(point({0.065, 6.5, 13, 30, 0.13}));
  EXPECT_NEAR(found.objective, 2019.644858 - 9000 * 0.065, 1e-5);
  EXPECT_NEAR(found.violation, 4.916328892 / 4.763 - 1, 1e-8);
}

TEST(Cases, ViolationIsRelativeToTheSideOrTheTerms) {
  const Case& hda = find_case("hda", "base");
  const Vector x = point({500, 302, 363, 105000});
  EXPECT_EQ(hda.violation(hda.point(x, point({3e5, 0.16, 0.02, 0.2}))), 0);
  EXPECT_NEAR(hda.violation(hda.point(x, point({3e5, 0.147, 0.02, 0.2}))), 0.02, 1e-12);
  // 0.2 n_B - 0.8 n_T = 0.032 - 0.04.
  EXPECT_NEAR(hda.violation(hda.point(x, point({3e5, 0.16, 0.05, 0.2}))), 0.008 / 0.072, 1e-12);
  EXPECT_NEAR(hda.violation(hda.point(point({510, 302, 363, 115500}), point({3e5, 0.16, 0.02, 0.2}))), 0.05, 1e-12);
}

TEST(Cases, AProblemHasTheNetworkTheRegionAndTheBias) {
  const Case& base = find_case("williams-otto", "base");
  const nn::Network network = placeholder(base.inputs(), base.outputs());
  const Box region{point({0.01, 6.3, 9, 20, 0.1}), point({0.05, 7, 17, 40, 0.2})};
  const model::Problem problem = base.problem(network, region, point({0.25}));
  model::check(problem);
  EXPECT_EQ(problem.variables[0].lower, 0.03);  // the plant's own
  EXPECT_EQ(problem.variables[0].upper, 0.05);
  EXPECT_EQ(problem.variables[1].upper, 6.8);
  EXPECT_EQ(problem.constraints[0].upper, 4.763 - 0.25);
  EXPECT_EQ(problem.constraints[0].lower, -0.25);
  EXPECT_EQ(base.problem(network).variables[2].upper, 17);
}

TEST(Cases, LimitsOfOutputsBecomeConstraints) {
  model::Problem form;
  const int x = form.add_variable({"x", "", model::VariableType::continuous, 0, 1, {}});
  const int y = form.add_variable({"y", "", model::VariableType::continuous, -1, 2, {}});
  form.add_network("n", placeholder({"x"}, {"y"}), {x}, {y});
  limits_to_constraints(form);
  ASSERT_EQ(form.constraints.size(), 1U);
  EXPECT_EQ(form.constraints[0].name, "limits of y");
  EXPECT_EQ(form.constraints[0].upper, 2);
  EXPECT_TRUE(std::isinf(form.variables[1].upper));
  EXPECT_EQ(form.variables[0].upper, 1);
}

TEST(Regret, HasTheSenseOfTheProblem) {
  EXPECT_DOUBLE_EQ(regret(90, 100, Sense::maximize), 0.1);
  EXPECT_DOUBLE_EQ(regret(110, 100, Sense::minimize), 0.1);
  EXPECT_DOUBLE_EQ(regret(-110, -100, Sense::maximize), 0.1);
}

TEST(View, RefusesWhatTheSimulatorDoesNotHave) {
  const auto base = find_simulator("williams-otto");
  EXPECT_THROW(View(base, {"V"}, {"gross"}), std::invalid_argument);
  EXPECT_THROW(View(base, {"W"}, {"gross"}), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::flowsheet
