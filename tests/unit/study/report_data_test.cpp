// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_tables.hpp"
#include "unit/study/report_sample.hpp"

namespace secateur::study::report {
namespace {

using testing::ElementsAre;

SolveRow solve_row(Status status, double seconds, double limit = 60) {
  SolveRow row;
  row.work.outcome = Outcome::done;
  row.status = status, row.total_seconds = seconds, row.time_limit = limit;
  return row;
}

TEST(Counted, IsTheTimeOfAProofAndTheLimitOfARunThatWasStopped) {
  EXPECT_DOUBLE_EQ(counted(solve_row(Status::optimal, 2))->value, 2);
  EXPECT_FALSE(counted(solve_row(Status::optimal, 2))->limit);
  EXPECT_FALSE(counted(solve_row(Status::infeasible, 2))->limit);
  EXPECT_DOUBLE_EQ(counted(solve_row(Status::time_limit, 60.4))->value, 60);
  EXPECT_TRUE(counted(solve_row(Status::time_limit, 60.4))->limit);
  EXPECT_DOUBLE_EQ(counted(solve_row(Status::memory_limit, 9))->value, 9);
  EXPECT_TRUE(counted(solve_row(Status::memory_limit, 9))->limit);
  EXPECT_FALSE(counted(solve_row(Status::interrupted, 9)));
  EXPECT_GT(counted(solve_row(Status::optimal, 0))->value, 0);
  EXPECT_FALSE(counted(SolveRow{}));
}

Pair pair(double dense, bool dense_limit, double pruned, bool pruned_limit) {
  return {{dense, dense_limit, 0}, {pruned, pruned_limit, 0}};
}

TEST(MeanSpeedUp, IsTheGeometricMeanAndSaysWhatWasStopped) {
  EXPECT_FALSE(mean_speed_up({}));
  const auto equal = mean_speed_up({pair(10, false, 1, false), pair(1000, false, 1, false)});
  EXPECT_NEAR(equal->factor, 100, 1e-9);
  EXPECT_EQ(equal->relation, Relation::equal);
  EXPECT_EQ(short_text(*equal), "100×");
  const auto least = mean_speed_up({pair(60, true, 1, false), pair(15, false, 1, false)});
  EXPECT_EQ(least->relation, Relation::at_least);
  EXPECT_EQ(short_text(*least), "≥\u00a030×");
  const auto most = mean_speed_up({pair(30, false, 60, true)});
  EXPECT_EQ(most->relation, Relation::at_most);
  EXPECT_EQ(short_text(*most), "≤\u00a00.5×");
  // A dense run and a pruned one that were stopped: the mean bounds nothing.
  const auto both = mean_speed_up({pair(60, true, 1, false), pair(1, false, 60, true)});
  EXPECT_FALSE(both->relation);
  EXPECT_EQ(short_text(*both), "≈\u00a01×");
}

TEST(Shape, IsReadFromTheNameOfAnArchitecture) {
  EXPECT_EQ(shape("3x50")->depth, 3);
  EXPECT_EQ(shape("3x50")->width, 50);
  EXPECT_EQ(shape("50-30-10")->depth, 3);
  EXPECT_EQ(shape("50-30-10")->width, 30);
  EXPECT_EQ(shape("40")->depth, 1);
  for (const char* name : {"", "deep", "3x", "x50", "0x5", "50--10", "3x50x2", "99999999999x2"})
    EXPECT_FALSE(shape(name)) << name;
  EXPECT_EQ(architecture_text("3x50"), "3\u00a0×\u00a050");
  EXPECT_EQ(architecture_text("xeno"), "xeno");
}

TEST(Outline, HasTheDenseTrainingFirstAndBaselinesInTheirOwnColours) {
  const auto all = outlines(sample_study());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].source, "peaks");
  EXPECT_EQ(all[0].architectures.size(), 8U);
  EXPECT_THAT(all[0].solves, ElementsAre("milp", "native"));
  std::vector<std::string> labels, colours;
  for (const Curve& curve : all[0].curves) labels.push_back(curve.label), colours.push_back(curve.colour);
  EXPECT_THAT(labels, ElementsAre("weights removed", "nodes removed", "l1: weights removed", "stable, not pruned"));
  EXPECT_THAT(colours, ElementsAre("weight", "node", "other-a", "other-b"));
  EXPECT_EQ(all[1].curves.size(), 2U);
}

