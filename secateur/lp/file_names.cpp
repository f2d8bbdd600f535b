// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/file_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <unordered_set>

namespace secateur::lp {

namespace {

// Fixed to ASCII, whatever the locale.
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr std::size_t longest = 200;

// Words that open a section, or mean something inside one, in some reader of LP or MPS files.
constexpr std::array<std::string_view, 47> keywords{
    "minimize",  "minimum", "min",      "maximize", "maximum", "max",      "subject", "such",
    "st",        "s.t.",    "st.",      "bounds",   "bound",   "free",     "general", "gen",
    "generals",  "integer", "integers", "int",      "binary",  "binaries", "bin",     "semi",
    "semis",     "sin",     "sos",      "sos1",     "sos2",    "end",      "name",    "rows",
    "columns",   "rhs",     "ranges",   "objsense", "objsen",  "endata",   "sets",    "indicators",
    "genconstr", "multi",   "lazy",     "user",     "range",   "qsection", "quadobj"};

bool is_reserved(std::string_view name) {
  std::string low(name);
  std::transform(low.begin(), low.end(), low.begin(), lower_case);
  if (std::find(keywords.begin(), keywords.end(), low) != keywords.end()) return true;
  // strtod, which readers use to tell numbers from names, takes these for (the start of) a number.
  if (low.starts_with("inf") || low.starts_with("nan")) return true;
  return low.size() > 1 && low[0] == 'e' && is_digit(low[1]);
}

std::string legal(const std::string& name) {
  std::string result;
  for (const char c : name.substr(0, longest)) result += is_letter(c) || is_digit(c) || c == '_' || c == '.' ? c : '_';
  // x[0] reads better as x_0 than as x_0_.
  if (!name.empty() && name.back() == ']' && result.size() > 1 && name.size() <= longest) result.pop_back();
  if (result.empty() || !(is_letter(result[0]) || result[0] == '_') || is_reserved(result)) result.insert(0, "v_");
  return result;
}

}  // namespace

std::vector<std::string> file_names(const std::vector<std::string>& names, const std::string& prefix) {
  // Names that need no change keep theirs, wherever they stand; the others avoid them.
  std::unordered_set<std::string> taken;
  std::vector<std::string> result(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty() && legal(names[i]) == names[i] && taken.insert(names[i]).second) result[i] = names[i];
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!result[i].empty()) continue;
    const std::string base = names[i].empty() ? prefix + std::to_string(i) : legal(names[i]);
    std::string name = base;
    for (int k = 2; !taken.insert(name).second; ++k) name = base + "_" + std::to_string(k);
    result[i] = name;
  }
  return result;
}

std::string renamed(const std::vector<std::string>& from, const std::vector<std::string>& to, const char* comment) {
  std::string text;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] == to[i] || from[i].empty()) continue;
    text += comment + to[i] + " is ";
    for (const char c : from[i]) text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    text += '\n';
  }
  return text;
}

void append_number(std::string& text, double value) {
  std::array<char, 32> buffer;
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  static_cast<void>(code);  // 32 characters hold every double
  text.append(buffer.data(), end);
}

}  // namespace secateur::lp
