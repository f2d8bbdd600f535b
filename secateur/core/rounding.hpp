// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace secateur {

// Bounds that hold in real arithmetic, from ordinary round-to-nearest arithmetic.
//
// Standard model (Higham 2002, ch. 2 and 3): for a floating-point operation, fl(x op y) = (x op y)(1 + d) + e with
// |d| <= u = 2^-53 and |e| <= eta/2, eta = 2^-1074, where e is zero for additions. A sum of n products, in whatever
// order and with or without fused multiply-add, then satisfies
//
//     |fl(sum a_i b_i) - sum a_i b_i| <= gamma_n sum |a_i b_i| + n eta,     gamma_n = n u / (1 - n u).
//
// The functions below return upper bounds of such right-hand sides that are themselves safe against rounding.

/// Half the distance from 1 to the next double: 2^-53.
inline constexpr double unit_roundoff = 0x1p-53;
/// The smallest positive double: 2^-1074, the most that one operation loses to underflow.
inline constexpr double underflow_unit = std::numeric_limits<double>::denorm_min();

/// The next double below / above. A result of one rounded operation, moved by one step, encloses the exact result.
/// The same numbers as std::nextafter() gives, in the place of a call: doubles of one sign are ordered as their bits.
inline double next_up(double x) {
  if (!(x < std::numeric_limits<double>::infinity())) return x;  // infinite, or not a number
  if (x == 0) return underflow_unit;
  return std::bit_cast<double>(std::bit_cast<std::int64_t>(x) + (x > 0 ? 1 : -1));
}
inline double next_down(double x) { return -next_up(-x); }

inline double add_down(double a, double b) { return next_down(a + b); }
inline double add_up(double a, double b) { return next_up(a + b); }
inline double multiply_down(double a, double b) { return a == 0 || b == 0 ? 0.0 : next_down(a * b); }
inline double multiply_up(double a, double b) { return a == 0 || b == 0 ? 0.0 : next_up(a * b); }

/// An upper bound on the error of a sum of `terms` products (a bias counts as one; products with a zero factor need not
/// be counted), given `magnitude`: the sum of their absolute values computed in the same arithmetic, in any order.
/// Valid for terms <= 2^25: magnitude understates the exact sum by a factor of at most 1/(1 - gamma_n), and n u (1 + 2
/// n u) / (1 - gamma_n) <= (n + 1) u there; the remaining 3 u cover the roundings on this line.
inline double sum_error(std::int64_t terms, double magnitude) {
  if (terms == 0) return 0.0;
  const auto n = static_cast<double>(terms);
  return (n + 4) * unit_roundoff * magnitude + (2 * n + 2) * underflow_unit;
}

/// |a + b - fl(a + b)|, exactly (Knuth's TwoSum; no overflow assumed).
inline double add_residual(double a, double b) {
  const double sum = a + b;
  const double b_seen = sum - a;
  return std::abs((a - (sum - b_seen)) + (b - b_seen));
}

/// At least |a b - fl(a b)|; exact unless the product nearly underflows.
inline double multiply_residual(double a, double b) {
  if (a == 0 || b == 0) return 0.0;
  const double product = a * b;
  const double rest = std::abs(std::fma(a, b, -product));
  return std::abs(product) < 0x1p-960 ? rest + underflow_unit : rest;
}

/// At least |a / b - fl(a / b)|: with q the quotient, a - q b is a double, and the error is (a - q b) / b.
inline double divide_residual(double a, double b) {
  if (a == 0) return 0.0;
  const double quotient = a / b;
  const double rest = std::abs(std::fma(-quotient, b, a));
  if (rest == 0 && std::abs(a) >= 0x1p-960 && std::abs(quotient) >= 0x1p-960) return 0.0;
  // Near underflow neither the remainder nor the quotient is exact to the last bit.
  const double slack = std::abs(a) < 0x1p-960 || std::abs(quotient) < 0x1p-960 ? 2 * underflow_unit : 0.0;
  return next_up(next_up((rest + slack) / std::abs(b)) + slack);
}

/// Upper bound of the exact value of a sum of `terms` nonnegative products whose computed value is `computed`.
inline double sum_up(std::int64_t terms, double computed) { return next_up(computed + sum_error(terms, computed)); }

}  // namespace secateur
