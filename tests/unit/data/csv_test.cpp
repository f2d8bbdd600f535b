// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <filesystem>
#include <limits>
#include <random>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/data/table.hpp"

namespace secateur::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Table read(std::string_view bytes) { return read_csv_bytes(bytes, "points.csv"); }

TEST(Csv, ReadsNamedColumns) {
  const Table table = read("a,b\n1,2\n-3.5,4e2\n");
  EXPECT_THAT(table.columns, ElementsAre("a", "b"));
  EXPECT_EQ(table.values, (Matrix(2, 2) << 1, 2, -3.5, 400).finished());
}

struct Accepted {
  const char* name;
  std::string_view bytes;
  std::vector<std::string> columns;
  Matrix values;
};

Matrix matrix(Index rows, Index columns, std::initializer_list<double> entries) {
  return Eigen::Map<const Matrix>(entries.begin(), rows, columns);
}

class CsvAccepts : public testing::TestWithParam<Accepted> {};

TEST_P(CsvAccepts, Table) {
  const Table table = read(GetParam().bytes);
  EXPECT_EQ(table.columns, GetParam().columns);
  EXPECT_EQ(table.values, GetParam().values);
}

using std::string_view_literals::operator""sv;

INSTANTIATE_TEST_SUITE_P(
    Forms, CsvAccepts,
    testing::Values(
        Accepted{"no_final_newline", "a,b\n1,2", {"a", "b"}, matrix(1, 2, {1, 2})},
        Accepted{"crlf", "a,b\r\n1,2\r\n3,4\r\n", {"a", "b"}, matrix(2, 2, {1, 2, 3, 4})},
        Accepted{"cr", "a,b\r1,2\r3,4\r", {"a", "b"}, matrix(2, 2, {1, 2, 3, 4})},
        Accepted{"byte_order_mark",
                 "\xEF\xBB\xBF"
                 "a,b\n1,2\n",
                 {"a", "b"},
                 matrix(1, 2, {1, 2})},
        Accepted{"byte_order_mark_and_quotes", "\xEF\xBB\xBF\"a\",b\n1,2\n", {"a", "b"}, matrix(1, 2, {1, 2})},
        Accepted{"blanks", " a ,\tb\n 1\t, 2 \n", {"a", "b"}, matrix(1, 2, {1, 2})},
        Accepted{"blanks_in_quotes", "a,b\n\" 1 \",2\n", {"a", "b"}, matrix(1, 2, {1, 2})},
        Accepted{"plus", "a,b\n+1,+2e+1\n", {"a", "b"}, matrix(1, 2, {1, 20})},
        Accepted{"short_forms", "a,b\n.5,5.\n", {"a", "b"}, matrix(1, 2, {0.5, 5})},
        Accepted{"subnormal", "a\n4.9406564584124654e-324\n", {"a"}, matrix(1, 1, {0x1p-1074})},
        Accepted{"blank_lines", "\n\na\n\n1\n  \n2\n\n", {"a"}, matrix(2, 1, {1, 2})},
        Accepted{"quoted_names",
                 "\"a,b\",\"say \"\"c\"\"\",\"two\nlines\"\n1,2,3\n",
                 {"a,b", "say \"c\"", "two\nlines"},
                 matrix(1, 3, {1, 2, 3})},
        Accepted{"unicode_names", "T [°C],Wärme,𝛼\n1,2,3\n", {"T [°C]", "Wärme", "𝛼"}, matrix(1, 3, {1, 2, 3})},
        Accepted{"numbers_among_names", "0,a\n1,2\n", {"0", "a"}, matrix(1, 2, {1, 2})}),
    [](const auto& tested) { return tested.param.name; });

struct Refused {
  const char* name;
  std::string_view bytes;
  std::string where;
  std::string message;  ///< a part of it
};

class CsvRefuses : public testing::TestWithParam<Refused> {};

