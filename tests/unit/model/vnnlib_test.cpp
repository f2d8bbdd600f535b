// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/vnnlib.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// Declares X_0, X_1, Y_0, Y_1 on line 1 and bounds X_0 and X_1 by [-10, 10] on line 2; `rest` begins on line 3.
std::string with_box(const std::string& rest) {
  return "(declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real) (declare-const Y_1 Real)\n"
         "(assert (>= X_0 -10)) (assert (<= X_0 10)) (assert (>= X_1 -10)) (assert (<= X_1 10))\n" +
         rest;
}

Property parse(const std::string& rest) { return parse_vnnlib(with_box(rest), 2, 2, "p.vnnlib"); }

/// The one constraint of the one disjunct.
LinearConstraint single(const std::string& formula) {
  const Property property = parse("(assert " + formula + ")");
  EXPECT_EQ(property.disjuncts.size(), 1u) << formula;
  EXPECT_EQ(property.disjuncts.front().constraints.size(), 1u) << formula;
  return property.disjuncts.front().constraints.front();
}

std::string refusal_of(const std::string& text, Index inputs = 2, Index outputs = 2) {
  try {
    parse_vnnlib(text, inputs, outputs, "p.vnnlib");
  } catch (const InputError& error) {
    EXPECT_EQ(error.file(), "p.vnnlib");
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    EXPECT_LT(error.message().size(), 300u);
    return error.where() + ": " + error.message();
  }
  return "accepted";
}

std::string refusal(const std::string& rest) { return refusal_of(with_box(rest)); }

TEST(Vnnlib, ReadsAFile) {
  const Property property = read_vnnlib(std::string(SECATEUR_TEST_DATA) + "/model/two_inputs.vnnlib", 2, 2);
  ASSERT_EQ(property.disjuncts.size(), 2u);
  const Conjunction& first = property.disjuncts[0];
  EXPECT_EQ(first.box.lower, (Vector{{-0.1, -0.25}}));
  EXPECT_EQ(first.box.upper, (Vector{{0.5, 1}}));
  ASSERT_EQ(first.constraints.size(), 1u);
  EXPECT_THAT(first.constraints[0].x, IsEmpty());
  EXPECT_THAT(first.constraints[0].y, ElementsAre(Pair(0, 1.0), Pair(1, -1.0)));
  EXPECT_EQ(first.constraints[0].upper, 0);
  EXPECT_FALSE(first.constraints[0].strict);
  const Conjunction& second = property.disjuncts[1];
  EXPECT_EQ(second.box.upper, (Vector{{0, 1}}));
  ASSERT_EQ(second.constraints.size(), 1u);
  EXPECT_THAT(second.constraints[0].x, ElementsAre(Pair(1, 2.0)));
  EXPECT_THAT(second.constraints[0].y, ElementsAre(Pair(1, 1.0)));
  EXPECT_EQ(second.constraints[0].upper, 3.5);
  EXPECT_TRUE(second.constraints[0].strict);
}

TEST(Vnnlib, RefusesAMissingFile) { EXPECT_THROW(read_vnnlib("no/such/file.vnnlib", 2, 2), InputError); }

TEST(Vnnlib, InequalitiesOfEveryKind) {
  const auto check = [](const std::string& formula, double y_0, double y_1, double upper, bool strict) {
    const LinearConstraint constraint = single(formula);
    EXPECT_THAT(constraint.y, ElementsAre(Pair(0, y_0), Pair(1, y_1))) << formula;
    EXPECT_EQ(constraint.upper, upper) << formula;
    EXPECT_EQ(constraint.strict, strict) << formula;
  };
  check("(<= Y_0 Y_1)", 1, -1, 0, false);
  check("(>= Y_0 Y_1)", -1, 1, 0, false);
  check("(< Y_0 Y_1)", 1, -1, 0, true);
  check("(> Y_0 Y_1)", -1, 1, 0, true);
  check("(<= (- Y_0 Y_1) 0.5)", 1, -1, 0.5, false);
  check("(<= 0.5 (+ Y_0 Y_1))", -1, -1, -0.5, false);
  check("(<= (+ Y_0 (* -1.5 Y_1) 1) 3)", 1, -1.5, 2, false);
  check("(<= (+ Y_0 Y_1 Y_0) (- 1.5))", 2, 1, -1.5, false);
  check("(<= (* 2 (- Y_0 (* Y_1 3 0.5)) 2) 1)", 4, -6, 1, false);
  check("(<= (- Y_0 Y_1 1 1) 0)", 1, -1, 2, false);
  check("(<= (- (+ Y_0 Y_1)) 0)", -1, -1, 0, false);
  check("(<= (/ (+ Y_0 (* 3 Y_1)) 2 2) 0)", 0.25, 0.75, 0, false);
  check("(<= (+ Y_0 Y_1) (/ 1 3))", 1, 1, 1.0 / 3, false);
  check("(<= (+ (* (/ 1 3) Y_0) Y_1) +.5e+1)", 1.0 / 3, 1, 5, false);
  check("(<= (+ Y_0 Y_1) -1.25E-2)", 1, 1, -0.0125, false);
}

