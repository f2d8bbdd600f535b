// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secateur::model::vnnlib {

/// Counted from 1; columns in bytes.
struct Position {
  std::int64_t line = 1, column = 1;
};

/// An S-expression: an atom (`text` is not empty), or a list of expressions. Points into the text it was read from.
struct Expression {
  Position position;
  std::string_view text;
  std::vector<Expression> items;

  [[nodiscard]] bool is_atom() const { return !text.empty(); }
  /// The atom that a list begins with, or nothing.
  [[nodiscard]] std::string_view head() const;
};

/// Throws InputError with `file` and the position.
[[noreturn]] void refuse(const std::string& file, const Position& position, const std::string& message);

/// Text from the file made fit for a message: in quotes, short, printable whatever it was.
std::string quoted(std::string_view text);
/// The same for an expression; a list is shown by its head: "(foo ...)".
std::string quoted(const Expression& expression);

/// Splits SMT-LIB text into its top-level lists. Comments reach from ; to the end of the line. |symbols| and "strings"
/// are atoms, with what encloses them.
class Reader {
 public:
  /// Lists may be nested this deep: what follows may then recurse.
  static constexpr std::size_t deepest = 500;

  Reader(std::string_view text, const std::string& file);

  /// The next list, or nothing at the end of the text. Refuses atoms outside lists, parentheses that do not match,
  /// symbols and strings that do not end, and nesting beyond `deepest`.
  std::optional<Expression> next();

 private:
  void skip_blanks();
  void advance(std::size_t count);
  Expression atom();

  std::string_view m_rest;
  const std::string& m_file;
  Position m_position;
};

}  // namespace secateur::model::vnnlib
