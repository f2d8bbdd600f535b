// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secateur::data {

/// Without the blanks, tabs and line ends around it.
std::string_view trim(std::string_view text);

/// Whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) without NUL.
bool is_utf8(std::string_view bytes);

/// Code points of UTF-8 text: the columns that it takes where every character is as wide as any other.
std::size_t characters(std::string_view utf8);

/// Foreign text for a message: in double quotes, at most 40 bytes, control characters and broken UTF-8 shown as '?'.
std::string printable(std::string_view text);

/// Several of them, separated by commas; after twelve only their number.
std::string printable_list(const std::vector<std::string>& texts);

/// A finite decimal number with optional blanks around it and an optional sign, or what is wrong with it.
struct ParsedNumber {
  std::optional<double> value;
  std::string problem;
};
ParsedNumber parse_number(std::string_view text);

}  // namespace secateur::data