TEST(Vnnlib, InputsAndOutputsTogether) {
  const LinearConstraint constraint = single("(>= (+ Y_1 X_1) (* 2 (+ X_0 1)))");
  EXPECT_THAT(constraint.x, ElementsAre(Pair(0, 2.0), Pair(1, -1.0)));
  EXPECT_THAT(constraint.y, ElementsAre(Pair(1, -1.0)));
  EXPECT_EQ(constraint.upper, -2);
}

TEST(Vnnlib, TermsThatCancelAreGone) { EXPECT_THAT(single("(<= (+ Y_0 X_0 X_1) (+ X_0 X_1 2))").x, IsEmpty()); }

TEST(Vnnlib, NumbersAreTheNearestDoubles) {
  EXPECT_EQ(single("(<= Y_0 0.1)").upper, 0.1);
  EXPECT_EQ(single("(<= Y_0 0.30000000000000004)").upper, 0.1 + 0.2);
  EXPECT_EQ(single("(>= Y_0 3.991125645861615)").upper, -3.991125645861615);
  // Halfway between two doubles, and just above: the even one, and the upper one.
  EXPECT_EQ(single("(<= Y_0 9007199254740993)").upper, 0x1p53);
  EXPECT_EQ(single("(<= Y_0 9007199254740993.0000000000000000000001)").upper, 0x1p53 + 2);
  EXPECT_EQ(single("(<= Y_0 5e-324)").upper, std::numeric_limits<double>::denorm_min());
  EXPECT_FALSE(std::signbit(single("(<= Y_0 0)").upper));
  EXPECT_FALSE(std::signbit(single("(>= Y_0 0)").upper));
  EXPECT_FALSE(std::signbit(single("(<= Y_0 -0.0)").upper));
}

TEST(Vnnlib, ArithmeticIsExactOrRefused) {
  EXPECT_EQ(single("(<= (+ Y_0 0.1) 0.3)").upper, 0.3 - 0.1);  // which is a double
  EXPECT_EQ(single("(<= (+ Y_0 0.7) 0.7)").upper, 0);
  EXPECT_THAT(refusal("(assert (<= (+ Y_0 0.1 0.7) 0))"),
              HasSubstr("line 3:24: the sum of 0.1 and 0.7 is not a 64-bit number, and is not rounded silently"));
  EXPECT_THAT(refusal("(assert (<= (* 0.1 0.7 Y_0) 0))"), HasSubstr("line 3:20: the product of 0.1 and 0.7"));
  EXPECT_THAT(refusal("(assert (<= (+ (* 0.1 Y_0) (* 0.7 Y_0)) 0))"), HasSubstr("line 3:35: the sum of 0.1 and 0.7"));
  EXPECT_THAT(refusal("(assert (<= (/ Y_0 3) 0))"), HasSubstr("line 3:20: the coefficient 1 / 3"));
  EXPECT_THAT(refusal("(assert (<= (* 1e300 1e300 Y_0) 0))"), HasSubstr("outside the range of a 64-bit number"));
  EXPECT_THAT(refusal("(assert (<= (* 1e-300 1e-300 Y_0) 0))"), HasSubstr("the product of 1e-300 and 1e-300"));
  EXPECT_THAT(refusal("(assert (<= Y_0 (+ 1e308 1e308)))"), HasSubstr("outside the range"));
  EXPECT_THAT(refusal("(assert (<= Y_0 (/ 1e308 1e-308)))"), HasSubstr("outside the range"));
}

