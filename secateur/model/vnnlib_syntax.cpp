// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/vnnlib_syntax.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "secateur/core/error.hpp"

namespace secateur::model::vnnlib {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view blanks = " \t\r\n";

}  // namespace

std::string_view Expression::head() const {
  return !items.empty() && items.front().is_atom() ? items.front().text : std::string_view();
}

void refuse(const std::string& file, const Position& position, const std::string& message) {
  throw InputError(message, file, fmt::format("line {}:{}", position.line, position.column));
}

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string printable;
  for (const char c : text.substr(0, longest)) printable += c >= 0x20 && c < 0x7f ? c : '?';
  return fmt::format("\"{}{}\"", printable, text.size() > longest ? "..." : "");
}

std::string quoted(const Expression& expression) {
  if (expression.is_atom()) return quoted(expression.text);
  if (expression.items.empty()) return "\"()\"";
  const std::string_view head = expression.head().substr(0, 30);
  return quoted(fmt::format("({}{}...)", head, head.empty() ? "" : " "));
}

Reader::Reader(std::string_view text, const std::string& file) : m_rest(text), m_file(file) {
  if (m_rest.starts_with(byte_order_mark)) m_rest.remove_prefix(byte_order_mark.size());
}

void Reader::advance(std::size_t count) {
  for (const char c : m_rest.substr(0, count)) {
    if (c == '\n') {
      ++m_position.line;
      m_position.column = 1;
    } else {
      ++m_position.column;
    }
  }
  m_rest.remove_prefix(std::min(count, m_rest.size()));
}

void Reader::skip_blanks() {
  while (!m_rest.empty()) {
    if (m_rest.front() == ';') {
      advance(m_rest.find('\n'));  // npos: to the end
    } else if (blanks.find(m_rest.front()) != std::string_view::npos) {
      advance(1);
    } else {
      return;
    }
  }
}

Expression Reader::atom() {
  const char first = m_rest.front();
  std::size_t length = 0;
  if (first == '|' || first == '"') {
    const std::size_t end = m_rest.find(first, 1);
    if (end == std::string_view::npos) {
      refuse(m_file, m_position,
             std::string("the ") + (first == '"' ? "string" : "symbol") + " that begins here with " + first +
                 " never ends");
    }
    length = end + 1;
  } else {
    length = std::min(m_rest.find_first_of(" \t\r\n();|\""), m_rest.size());
  }
  Expression result{m_position, m_rest.substr(0, length), {}};
  advance(length);
  return result;
}

std::optional<Expression> Reader::next() {
  skip_blanks();
  if (m_rest.empty()) return std::nullopt;
  if (m_rest.front() != '(') {
    const Position position = m_position;
    const std::string found = m_rest.front() == ')' ? "a ) that closes nothing" : quoted(atom().text);
    refuse(m_file, position, "found " + found + " where a command, (declare-const ...) or (assert ...), has to begin");
  }
  // The lists that are open, the innermost last.
  std::vector<Expression> open;
  while (true) {
    skip_blanks();
    if (m_rest.empty()) refuse(m_file, open.back().position, "the ( here is never closed");
    if (m_rest.front() == '(') {
      if (open.size() == deepest) {
        refuse(m_file, m_position,
               "parentheses are nested more than " + std::to_string(deepest) + " deep, the most that is read");
      }
      open.push_back({m_position, {}, {}});
      advance(1);
    } else if (m_rest.front() == ')') {
      advance(1);
      Expression closed = std::move(open.back());
      open.pop_back();
      if (open.empty()) return closed;
      open.back().items.push_back(std::move(closed));
    } else {
      open.back().items.push_back(atom());
    }
  }
}

}  // namespace secateur::model::vnnlib
