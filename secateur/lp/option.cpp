// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/option.hpp"

#include <array>
#include <cstdio>

#include "secateur/core/error.hpp"

namespace secateur::lp {

std::optional<bool> parse_bool(const std::string& text) {
  for (const char* yes : {"true", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"false", "off", "0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

void refuse_governed(std::string_view solver, const std::string& name, std::string_view instead) {
  throw InputError(
      "the " + std::string(solver) + " option " + name + " is not the user's to set; use " + std::string(instead), {},
      "--solver-option");
}

void refuse_unknown(std::string_view solver, const std::string& name, std::string_view list) {
  throw InputError(
      std::string(solver) + " has no option '" + name + "'; its options are listed at " + std::string(list), {},
      "--solver-option");
}

void refuse_value(std::string_view solver, const std::string& name, const std::string& value,
                  const std::string& allowed) {
  throw InputError(
      "the value '" + value + "' for the " + std::string(solver) + " option " + name + " is not allowed: " + allowed,
      {}, "--solver-option");
}

void refuse_number(std::string_view solver, const std::string& name, const std::string& value, long long least,
                   long long most) {
  refuse_value(solver, name, value, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

void refuse_number(std::string_view solver, const std::string& name, const std::string& value, int least, int most) {
  refuse_number(solver, name, value, static_cast<long long>(least), static_cast<long long>(most));
}

void refuse_number(std::string_view solver, const std::string& name, const std::string& value, double least,
                   double most) {
  std::array<char, 80> range{};
  std::snprintf(range.data(), range.size(), "a number from %g to %g", least, most);
  refuse_value(solver, name, value, range.data());
}

}  // namespace secateur::lp
