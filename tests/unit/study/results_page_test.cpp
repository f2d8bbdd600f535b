// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/results_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/study/markdown.hpp"
#include "secateur/study/report_tables.hpp"
#include "unit/study/report_sample.hpp"

namespace secateur::study {
namespace {

using report::outlines;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

TEST(Markdown, EscapesWhatWouldBeMarkup) {
  EXPECT_EQ(escape_markdown("a|b *c* <d> `e` [f]\ng\\"), R"(a\|b \*c\* \<d\> \`e\` \[f\] g\\)");
  EXPECT_EQ(markdown_heading(3, "x #1"), "### x \\#1\n\n");
}

TEST(Markdown, WrapsParagraphsByCharacters) {
  const std::string word(64, 'w');
  EXPECT_EQ(markdown_paragraph(word + " " + word + " x"), word + " " + word + "\nx\n\n");
  std::string wide;
  for (int i = 0; i < 64; ++i) wide += "×";  // two bytes each
  EXPECT_EQ(markdown_paragraph(wide + "  " + wide), wide + " " + wide + "\n\n");
  EXPECT_EQ(markdown_paragraph(""), "\n\n");
  const std::string longer(300, 'l');
  EXPECT_EQ(markdown_paragraph("a " + longer + " b"), "a\n" + longer + "\nb\n\n");
}

TEST(Markdown, WritesATable) {
  PageTable table;
  table.caption = "What it is.", table.header = {"a", "b"}, table.rows = {{"1|2", ""}};
  EXPECT_EQ(markdown(table), "What it is.\n\n| a | b |\n| --- | ---: |\n| 1\\|2 |  |\n\n");
}

/// One architecture, dense and pruned by a half, two seeds.
struct Small {
  Study study;

