// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report_figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secateur/study/report_tables.hpp"
#include "unit/study/report_sample.hpp"

namespace secateur::study::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// One architecture and one pruning at 50 %, solved by two blocks.
struct Small {
  Study study;

  void solve(const std::string& name, bool dense, std::uint64_t seed, double seconds, Status status = Status::optimal,
             Outcome outcome = Outcome::done) {
    SolveRow row;
    row.axes = {"f", "2x5", "plain", dense ? "dense" : "weight", {}, dense ? 0 : 0.5, seed};
    if (!dense) row.axes.method = prune::Method::weight;
    row.work.key = std::to_string(study.solves.size());
    row.work.outcome = outcome;
    row.solve = name, row.time_limit = 10;
    if (outcome == Outcome::done) row.status = status, row.total_seconds = seconds, row.objective = -2, row.bound = -2;
    study.solves.push_back(row);
  }
  void error(bool dense, std::uint64_t seed, double value) {
    NetworkRow row;
    row.axes = {"f", "2x5", "plain", dense ? "dense" : "weight", {}, dense ? 0 : 0.5, seed};
    if (!dense) row.axes.method = prune::Method::weight;
    row.work.outcome = Outcome::done, row.test_error = value;
    study.networks.push_back(row);
  }
  [[nodiscard]] Outline outline() const { return outlines(study).at(0); }
};

TEST(Profile, CountsWithinTauOfTheFastestAndWhatFailedAsUnsolved) {
  Small small;
  small.solve("a", true, 0, 1), small.solve("b", true, 0, 4);
  small.solve("a", true, 1, 6), small.solve("b", true, 1, 2);
  small.solve("a", true, 2, 10, Status::time_limit), small.solve("b", true, 2, 5);
  small.solve("a", true, 3, 3), small.solve("b", true, 3, 0, Status::optimal, Outcome::crashed);
  // Not among the problems: one that only one block has tried, and one that neither solved.
  small.solve("a", true, 4, 3), small.solve("b", true, 4, 0, Status::optimal, Outcome::pending);
  small.solve("a", true, 5, 10, Status::time_limit), small.solve("b", true, 5, 10, Status::time_limit);
  const auto figure = solver_profile_figure(small.study, small.outline());
  ASSERT_TRUE(figure);
  // Ratios of a: 1, 3, infinite, 1; of b: 4, 1, 1, infinite. The axis ends at 1.15 times the largest, 4.6.
  EXPECT_EQ(figure->csv,
            "competitor,tau,fraction\n"
            "a,1,0.5\na,3,0.75\na,4.6,0.75\n"
            "b,1,0.5\nb,4,0.75\nb,4.6,0.75\n");
  EXPECT_THAT(figure->description, HasSubstr("Of 4 problems"));
}

TEST(Profile, NeedsTwoThatSolvedTheSameProblems) {
  Small small;
  small.solve("a", true, 0, 1);
  EXPECT_FALSE(solver_profile_figure(small.study, small.outline()));
  small.solve("b", true, 1, 1);
  EXPECT_FALSE(solver_profile_figure(small.study, small.outline()));
}

TEST(SpeedUpMap, MarksWhatWasStopped) {
  Small small;
  small.solve("a", true, 0, 10, Status::time_limit), small.solve("a", false, 0, 0.1);
  small.solve("a", true, 1, 4), small.solve("a", false, 1, 0.4);
  const auto figure = speed_up_figure(small.study, small.outline(), "a");
  ASSERT_TRUE(figure);
  ASSERT_EQ(figure->charts.size(), 1U);
  EXPECT_EQ(figure->charts[0].map->text[0][0], "≥\u00a031×");  // sqrt(100 * 10), rounded down
  EXPECT_THAT(figure->csv, HasSubstr("f,a,2x5,plain,weight,weight,0.5,2,1,0,31.6227766,at_least\n"));
  EXPECT_FALSE(speed_up_figure(small.study, small.outline(), "b"));
}

