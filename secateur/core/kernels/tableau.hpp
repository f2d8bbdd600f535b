// SPDX-License-Identifier: Apache-2.0
#pragma once

// Exchanges of a dense simplex tableau, several at a time (Elimination, Combination).

#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

/// Rows r .. r + Rows - 1: each pivot row that is loaded serves all of them.
template <int Rows>
SECATEUR_INLINE void eliminate_rows(const Elimination& of, ptrdiff_t r) {
  using S = Simd<double>;
  S::Vec norm[Rows] = {};
  for (ptrdiff_t j = 0; j < of.stride; j += S::lanes) {
    S::Vec entry[Rows];
    unroll<Rows>([&](auto i) SECATEUR_LAMBDA { entry[i.value] = S::load(of.from + (r + i.value) * of.stride + j); });
    for (ptrdiff_t t = 0; t < of.count; ++t) {
      const S::Vec pivot = S::load(of.pivots + t * of.stride + j);
      const double* factor = of.factors + t * of.height + r;
      unroll<Rows>([&](auto i) SECATEUR_LAMBDA { entry[i.value] -= pivot * factor[i.value]; });
    }
    unroll<Rows>([&](auto i) SECATEUR_LAMBDA {
      norm[i.value] += entry[i.value] * entry[i.value];
      S::store(of.to + (r + i.value) * of.stride + j, entry[i.value]);
    });
  }
  unroll<Rows>([&](auto i) SECATEUR_LAMBDA { of.norm[r + i.value] = S::sum(norm[i.value]); });
}

inline void eliminate(const Elimination& of) {
  ptrdiff_t r = 0;
  for (; r + 8 <= of.rows; r += 8) eliminate_rows<8>(of, r);
  for (; r < of.rows; ++r) eliminate_rows<1>(of, r);
}

inline void combine(const Combination& of) {
  using S = Simd<double>;
  for (ptrdiff_t j = 0; j < of.length; j += S::lanes) {
    S::Vec sum = S::load(of.result + j);
    for (ptrdiff_t t = 0; t < of.count; ++t) sum -= S::load(of.vectors + t * of.length + j) * of.factor[t];
    S::store(of.result + j, sum);
  }
}

}  // namespace
}  // namespace secateur
