// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "secateur/core/error.hpp"
#include "secateur/core/names.hpp"
#include "secateur/core/options.hpp"

namespace secateur::app {

/// The parts of a comma-separated list, without the blanks around them. Throws InputError for an empty part.
std::vector<std::string> split_list(std::string_view text, const std::string& where);

/// "1 column", "2 columns".
std::string count_of(std::size_t count, const std::string& thing);

/// "a, b, c".
std::string join(const std::vector<std::string>& parts);
template <Named Enum>
std::string choices() {
  return join({Names<Enum>::value.begin(), Names<Enum>::value.end()});
}

/// The candidate that `name` is most likely a misspelling of, if any is close.
std::optional<std::string> closest(std::string_view name, const std::vector<std::string>& candidates);

/// A number in full: no text before or behind it. NaN is refused.
double parse_double(std::string_view text, const std::string& where);
std::int64_t parse_integer(std::string_view text, const std::string& where);

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_named_optional = false;
template <Named T>
inline constexpr bool is_named_optional<std::optional<T>> = true;

/// Text to value and back, for every type an option may have (core/options.hpp). `where` names the option in errors.
template <class T>
T parse_value(const std::string& text, const std::string& where) {
  if constexpr (is_optional<T>) {
    return parse_value<typename T::value_type>(text, where);
  } else if constexpr (Named<T>) {
    if (const auto value = from_string<T>(text)) return *value;
    throw InputError(fmt::format("\"{}\" is not a choice; allowed: {}", text, choices<T>()), {}, where);
  } else if constexpr (std::same_as<T, std::string>) {
    if (text.empty()) throw InputError("is empty", {}, where);
    return text;
  } else if constexpr (std::same_as<T, double>) {
    return parse_double(text, where);
  } else if constexpr (std::same_as<T, std::uint64_t>) {
    std::uint64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size()) {
      throw InputError(fmt::format("\"{}\" is not a whole number from 0 to {}", text, UINT64_MAX), {}, where);
    }
    return value;
  } else {
    static_assert(std::same_as<T, int>, "an option of a type that core/options.hpp does not list");
    const std::int64_t value = parse_integer(text, where);
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
      throw InputError(fmt::format("{} is too large", text), {}, where);
    }
    return static_cast<int>(value);
  }
}

template <class T>
std::string to_text(const T& value) {
  if constexpr (is_optional<T>) {
    return value ? to_text(*value) : std::string();
  } else if constexpr (Named<T>) {
    return std::string(to_string(value));
  } else {
    return fmt::format("{}", value);
  }
}

/// "from 1 to 1024", "above 0", "at least 0 and below 1"; empty when everything is allowed.
template <class T>
std::string to_text(const Range<T>& range) {
  const bool from = range.minimum > std::numeric_limits<T>::lowest();
  const bool to = range.maximum < std::numeric_limits<T>::max();
  if (from && to && !range.open_minimum && !range.open_maximum) {
    return fmt::format("from {} to {}", range.minimum, range.maximum);
  }
  std::string text;
  if (from) text = fmt::format("{} {}", range.open_minimum ? "above" : "at least", range.minimum);
  if (to) text += fmt::format("{}{} {}", from ? " and " : "", range.open_maximum ? "below" : "at most", range.maximum);
  return text;
}

template <class T>
void check_range(const T& value, const Range<T>& range, const std::string& where) {
  if (contains(range, value)) return;
  throw InputError(fmt::format("{} is out of range; allowed: {}", value, to_text(range)), {}, where);
}

}  // namespace secateur::app