TEST(Outline, NamesBlocksWhereAMethodHasSeveral) {
  Study study;
  for (const char* const pruning : {"gradual", "at-once"}) {
    NetworkRow row;
    row.axes = {"peaks", "3x50", "plain", pruning, prune::Method::weight, 0.5, 0};
    study.networks.push_back(row);
  }
  const auto all = outlines(study);
  ASSERT_EQ(all.at(0).curves.size(), 2U);
  EXPECT_EQ(all[0].curves[0].label, "weights removed (gradual)");
  EXPECT_EQ(all[0].curves[0].stroke, ChartLine::Stroke::solid);
  EXPECT_EQ(all[0].curves[1].stroke, ChartLine::Stroke::dashed);
  EXPECT_EQ(all[0].curves[1].colour, "weight");
}

/// One architecture, dense and at two sparsities, two seeds; the second seed of the larger sparsity errs much more.
Study errors() {
  Study study;
  const auto add = [&](double sparsity, std::uint64_t seed, double error) {
    NetworkRow row;
    row.axes = {"f", "1x5", "plain", "dense", {}, sparsity, seed};
    if (sparsity > 0) row.axes.pruning = "weight", row.axes.method = prune::Method::weight;
    row.work.outcome = Outcome::done, row.test_error = error;
    study.networks.push_back(row);
  };
  add(0, 0, 0.1), add(0, 1, 0.2), add(0.5, 0, 0.15), add(0.5, 1, 0.2), add(0.9, 0, 0.1), add(0.9, 1, 2.0);
  return study;
}

TEST(Usable, IsTheLargestSparsityWhoseMeanErrorHasNotGrownTooMuch) {
  const Study study = errors();
  const auto outline = outlines(study).at(0);
  const Samples samples = error_samples(study);
  EXPECT_EQ(usable_sparsity(samples, "f", "1x5", outline.curves.at(0)), 0.5);  // at 0.9: sqrt(1 * 10) > 2
  EXPECT_NEAR(*mean_ratio(pairs(samples, "f", "1x5", outline.curves[0], 0.5)), std::sqrt(1.5), 1e-12);
  EXPECT_THAT(sparsities(samples, "f", "1x5", outline.curves[0]), ElementsAre(0.5, 0.9));
  EXPECT_FALSE(usable_sparsity(samples, "f", "another", outline.curves[0]));
}

TEST(Usable, IsNothingThatExplainsLittleHoweverLittleTheErrorHasGrown) {
  Study study = errors();
  for (NetworkRow& row : study.networks) row.test_error = 4 * row.test_error.value_or(0);
  const auto outline = outlines(study).at(0);
  EXPECT_FALSE(usable_sparsity(error_samples(study), "f", "1x5", outline.curves.at(0)));  // 0.69 at half the weights
}

TEST(Widths, AreOfTheMethodThatTheSolvesHad) {
  Study study;
  const auto add = [&](graph::BoundsMethod method, std::int64_t layer, double width) {
    BoundsRow row;
    row.axes = {"f", "1x5", "plain", "dense", {}, 0, 0};
    row.work.outcome = Outcome::done;
    row.bounds = method, row.layer = layer, row.units = layer == 0 ? 5 : 1, row.mean_width = width;
    study.bounds.push_back(row);
  };
  add(graph::BoundsMethod::interval, 0, 8), add(graph::BoundsMethod::interval, 1, 80);
  EXPECT_EQ(method_name(study, "f"), "interval");
  add(graph::BoundsMethod::crown, 0, 4), add(graph::BoundsMethod::crown, 1, 40);
  SolveRow solve = solve_row(Status::optimal, 1);
  solve.axes = study.bounds.front().axes;
  study.solves.push_back(solve);
  EXPECT_EQ(method_name(study, "f"), "crown");
  const Samples widths = width_samples(study, "f");
  ASSERT_EQ(widths.size(), 1U);
  EXPECT_EQ(widths.begin()->second.at(0).value, 4);  // hidden layers alone
  EXPECT_EQ(method_name(study, "another"), "no method");
}

