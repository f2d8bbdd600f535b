// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/csv_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secateur/core/error.hpp"

namespace secateur::study {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

TEST(CsvText, QuotesWhatHasToBe) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"no\""), "\"say \"\"no\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

TEST(CsvText, ReadsBackWhatItWrites) {
  const std::vector<std::string> fields = {"", "a,b", "\"", "x\ny", "end"};
  std::string line;
  for (const auto& field : fields) line.append(csv_field(field)).append(&field == &fields.back() ? "\n" : ",");
  EXPECT_THAT(csv_records(line, "f"), ElementsAre(fields));
}

TEST(CsvText, KnowsEndsOfLines) {
  EXPECT_THAT(csv_records("a,b\r\n,\n", "f"), ElementsAre(ElementsAre("a", "b"), ElementsAre("", "")));
  EXPECT_THAT(csv_records("a", "f"), ElementsAre(ElementsAre("a")));
  EXPECT_THAT(csv_records("", "f"), IsEmpty());
}

TEST(CsvText, RefusesBrokenQuotes) {
  EXPECT_THAT([] { csv_records("a\n\"b", "f.csv"); }, ThrowsMessage<InputError>(HasSubstr("f.csv: line 2")));
  EXPECT_THAT([] { csv_records("\"b\"c", "f.csv"); }, ThrowsMessage<InputError>(HasSubstr("closing quote")));
}

}  // namespace
}  // namespace secateur::study