TEST(Vnnlib, BoundsMakeTheBox) {
  const Property property = parse(
      "(assert (<= X_0 7)) (assert (<= X_0 8)) (assert (>= (* -2 X_0) 5)) (assert (<= 3 (+ X_1 1))) "
      "(assert (= 4 (* 2 X_1)))");
  ASSERT_EQ(property.disjuncts.size(), 1u);
  EXPECT_EQ(property.disjuncts[0].box.lower, (Vector{{-10, 2}}));
  EXPECT_EQ(property.disjuncts[0].box.upper, (Vector{{-2.5, 2}}));
  EXPECT_THAT(property.disjuncts[0].constraints, IsEmpty());
}

TEST(Vnnlib, ABoundThatIsNoDoubleIsRoundedOutwardAndKept) {
  const Property property = parse("(assert (<= (* 3 X_0) 1)) (assert (>= (* 3 X_1) 1))");
  const Conjunction& only = property.disjuncts.at(0);
  EXPECT_EQ(only.box.upper(0), next_up(1.0 / 3));
  EXPECT_EQ(only.box.lower(1), next_down(1.0 / 3));
  ASSERT_EQ(only.constraints.size(), 2u);
  EXPECT_THAT(only.constraints[0].x, ElementsAre(Pair(0, 3.0)));
  EXPECT_EQ(only.constraints[0].upper, 1);
  EXPECT_THAT(only.constraints[1].x, ElementsAre(Pair(1, -3.0)));
}

TEST(Vnnlib, AStrictBoundIsClosedInTheBoxAndKept) {
  const Property property = parse("(assert (< X_0 1))");
  const Conjunction& only = property.disjuncts.at(0);
  EXPECT_EQ(only.box.upper(0), 1);
  ASSERT_EQ(only.constraints.size(), 1u);
  EXPECT_TRUE(only.constraints[0].strict);
}

TEST(Vnnlib, ABoundBeyondDoublesLeavesTheOther) {
  const Property property = parse("(assert (<= (* 1e-300 X_0) 1e300))");
  EXPECT_EQ(property.disjuncts.at(0).box.upper(0), 10);
  EXPECT_EQ(property.disjuncts.at(0).constraints.size(), 1u);
}

TEST(Vnnlib, DisjunctsComeInTheOrderOfTheText) {
  const Property property = parse(
      "(assert (or (<= Y_0 1) (<= Y_0 2)))\n"
      "(assert (or (<= Y_1 3) (and (<= Y_1 4) (or (<= X_0 5) (<= X_0 6)))))");
  std::vector<std::vector<double>> found;
  for (const Conjunction& disjunct : property.disjuncts) {
    found.push_back({disjunct.box.upper(0)});
    for (const auto& constraint : disjunct.constraints) found.back().push_back(constraint.upper);
  }
  EXPECT_THAT(found, ElementsAre(ElementsAre(10, 1, 3), ElementsAre(5, 1, 4), ElementsAre(6, 1, 4),
                                 ElementsAre(10, 2, 3), ElementsAre(5, 2, 4), ElementsAre(6, 2, 4)));
}

TEST(Vnnlib, BoxesInTheDisjuncts) {
  const Property property = parse_vnnlib(
      "(declare-const X_0 Real)(declare-const Y_0 Real)"
      "(assert (or (and (>= X_0 0) (<= X_0 1) (<= Y_0 0)) (and (>= X_0 2) (<= X_0 3) (<= Y_0 1))))",
      1, 1, "p");
  ASSERT_EQ(property.disjuncts.size(), 2u);
  EXPECT_EQ(property.disjuncts[0].box.upper(0), 1);
  EXPECT_EQ(property.disjuncts[1].box.lower(0), 2);
}

TEST(Vnnlib, ContradictoryDisjunctsAreLeftOut) {
  EXPECT_EQ(parse("(assert (or (<= X_0 -11) (<= Y_0 0) (and (> X_1 2) (<= X_1 2))))").disjuncts.size(), 1u);
  EXPECT_EQ(parse("(assert (or (<= X_0 1) (>= X_0 2))) (assert (or (<= X_0 1) (>= X_0 2)))").disjuncts.size(), 2u);
}

TEST(Vnnlib, InequalitiesBetweenNumbersAreDecided) {
  EXPECT_THAT(parse("(assert (<= 1 1)) (assert (< (- 2) -1))").disjuncts.at(0).constraints, IsEmpty());
  EXPECT_EQ(parse("(assert (or (< 1 1) (<= Y_0 0)))").disjuncts.size(), 1u);
  EXPECT_EQ(parse("(assert (or (<= 1 1) (<= Y_0 0)))").disjuncts.size(), 2u);
}

