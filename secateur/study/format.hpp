// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace secateur::study {

/// An exponent: "⁻⁴".
std::string superscript(int exponent);

/// Numbers as a reader wants them in text and tables: `digits` significant digits, a true minus sign, no exponent
/// between 1e-4 and 1e7 ("−6.551", "0.0123", "4.2 × 10⁻⁷").
std::string number(double value, int digits = 4);

/// Whole numbers with a thin space between thousands: "12 345".
std::string count(std::int64_t value);

/// Seconds with their unit, three significant digits at most: "0.0042 s", "1.27 s", "60 s".
std::string duration(double seconds);

/// A fraction as percent, two significant digits: "0.010 %", "12 %", "< 0.0001 %".
std::string percent(double fraction);

}  // namespace secateur::study
