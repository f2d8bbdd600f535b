// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report.hpp"

#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "unit/study/html_check.hpp"
#include "unit/study/report_sample.hpp"

namespace secateur::study {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The text of the page without Plotly.
std::string body(const std::string& html) { return html.substr(0, html.find("<script>")); }

nlohmann::json plots(const std::string& html) {
  const std::string open = R"(id="plots">)";
  const auto begin = html.find(open);
  if (begin == std::string::npos) return nlohmann::json::object();
  const auto from = begin + open.size();
  return nlohmann::json::parse(html.substr(from, html.find("</script>", from) - from));
}

bool empty(const nlohmann::json& trace) {
  for (const char* const key : {"x", "y", "z"}) {
    if (!trace.contains(key)) continue;
    for (const auto& value : trace[key]) {
      if (!value.is_null()) return false;
    }
  }
  return true;
}

TEST(StudyReport, ShowsEveryFamilyOfFiguresWithItsFiles) {
  std::vector<SideFile> side;
  const std::string html = study_report(sample_study(), "r-figures", &side);
  const HtmlCheck check(html);
  EXPECT_EQ(check.problems, "");
  std::set<std::string> names;
  for (const SideFile& file : side) {
    EXPECT_TRUE(names.insert(file.name).second) << file.name;
    EXPECT_GT(file.bytes.size(), 100U) << file.name;
    EXPECT_THAT(check.links, testing::Contains(file.name));
    if (file.name.ends_with(".csv")) {
      EXPECT_GT(std::count(file.bytes.begin(), file.bytes.end(), '\n'), 1) << file.name;
    }
  }
  EXPECT_EQ(check.links.size(), names.size() + 1);  // and the icon that is none
  for (const char* const name :
       {"error-peaks", "time-peaks-milp", "time-peaks-native", "speed-up-peaks-milp", "size-peaks", "layers-peaks",
        "attribution-peaks", "attribution-williams-otto", "profile-solves-peaks", "profile-pruning-peaks-milp",
        "convergence-peaks-milp", "truth-williams-otto", "regret-williams-otto"}) {
    EXPECT_TRUE(names.contains(std::string("r-figures/") + name + ".csv")) << name;
    EXPECT_TRUE(names.contains(std::string("r-figures/") + name + ".svg")) << name;
  }
  EXPECT_TRUE(names.contains("r-figures/failures.csv"));
  const auto drawn = plots(html);
  EXPECT_GT(drawn.size(), 50U);
  for (const auto& [id, plot] : drawn.items()) {
    ASSERT_FALSE(plot["data"].empty()) << id;
    for (const auto& trace : plot["data"]) EXPECT_FALSE(empty(trace)) << id;
  }
}

TEST(StudyReport, SaysInNumbersWhatThereIsToSee) {
  const std::string text = body(study_report(sample_study(), "r"));
  for (const char* const part :
       {"Weights removed: up to ", "dense networks were stopped at the limit of 60", "The largest mean speed-up is ≥",
        "signal 11 (SIGSEGV)", "more than 4096 MiB", "A processor &amp; another", "HiGHS 1.12.0", "the size brings ",
        "In 62 of 70 hidden layers"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

TEST(StudyReport, OfAnEmptyStudySaysSo) {
  std::vector<SideFile> side;
  const std::string html = study_report({}, "r", &side);
  EXPECT_EQ(HtmlCheck(html).problems, "");
  EXPECT_THAT(html, HasSubstr("no cells yet"));
  EXPECT_TRUE(side.empty());
}

TEST(StudyReport, OfAStudyThatHasOnlyBeenPlannedHasNoFigures) {
  SampleSize size;
  size.stop_after = 0, size.failures = false;
  const std::string html = study_report(sample_study(size), "r");
  EXPECT_EQ(HtmlCheck(html).problems, "");
  EXPECT_THAT(html, HasSubstr("0 of "));
  EXPECT_THAT(html, HasSubstr("Nothing to show yet for: Error, Solve time"));
  EXPECT_EQ(HtmlCheck(html).count("figure"), 0);
}

TEST(StudyReport, OfEveryUnfinishedStudyIsWhole) {
  for (const int done : {1, 2, 7, 30, 100}) {
    SampleSize size;
    size.stop_after = done;
    std::vector<SideFile> side;
    const std::string html = study_report(sample_study(size), "r", &side);
    EXPECT_EQ(HtmlCheck(html).problems, "") << done;
    EXPECT_THAT(html, HasSubstr("not run yet: ")) << done;
    for (const SideFile& file : side) EXPECT_THAT(file.bytes, Not(HasSubstr("nan"))) << file.name;
  }
}

TEST(StudyReport, SurvivesNamesThatAreMarkupOrNoText) {
  Study study = sample_study({.seeds = 1});
  const std::string hostile = "<b>\"&'</script>\xff\x01,";
  study.name = study.machine = study.spec = hostile;
  for (NetworkRow& row : study.networks) row.axes.source = row.axes.training = hostile;
  for (SolveRow& row : study.solves) row.axes.source = row.axes.training = row.solve = hostile;
  std::vector<SideFile> side;
  const std::string html = study_report(study, "r", &side);
  EXPECT_EQ(HtmlCheck(html).problems, "");
  for (const SideFile& file : side) {
    if (file.name.ends_with(".svg")) {
      EXPECT_THAT(file.bytes, Not(HasSubstr("</script>"))) << file.name;
    }
  }
}

TEST(StudyReport, OfTenThousandRowsIsSmall) {
  SampleSize size;
  size.seeds = 15;
  const Study study = sample_study(size);
  ASSERT_GT(study.networks.size() + study.bounds.size() + study.solves.size(), 10'000U);
  const std::string html = study_report(study, "r");
  EXPECT_LT(html.size(), 10'000'000U);
}

class WriteReport : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) /
      ("report_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(WriteReport, PutsTheFiguresInAFolderNamedAfterTheReport) {
  const auto written = write_report(sample_study({.seeds = 1}), folder / "a.html");
  EXPECT_EQ(written.front(), "a.html");
  EXPECT_GT(written.size(), 20U);
  for (const std::string& name : written) EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  EXPECT_TRUE(written.back().starts_with("a-figures/"));
}

TEST_F(WriteReport, RefusesAPlaceThatCannotBeWritten) {
  EXPECT_THROW(write_report(sample_study({.seeds = 1}), folder / "missing" / "a.html"), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "missing"));
  write_file(folder / "a-figures", "a file where the folder should be");
  EXPECT_THROW(write_report(sample_study({.seeds = 1}), folder / "a.html"), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.html"));
}

}  // namespace
}  // namespace secateur::study