TEST(Vnnlib, WhatHasNoEffect) {
  const std::string text =
      "\xEF\xBB\xBF(set-logic QF_LRA)(set-info :status |a ) b|)(set-info :source \"; ( \")(set-option :x true)\r\n"
      "(declare-const X_0 Real);(assert (<= X_0 -5))\r\n(declare-const Y_0 Real)(assert(and(>= X_0 0)(<= X_0 1)))"
      "(check-sat)(get-model)(exit) ; the end";
  EXPECT_EQ(parse_vnnlib(text, 1, 1, "p").disjuncts.at(0).box.lower(0), 0);
}

TEST(Vnnlib, RefusesMalformedText) {
  EXPECT_THAT(refusal_of(""), HasSubstr("0 inputs are declared"));
  EXPECT_THAT(refusal("(assert (<= Y_0 1)"), HasSubstr("line 3:1: the ( here is never closed"));
  EXPECT_THAT(refusal("\n (assert (<= Y_0 1)))"), HasSubstr("line 4:21: found a ) that closes nothing"));
  EXPECT_THAT(refusal("(assert (<= Y_0 1)) garbage"), HasSubstr("line 3:21: found \"garbage\" where a command"));
  EXPECT_THAT(refusal("(set-info :a |x"), HasSubstr("line 3:14: the symbol that begins here with | never ends"));
  EXPECT_THAT(refusal("(set-info :a \"x"), HasSubstr("line 3:14: the string that begins here with \" never ends"));
  EXPECT_THAT(refusal("()"), HasSubstr("unknown command \"()\""));
  EXPECT_THAT(refusal("(define-fun f () Real 1)"), HasSubstr("unknown command \"(define-fun ...)\"; allowed:"));
  EXPECT_THAT(refusal("(assert)"), HasSubstr("(assert ...) has 0 operands; 1 is needed"));
  EXPECT_THAT(refusal("(assert (<= Y_0 1) (<= Y_1 1))"), HasSubstr("2 operands; 1 is needed"));
  EXPECT_THAT(refusal("(check-sat) (assert (<= Y_0 1))"), HasSubstr("an assertion after (check-sat)"));
  EXPECT_THAT(refusal("(exit) (check-sat)"), HasSubstr("found \"(check-sat ...)\" after (exit)"));
  EXPECT_THAT(refusal(std::string("(assert \0\x01\xff)", 13)), HasSubstr("found \"???\" where a formula"));
}

TEST(Vnnlib, RefusesOtherLanguages) {
  EXPECT_THAT(refusal("(set-logic QF_BV)"), HasSubstr("line 3:1: the logic \"QF_BV\" is not known; allowed: QF_LRA"));
  EXPECT_THAT(refusal("(set-logic)"), HasSubstr("the logic that is set here is not known"));
  EXPECT_THAT(refusal_of("(vnnlib-version <2.0>)"), HasSubstr("line 1:1: found \"(vnnlib-version ...)\": the property "
                                                              "is written in VNNLIB 2, which is not read"));
  EXPECT_THAT(refusal_of("(declare-network acc)"), HasSubstr("VNNLIB 2, which is not read"));
  EXPECT_THAT(refusal("(assert (<= X[0] 1))"), HasSubstr("unknown name \"X[0]\""));
  EXPECT_THAT(refusal("(assert (<= X[0] 1))"), HasSubstr("VNNLIB 2, with X[0], is not read"));
}

TEST(Vnnlib, RefusesDeclarations) {
  EXPECT_THAT(refusal("(declare-const X_0 Real)"), HasSubstr("line 3:16: X_0 is declared twice, first on line 1"));
  EXPECT_THAT(refusal("(declare-fun Y_1 () Real)"), HasSubstr("Y_1 is declared twice"));
  EXPECT_THAT(refusal("(declare-const Z_0 Real)"), HasSubstr("unknown name \"Z_0\"; allowed: X_0, X_1, ..."));
  EXPECT_THAT(refusal("(declare-const X_02 Real)"), HasSubstr("unknown name \"X_02\""));
  EXPECT_THAT(refusal("(declare-const X_99999999999 Real)"), HasSubstr("unknown name"));
  EXPECT_THAT(refusal("(declare-const X_ Real)"), HasSubstr("unknown name"));
  EXPECT_THAT(refusal("(declare-const X_-1 Real)"), HasSubstr("unknown name"));
  EXPECT_THAT(refusal("(declare-const x_2 Real)"), HasSubstr("unknown name"));
  EXPECT_THAT(refusal("(declare-const X_2 Int)"), HasSubstr("line 3:20: the sort \"Int\" is not known; allowed: Real"));
  EXPECT_THAT(refusal("(declare-const X_2)"), HasSubstr("allowed: (declare-const X_0 Real)"));
  EXPECT_THAT(refusal("(declare-const (X_2) Real)"), HasSubstr("a malformed declaration"));
  EXPECT_THAT(refusal("(declare-fun X_2 (Real) Real)"), HasSubstr("allowed: (declare-fun X_0 () Real)"));
  EXPECT_THAT(refusal("(declare-fun X_2 Real)"), HasSubstr("a malformed declaration"));
}