TEST(Facets, WriteOneLineANetworkAndMarkWhatWasStopped) {
  const Study study = errors();
  const auto outline = outlines(study).at(0);
  Samples samples = error_samples(study);
  samples.begin()->second[1].limit = true;
  FacetPlan plan;
  plan.name = "error", plan.quantity = "error";
  plan.show = [](double value) { return std::to_string(value); };
  const auto figure = facets(outline, samples, plan);
  ASSERT_TRUE(figure);
  EXPECT_EQ(std::count(figure->csv.begin(), figure->csv.end(), '\n'), 4);  // header, dense and two sparsities
  EXPECT_THAT(figure->csv, testing::HasSubstr("f,1x5,plain,dense,,0,2,1,0.141421356,0.1,0.2\n"));
  EXPECT_EQ(figure->legend.back().sign, LegendEntry::Sign::open_triangle);
  EXPECT_FALSE(facets(outline, {}, plan));
}

TEST(Means, AreWhatTheyAreCalled) {
  EXPECT_NEAR(geometric_mean({1, 100}), 10, 1e-12);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(centre({{1, false, 0}, {0, false, 1}}, FacetPlan::Centre::geometric), 0.5);  // no logarithm of 0
}

TEST(Cells, AreCountedOnceWhateverTheirRows) {
  SampleSize size;
  size.stop_after = 10;
  const auto counts = count_cells(sample_study(size));
  ASSERT_EQ(counts.size(), 4U);
  EXPECT_EQ(counts[0].all() + counts[1].all(), 366);
  EXPECT_EQ(counts[2].of(Outcome::done), 10);
  EXPECT_EQ(counts[3].of(Outcome::done), 10);
  EXPECT_THAT(progress_text(counts), testing::HasSubstr("not run yet: "));
  EXPECT_THAT(progress_text(count_cells({})), testing::HasSubstr("no cells yet"));
}

TEST(Failures, AreGroupedByReasonAndListedInTheFile) {
  const Study study = sample_study();
  const auto table = failures_table(study);
  ASSERT_TRUE(table);
  ASSERT_EQ(table->rows.size(), 2U);
  EXPECT_EQ(table->rows[0][0], "out of memory");
  EXPECT_EQ(table->rows[0][3], "more than 4096 MiB");
  EXPECT_EQ(table->rows[1][0], "crashed");
  const std::string csv = failures_csv(study);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + std::stoi(table->rows[0][2]) + std::stoi(table->rows[1][2]));
  SampleSize none;
  none.failures = false;
  EXPECT_FALSE(failures_table(sample_study(none)));
}

TEST(FileWord, IsSafeInAnyFileSystem) {
  EXPECT_EQ(file_word("Williams Otto/2"), "williams-otto-2");
  EXPECT_EQ(file_word("../../etc"), "etc");
  EXPECT_EQ(file_word("…"), "study");
}

TEST(CsvField, IsQuotedWhereItHasToBe) {
  EXPECT_EQ(csv_field(std::string("a")), "a");
  EXPECT_EQ(csv_field(std::string("a,\"b\"\n")), "\"a,\"\"b\"\"\n\"");
  EXPECT_EQ(csv_field(std::nan("")), "");
  EXPECT_EQ(csv_field(std::optional<double>()), "");
}

}  // namespace
}  // namespace secateur::study::report
