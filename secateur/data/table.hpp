// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/core/matrix.hpp"

namespace secateur::data {

/// Numbers in named columns: rows x columns, all finite.
struct Table {
  std::vector<std::string> columns;
  Matrix values;

  [[nodiscard]] Index rows() const { return values.rows(); }
};

/// Reads a CSV file (RFC 4180, comma, header line, UTF-8 with or without byte order mark). Throws InputError with file,
/// line and column for: no header, duplicate or empty column names, ragged rows, text or missing or non-finite numbers.
Table read_csv(const std::filesystem::path& path);
Table read_csv_bytes(std::string_view bytes, const std::string& name);
/// The same of a table of answers, in which numbers may be missing: an empty field and "nan" are NaN, "inf" is
/// infinite, and a row that is the one word "nan" is NaN throughout.
Table read_answers(std::string_view bytes, const std::string& name);

/// A text as a CSV field (RFC 4180): in quotes when it would be read as something else without them.
std::string csv_field(std::string_view text);

/// The table as CSV, numbers in their shortest form that reads back to the same bits.
std::string to_csv(const Table& table);

/// The named columns of a table, in that order. Throws InputError (with `file`) naming a column that is not there and
/// those that are.
Matrix select(const Table& table, const std::vector<std::string>& columns, const std::string& file);

}  // namespace secateur::data