TEST(Vnnlib, RefusesAnotherNetworksProperty) {
  EXPECT_THAT(refusal_of(with_box(""), 3, 2), HasSubstr("line 1:41: a property for another input size: 2 inputs are "
                                                        "declared; the network has 3 inputs, X_0 to X_2"));
  EXPECT_THAT(refusal_of(with_box(""), 1, 2), HasSubstr("the network has 1 input, X_0"));
  EXPECT_THAT(refusal_of(with_box(""), 2, 1),
              HasSubstr("line 1:91: a property for another output size: 2 outputs are declared"));
  EXPECT_THAT(refusal_of("(declare-const X_0 Real)(declare-const X_2 Real)(declare-const Y_0 Real)", 2, 1),
              HasSubstr("line 1:40: X_1 is not declared; the network has 2 inputs, X_0 to X_1"));
  EXPECT_THAT(refusal_of("(declare-const X_0 Real)", 1, 1), HasSubstr("0 outputs are declared"));
}

TEST(Vnnlib, RefusesFormulas) {
  EXPECT_THAT(refusal("(assert Y_0)"),
              HasSubstr("line 3:9: found \"Y_0\" where a formula has to stand; allowed: (and"));
  EXPECT_THAT(refusal("(assert true)"), HasSubstr("found \"true\" where a formula"));
  EXPECT_THAT(refusal("(assert (not (<= Y_0 1)))"), HasSubstr("found \"(not ...)\" where a formula"));
  EXPECT_THAT(refusal("(assert (=> (<= Y_0 1) (<= Y_1 1)))"), HasSubstr("found \"(=> ...)\""));
  EXPECT_THAT(refusal("(assert (+ Y_0 1))"), HasSubstr("found \"(+ ...)\" where a formula"));
  EXPECT_THAT(refusal("(assert ((<= Y_0 1)))"), HasSubstr("found \"(...)\" where a formula"));
  EXPECT_THAT(refusal("(assert (and))"), HasSubstr("\"(and ...)\" has no operands"));
  EXPECT_THAT(refusal("(assert (or (<= Y_0 1) (or)))"), HasSubstr("line 3:24: \"(or ...)\" has no operands"));
  EXPECT_THAT(refusal("(assert (<= Y_0))"), HasSubstr("\"(<= ...)\" has 1 operand; 2 are needed"));
  EXPECT_THAT(refusal("(assert (<=))"), HasSubstr("has 0 operands"));
}

