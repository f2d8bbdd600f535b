// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace secateur {

/// The spelling of an enumeration's values, the same in C++, JSON, the command line and Python. Specialise with
/// `static constexpr std::array<std::string_view, N> value` in the order of the enumerators, which count from 0.
template <class Enum>
struct Names;

template <class Enum>
concept Named = requires { Names<Enum>::value.size(); };

template <Named Enum>
constexpr std::string_view to_string(Enum value) {
  return Names<Enum>::value[static_cast<std::size_t>(value)];
}

template <Named Enum>
constexpr std::optional<Enum> from_string(std::string_view name) {
  for (std::size_t i = 0; i < Names<Enum>::value.size(); ++i) {
    if (Names<Enum>::value[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace secateur
