// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/sobol.hpp"

#include <bit>
#include <stdexcept>

namespace secateur::data {

namespace {

/// A primitive polynomial over GF(2), x^degree + a_1 x^(degree-1) + ... + a_(degree-1) x + 1, with a_1 ... a_(degree-1)
/// the binary digits of `coefficients`, and the free initial direction numbers m_1 ... m_degree.
struct Polynomial {
  int degree;
  unsigned coefficients;
  std::array<unsigned, 7> m;
};

// Dimensions 2 to 32 of the direction numbers "new-joe-kuo-6.21201" of S. Joe and F. Y. Kuo, "Constructing Sobol
// sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008) 2635-2654, published by the
// authors at https://web.maths.unsw.edu.au/~fkuo/sobol/ (copyright (c) 2008, Frances Y. Kuo and Stephen Joe, BSD-style
// licence). The first dimension is the van der Corput sequence.
constexpr std::array<Polynomial, sobol_dimensions - 1> polynomials{{
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
    {6, 19, {1, 1, 1, 15, 7, 5}},
    {6, 22, {1, 3, 1, 15, 13, 25}},
    {6, 25, {1, 1, 5, 5, 19, 61}},
    {7, 1, {1, 3, 7, 11, 23, 15, 103}},
    {7, 4, {1, 3, 7, 13, 13, 15, 69}},
    {7, 7, {1, 1, 3, 13, 7, 35, 63}},
    {7, 8, {1, 3, 5, 9, 1, 25, 53}},
    {7, 14, {1, 3, 1, 13, 9, 35, 107}},
    {7, 19, {1, 3, 1, 5, 27, 61, 31}},
    {7, 21, {1, 1, 5, 11, 19, 41, 61}},
    {7, 28, {1, 3, 5, 3, 3, 13, 69}},
    {7, 31, {1, 1, 7, 13, 1, 19, 1}},
    {7, 32, {1, 3, 7, 5, 13, 19, 59}},
    {7, 37, {1, 1, 3, 9, 25, 29, 41}},
    {7, 41, {1, 3, 5, 13, 23, 1, 55}},
    {7, 42, {1, 3, 7, 3, 13, 59, 17}},
}};

using Directions = std::array<std::uint64_t, sobol_digits>;

/// Direction numbers v_k = m_k 2^(53 - k), k = 1 .. 53. With s the degree, the recurrence of Joe & Kuo (2008), eq.
/// (2.2),
///     m_k = 2 a_1 m_(k-1) ^ 4 a_2 m_(k-2) ^ ... ^ 2^(s-1) a_(s-1) m_(k-s+1) ^ 2^s m_(k-s) ^ m_(k-s),
/// becomes v_k = a_1 v_(k-1) ^ ... ^ a_(s-1) v_(k-s+1) ^ v_(k-s) ^ (v_(k-s) >> s).
Directions directions(Index dimension) {
  Directions v{};
  const auto shifted = [](unsigned m, int k) { return std::uint64_t{m} << (sobol_digits - k); };
  if (dimension == 0) {
    for (int k = 1; k <= sobol_digits; ++k) v[static_cast<std::size_t>(k - 1)] = shifted(1, k);
    return v;
  }
  const Polynomial& p = polynomials[static_cast<std::size_t>(dimension - 1)];
  for (int k = 1; k <= sobol_digits; ++k) {
    const auto at = [&](int j) -> std::uint64_t& { return v[static_cast<std::size_t>(j - 1)]; };
    if (k <= p.degree) {
      at(k) = shifted(p.m[static_cast<std::size_t>(k - 1)], k);
      continue;
    }
    at(k) = at(k - p.degree) ^ (at(k - p.degree) >> p.degree);
    for (int j = 1; j < p.degree; ++j) {
      if ((p.coefficients >> (p.degree - 1 - j)) & 1U) at(k) ^= at(k - j);
    }
  }
  return v;
}

}  // namespace

std::vector<std::uint64_t> sobol_points(Index count, Index dimensions) {
  if (dimensions < 1 || dimensions > sobol_dimensions || count < 0) {
    throw std::invalid_argument("sobol_points: 1 to 32 dimensions, count >= 0");
  }
  std::vector<std::uint64_t> points(static_cast<std::size_t>(count * dimensions));
  for (Index d = 0; d < dimensions; ++d) {
    const Directions v = directions(d);
    // Gray code order (Antonov & Saleev 1979): point i differs from point i - 1 by the direction number of the lowest
    // zero digit of i - 1.
    std::uint64_t x = 0;
    for (Index i = 0; i < count; ++i) {
      if (i > 0) x ^= v[static_cast<std::size_t>(std::countr_one(static_cast<std::uint64_t>(i - 1)))];
      points[static_cast<std::size_t>(i * dimensions + d)] = x;
    }
  }
  return points;
}

}  // namespace secateur::data