TEST(Vnnlib, RefusesTerms) {
  EXPECT_THAT(refusal("(assert (<= X_2 1))"), HasSubstr("line 3:13: X_2 is not declared; (declare-const X_2 Real)"));
  EXPECT_THAT(refusal("(assert (<= foo 1))"), HasSubstr("unknown name \"foo\""));
  EXPECT_THAT(refusal("(assert (<= nan 1))"), HasSubstr("unknown name \"nan\""));
  EXPECT_THAT(refusal("(assert (<= Y_0 -inf))"), HasSubstr("unknown name \"-inf\""));
  EXPECT_THAT(refusal("(assert (<= Y_0 1.2.3))"), HasSubstr("line 3:17: \"1.2.3\" is not a number"));
  EXPECT_THAT(refusal("(assert (<= Y_0 0x10))"), HasSubstr("\"0x10\" is not a number"));
  EXPECT_THAT(refusal("(assert (<= Y_0 1e))"), HasSubstr("\"1e\" is not a number"));
  EXPECT_THAT(refusal("(assert (<= Y_0 1e999))"), HasSubstr("\"1e999\" is outside the range of a 64-bit number"));
  EXPECT_THAT(refusal("(assert (<= Y_0 1e-999))"), HasSubstr("\"1e-999\" is outside the range"));
  EXPECT_THAT(refusal("(assert (<= (* Y_0 X_0) 1))"), HasSubstr("line 3:20: a product of two terms with variables"));
  EXPECT_THAT(refusal("(assert (<= (* Y_0 (- Y_0 Y_0)) 1))"), HasSubstr("is not linear"));
  EXPECT_THAT(refusal("(assert (<= (/ 1 Y_0) 1))"), HasSubstr("line 3:18: a quotient by a term with variables"));
  EXPECT_THAT(refusal("(assert (<= (/ Y_0 0) 1))"), HasSubstr("line 3:20: division by zero"));
  EXPECT_THAT(refusal("(assert (<= (/ 1 (- 1 1)) Y_0))"), HasSubstr("division by zero"));
  EXPECT_THAT(refusal("(assert (<= (/ Y_0) 1))"), HasSubstr("\"(/ ...)\" has 1 operand; at least 2 are needed"));
  EXPECT_THAT(refusal("(assert (<= (+) Y_0))"), HasSubstr("\"(+ ...)\" has 0 operands; at least 1 is needed"));
  EXPECT_THAT(refusal("(assert (<= () Y_0))"), HasSubstr("found \"()\" where a linear term has to stand; allowed:"));
  EXPECT_THAT(refusal("(assert (<= (max Y_0 1) 1))"), HasSubstr("found \"(max ...)\" where a linear term"));
  EXPECT_THAT(refusal("(assert (<= (and Y_0 1) 1))"), HasSubstr("found \"(and ...)\" where a linear term"));
  EXPECT_THAT(refusal("(assert (<= |X_0| 1))"), HasSubstr("unknown name \"|X_0|\""));
  EXPECT_THAT(refusal("(assert (<= Y_0 " + std::string(100000, '9') + "))"), HasSubstr("outside the range"));
  EXPECT_THAT(refusal("(assert (<= Y_0 " + std::string(100000, 'x') + "))"), HasSubstr("xxx...\""));
}

TEST(Vnnlib, RefusesMissingBounds) {
  const std::string declared = "(declare-const X_0 Real)\n(declare-const X_1 Real)(declare-const Y_0 Real)";
  EXPECT_THAT(refusal_of(declared, 2, 1), HasSubstr("line 1:16: X_0 has no lower bound; every input needs finite ones, "
                                                    "such as (assert (>= X_0 1.0))"));
  const std::string first = declared + "(assert (>= X_0 0))(assert (<= X_0 1))";
  EXPECT_THAT(refusal_of(first + "(assert (>= X_1 0))", 2, 1), HasSubstr("line 2:16: X_1 has no upper bound"));
  EXPECT_THAT(refusal_of(first + "(assert (= X_1 X_0))", 2, 1), HasSubstr("X_1 has no lower bound"));
  EXPECT_THAT(refusal_of(first + "(assert (>= X_1 0)) (assert (or (<= X_1 3) (<= Y_0 1)))", 2, 1),
              HasSubstr("X_1 has no upper bound in disjunct 2 of 2"));
}

TEST(Vnnlib, RefusesContradictions) {
  EXPECT_THAT(refusal("\n(assert (>= X_1 10.5))"),
              HasSubstr("line 4:9: contradictory bounds: X_1 >= 10.5 (line 4) and X_1 <= 10 (line 2)"));
  EXPECT_THAT(refusal("(assert (> X_1 10))"), HasSubstr("contradictory bounds: X_1 > 10 (line 3) and X_1 <= 10"));
  EXPECT_THAT(refusal("(assert (< X_1 1)) (assert (>= X_1 1))"), HasSubstr("X_1 >= 1 (line 3) and X_1 < 1 (line 3)"));
  EXPECT_THAT(refusal("(assert (or (>= X_1 11) (<= X_0 -11)))"),
              HasSubstr("line 3:13: contradictory bounds: X_1 >= 11 (line 3) and X_1 <= 10 (line 2), and so in every"));
  EXPECT_THAT(
      refusal("(assert (<= 1 0))"),
      HasSubstr("line 3:1: the assertions contradict each other: inequalities between numbers that do not hold"));
}

