// SPDX-License-Identifier: Apache-2.0
#pragma once

// The range of a row over a box, as sums that graph/affine_range.cpp makes safe against rounding. Weights have both
// signs at random, so everything is selected, nothing branched.

#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

SECATEUR_INLINE double magnitude_of(double x) { return __builtin_fabs(x); }

void row_range(const RowRange& of, RangeSums* sums) {
  using S = Simd<double>;
  typedef long long Count __attribute__((vector_size(SECATEUR_VECTOR_BYTES)));
  sums[0] = sums[1] = {0, 0, 0};
  ptrdiff_t p = 0;
  if (of.column == nullptr && of.count >= S::lanes) {
    const S::Vec zero = {};
    S::Vec value[2] = {}, size[2] = {};
    Count terms[2] = {};
    for (; p + S::lanes <= of.count; p += S::lanes) {
      const S::Vec w = S::load(of.weight + p);
      const S::Vec low = S::load(of.lower + p), high = S::load(of.upper + p);
      const S::Vec ends[2] = {w > zero ? low : high, w > zero ? high : low};
      unroll<2>([&](auto side) SECATEUR_LAMBDA {
        const S::Vec end = ends[side.value];
        const S::Vec product = w * end;
        value[side.value] += product;
        size[side.value] += product < zero ? -product : product;
        terms[side.value] -= (end != zero) & (w != zero);
      });
    }
    for (int side = 0; side < 2; ++side) {
      sums[side] = {S::sum(value[side]), S::sum(size[side]), 0};
      for (ptrdiff_t lane = 0; lane < S::lanes; ++lane) sums[side].terms += terms[side][lane];
    }
  }
  for (; p < of.count; ++p) {
    const double w = of.weight[p];
    const ptrdiff_t v = of.column == nullptr ? p : of.column[p];
    const double low = of.lower[v], high = of.upper[v];
    const double first = w * (w > 0 ? low : high);
    const double second = w * (w > 0 ? high : low);
    sums[0].value += first;
    sums[1].value += second;
    sums[0].magnitude += magnitude_of(first);
    sums[1].magnitude += magnitude_of(second);
    sums[0].terms += ((w > 0 ? low : high) != 0) & (w != 0);
    sums[1].terms += ((w > 0 ? high : low) != 0) & (w != 0);
  }
}

}  // namespace
}  // namespace secateur
