// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace secateur::data {

namespace {

/// Bytes of the well-formed UTF-8 sequence that `bytes` starts with, 0 when there is none (Unicode standard, table
/// 3-7).
std::size_t sequence_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) -> std::uint8_t {
    return i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : std::uint8_t{0};
  };
  const auto in = [](std::uint8_t byte, int low, int high) { return byte >= low && byte <= high; };
  const std::uint8_t lead = at(0);
  if (in(lead, 0x01, 0x7F)) return 1;
  if (in(lead, 0xC2, 0xDF)) return in(at(1), 0x80, 0xBF) ? 2 : 0;
  if (in(lead, 0xE0, 0xEF)) {
    const bool second = in(at(1), lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && in(at(2), 0x80, 0xBF) ? 3 : 0;
  }
  if (in(lead, 0xF0, 0xF4)) {
    const bool second = in(at(1), lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && in(at(2), 0x80, 0xBF) && in(at(3), 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string shown = "\"";
  while (!text.empty() && shown.size() <= longest) {
    const std::size_t length = sequence_length(text);
    const bool control = length == 1 && (text[0] < ' ' || text[0] == '\x7F');
    if (length == 0 || control) {
      shown += '?';
    } else {
      shown += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  if (!text.empty()) shown += "...";
  return shown + '"';
}

std::string printable_list(const std::vector<std::string>& texts) {
  constexpr std::size_t most = 12;
  std::string list;
  for (std::size_t i = 0; i < texts.size() && i < most; ++i) {
    if (i > 0) list += ", ";
    list += printable(texts[i]);
  }
  if (texts.size() > most) list += ", ... (" + std::to_string(texts.size()) + " in all)";
  return list;
}

ParsedNumber parse_number(std::string_view text) {
  std::string_view digits = trim(text);
  if (digits.empty()) return {{}, "an empty field where a number has to stand"};
  const bool plus = digits.front() == '+';
  if (plus) digits.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = result.ptr == digits.data() + digits.size();
  const bool doubly_signed = plus && !digits.empty() && digits.front() == '-';
  if (!whole || doubly_signed || result.ec == std::errc::invalid_argument) {
    return {{}, "found " + printable(trim(text)) + " where a number has to stand"};
  }
  if (result.ec == std::errc::result_out_of_range) {
    return {{}, "found " + printable(trim(text)) + ", which is outside the range of a 64-bit number"};
  }
  if (!std::isfinite(value)) return {{}, "found " + printable(trim(text)) + "; numbers have to be finite"};
  return {value, {}};
}

}  // namespace secateur::data