TEST(Vnnlib, RefusesWhatMultipliesOut) {
  const std::string pair = "(assert (or (<= Y_0 1) (<= Y_1 1)))";
  std::string text;
  for (int i = 0; i < 16; ++i) text += pair;
  EXPECT_EQ(parse(text).disjuncts.size(), 65536u);
  text += pair;
  EXPECT_THAT(refusal(text),
              HasSubstr("line 3:1: and and or multiply out to 131072 disjuncts; at most 100000 are read"));
  for (int i = 0; i < 2000; ++i) text += pair;
  EXPECT_THAT(refusal(text), HasSubstr("disjuncts; at most 100000 are read"));
  text = "(assert (or ";
  for (int i = 0; i < 50000; ++i) text += "(<= Y_0 1)";
  text += "))";
  for (int i = 0; i < 100; ++i) text += "(assert (<= Y_0 1))";
  EXPECT_THAT(refusal(text), HasSubstr("multiply out to 50000 disjuncts that take"));
}

TEST(Vnnlib, ManyAssertionsWithOneAlternativeAreNoBurden) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "(assert (or (and (<= Y_0 1) (<= Y_1 2)) (< 1 0))) ";
  EXPECT_EQ(parse(text).disjuncts.at(0).constraints.size(), 40000u);
}

