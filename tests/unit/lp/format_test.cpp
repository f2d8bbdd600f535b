// SPDX-License-Identifier: Apache-2.0
// Models written as text are read back by HiGHS's own readers and compared number for number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "secateur/core/file.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/lp/file_names.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/lp/scaling.hpp"
#include "secateur/lp/scip_api.hpp"
#include "secateur/lp/session.hpp"

// The part of HiGHS's C interface that the tests need beyond the library's one user of it.
extern "C" {
void* Highs_create(void);
void Highs_destroy(void*);
int Highs_setBoolOptionValue(void*, const char*, int);
int Highs_setDoubleOptionValue(void*, const char*, double);
int Highs_readModel(void*, const char*);
int Highs_getNumCol(const void*);
int Highs_getNumRow(const void*);
int Highs_getNumNz(const void*);
int Highs_getLp(const void*, int, int*, int*, int*, int*, double*, double*, double*, double*, double*, double*, int*,
                int*, double*, int*);
int Highs_getColName(const void*, int, char*);
int Highs_getRowName(const void*, int, char*);
}

namespace secateur::lp {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The model that HiGHS reads from the text; fails the test when it refuses.
Model read_back(const std::string& text, const std::string& extension) {
  const auto path =
      std::filesystem::temp_directory_path() / ("secateur_format_test_" + std::to_string(::getpid()) + "." + extension);
  write_file(path, text);
  void* highs = Highs_create();
  Highs_setBoolOptionValue(highs, "output_flag", 0);
  Highs_setDoubleOptionValue(highs, "small_matrix_value", 1e-12);
  const int status = Highs_readModel(highs, path.c_str());
  EXPECT_EQ(status, 0) << text;
  Model model;
  int columns = Highs_getNumCol(highs), rows = Highs_getNumRow(highs), entries = Highs_getNumNz(highs);
  const auto c = static_cast<std::size_t>(columns), r = static_cast<std::size_t>(rows),
             e = static_cast<std::size_t>(entries);
  model.cost.resize(c);
  model.column_lower.resize(c);
  model.column_upper.resize(c);
  model.row_lower.resize(r);
  model.row_upper.resize(r);
  model.row_start.assign(r + 1, entries);
  model.column.resize(e);
  model.value.resize(e);
  std::vector<int> integrality(c, 0);
  int sense = 1;
  Highs_getLp(highs, 2, &columns, &rows, &entries, &sense, &model.offset, model.cost.data(), model.column_lower.data(),
              model.column_upper.data(), model.row_lower.data(), model.row_upper.data(), model.row_start.data(),
              model.column.data(), model.value.data(), integrality.data());
  model.sense = sense == 1 ? Sense::minimize : Sense::maximize;
  for (const int type : integrality) model.integer.push_back(type == 1);
  std::vector<char> name(600);
  for (int j = 0; j < columns; ++j) {
    Highs_getColName(highs, j, name.data());
    model.column_names.emplace_back(name.data());
  }
  for (int i = 0; i < rows; ++i) {
    Highs_getRowName(highs, i, name.data());
    model.row_names.emplace_back(name.data());
  }
  Highs_destroy(highs);
  std::filesystem::remove(path);
  return model;
}

/// A row's entries by column name: readers may order columns and entries differently.
std::map<std::string, double> row_of(const Model& model, int row) {
  std::map<std::string, double> entries;
  for (int e = model.row_start[static_cast<std::size_t>(row)]; e < model.row_start[static_cast<std::size_t>(row) + 1];
       ++e) {
    const auto i = static_cast<std::size_t>(e);
    if (model.value[i] != 0) entries[model.column_names[static_cast<std::size_t>(model.column[i])]] = model.value[i];
  }
  return entries;
}

int index_of(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

/// Every row with both sides finite and different is stated as one or as two rows; the same set of points either way.
void expect_same(const Model& written, const Model& read) {
  EXPECT_EQ(read.sense, written.sense);
  // LP files carry the offset as the cost of a column that is fixed to 1.
  const int constant = index_of(read.column_names, "constant");
  EXPECT_EQ(constant < 0 ? read.offset : read.cost[static_cast<std::size_t>(constant)], written.offset);
  if (constant >= 0) {
    EXPECT_EQ(read.column_lower[static_cast<std::size_t>(constant)], 1);
    EXPECT_EQ(read.column_upper[static_cast<std::size_t>(constant)], 1);
  }
  const auto columns = file_names(written.column_names, "c");
  ASSERT_EQ(read.columns(), written.columns() + (constant >= 0 ? 1 : 0));
  for (int j = 0; j < written.columns(); ++j) {
    const auto from = static_cast<std::size_t>(j);
    SCOPED_TRACE(columns[from]);
    const int k = index_of(read.column_names, columns[from]);
    ASSERT_GE(k, 0);
    const auto to = static_cast<std::size_t>(k);
    EXPECT_EQ(read.cost[to], written.cost[from]);
    EXPECT_EQ(read.column_lower[to], written.column_lower[from]);
    EXPECT_EQ(read.column_upper[to], written.column_upper[from]);
    EXPECT_EQ(read.integer[to], written.integer[from]);
  }
  Model renamed = written;
  renamed.column_names = columns;
  const auto rows = file_names(written.row_names, "r");
  for (int i = 0; i < written.rows(); ++i) {
    const auto from = static_cast<std::size_t>(i);
    SCOPED_TRACE(rows[from]);
    if (std::isinf(written.row_lower[from]) && std::isinf(written.row_upper[from])) continue;
    const int k = index_of(read.row_names, rows[from]);
    ASSERT_GE(k, 0);
    EXPECT_EQ(row_of(read, k), row_of(renamed, i));
    double lower = read.row_lower[static_cast<std::size_t>(k)], upper = read.row_upper[static_cast<std::size_t>(k)];
    const int second = index_of(read.row_names, rows[from] + "_low");
    if (second >= 0) {
      EXPECT_EQ(row_of(read, second), row_of(renamed, i));
      lower = std::max(lower, read.row_lower[static_cast<std::size_t>(second)]);
      upper = std::min(upper, read.row_upper[static_cast<std::size_t>(second)]);
    }
    EXPECT_EQ(lower, written.row_lower[from]);
    EXPECT_EQ(upper, written.row_upper[from]);
  }
}

/// One of everything: free, fixed, negative and half-infinite columns, integers of each kind, rows of each kind, an
/// offset, a maximisation, numbers without a short decimal form, names that no format allows.
Model everything() {
  Model model;
  model.sense = Sense::maximize;
  model.offset = -0.1;
  model.add_column(-1, 1, 1.0 / 3, false, "x[0]");
  model.add_column(-infinity, infinity, -2.5e-7, false, "free");
  model.add_column(-infinity, -3, 1e5, false, "x_0");
  model.add_column(2, infinity, -1, false, "3 apples");
  model.add_column(0, infinity, 0, false, "plain");
  model.add_column(0.1, 0.1, 4, false, "inflow");
  model.add_column(-2, -1, 0, false, "e5");
  model.add_column(0, 1, 7, true, "bin");
  model.add_column(0, infinity, -0.1, true, "integer");
  model.add_column(-3, 4, 0, true, "n(1)");
  model.add_column(1, 1, 0, true, "fixed binary");
  model.add_column(0, 0.25, 0, false, "unused");
  const auto row = [&](double lower, double upper, const std::string& name) {
    for (int j = 0; j < 11; ++j) model.add_entry(j, std::sin(j + 10.0 * model.rows() + 1));
    model.close_row(lower, upper, name);
  };
  row(-infinity, 4.7, "less");
  row(-4.7, infinity, "more");
  row(0.3, 0.3, "equal");
  row(-8, 8, "exact range");
  row(-0.1, 8.7, "rounded range");
  row(-infinity, infinity, "idle");
  row(-1e6, 1e6, "obj");
  model.add_entry(0, 1e-11);
  model.add_entry(1, -1);
  model.close_row(-infinity, 1e9, "less");
  model.close_row(-1, infinity, "empty");
  return model;
}

TEST(Formats, MpsKeepsEveryNumber) { expect_same(everything(), read_back(to_mps(everything()), "mps")); }

TEST(Formats, LpKeepsEveryNumber) { expect_same(everything(), read_back(to_lp(everything()), "lp")); }

TEST(Formats, MinimisationAndNoObjective) {
  Model model = everything();
  model.sense = Sense::minimize;
  model.offset = 0;
  std::fill(model.cost.begin(), model.cost.end(), 0.0);
  expect_same(model, read_back(to_mps(model), "mps"));
  expect_same(model, read_back(to_lp(model), "lp"));
}

TEST(Formats, RandomModelsHaveTheSameOptimum) {
  Rng rng(3);
  for (int trial = 0; trial < 40; ++trial) {
    Model model;
    model.sense = trial % 2 == 0 ? Sense::minimize : Sense::maximize;
    model.offset = rng.uniform(-1, 1);
    const int columns = 2 + static_cast<int>(rng.below(6)), rows = static_cast<int>(rng.below(5));
    for (int j = 0; j < columns; ++j) {
      const double lower = rng.uniform(-5, 0);
      model.add_column(lower, lower + rng.uniform(0, 8), rng.normal(), rng.below(2) == 0,
                       std::string("x[").append(std::to_string(j)).append("]"));
    }
    // Rows that keep one point inside the box feasible, one that is integer where it must be.
    std::vector<double> point;
    for (std::size_t j = 0; j < model.cost.size(); ++j) {
      model.column_upper[j] = std::max(model.column_upper[j], std::ceil(model.column_lower[j]));
      point.push_back(model.integer[j] ? std::floor(model.column_upper[j]) : model.column_upper[j]);
    }
    for (int i = 0; i < rows; ++i) {
      double activity = 0;
      for (int j = 0; j < columns; ++j) {
        model.add_entry(j, rng.normal());
        activity += model.value.back() * point[static_cast<std::size_t>(j)];
      }
      const double slack = rng.uniform(0, 3);
      const auto kind = rng.below(3);
      model.close_row(kind == 0 ? -infinity : activity - slack, kind == 1 ? infinity : activity + slack,
                      std::string("r").append(std::to_string(i)));
    }
    const auto session = make_session();
    RunSettings settings;
    settings.gap = 0;
    const auto optimum = [&](const Model& m) {
      session->load(m);
      const Outcome outcome = session->run(settings);
      return outcome.objective.value_or(infinity);
    };
    expect_same(model, read_back(to_mps(model), "mps"));
    expect_same(model, read_back(to_lp(model), "lp"));
    const double direct = optimum(model);
    ASSERT_TRUE(std::isfinite(direct));
    EXPECT_NEAR(optimum(read_back(to_mps(model), "mps")), direct, 1e-6);
    EXPECT_NEAR(optimum(read_back(to_lp(model), "lp")), direct, 1e-6);
  }
}

TEST(Formats, LinesStayShortAndNamesAreExplained) {
  Model model;
  for (int j = 0; j < 500; ++j)
    model.add_column(0, 1, 0.1 * j, false, std::string("x[").append(std::to_string(j)) + "]");
  for (int j = 0; j < 500; ++j) model.add_entry(j, 1.0 / (j + 1));
  model.close_row(0, 1, "long");
  const std::string text = to_lp(model);
  std::size_t longest = 0, width = 0;
  for (const char c : text) {
    width = c == '\n' ? 0 : width + 1;
    longest = std::max(longest, width);
  }
  EXPECT_LE(longest, 255u);
  EXPECT_THAT(text, testing::HasSubstr("\\ x_7 is x[7]\n"));
  EXPECT_THAT(to_mps(model), testing::HasSubstr("* x_7 is x[7]\n"));
}

TEST(FileNames, AreLegalAndUnique) {
  const std::vector<std::string> names{"x[0]", "x_0",  "x[0]", "",   "a b",  "2nd", "e9",       "Infinity", "nancy",
                                       "End",  "s.t.", "ok",   "ok", "a\nb", "[]",  "\xc3\xa4", ".5",       "V"};
  const auto result = file_names(names, "c");
  EXPECT_THAT(result,
              testing::ElementsAre("x_0_2", "x_0", "x_0_3", "c3", "a_b", "v_2nd", "v_e9", "v_Infinity", "v_nancy",
                                   "v_End", "v_s.t.", "ok", "ok_2", "a_b_2", "_", "__", "v_.5", "V"));
  EXPECT_EQ(file_names({std::string(1000, 'a')}, "c")[0].size(), 200u);
}

TEST(FileNames, NumbersReadBackToTheSameBits) {
  Rng rng(11);
  for (int k = 0; k < 1000; ++k) {
    const double value = rng.normal() * std::pow(10.0, rng.uniform(-300, 300));
    std::string text;
    append_number(text, value);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), value);
  }
}