  Axes axes(bool dense, std::uint64_t seed) const {
    Axes made{"f", "2x5", "plain", dense ? "dense" : "weight", {}, dense ? 0 : 0.5, seed};
    if (!dense) made.method = prune::Method::weight;
    return made;
  }
  SolveRow& solve(const std::string& name, bool dense, std::uint64_t seed, double seconds,
                  Status status = Status::optimal) {
    SolveRow row;
    row.axes = axes(dense, seed), row.work.outcome = Outcome::done;
    row.work.key = std::to_string(study.solves.size());
    row.solve = name, row.time_limit = 10, row.status = status, row.total_seconds = seconds;
    row.objective = row.bound = -2, row.binary_count = dense ? 10 : 4;
    study.solves.push_back(row);
    return study.solves.back();
  }
  void error(bool dense, std::uint64_t seed, double value) {
    NetworkRow row;
    row.axes = axes(dense, seed), row.work.outcome = Outcome::done, row.test_error = value;
    study.networks.push_back(row);
  }
};

TEST(NumbersTable, ComparesTheSameSeeds) {
  Small small;
  small.error(true, 0, 0.1), small.error(false, 0, 0.1), small.error(true, 1, 0.1), small.error(false, 1, 0.4);
  small.solve("a", true, 0, 4), small.solve("a", false, 0, 0.1);
  small.solve("a", true, 1, 10, Status::time_limit), small.solve("a", false, 1, 0.1);
  small.solve("a", true, 2, 1);  // not pruned yet
  const auto table = report::numbers_table(small.study, outlines(small.study).at(0), "a");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->rows.size(), 1U);
  // Errors grow by 2, which is the most that is usable; sqrt(40 * 100) = 63.2.
  EXPECT_THAT(table->rows[0],
              ElementsAre("2\u00a0×\u00a05", "weights\u00a050\u00a0%", "2", "0.10 → 0.20", "yes", "10.0 → 4.00", "–",
                          "≥\u00a06.32\u00a0s", "0.1\u00a0s", "1, 0", "≥\u00a063×"));
  EXPECT_FALSE(report::numbers_table(small.study, outlines(small.study).at(0), "b"));
}

TEST(BlocksTable, SetsEnginesBesideOneAnother) {
  Small small;
  small.solve("milp", true, 0, 10, Status::time_limit), small.solve("milp", false, 0, 2);
  small.solve("native", true, 0, 1), small.solve("native", false, 0, 0.5);
  small.solve("native", true, 1, 1);  // by one block only
  const auto table = report::blocks_table(small.study, outlines(small.study).at(0));
  ASSERT_TRUE(table);
  EXPECT_THAT(table->header, ElementsAre("Network", "Removed", "“milp”", "“native”", "“native” against “milp”",
                                         "pruning, “milp”", "pruning, “native”"));
  ASSERT_EQ(table->rows.size(), 4U);
  EXPECT_THAT(table->rows[0],
              ElementsAre("2\u00a0×\u00a05", "nothing", "≥\u00a010\u00a0s", "1\u00a0s", "≥\u00a010×", "–", "–"));
  EXPECT_THAT(table->rows[1], ElementsAre("2\u00a0×\u00a05", "weights\u00a050\u00a0%", "2\u00a0s", "0.5\u00a0s", "4×",
                                          "≥\u00a05×", "2×"));
  EXPECT_THAT(table->rows[2], ElementsAre("all of these, dense", "", "", "", "≥\u00a010×", "", ""));
  EXPECT_THAT(table->rows[3], ElementsAre("all of these, pruned", "", "", "", "4×", "≥\u00a05×", "2×"));
}

TEST(BlocksTable, NeedsTwoBlocksOfTheSameNetworks) {
  Small small;
  small.solve("milp", true, 0, 1);
  EXPECT_FALSE(report::blocks_table(small.study, outlines(small.study).at(0)));
  small.solve("native", false, 0, 1);
  EXPECT_FALSE(report::blocks_table(small.study, outlines(small.study).at(0)));
}

TEST(TruthTable, TakesProvenOptimaOfOneTraining) {
  Small small;
  small.solve("a", true, 0, 1).regret = 0.01;
  for (const double regret : {0.02, 0.03, 0.10}) {
    SolveRow& row = small.solve("a", false, small.study.solves.size(), 1);
    row.regret = regret, row.objective_error = 2 * regret;
  }
  small.solve("a", false, 9, 10, Status::time_limit).regret = 5;
  const auto table = report::truth_table(small.study, outlines(small.study).at(0));
  ASSERT_TRUE(table);
  EXPECT_THAT(table->rows,
              ElementsAre(ElementsAre("a", "nothing", "1", "–", "1.0\u00a0%", "1.0\u00a0%"),
                          ElementsAre("a", "weights\u00a050\u00a0%", "3", "6.0\u00a0%", "3.0\u00a0%", "10\u00a0%")));
}

TEST(ResultsPage, HasEveryStudyWithItsClaimsAndTables) {
  Study study = sample_study();
  study.name = "sample", study.spec = R"({"description": "Made up * for tests."})", study.machine = "a machine";
  Study nothing;
  nothing.name = "empty";
  const std::string page = results_markdown({{"out/sample", study}, {"out/empty", nothing}}, "out");
  for (const char* const part :
       {"# Results\n", "`secateur report out --markdown`", "## sample\n", "Made up \\* for tests.", "## empty\n",
        "The study has no cells yet", "`secateur study studies/sample.json --csv out/sample`",
        "### What the paper claims", "Three factors", "### Solved with “milp”, at most 60", "### Solved with “native”",
        "### The ways to solve side by side", "“native” against “milp”", "### What the optimum is worth in truth",
        "### Cells without a result", "Beside pruning", "williams-otto. Dense against pruned"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_TRUE(page.ends_with("|\n") || page.ends_with(".\n"));
  // Every row of a table has as many cells as its header.
  std::size_t columns = 0;
  for (std::size_t begin = 0; begin < page.size();) {
    const std::size_t end = page.find('\n', begin);
    const std::string line = page.substr(begin, end - begin);
    begin = end + 1;
    std::size_t cells = 0;
    for (std::size_t i = 0; i < line.size(); ++i) cells += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
    if (line.empty() || line[0] != '|') {
      columns = 0;
    } else {
      EXPECT_TRUE(columns == 0 || columns == cells) << line;
      columns = cells;
    }
  }
}

TEST(ResultsPage, HalfAStudySaysHowFarItIs) {
  const std::string page = results_markdown({{"x", sample_study({.stop_after = 30})}}, "x");
  EXPECT_THAT(page, HasSubstr("not run yet:"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(StudiesAt, FindsTablesAndLedgersByName) {
  const std::filesystem::path folder = testing::TempDir() + "/studies_at";
  std::filesystem::remove_all(folder);
  make_folder(folder / "b"), make_folder(folder / "c");
  EXPECT_THAT([&] { static_cast<void>(studies_at(folder)); }, ThrowsMessage<InputError>(HasSubstr("holds no study")));
  write_file(folder / "b" / "study.json", "{}");
  write_file(folder / "a.sqlite", "");
  write_file(folder / "notes.txt", "");
  EXPECT_THAT(studies_at(folder), ElementsAre(folder / "a.sqlite", folder / "b"));
  EXPECT_THAT(studies_at(folder / "b"), ElementsAre(folder / "b"));
  EXPECT_THAT(studies_at(folder / "none"), ElementsAre(folder / "none"));  // reading it says what is wrong
}

}  // namespace
}  // namespace secateur::study
