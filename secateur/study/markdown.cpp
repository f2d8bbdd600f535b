// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/markdown.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "secateur/data/text.hpp"

namespace secateur::study {

std::string escape_markdown(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      escaped += ' ';
      continue;
    }
    if (std::string_view("\\`*[]<>|#").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string markdown_heading(int level, std::string_view text) {
  return fmt::format("{:#<{}} {}\n\n", "", level, escape_markdown(text));
}

std::string markdown_paragraph(std::string_view text) {
  constexpr std::size_t width = 130;
  std::string made;
  std::size_t column = 0;
  const std::string escaped = escape_markdown(text);
  for (std::size_t begin = 0; begin < escaped.size();) {
    const std::size_t end = std::min(escaped.find(' ', begin), escaped.size());
    const std::string_view word = std::string_view(escaped).substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    const std::size_t length = data::characters(word);
    if (column > 0) made += column + 1 + length > width ? '\n' : ' ';
    if (column + 1 + length > width) column = 0;
    column += length + (column > 0 ? 1 : 0);
    made += word;
  }
  return made + "\n\n";
}

std::string markdown(const PageTable& table) {
  std::string made = table.caption.empty() ? "" : markdown_paragraph(table.caption);
  const auto row = [&](const std::vector<std::string>& cells) {
    made += '|';
    for (const std::string& cell : cells) made += fmt::format(" {} |", escape_markdown(cell));
    made += '\n';
  };
  row(table.header);
  made += '|';
  for (std::size_t i = 0; i < table.header.size(); ++i) made += i == 0 || table.prose ? " --- |" : " ---: |";
  made += '\n';
  for (const auto& cells : table.rows) row(cells);
  return made + "\n";
}

}  // namespace secateur::study