TEST(Vnnlib, NestingIsLimited) {
  const auto nested = [](int depth, const std::string& op) {
    std::string text = "(assert ";
    for (int i = 0; i < depth; ++i) text += "(" + op + " ";
    text += op == "-" ? "Y_0" : "(<= Y_0 1)";
    return text + std::string(static_cast<std::size_t>(depth), ')') + ")";
  };
  EXPECT_EQ(parse(nested(498, "and")).disjuncts.size(), 1u);
  EXPECT_EQ(parse(nested(498, "or")).disjuncts.size(), 1u);
  EXPECT_THAT(refusal(nested(499, "and")), HasSubstr("parentheses are nested more than 500 deep"));
  EXPECT_THAT(refusal(nested(1000000, "or")), HasSubstr("parentheses are nested more than 500 deep"));
  std::string term = nested(497, "-");
  term.insert(8, "(<= 1 ");
  EXPECT_EQ(parse(term + ")").disjuncts.front().constraints.front().y.front().second, 1);
  EXPECT_THAT(refusal(std::string(1000000, '(')), HasSubstr("nested more than 500 deep"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Random formulas with small dyadic numbers, so that plain arithmetic is exact, against the formula itself.

struct Random {
  Rng& rng;
  using Predicate = std::function<bool(const Vector& x, const Vector& y)>;
  using Term = std::function<double(const Vector& x, const Vector& y)>;

  std::string number(double value) {
    const std::string magnitude = std::to_string(std::abs(value));
    if (value >= 0) return magnitude;
    return rng.below(2) == 0 ? "-" + magnitude : "(- " + magnitude + ")";
  }
  double small() { return static_cast<double>(rng.below(9) - 4) / 2; }

  std::pair<std::string, Term> term(int depth) {
    switch (rng.below(depth == 0 ? 3 : 7)) {
      case 0: {
        const double value = small();
        return {number(value), [value](const Vector&, const Vector&) { return value; }};
      }
      case 1: {
        const Index i = rng.below(2);
        return {"X_" + std::to_string(i), [i](const Vector& x, const Vector&) { return x(i); }};
      }
      case 2: {
        const Index i = rng.below(2);
        return {"Y_" + std::to_string(i), [i](const Vector&, const Vector& y) { return y(i); }};
      }
      case 3: {
        const double factor = small();
        const auto [text, value] = term(depth - 1);
        return {
            rng.below(2) == 0 ? "(* " + number(factor) + " " + text + ")" : "(* " + text + "  " + number(factor) + ")",
            [factor, value](const Vector& x, const Vector& y) { return factor * value(x, y); }};
      }
      case 4: {
        const auto [text, value] = term(depth - 1);
        return {"(/ " + text + " -4)", [value](const Vector& x, const Vector& y) { return value(x, y) / -4; }};
      }
      default: {
        const bool minus = rng.below(2) == 0;
        std::string text = minus ? "(-" : "(+";
        std::vector<Term> values;
        for (auto count = 1 + rng.below(3); count > 0; --count) {
          const auto [operand, value] = term(depth - 1);
          text += " " + operand;
          values.push_back(value);
        }
        return {text + ")", [minus, values](const Vector& x, const Vector& y) {
                  double sum = values[0](x, y);
                  if (minus && values.size() == 1) return -sum;
                  for (std::size_t i = 1; i < values.size(); ++i) sum += (minus ? -1 : 1) * values[i](x, y);
                  return sum;
                }};
      }
    }
  }

  std::pair<std::string, Predicate> formula(int depth) {
    if (depth == 0 || rng.below(4) == 0) {
      const auto [left, a] = term(2);
      const auto [right, b] = term(1);
      const auto make = [&](const std::string& op, auto compare) -> std::pair<std::string, Predicate> {
        return {"(" + op + " " + left + " " + right + ")",
                [a, b, compare](const Vector& x, const Vector& y) { return compare(a(x, y), b(x, y)); }};
      };
      switch (rng.below(5)) {
        case 0:
          return make("<=", std::less_equal<>());
        case 1:
          return make(">=", std::greater_equal<>());
        case 2:
          return make("<", std::less<>());
        case 3:
          return make(">", std::greater<>());
        default:
          return make("=", std::equal_to<>());
      }
    }
    const bool all = rng.below(2) == 0;
    std::string text = all ? "(and" : "(or";
    std::vector<Predicate> parts;
    for (auto count = 1 + rng.below(3); count > 0; --count) {
      const auto [part, holds] = formula(depth - 1);
      text += "\n" + part;
      parts.push_back(holds);
    }
    return {text + ")", [all, parts](const Vector& x, const Vector& y) {
              const auto holds = [&](const Predicate& part) { return part(x, y); };
              return all ? std::all_of(parts.begin(), parts.end(), holds)
                         : std::any_of(parts.begin(), parts.end(), holds);
            }};
  }
};

bool satisfies(const LinearConstraint& constraint, const Vector& x, const Vector& y) {
  double sum = 0;
  for (const auto& [i, a] : constraint.x) sum += a * x(i);
  for (const auto& [i, a] : constraint.y) sum += a * y(i);
  return constraint.strict ? sum < constraint.upper : sum <= constraint.upper;
}

bool satisfies(const Property& property, const Vector& x, const Vector& y) {
  return std::any_of(property.disjuncts.begin(), property.disjuncts.end(), [&](const Conjunction& disjunct) {
    return disjunct.box.contains(x) && std::all_of(disjunct.constraints.begin(), disjunct.constraints.end(),
                                                   [&](const auto& c) { return satisfies(c, x, y); });
  });
}

TEST(Vnnlib, RandomFormulasMeanWhatTheySay) {
  Rng rng(11);
  int contradictory = 0, holding = 0, failing = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    Random random{rng};
    const auto [first, holds_first] = random.formula(3);
    const auto [second, holds_second] = random.formula(2);
    Property property;
    std::string message;
    try {
      property = parse("(assert " + first + ")\n(assert " + second + ")");
    } catch (const InputError& error) {
      // No point may satisfy it then.
      message = error.message();
      ASSERT_THAT(message, HasSubstr("contradict")) << first << "\n" << second;
      ++contradictory;
    }
    for (int sample = 0; sample < 100; ++sample) {
      // The quarter grid hits equalities often.
      const auto coordinate = [&] { return static_cast<double>(rng.below(33) - 16) / 4; };
      const Vector x{{coordinate(), coordinate()}}, y{{coordinate(), coordinate()}};
      const bool expected = holds_first(x, y) && holds_second(x, y);
      ASSERT_EQ(satisfies(property, x, y), expected)
          << first << "\n"
          << second << "\nx " << x.transpose() << " y " << y.transpose() << " " << message;
      ++(expected ? holding : failing);
    }
  }
  EXPECT_GT(contradictory, 10);
  EXPECT_LT(contradictory, 1000);
  EXPECT_GT(holding, 1000);
  EXPECT_GT(failing, 1000);
}

TEST(Vnnlib, RandomTextNeverDoesAnythingButRefuse) {
  Rng rng(5);
  const std::vector<std::string> words{"(",    "(", ")",  ")", "assert", "or",  "and", "<=", ">=",     "=",
                                       "+",    "-", "*",  "/", "X_0",    "Y_0", "X_1", "1",  "-2.5e3", "declare-const",
                                       "Real", ";", "\n", "|"};
  int accepted = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    std::string text = "(assert (or (<= X_0 1) ";
    for (auto length = rng.below(9); length > 0; --length) {
      text += words[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(words.size())))] + " ";
    }
    try {
      parse(text);
      ++accepted;
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace secateur::model