/// The optimum of a file as SCIP reads it.
double optimum_in_scip(const std::string& text, const std::string& extension) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("secateur_conditions_test_" + std::to_string(::getpid()) + "." + extension);
  write_file(path, text);
  const Library library(scip::library_names());
  const scip::Api api(library);
  int (*read_problem)(scip::Scip*, const char*, const char*) = nullptr;
  library.get(read_problem, "SCIPreadProb");
  scip::Scip* scip = nullptr;
  EXPECT_EQ(api.create(&scip), scip::okay);
  api.set_messages_quiet(scip, 1);
  EXPECT_EQ(api.include_default_plugins(scip), scip::okay);
  EXPECT_EQ(read_problem(scip, path.c_str(), nullptr), scip::okay) << text;
  EXPECT_EQ(api.solve(scip), scip::okay);
  EXPECT_EQ(api.status(scip), scip::status_optimal) << text;
  const double result = api.primal_bound(scip);
  api.free(&scip);
  std::filesystem::remove(path);
  return result;
}

/// Random models with indicators of every kind and special ordered sets, at most one column of which may be used.
Model with_conditions(Rng& rng) {
  Model model;
  model.sense = rng.below(2) == 0 ? Sense::maximize : Sense::minimize;
  model.offset = rng.uniform(-3, 3);
  for (int j = 0; j < 6; ++j)
    model.add_column(-2, 3, rng.uniform(-1, 1), false, std::string("x[").append(std::to_string(j)).append("]"));
  for (int j = 0; j < 4; ++j)
    model.add_column(0, 1, rng.uniform(-1, 1), true, std::string("b").append(std::to_string(j)));
  for (int j = 0; j < 6; ++j) model.add_entry(j, rng.uniform(-1, 1));
  model.close_row(-4, 4, "row");
  for (int k = 0; k < 5; ++k) {
    Indicator indicator;
    indicator.column = 6 + static_cast<int>(rng.below(4));
    indicator.value = static_cast<int>(rng.below(2));
    for (int j = 0; j < 6; j += 1 + static_cast<int>(rng.below(2))) {
      indicator.columns.push_back(j);
      indicator.coefficients.push_back(rng.uniform(-1, 1));
    }
    indicator.lower = k % 3 == 0 ? -infinity : rng.uniform(-2, -0.5);
    indicator.upper = k == 1 ? infinity : rng.uniform(0, 1);
    if (k == 4) indicator.lower = indicator.upper;
    if (k > 0) indicator.name = std::string("implied ").append(std::to_string(k));
    model.indicators.push_back(indicator);
  }
  model.sos1.push_back({{0, 2, 4}, {1, 2.5, 3}, "set"});
  model.sos1.push_back({{1, 5}, {2, 1}, ""});
  return model;
}

