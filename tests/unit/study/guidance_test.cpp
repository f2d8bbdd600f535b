// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/guidance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "secateur/core/rng.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/train/train.hpp"
#include "unit/study/html_check.hpp"

namespace secateur::study {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

GuidanceCandidate candidate(double error, double growth, Index weights, Status status, double seconds,
                            std::optional<double> gap = 0.0) {
  GuidanceCandidate made;
  made.method = prune::Method::weight;
  made.error = error;
  made.growth = growth;
  made.summary.weights = weights;
  made.summary.validation = train::Errors{{0.9}, {error}, {1}};
  made.probe = model::SolveResult{};
  made.probe->status = status;
  made.probe->seconds.total = seconds;
  made.probe->gap = gap;
  return made;
}

std::size_t recommended(const Guidance& guidance) {
  return static_cast<std::size_t>(guidance.recommended() - guidance.candidates.data());
}

TEST(GuidanceChoice, TheSparsestOfTheFrontWithinTheTolerance) {
  Guidance guidance;
  guidance.candidates = {candidate(1.00, 0, 100, Status::time_limit, 10, 0.5),
                         candidate(0.99, -0.01, 60, Status::optimal, 5), candidate(1.01, 0.01, 40, Status::optimal, 2),
                         candidate(1.015, 0.015, 30, Status::optimal, 3),  // beaten by the one before
                         candidate(1.3, 0.3, 10, Status::optimal, 0.1)};
  choose(guidance);
  EXPECT_THAT(guidance.front(), ElementsAre(4, 2, 1));
  EXPECT_EQ(recommended(guidance), 2u);
  EXPECT_THAT(guidance.reason, HasSubstr("sparsest"));
}

TEST(GuidanceChoice, OtherwiseTheMostAccurateThatWasSolved) {
  Guidance guidance;
  guidance.candidates = {candidate(1, 0, 100, Status::time_limit, 10, 0.5), candidate(1.2, 0.2, 50, Status::optimal, 5),
                         candidate(1.5, 0.5, 20, Status::optimal, 1)};
  choose(guidance);
  EXPECT_THAT(guidance.front(), ElementsAre(2, 1, 0));
  EXPECT_EQ(recommended(guidance), 1u);
  EXPECT_THAT(guidance.reason, HasSubstr("most accurate"));
}

TEST(GuidanceChoice, OtherwiseTheSmallestGap) {
  Guidance guidance;
  guidance.candidates = {candidate(1, 0, 100, Status::time_limit, 10, 0.5),
                         candidate(1.01, 0.01, 50, Status::time_limit, 10, 0.2),
                         candidate(1.5, 0.5, 20, Status::time_limit, 10, 0.1)};
  choose(guidance);
  EXPECT_EQ(recommended(guidance), 1u);
  EXPECT_THAT(guidance.reason, HasSubstr("smallest gap within"));
  guidance.candidates[0].growth = guidance.candidates[1].growth = 0.5;
  choose(guidance);
  EXPECT_EQ(recommended(guidance), 2u);
  EXPECT_THAT(guidance.reason, HasSubstr("none is within"));
}

TEST(GuidanceChoice, SaysWhenThereIsNoOptimumAtAll) {
  Guidance guidance;
  guidance.candidates = {candidate(1, 0, 100, Status::infeasible, 0.1, std::nullopt),
                         candidate(1.01, 0.01, 50, Status::infeasible, 0, std::nullopt)};
  guidance.candidates[0].method.reset();
  guidance.candidates[1].growth = std::numeric_limits<double>::infinity();
  guidance.output_names = {"y"};
  choose(guidance);
  EXPECT_EQ(recommended(guidance), 0u);
  EXPECT_THAT(guidance.reason, HasSubstr("infeasible or unbounded"));
  const std::string html = to_html(guidance, "");
  EXPECT_THAT(html, HasSubstr("infeasible after 0.1"));
  EXPECT_THAT(html, testing::Not(HasSubstr("stopped at 0")));
  EXPECT_EQ(HtmlCheck(html).problems, "");
  EXPECT_THAT(to_csv(guidance), testing::Not(HasSubstr("inf,")));
}

TEST(GuidanceChoice, SolvesOfMillisecondsCountTheSame) {
  Guidance guidance;
  guidance.candidates = {candidate(1, 0, 100, Status::optimal, 0.012), candidate(2, 1, 10, Status::optimal, 0.002)};
  choose(guidance);
  EXPECT_THAT(guidance.front(), ElementsAre(0));
  EXPECT_EQ(recommended(guidance), 0u);
}

TEST(GuidanceAttempts, FollowTheShape) {
  const auto first = [&](const std::vector<int>& hidden) {
    data::Dataset data{Matrix::Random(5, 2), Matrix::Random(5, 1), {"a", "b"}, {"y"}};
    const nn::Network network = train::initial_network(data, hidden, 0);
    const std::vector<Attempt> attempts = attempts_for(network);
    for (std::size_t i = 1; i < attempts.size(); ++i) {
      // Ascending within a method, so that one can be given up.
      EXPECT_TRUE(attempts[i].method != attempts[i - 1].method || attempts[i].sparsity > attempts[i - 1].sparsity);
    }
    return attempts.front().method;
  };
  EXPECT_EQ(first({200}), prune::Method::node);
  EXPECT_EQ(first({100, 100}), prune::Method::node);
  EXPECT_EQ(first({20, 20}), prune::Method::weight);
  EXPECT_EQ(first({100, 100, 100}), prune::Method::weight);
}

TEST(Guidance, ChoosesAmongNetworksThatItMade) {
  // y = |a| + |b|, learned by more neurons than it needs.
  Rng rng(3);
  data::Dataset all{Matrix(240, 2), Matrix(240, 1), {"a", "b"}, {"y"}};
  for (Index i = 0; i < all.rows(); ++i) {
    all.x.row(i) << rng.uniform(-1, 1), rng.uniform(-1, 1);
    all.y(i, 0) = std::abs(all.x(i, 0)) + std::abs(all.x(i, 1));
  }
  const data::Split split = data::split(all, 0);
  const prune::PruneData data{data::rows(all, split.train), data::rows(all, split.validation),
                              data::rows(all, split.test)};
  train::TrainSettings training;
  training.epochs = 60;
  const nn::Network network =
      train::train(train::initial_network(data.training, {12, 8}, 0), data.training, data.validation, training).network;
  const Box box{Vector{{-1, -1}}, Vector{{1, 1}}};
  const model::Problem problem = model::over_box(network, box, Vector{{1}}, Sense::maximize);

  GuidanceSettings settings;
  settings.epochs = 40;
  settings.tolerance = 0.5;
  settings.time_limit = 20;
  double last = 0;
  Guidance found = guide(problem, 0, box, data, settings, [&](const Progress& now) {
    EXPECT_GE(*now.fraction, last - 1e-9);
    last = *now.fraction;
  });
  EXPECT_FALSE(found.interrupted);
  EXPECT_GE(found.candidates.size(), 4u);
  EXPECT_FALSE(found.candidates.front().method);
  ASSERT_NE(found.recommended(), nullptr);
  EXPECT_TRUE(found.recommended()->front);
  for (const GuidanceCandidate& made : found.candidates) {
    ASSERT_TRUE(made.probe);
    EXPECT_EQ(made.probe->status, Status::optimal);
    // The probe is of the network that goes with it.
    EXPECT_NEAR(nn::evaluate(made.network, made.probe->x)(0), *made.probe->objective, 1e-9);
    EXPECT_EQ(nn::count_weights(made.network), made.summary.weights);
    EXPECT_TRUE(!made.method || made.summary.weights < found.candidates.front().summary.weights);
    for (const GuidanceCandidate& other : found.candidates) {
      const bool beaten = other.error < made.error && other.probe->seconds.total < 0.02;
      EXPECT_FALSE(made.front && beaten);
    }
  }
  const std::string csv = to_csv(found);
  EXPECT_EQ(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')), found.candidates.size() + 1);
  const std::string html = to_html(found, "test");
  EXPECT_EQ(HtmlCheck(html).problems, "");
  EXPECT_THAT(html, HasSubstr("Recommended: " + name_of(*found.recommended())));
  EXPECT_EQ(to_json(found.candidates.front())["method"], nullptr);
  EXPECT_THROW(guide(problem, 1, box, data, settings), std::invalid_argument);

  settings.epochs = 1;
  interrupt_flag() = true;
  const Guidance stopped = guide(problem, 0, box, data, settings);
  interrupt_flag() = false;
  EXPECT_TRUE(stopped.interrupted);
}

}  // namespace
}  // namespace secateur::study
