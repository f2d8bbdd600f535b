// SPDX-License-Identifier: Apache-2.0
#pragma once

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
inline double next_down(double x) { return std::nextafter(x, -std::numeric_limits<double>::infinity()); }
inline double next_up(double x) { return std::nextafter(x, std::numeric_limits<double>::infinity()); }

inline double add_down(double a, double b) { return next_down(a + b); }
inline double add_up(double a, double b) { return next_up(a + b); }
inline double multiply_down(double a, double b) { return a == 0 || b == 0 ? 0.0 : next_down(a * b); }
inline double multiply_up(double a, double b) { return a == 0 || b == 0 ? 0.0 : next_up(a * b); }

/// An upper bound on the error of a sum of `terms` products (a bias counts as one), given `magnitude`: the sum of their
/// absolute values computed in the same arithmetic (in any order, at most `terms` products). Valid for terms <= 2^25:
/// magnitude understates the exact sum by a factor of at most 1/(1 - gamma_n), and
/// n u (1 + 2 n u) / (1 - gamma_n) <= (n + 1) u there; the remaining 3 u cover the roundings on this line.
inline double sum_error(std::int64_t terms, double magnitude) {
  const auto n = static_cast<double>(terms);
  return (n + 4) * unit_roundoff * magnitude + (2 * n + 2) * underflow_unit;
}

/// Upper bound of the exact value of a sum of `terms` nonnegative products whose computed value is `computed`.
inline double sum_up(std::int64_t terms, double computed) { return next_up(computed + sum_error(terms, computed)); }

}  // namespace secateur