TEST(Formats, ConditionsAreReadBackBySCIP) {
  const Availability available = availability("scip");
  if (!available.version) GTEST_SKIP() << available.reason;
  Rng rng(11);
  int different = 0;
  for (int k = 0; k < 30; ++k) {
    SCOPED_TRACE(k);
    const Model model = with_conditions(rng);
    const auto session = make_session("scip");
    session->load(model);
    RunSettings exact;
    exact.gap = exact.absolute_gap = 0;
    const Outcome outcome = session->run(exact);
    ASSERT_EQ(outcome.status, Status::optimal);
    EXPECT_NEAR(optimum_in_scip(to_lp(model), "lp"), *outcome.objective, 1e-5);
    EXPECT_NEAR(optimum_in_scip(to_mps(model), "mps"), *outcome.objective, 1e-5);
    // In other units the same.
    Scaling scaling{std::vector<int>(10, 0), {2}, 1};
    for (std::size_t j = 0; j < 6; ++j) scaling.column[j] = static_cast<int>(rng.below(5)) - 2;
    session->load(scaled(model, scaling));
    EXPECT_NEAR(session->run(exact).objective.value() / 2, *outcome.objective, 1e-5);
    if (std::abs(session->run_relaxation().objective.value() / 2 - *outcome.objective) > 1e-3) ++different;
  }
  EXPECT_GT(different, 20);  // the conditions matter
}

}  // namespace
}  // namespace secateur::lp