TEST(SpeedUpMap, NamesTheLargestOfThoseThatSaySomething) {
  Small small;
  small.solve("a", true, 0, 10, Status::time_limit), small.solve("a", false, 0, 10, Status::time_limit);
  const auto only = speed_up_figure(small.study, small.outline(), "a");
  ASSERT_TRUE(only);
  EXPECT_THAT(only->description, HasSubstr("Every mean has runs of pruned networks that were stopped"));
  EXPECT_THAT(only->description, Not(HasSubstr("slower")));
}

TEST(TimeFigure, SaysOfAMedianThatIsAtTheLimitAtLeast) {
  Small small;
  small.solve("a", true, 0, 1), small.solve("a", false, 0, 10, Status::time_limit);
  const auto figure = time_figure(small.study, small.outline(), "a");
  ASSERT_TRUE(figure);
  EXPECT_THAT(figure->description, HasSubstr("0 of 1 solved, median at least 10"));
}

TEST(TimeFigure, LeavesOutCellsWithoutAResultAndMarksTheLimit) {
  Small small;
  small.solve("a", true, 0, 10.2, Status::time_limit), small.solve("a", false, 0, 0.1);
  small.solve("a", true, 1, 0, Status::optimal, Outcome::out_of_memory), small.solve("a", false, 1, 0.4);
  const auto figure = time_figure(small.study, small.outline(), "a");
  ASSERT_TRUE(figure);
  EXPECT_THAT(figure->csv, HasSubstr("f,2x5,plain,dense,,0,1,1,10,10,10\n"));  // the limit, not 10.2
  EXPECT_THAT(figure->csv, HasSubstr("f,2x5,plain,weight,weight,0.5,2,0,0.2,0.1,0.4\n"));
  EXPECT_THAT(figure->description, HasSubstr("1 of 1 dense networks were stopped at the limit of 10"));
  ASSERT_EQ(figure->charts[0].marks.size(), 1U);
  EXPECT_EQ(figure->charts[0].marks[0].at, 10);
}

TEST(TraceFigure, DrawsDistancesFromTheBestPoint) {
  Small small;
  small.error(true, 0, 0.1);
  small.solve("a", true, 0, 2);
  small.study.traces = {{"0", 0.5, -1.5, -12, 0}, {"0", 1, -2, -3, 5}};
  const auto figure = trace_figure(small.study, small.outline(), "a");
  ASSERT_TRUE(figure);
  const auto& lines = figure->charts.at(0).lines;
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0].y, testing::ElementsAre(0.5, 2e-5, 2e-5));  // the floor: 1e-5 of the objective
  EXPECT_THAT(lines[1].y, testing::ElementsAre(10, 1, 2e-5));
  EXPECT_EQ(lines[2].signs.at(0), LegendEntry::Sign::star);
  EXPECT_THAT(figure->description, HasSubstr("after 50"));  // at 1 s of 2 s
}

TEST(TruthFigure, ShowsUsableNetworksApart) {
  Small small;
  small.error(true, 0, 0.1), small.error(false, 0, 0.9);
  small.solve("a", true, 0, 1), small.solve("a", false, 0, 1);
  small.study.solves[0].simulated = -2.1, small.study.solves[1].simulated = 5;
  const auto figure = truth_figure(small.study, small.outline());
  ASSERT_TRUE(figure);
  ASSERT_EQ(figure->charts.size(), 2U);
  EXPECT_EQ(figure->charts[0].lines.size(), 2U);
  EXPECT_EQ(figure->charts[1].lines.size(), 1U);
  EXPECT_THAT(figure->csv, HasSubstr("0.5,0,a,optimal,0,-2,5,,\n"));
}

TEST(RegretFigure, TakesOneOfANetworkAndSaysWhatIsNegative) {
  Small small;
  small.solve("a", true, 0, 1), small.solve("b", true, 0, 1), small.solve("a", false, 0, 1);
  small.study.solves[0].regret = 0.01, small.study.solves[1].regret = 0.5, small.study.solves[2].regret = -0.03;
  const auto figure = regret_figure(small.study, small.outline());
  ASSERT_TRUE(figure);
  EXPECT_THAT(figure->csv, HasSubstr("f,2x5,plain,dense,,0,1,0,1,1,1\n"));  // percent
  EXPECT_THAT(figure->csv, HasSubstr("f,2x5,plain,weight,weight,0.5,1,0,-3,-3,-3\n"));
  EXPECT_THAT(figure->description, HasSubstr("1 are negative"));
}

