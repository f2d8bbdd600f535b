// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include <algorithm>
#include <numeric>

namespace secateur::app {

namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Edit distance (Levenshtein): one row of the table at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// from_chars takes no leading plus sign; people write one.
std::string_view without_plus(std::string_view text) {
  return text.size() > 1 && text[0] == '+' && text[1] != '-' ? text.substr(1) : text;
}

}  // namespace

std::vector<std::string> split_list(std::string_view text, const std::string& where) {
  if (trim(text).empty()) throw InputError("is empty; expected a comma-separated list", {}, where);
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    parts.emplace_back(trim(text.substr(start, end - start)));
    if (parts.back().empty()) {
      throw InputError(
          fmt::format("entry {} of the list \"{}\" is empty; expected a comma-separated list", parts.size(), text), {},
          where);
    }
    start = end + 1;
  }
  return parts;
}

std::string count_of(std::size_t count, const std::string& thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string join(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ", ")); }

std::optional<std::string> closest(std::string_view name, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const bool begins = name.size() >= 3 && candidate.starts_with(name);
    const std::size_t d = begins ? 1 : distance(name, candidate);
    if (d < best_distance && d < std::max(name.size(), candidate.size())) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

double parse_double(std::string_view text, const std::string& where) {
  const std::string_view digits = without_plus(trim(text));
  double value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code == std::errc::result_out_of_range) {
    throw InputError(fmt::format("\"{}\" is beyond what a double can hold", text), {}, where);
  }
  if (code != std::errc() || end != digits.data() + digits.size() || std::isnan(value)) {
    throw InputError(fmt::format("\"{}\" is not a number", text), {}, where);
  }
  return value;
}

std::int64_t parse_integer(std::string_view text, const std::string& where) {
  const std::string_view digits = without_plus(trim(text));
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code != std::errc() || end != digits.data() + digits.size()) {
    throw InputError(fmt::format("\"{}\" is not a whole number", text), {}, where);
  }
  return value;
}

}  // namespace secateur::app
