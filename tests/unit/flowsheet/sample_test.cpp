// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/sample.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/flowsheet/paraboloid.hpp"

namespace secateur::flowsheet {
namespace {

using testing::ElementsAre;
using testing::Pair;

Matrix points(std::initializer_list<double> entries) {
  return Eigen::Map<const Matrix>(entries.begin(), static_cast<Index>(entries.size()) / 2, 2);
}

/// Wants three points at once, and says how many it was asked for.
class Batched : public Paraboloid {
 public:
  mutable std::vector<Index> asked;
  [[nodiscard]] Index batch() const override { return 3; }

 private:
  [[nodiscard]] std::vector<Simulation> run_all(const Matrix& rows, const Stop&) const override {
    asked.push_back(rows.rows());
    return std::vector<Simulation>(static_cast<std::size_t>(rows.rows()), {true, Vector::Zero(1), {}});
  }
};

TEST(Sample, SortsAnswersFromPointsWithoutOne) {
  const Sample sample = simulate(Paraboloid(), points({1, 2, -3, -2, 0, 2, -3, -3, 1, 3}));
  EXPECT_EQ(sample.data.x, points({1, 2, 0, 2, 1, 3}));
  EXPECT_EQ(sample.data.y, (Matrix(3, 1) << 0, 1, 1).finished());
  EXPECT_EQ(sample.failed, points({-3, -2, -3, -3}));
  EXPECT_THAT(sample.failures(), ElementsAre(Pair("too low", 2)));
  EXPECT_THAT(sample.data.input_names, ElementsAre("x", "y"));
  EXPECT_THAT(sample.data.output_names, ElementsAre("f"));
  EXPECT_FALSE(sample.stopped);
  EXPECT_EQ(describe_failures(sample), "2 of 5 points have no answer: 2 too low");
  EXPECT_EQ(failures_csv(sample), "x,y,reason\n-3,-2,too low\n-3,-3,too low\n");
}

TEST(Sample, SaysNothingOfFailuresWhereThereAreNone) {
  const Sample sample = simulate(Paraboloid(), points({1, 2, 0, 0}));
  EXPECT_EQ(describe_failures(sample), "");
  EXPECT_EQ(failures_csv(sample), "x,y,reason\n");
}

TEST(Sample, QuotesReasonsThatHoldCommas) {
  const Sample sample = sorted({"x", "y"}, {"f"}, points({1, 2}), {{false, {}, "too hot, too dry"}});
  EXPECT_EQ(failures_csv(sample), "x,y,reason\n1,2,\"too hot, too dry\"\n");
}

TEST(Sample, AsksInTheSimulatorsBatches) {
  const Batched simulator;
  std::vector<double> shares;
  const Sample sample =
      simulate(simulator, Matrix::Zero(7, 2), [&](const Progress& p) { shares.push_back(*p.fraction); });
  EXPECT_THAT(simulator.asked, ElementsAre(3, 3, 1));
  EXPECT_THAT(shares, ElementsAre(3.0 / 7, 6.0 / 7, 1));
  EXPECT_EQ(sample.data.rows(), 7);
}

TEST(Sample, KeepsWhatWasAnsweredBeforeItWasStopped) {
  const Sample sample = simulate(Paraboloid(), Matrix::Zero(5, 2), {}, Stop(0));
  EXPECT_EQ(sample.stopped, Status::time_limit);
  EXPECT_EQ(sample.data.rows(), 0);
  EXPECT_EQ(sample.failed.rows(), 0);
}

TEST(Simulator, AnswersFewerPointsWhenStopped) {
  EXPECT_TRUE(Paraboloid().simulate(Matrix::Zero(5, 2), Stop(0)).empty());
  EXPECT_THROW(static_cast<void>(Paraboloid().simulate(Matrix(Matrix::Zero(5, 3)))), std::invalid_argument);
}

TEST(View, IsThePlantThroughSomeOfItsInputs) {
  const View view(std::make_shared<Paraboloid>(), {"y"}, {"f"}, {{"x", 3}});
  const auto answers = view.simulate((Matrix(2, 1) << 2, 3).finished());
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].outputs(0), 4);
  EXPECT_EQ(answers[1].outputs(0), 5);
  EXPECT_EQ(view.simulate(Vector(Vector::Constant(1, 2))).outputs(0), 4);
}

}  // namespace
}  // namespace secateur::flowsheet