TEST(AttributionFigure, StacksThePartsAndAddsThemUp) {
  Small small;
  small.solve("a", true, 0, 8), small.solve("a", false, 0, 0.08);
  MeanAttribution mean;
  mean.axes = small.study.solves[1].axes, mean.solve = "a", mean.seeds = 1;
  mean.size.log = 1.5, mean.integers.log = -0.5, mean.big_m.log = 1, mean.total = {2, Known::at_least};
  const auto figure = attribution_figure({mean}, small.outline());
  ASSERT_TRUE(figure);
  ASSERT_EQ(figure->charts.size(), 1U);
  const Chart& chart = figure->charts[0];
  EXPECT_LE(chart.x.lower, -0.5);
  EXPECT_GE(chart.x.upper, 2.5);
  EXPECT_EQ(chart.lines.at(0).x.at(0), 2);
  EXPECT_EQ(chart.lines[0].signs.at(0), LegendEntry::Sign::open_triangle);
  EXPECT_THAT(figure->description, HasSubstr("the size brings 75"));
  MeanAttribution other = mean;
  other.axes.source = "g";
  EXPECT_FALSE(attribution_figure({other}, small.outline()));
}

TEST(Claims, AreNotMeasuredWithoutResultsAndSayWhatIsThere) {
  for (const Claim& claim : claims({}, {}, {})) EXPECT_EQ(claim.verdict, "not measured") << claim.claim;
  Small small;
  small.error(true, 0, 0.1), small.error(false, 0, 0.12);
  small.solve("a", true, 0, 10, Status::time_limit), small.solve("a", false, 0, 0.005);
  const auto all = claims(small.study, outlines(small.study), {});
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[1].verdict, "confirmed");
  EXPECT_THAT(all[1].here, HasSubstr("≥\u00a02000×"));
  EXPECT_EQ(all[4].verdict, "confirmed");
  EXPECT_THAT(all[4].here, HasSubstr("1 of 1"));
}

TEST(Claims, SayWhichSetsOfTheAttributionAreLeftOut) {
  Study study = sample_study();
  const auto factors = [&] { return claims(study, outlines(study), average(attribute(study))).at(2).here; };
  EXPECT_THAT(factors(), HasSubstr("the size brings 50"));
  EXPECT_THAT(factors(), Not(testing::AnyOf(HasSubstr("left out"), HasSubstr("stopped"))));
  const auto reference =
      std::find_if(study.solves.begin(), study.solves.end(), [](const SolveRow& row) { return row.reference; });
  reference->status = Status::time_limit;
  EXPECT_THAT(factors(), HasSubstr("In 1 of them a run was stopped, which counts at its limit."));
  reference->work.outcome = Outcome::out_of_memory;
  EXPECT_THAT(factors(), HasSubstr("sets of five runs are left out: 1 for a run that is out of memory."));
}

TEST(Claims, CountSpeedUpsThatBoundNothingAsNothing) {
  Small small;
  small.error(true, 0, 0.1), small.error(false, 0, 0.12);
  small.error(true, 1, 0.1), small.error(false, 1, 0.12);
  small.solve("a", true, 0, 10, Status::time_limit), small.solve("a", false, 0, 1e-6);
  small.solve("a", true, 1, 10, Status::time_limit), small.solve("a", false, 1, 10, Status::time_limit);
  const auto all = claims(small.study, outlines(small.study), {});
  EXPECT_EQ(all[1].verdict, "not measured");
  EXPECT_THAT(all[1].here, Not(HasSubstr("×")));
  EXPECT_EQ(all[4].verdict, "mixed");  // one of two solved
}

}  // namespace
}  // namespace secateur::study::report
