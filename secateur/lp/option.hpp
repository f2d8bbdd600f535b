// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace secateur::lp {

/// What the back ends share in reading options of their solvers. The refusals throw InputError, at --solver-option.

std::optional<bool> parse_bool(const std::string& text);

template <class Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// An option that run settings govern, or that is nobody's to set.
[[noreturn]] void refuse_governed(std::string_view solver, const std::string& name, std::string_view instead);
[[noreturn]] void refuse_unknown(std::string_view solver, const std::string& name, std::string_view list);
[[noreturn]] void refuse_value(std::string_view solver, const std::string& name, const std::string& value,
                               const std::string& allowed);
/// Numbers outside their range.
[[noreturn]] void refuse_number(std::string_view solver, const std::string& name, const std::string& value,
                                long long least, long long most);
[[noreturn]] void refuse_number(std::string_view solver, const std::string& name, const std::string& value, int least,
                                int most);
[[noreturn]] void refuse_number(std::string_view solver, const std::string& name, const std::string& value,
                                double least, double most);

}  // namespace secateur::lp
