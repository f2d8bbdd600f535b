// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/format.hpp"

#include <cmath>

#include <fmt/format.h>

namespace secateur::study {

namespace {

constexpr const char* no_break_space = "\u00a0";

}  // namespace

std::string superscript(int exponent) {
  static constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "⁻" : "";
  for (const char c : std::to_string(std::abs(exponent))) text += digits[c - '0'];
  return text;
}

std::string number(double value, int digits) {
  if (std::isnan(value)) return "–";
  const std::string sign = std::signbit(value) && value != 0 ? "−" : "";
  const double size = std::abs(value);
  if (std::isinf(size)) return sign + "∞";
  if (size == 0) return "0";
  // The decimal exponent after rounding: 9.996 to three digits is 10.0.
  const std::string scientific = fmt::format("{:.{}e}", size, digits - 1);
  const auto e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < -4 || exponent > 6) return sign + scientific.substr(0, e) + " × 10" + superscript(exponent);
  return sign + fmt::format("{:.{}f}", size, std::max(0, digits - 1 - exponent));
}

std::string count(std::int64_t value) {
  std::string text = std::to_string(value < 0 ? -value : value);
  for (auto at = static_cast<std::int64_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), "\u202f");  // narrow no-break space
  }
  return value < 0 ? "−" + text : text;
}

std::string duration(double seconds) {
  std::string text = number(seconds, seconds < 1 ? 2 : 3);
  // "60.0" says no more than "60" here.
  while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
    const bool point = text.back() == '.';
    text.pop_back();
    if (point) break;
  }
  return text + no_break_space + "s";
}

std::string percent(double fraction) {
  const bool tiny = fraction > 0 && fraction < 1e-6;
  return (tiny ? "< 0.0001" : number(100 * fraction, 2)) + no_break_space + "%";
}

}  // namespace secateur::study
