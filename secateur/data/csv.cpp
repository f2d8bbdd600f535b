// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <unordered_map>

#include <csv.h>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/data/table.hpp"
#include "secateur/data/text.hpp"

namespace secateur::data {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Where a field stands, for messages.
std::string place(Index line) { return "line " + std::to_string(line); }
std::string place(Index line, const std::string& column) { return place(line) + ", column " + printable(column); }

/// An empty field, nan or inf, in any spelling of their letters and with a sign.
std::optional<double> missing_number(std::string_view text) {
  std::string word(trim(text));
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const bool minus = word.starts_with('-');
  if (minus || word.starts_with('+')) word.erase(0, 1);
  if (word == "inf" || word == "infinity") return minus ? -HUGE_VAL : HUGE_VAL;
  if (word == "nan" || trim(text).empty()) return std::nan("");
  return std::nullopt;
}

/// Gathers what libcsv reports. Its callbacks are C: they may not throw, so the first mistake is kept and thrown after
/// the parser has returned.
class Reader {
 public:
  Reader(std::string name, bool answers) : m_name(std::move(name)), m_answers(answers) {
    if (csv_init(&m_parser, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_blk_size(&m_parser, std::size_t{1} << 16);  // long fields grow in steps of this, not of 128 bytes
  }
  ~Reader() { csv_free(&m_parser); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// libcsv does not count lines, so it is fed one at a time; a quoted field may then go on over several calls.
  Table read(std::string_view bytes) {
    if (bytes.starts_with(byte_order_mark)) bytes.remove_prefix(byte_order_mark.size());
    for (m_line = 1; !bytes.empty(); ++m_line) {
      const std::size_t length = line_length(bytes);
      feed(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
    --m_line;
    if (csv_fini(&m_parser, on_field, on_row, this) != 0) {
      throw InputError("a quoted field that begins here never ends", m_name, place(m_field_line));
    }
    throw_mistake();
    return table();
  }

 private:
  /// Up to and with the line feed; a carriage return alone ends a line, too.
  static std::size_t line_length(std::string_view bytes) {
    const std::size_t end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos) return bytes.size();
    return bytes[end] == '\r' && end + 1 < bytes.size() && bytes[end + 1] == '\n' ? end + 2 : end + 1;
  }

  void feed(std::string_view line) {
    // The parser skips blank lines between rows.
    if (!m_in_row && trim(line).empty()) return;
    if (!m_in_row) {
      m_in_row = true;
      m_row_line = m_field_line = m_line;
    }
    const std::size_t used = csv_parse(&m_parser, line.data(), line.size(), on_field, on_row, this);
    throw_mistake();
    if (used == line.size()) return;
    if (csv_error(&m_parser) != CSV_EPARSE) throw std::bad_alloc();
    throw InputError("a quote inside a field; a field with quotes is written in quotes, with every quote doubled",
                     m_name, place(m_line));
  }

  static void on_field(void* text, std::size_t length, void* self) {
    auto& reader = *static_cast<Reader*>(self);
    const auto* begin = static_cast<const char*>(text);
    try {
      reader.field(length == 0 ? std::string_view() : std::string_view(begin, length));
    } catch (...) {
      reader.m_out_of_memory = true;
    }
  }

  static void on_row(int, void* self) {
    auto& reader = *static_cast<Reader*>(self);
    try {
      reader.end_row();
    } catch (...) {
      reader.m_out_of_memory = true;
    }
  }

  void mistake(std::string message, std::string where) {
    if (!m_mistake) m_mistake.emplace(std::move(message), m_name, std::move(where));
  }
  void throw_mistake() const {
    if (m_out_of_memory) throw std::bad_alloc();
    if (m_mistake) throw InputError(*m_mistake);
  }

  void field(std::string_view text) {
    if (!m_have_header) {
      header_field(text);
    } else if (m_fields < static_cast<Index>(m_columns.size())) {
      const std::string& column = m_columns[static_cast<std::size_t>(m_fields)];
      const std::optional<double> answer = m_answers ? missing_number(text) : std::nullopt;
      const ParsedNumber parsed = answer ? ParsedNumber{answer, {}} : parse_number(text);
      if (!parsed.value) mistake(parsed.problem, place(m_field_line, column));
      m_values.push_back(parsed.value.value_or(0));
    }
    ++m_fields;
    m_field_line = m_line;
  }

  void header_field(std::string_view text) {
    const std::string name(trim(text));
    const std::string where = place(m_field_line);
    const std::string number = std::to_string(m_fields + 1);
    if (name.empty()) mistake("column " + number + " has no name", where);
    if (!is_utf8(name)) mistake("the name of column " + number + " is not UTF-8 text", where);
    const auto [earlier, fresh] = m_position.emplace(name, m_fields + 1);
    if (!fresh && !name.empty()) {
      mistake(
          "columns " + std::to_string(earlier->second) + " and " + number + " have the same name " + printable(name),
          where);
    }
    m_columns.push_back(name);
  }

  void end_row() {
    const auto columns = static_cast<Index>(m_columns.size());
    if (!m_have_header) {
      m_have_header = true;
      if (std::all_of(m_columns.begin(), m_columns.end(), [](const auto& n) { return parse_number(n).value; })) {
        mistake("numbers where the column names have to stand: the first line is the header", place(m_row_line));
      }
    } else if (m_answers && m_fields == 1 && columns > 1 && std::isnan(m_values.back())) {
      m_values.insert(m_values.end(), static_cast<std::size_t>(columns - 1), m_values.back());
    } else if (m_fields != columns) {
      mistake("a row of " + std::to_string(m_fields) + " fields; the header has " + std::to_string(columns),
              place(m_row_line));
    }
    m_fields = 0;
    m_in_row = false;
  }

  Table table() {
    if (!m_have_header)
      throw InputError("is empty; a header line with column names and rows of numbers are needed", m_name);
    if (m_values.empty()) throw InputError("has a header but no rows of numbers", m_name);
    const auto columns = static_cast<Index>(m_columns.size());
    Table table;
    table.values = Eigen::Map<const Matrix>(m_values.data(), static_cast<Index>(m_values.size()) / columns, columns);
    table.columns = std::move(m_columns);
    return table;
  }

  std::string m_name;
  bool m_answers;  ///< fields may be empty, NaN or infinite
  csv_parser m_parser{};
  Index m_line = 1, m_row_line = 1, m_field_line = 1;
  Index m_fields = 0;  ///< in the current row
  bool m_in_row = false, m_have_header = false, m_out_of_memory = false;
  std::vector<std::string> m_columns;
  std::unordered_map<std::string, Index> m_position;
  std::vector<double> m_values;
  std::optional<InputError> m_mistake;
};

}  // namespace

Table read_csv_bytes(std::string_view bytes, const std::string& name) { return Reader(name, false).read(bytes); }

Table read_answers(std::string_view bytes, const std::string& name) { return Reader(name, true).read(bytes); }

Table read_csv(const std::filesystem::path& path) { return read_csv_bytes(read_file(path), path.string()); }

std::string csv_field(std::string_view text) {
  const bool plain = text.find_first_of(",\"\r\n") == std::string_view::npos && trim(text).size() == text.size() &&
                     !text.starts_with(byte_order_mark);
  if (plain) return std::string(text);
  std::string field = "\"";
  for (const char c : text) field.append(c == '"' ? 2 : 1, c);
  return field + '"';
}

std::string to_csv(const Table& table) {
  std::string csv;
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    if (j > 0) csv += ',';
    csv += csv_field(table.columns[j]);
  }
  csv += '\n';
  char buffer[32];
  for (Index i = 0; i < table.rows(); ++i) {
    for (Index j = 0; j < table.values.cols(); ++j) {
      if (j > 0) csv += ',';
      const auto result = std::to_chars(buffer, buffer + sizeof buffer, table.values(i, j));
      csv.append(buffer, result.ptr);
    }
    csv += '\n';
  }
  return csv;
}

Matrix select(const Table& table, const std::vector<std::string>& columns, const std::string& file) {
  Matrix selected(table.rows(), static_cast<Index>(columns.size()));
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const auto found = std::find(table.columns.begin(), table.columns.end(), columns[j]);
    if (found == table.columns.end()) {
      throw InputError("no column " + printable(columns[j]) + "; there are " + printable_list(table.columns), file);
    }
    selected.col(static_cast<Index>(j)) = table.values.col(found - table.columns.begin());
  }
  return selected;
}

}  // namespace secateur::data
