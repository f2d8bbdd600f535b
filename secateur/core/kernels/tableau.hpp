// SPDX-License-Identifier: Apache-2.0
#pragma once

// Exchanges of a dense simplex tableau, several at a time (Elimination, Combination).

#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

/// Exchanges looked at together. Those whose factors are all zero take nothing: while a basis is made from the rows of
/// a sparse program that is most of them.
constexpr ptrdiff_t exchanges_at_once = 32;

/// Rows r .. r + Rows - 1: each pivot row that is loaded serves all of them.
template <int Rows>
SECATEUR_INLINE void eliminate_rows(const Elimination& of, ptrdiff_t r) {
  using S = Simd<double>;
  const double* from = of.from + r * of.stride;
  ptrdiff_t first = 0;
  do {
    ptrdiff_t used[exchanges_at_once];
    ptrdiff_t count = 0, last = first + exchanges_at_once;
    if (last > of.count) last = of.count;
    for (ptrdiff_t t = first; t < last; ++t) {
      bool any = false;
      for (ptrdiff_t i = 0; i < Rows; ++i) any |= of.factors[t * of.height + r + i] != 0;
      used[count] = t;
      count += any ? 1 : 0;
    }
    first = last;
    S::Vec norm[Rows] = {};
    for (ptrdiff_t j = 0; j < of.stride; j += S::lanes) {
      S::Vec entry[Rows];
      unroll<Rows>([&](auto i) SECATEUR_LAMBDA { entry[i.value] = S::load(from + i.value * of.stride + j); });
      for (ptrdiff_t k = 0; k < count; ++k) {
        const S::Vec pivot = S::load(of.pivots + used[k] * of.stride + j);
        const double* factor = of.factors + used[k] * of.height + r;
        unroll<Rows>([&](auto i) SECATEUR_LAMBDA { entry[i.value] -= pivot * factor[i.value]; });
      }
      unroll<Rows>([&](auto i) SECATEUR_LAMBDA {
        norm[i.value] += entry[i.value] * entry[i.value];
        S::store(of.to + (r + i.value) * of.stride + j, entry[i.value]);
      });
    }
    unroll<Rows>([&](auto i) SECATEUR_LAMBDA { of.norm[r + i.value] = S::sum(norm[i.value]); });
    from = of.to + r * of.stride;
  } while (first < of.count);
}

inline void eliminate(const Elimination& of) {
  ptrdiff_t r = 0;
  for (; r + 8 <= of.rows; r += 8) eliminate_rows<8>(of, r);
  for (; r < of.rows; ++r) eliminate_rows<1>(of, r);
}

/// So many vectors of the result at once, since each subtraction waits for the one before.
template <int Vectors>
SECATEUR_INLINE void combine_vectors(const Combination& of, ptrdiff_t j, const ptrdiff_t* used, ptrdiff_t count) {
  using S = Simd<double>;
  S::Vec sum[Vectors];
  unroll<Vectors>([&](auto i) SECATEUR_LAMBDA { sum[i.value] = S::load(of.result + j + i.value * S::lanes); });
  for (ptrdiff_t k = 0; k < count; ++k) {
    const double factor = of.factor[used[k]];
    const double* vector = of.vectors + used[k] * of.length + j;
    unroll<Vectors>([&](auto i) SECATEUR_LAMBDA { sum[i.value] -= S::load(vector + i.value * S::lanes) * factor; });
  }
  unroll<Vectors>([&](auto i) SECATEUR_LAMBDA { S::store(of.result + j + i.value * S::lanes, sum[i.value]); });
}

inline void combine(const Combination& of) {
  using S = Simd<double>;
  for (ptrdiff_t first = 0; first < of.count; first += exchanges_at_once) {
    ptrdiff_t used[exchanges_at_once];
    ptrdiff_t count = 0;
    for (ptrdiff_t t = first; t < of.count && t < first + exchanges_at_once; ++t) {
      used[count] = t;
      count += of.factor[t] != 0 ? 1 : 0;
    }
    if (count == 0) continue;
    ptrdiff_t j = 0;
    for (; j + 4 * S::lanes <= of.length; j += 4 * S::lanes) combine_vectors<4>(of, j, used, count);
    for (; j < of.length; j += S::lanes) combine_vectors<1>(of, j, used, count);
  }
}

}  // namespace
}  // namespace secateur