TEST_P(CsvRefuses, WithPlace) {
  try {
    read(GetParam().bytes);
    FAIL() << "was accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.file(), "points.csv");
    EXPECT_EQ(error.where(), GetParam().where);
    EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, CsvRefuses,
    testing::Values(
        Refused{"empty", "", "", "is empty"}, Refused{"blank", "\n \r\n", "", "is empty"},
        Refused{"only_a_byte_order_mark", "\xEF\xBB\xBF", "", "is empty"}, Refused{"no_rows", "a,b\n", "", "no rows"},
        Refused{"no_rows_nor_newline", "a,b", "", "no rows"},
        Refused{"no_header", "1,2\n3,4\n", "line 1", "column names"},
        Refused{"unnamed_column", "a,,c\n1,2,3\n", "line 1", "column 2 has no name"},
        Refused{"blank_name", "a,\" \"\n1,2\n", "line 1", "column 2 has no name"},
        Refused{"same_names", "a,b,a\n1,2,3\n", "line 1", "columns 1 and 3 have the same name \"a\""},
        Refused{"same_names_but_for_blanks", "a, a\n1,2\n", "line 1", "columns 1 and 2 have the same name"},
        Refused{"broken_utf8_name", "a\xFF,b\n1,2\n", "line 1", "column 1 is not UTF-8"},
        Refused{"utf16",
                "\xFF\xFE"
                "a\0\n\0"
                "1\0\n\0"sv,
                "line 1", "not UTF-8"},
        Refused{"nul_in_name", "a\0b\n1\n"sv, "line 1", "not UTF-8"},
        Refused{"short_row", "a,b\n1,2\n3\n", "line 3", "a row of 1 fields; the header has 2"},
        Refused{"long_row", "a,b\n1,2,3\n", "line 2", "a row of 3 fields; the header has 2"},
        Refused{"trailing_comma", "a,b\n1,2,\n", "line 2", "a row of 3 fields"},
        Refused{"text", "a,b\n1,two\n", "line 2, column \"b\"", "found \"two\" where a number"},
        Refused{"number_and_text", "a,b\n1,2m\n", "line 2, column \"b\"", "found \"2m\""},
        Refused{"two_numbers", "a,b\n1,2 3\n", "line 2, column \"b\"", "found \"2 3\""},
        Refused{"decimal_comma", "a,b\n1,\"2,5\"\n", "line 2, column \"b\"", "found \"2,5\""},
        Refused{"hexadecimal", "a\n0x1F\n", "line 2, column \"a\"", "found \"0x1F\""},
        Refused{"two_signs", "a\n+-1\n", "line 2, column \"a\"", "found \"+-1\""},
        Refused{"lone_sign", "a\n+\n", "line 2, column \"a\"", "found \"+\""},
        Refused{"missing", "a,b\n1,\n", "line 2, column \"b\"", "empty field"},
        Refused{"missing_first", "a,b\n,1\n", "line 2, column \"a\"", "empty field"},
        Refused{"missing_quoted", "a,b\n1,\"\"\n", "line 2, column \"b\"", "empty field"},
        Refused{"missing_last", "a,b\n1,2\n3,", "line 3, column \"b\"", "empty field"},
        Refused{"nan", "a\nnan\n", "line 2, column \"a\"", "finite"},
        Refused{"minus_nan", "a\n-nan\n", "line 2, column \"a\"", "finite"},
        Refused{"infinity", "a\n-inf\n", "line 2, column \"a\"", "finite"},
        Refused{"long_infinity", "a\nInfinity\n", "line 2, column \"a\"", "finite"},
        Refused{"overflow", "a\n1e999\n", "line 2, column \"a\"", "outside the range"},
        Refused{"quote_in_field", "a,b\n1,2\"3\"\n", "line 2", "a quote inside a field"},
        Refused{"text_after_quote", "a,b\n1,\"2\"3\n", "line 2", "a quote inside a field"},
        Refused{"open_quote", "a,b\n1,2\n3,\"4\n5,6\n", "line 3", "never ends"},
        Refused{"semicolons", "a;b\n1;2\n", "line 2, column \"a;b\"", "found \"1;2\""},
        // Lines are those of an editor, whatever line ends stand inside quotes or between rows.
        Refused{"line_after_quoted_newlines", "\"a\nb\",\"c\r\nd\"\n1,2\n3,x\n", "line 5, column \"c??d\"", "\"x\""},
        Refused{"line_of_a_field_that_begins_after_newlines", "a,b\n\"\n1\n\",x\n", "line 4, column \"b\"", "\"x\""},
        Refused{"line_of_a_field_with_newlines", "a,b\n1,\"x\ny\"\n", "line 2, column \"b\"", "\"x?y\""},
        Refused{"line_after_blank_lines", "a\n\n\r\n1\n\nx\n", "line 6, column \"a\"", "\"x\""},
        Refused{"line_with_carriage_returns", "a\r1\rx\r", "line 3, column \"a\"", "\"x\""},
        Refused{"first_of_several", "a,b\n1,x\ny,2\n", "line 2, column \"b\"", "\"x\""}),
    [](const auto& tested) { return tested.param.name; });

TEST(Csv, QuotesOnlyTheBeginningOfLongFieldsAndNoControlCharacters) {
  try {
    read("a\n\x1B[31m" + std::string(100000, 'x') + "\n");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_LT(error.message().size(), 200U);
    EXPECT_EQ(error.message().find('\x1B'), std::string::npos);
    EXPECT_THAT(error.message(), HasSubstr("..."));
  }
}

TEST(Csv, RefusesAMissingFile) {
  EXPECT_THROW(read_csv("no/such/file.csv"), InputError);
  EXPECT_THROW(read_csv(std::filesystem::temp_directory_path()), InputError);
}

TEST(Answers, MayBeMissing) {
  const Table table = read_answers("a,b\n1,nan\n,2\n NaN , -inf\n\nnan\n+Infinity,\n-nan,3\n", "out.csv");
  ASSERT_EQ(table.rows(), 6);
  const auto missing = table.values.array().isNaN();
  EXPECT_TRUE(missing(0, 1) && missing(1, 0) && missing(2, 0) && missing(3, 0) && missing(3, 1) && missing(4, 1) &&
              missing(5, 0));
  EXPECT_EQ(table.values(0, 0), 1);
  EXPECT_EQ(table.values(1, 1), 2);
  EXPECT_EQ(table.values(2, 1), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(table.values(4, 0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(table.values(5, 1), 3);
}

TEST(Answers, AreOtherwiseATable) {
  EXPECT_EQ(read_answers("a\nnan\n", "out.csv").rows(), 1);
  for (const char* bytes :
       {"a,b\n1\n", "a,b\n1,2,3\n", "a,b\nnan,nan,nan\n", "a,b\n1,none\n", "a,b\n1,nano\n", "", "a,b\n"}) {
    EXPECT_THROW(read_answers(bytes, "out.csv"), InputError) << bytes;
  }
  // Where numbers have to stand they still have to.
  EXPECT_THROW(read("a,b\n1,nan\n"), InputError);
}

TEST(Csv, ReadsAFile) {
  const Table table = read_csv(std::filesystem::path(SECATEUR_TEST_DATA) / "data" / "sobol32.csv");
  EXPECT_EQ(table.columns.size(), 33U);
  EXPECT_EQ(table.rows(), 8);
}

TEST(Csv, WritesWhatItReadsBack) {
  Table table{{"\xEF\xBB\xBFmark", " blank ", "a,b", "a \"quoted\" name", "two\nlines", "ü"}, Matrix(4, 6)};
  Rng rng(3);
  for (double& v : table.values.reshaped())
    v = std::ldexp(rng.uniform(-1, 1), static_cast<int>(rng.below(2000)) - 1000);
  table.values(0, 0) = 0.1;
  table.values(1, 0) = -0.0;
  table.values(2, 0) = std::numeric_limits<double>::max();
  table.values(3, 0) = std::numeric_limits<double>::denorm_min();
  Table back = read(to_csv(table));
  // Names lose the blanks around them, numbers nothing.
  table.columns[1] = "blank";
  EXPECT_EQ(back.columns, table.columns);
  for (Index i = 0; i < table.rows(); ++i) {
    for (Index j = 0; j < 6; ++j) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(back.values(i, j)), std::bit_cast<std::uint64_t>(table.values(i, j)));
    }
  }
}

TEST(Csv, WritesShortNumbers) {
  EXPECT_EQ(to_csv({{"a", "b,c"}, matrix(2, 2, {0.1, 1, -2.5, 1e300})}), "a,\"b,c\"\n0.1,1\n-2.5,1e+300\n");
}

// Whatever the bytes: a table or an InputError, never anything else.
TEST(Csv, SurvivesHostileBytes) {
  constexpr std::string_view alphabet = "a1,\"\n\r\t \0;.e+-\xEF\xBB\xBF\xFF"sv;
  Rng rng(1);
  int tables = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    std::string bytes = trial % 2 == 0 ? "" : "a,b\n1,2\n";
    for (std::int64_t i = rng.below(24); i > 0; --i) {
      bytes += alphabet[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(alphabet.size())))];
    }
    try {
      const Table table = read(bytes);
      ++tables;
      ASSERT_GE(table.rows(), 1);
      ASSERT_TRUE(table.values.allFinite());
      ASSERT_EQ(table.values.cols(), static_cast<Index>(table.columns.size()));
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(tables, 100);
}

TEST(Select, TakesColumnsInTheOrderAsked) {
  const Table table = read("a,b,c\n1,2,3\n4,5,6\n");
  EXPECT_EQ(select(table, {"c", "a"}, "points.csv"), matrix(2, 2, {3, 1, 6, 4}));
}

TEST(Select, RefusesAMissingColumnAndNamesThoseThereAre) {
  const Table table = read("a,b\n1,2\n");
  try {
    select(table, {"a", "z"}, "points.csv");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "points.csv: no column \"z\"; there are \"a\", \"b\"");
  }
}

}  // namespace
}  // namespace secateur::data
