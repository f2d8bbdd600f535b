// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/ledger.hpp"

#include <gtest/gtest.h>

#include "support/over_box.hpp"

namespace secateur::mip {
namespace {

/// y = x on [-1, 1].
OverBox identity(Sense sense) {
  OverBox problem;
  problem.network.layers = {nn::Dense{Matrix{{1}}, Vector{{0}}}};
  problem.network.input_names = {"x"};
  problem.network.output_names = {"y"};
  problem.box = {Vector{{-1}}, Vector{{1}}};
  problem.objective = Vector{{1}};
  problem.sense = sense;
  return problem;
}

struct Books {
  model::Problem problem;
  model::Structure structure;
  model::SolveSettings settings;
  Stop stop;
  ProgressSink sink;
  Ledger ledger;
  explicit Books(Sense sense = Sense::minimize)
      : problem(identity(sense)),
        structure(model::structure(problem)),
        ledger(problem, structure, settings, stop, sink) {}
  /// y is whatever the network says.
  static Vector at(double x) { return Vector{{x, 0}}; }
  model::SolveResult written() const {
    model::SolveResult result;
    ledger.write(result);
    return result;
  }
};

TEST(Ledger, KeepsTheBestPointInsideTheBox) {
  Books books;
  EXPECT_TRUE(books.ledger.offer(Books::at(0.5)));
  EXPECT_FALSE(books.ledger.offer(Books::at(0.75)));
  EXPECT_TRUE(books.ledger.offer(Books::at(-3)));
  EXPECT_EQ(books.ledger.objective(), -1);
  EXPECT_EQ(books.ledger.point()(0), -1);
  EXPECT_EQ(books.written().trace.size(), 2u);
}

TEST(Ledger, MaximisingTurnsEverythingAround) {
  Books books(Sense::maximize);
  books.ledger.offer(Books::at(0.5));
  EXPECT_TRUE(books.ledger.offer(Books::at(0.75)));
  books.ledger.prove(3);
  books.ledger.prove(2);
  books.ledger.prove(4);
  EXPECT_EQ(books.written().bound, 2);
  books.ledger.hear(1.5, 1);
  EXPECT_EQ(books.written().bound, 1.5);
  EXPECT_EQ(books.ledger.contradiction(), 0);
  books.ledger.hear(0.5, 1);
  EXPECT_EQ(books.ledger.contradiction(), 0.25);
}

TEST(Ledger, ProofSaysWhichBoundItIs) {
  Books books;
  books.ledger.offer(Books::at(-1));
  EXPECT_FALSE(books.written().bound);
  books.ledger.prove(-2);
  EXPECT_EQ(books.written().proof, Proof::rounding_safe);
  EXPECT_EQ(books.written().gap, 1);
  EXPECT_FALSE(books.ledger.closed());
  books.ledger.hear(-3, 5);  // worse than the proof
  EXPECT_EQ(books.written().bound, -2);
  EXPECT_EQ(books.written().proof, Proof::rounding_safe);
  books.ledger.hear(-1.00001, 6);
  EXPECT_EQ(books.written().proof, Proof::solver_tolerance);
  EXPECT_TRUE(books.ledger.closed());
  books.ledger.prove(-1.00005);  // enough, if not as good as the solver's word
  EXPECT_EQ(books.written().bound, -1.00005);
  EXPECT_EQ(books.written().proof, Proof::rounding_safe);
}

TEST(Ledger, ABoundBeyondAForwardPassIsMovedBackOrIsAContradiction) {
  Books books;
  books.ledger.offer(Books::at(-1));
  books.ledger.hear(-1 + 1e-7, 1);
  EXPECT_EQ(books.written().bound, -1);
  EXPECT_EQ(books.written().gap, 0);
  EXPECT_EQ(books.ledger.contradiction(), 0);
  books.ledger.hear(-0.9, 1);
  EXPECT_NEAR(books.ledger.contradiction(), 0.1, 1e-12);
}

TEST(Ledger, AnExhaustedSearchLeavesNoGapBelowItsTolerance) {
  Books books;
  books.settings.gap = books.settings.absolute_gap = 0;
  books.ledger.offer(Books::at(-1));
  books.ledger.hear(-1 - 1e-12, 1);
  EXPECT_FALSE(books.ledger.closed());
  books.ledger.exhausted(1e-13);
  EXPECT_FALSE(books.ledger.closed());
  books.ledger.exhausted(1e-9);
  EXPECT_TRUE(books.ledger.closed());
  EXPECT_EQ(books.written().bound, -1);
  EXPECT_EQ(books.written().proof, Proof::solver_tolerance);
}

TEST(Ledger, ANewRunKeepsWhatHoldsAndForgetsWhatDoesNot) {
  Books books;
  books.ledger.offer(Books::at(-1));
  books.ledger.hear(-1.5, 1);
  books.ledger.begin_run();
  books.ledger.hear(-4, 2);
  EXPECT_EQ(books.written().bound, -1.5);
  books.ledger.hear(std::nullopt, 2);
  EXPECT_EQ(books.written().bound, -1.5);
  books.ledger.hear(-1.25, 2);
  EXPECT_EQ(books.written().bound, -1.25);
  books.ledger.hear(-0.5, 3);
  EXPECT_GT(books.ledger.contradiction(), 0);
  books.ledger.begin_run();
  EXPECT_EQ(books.ledger.contradiction(), 0);
  books.ledger.hear(-4, 4);
  EXPECT_EQ(books.written().bound, -4);
}

}  // namespace
}  // namespace secateur::mip
