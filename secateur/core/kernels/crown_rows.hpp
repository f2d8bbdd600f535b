// SPDX-License-Identifier: Apache-2.0
#pragma once

// The steps of a backward pass over many rows of one network and one box. A vector holds one number of as many rows:
// matrices have a line for each value or unit and a column for each row of the pass, so that a unit's relaxation is
// broadcast and a sparse weight works on whole vectors.

#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

/// `Count` vectors of rows from r on, over all units.
template <int Count, bool Own>
SECATEUR_INLINE void relax_rows_block(const RelaxRows& of, ptrdiff_t r) {
  using S = Simd<double>;
  using Vec = S::Vec;
  const Vec zero = {};
  Vec value[Count], size[Count];
  unroll<Count>([&](auto c) SECATEUR_LAMBDA {
    value[c.value] = S::load(of.value + r + c.value * S::lanes);
    size[c.value] = S::load(of.size + r + c.value * S::lanes);
  });
  for (ptrdiff_t i = 0; i < of.units; ++i) {
    const double* lambda = of.lambda + i * of.stride + r;
    double* mu = of.mu + i * of.stride + r;
    unroll<Count>([&](auto c) SECATEUR_LAMBDA {
      const Vec coefficient = S::load(lambda + c.value * S::lanes);
      const Vec positive = coefficient > zero ? coefficient : zero;
      const Vec negative = coefficient - positive;  // exact; not a number if the coefficient is not
      Vec lower = positive;
      if constexpr (Own) {
        lower *= S::load(of.own_alpha + i * of.stride + r + c.value * S::lanes);
      } else {
        lower *= of.alpha[i];
      }
      const Vec product = lower + negative * of.slope[i];
      const Vec shift = negative * of.intercept[i];
      const Vec magnitude = product < zero ? -product : product;
      S::store(mu + c.value * S::lanes, product);
      value[c.value] += product * of.bias[i] + (shift - magnitude * of.error[i]);
      size[c.value] += magnitude * of.magnitude[i] - shift;
    });
  }
  unroll<Count>([&](auto c) SECATEUR_LAMBDA {
    S::store(of.value + r + c.value * S::lanes, value[c.value]);
    S::store(of.size + r + c.value * S::lanes, size[c.value]);
  });
}

template <bool Own>
SECATEUR_INLINE void relax_rows_all(const RelaxRows& of) {
  constexpr ptrdiff_t lanes = Simd<double>::lanes;
  ptrdiff_t r = 0;
  for (; r + 4 * lanes <= of.stride; r += 4 * lanes) relax_rows_block<4, Own>(of, r);
  for (; r < of.stride; r += lanes) relax_rows_block<1, Own>(of, r);
}

void relax_rows(const RelaxRows& of) {
  if (of.own_alpha != nullptr) {
    relax_rows_all<true>(of);
  } else {
    relax_rows_all<false>(of);
  }
}

template <int Count>
SECATEUR_INLINE void sparse_rows_block(const SparseRows& of, ptrdiff_t r) {
  using S = Simd<double>;
  for (ptrdiff_t v = 0; v < of.columns; ++v) {
    if (of.accumulate && of.begin[v] == of.begin[v + 1]) continue;
    double* lambda = of.lambda + v * of.stride + r;
    S::Vec sum[Count] = {};
    if (of.accumulate) {
      unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] = S::load(lambda + c.value * S::lanes); });
    }
    for (int p = of.begin[v]; p < of.begin[v + 1]; ++p) {
      const double weight = of.weight[p];
      const double* mu = of.mu + of.unit[p] * of.stride + r;
      unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] += S::load(mu + c.value * S::lanes) * weight; });
    }
    unroll<Count>([&](auto c) SECATEUR_LAMBDA { S::store(lambda + c.value * S::lanes, sum[c.value]); });
  }
}

void sparse_rows(const SparseRows& of) {
  constexpr ptrdiff_t lanes = Simd<double>::lanes;
  ptrdiff_t r = 0;
  for (; r + 8 * lanes <= of.stride; r += 8 * lanes) sparse_rows_block<8>(of, r);
  for (; r + 2 * lanes <= of.stride; r += 2 * lanes) sparse_rows_block<2>(of, r);
  for (; r < of.stride; r += lanes) sparse_rows_block<1>(of, r);
}

void box_rows(const BoxRows& of) {
  using S = Simd<double>;
  const S::Vec zero = {};
  for (ptrdiff_t r = 0; r < of.stride; r += S::lanes) {
    S::Vec value = S::load(of.value + r), size = S::load(of.size + r);
    for (ptrdiff_t j = 0; j < of.inputs; ++j) {
      const S::Vec lambda = S::load(of.lambda + j * of.stride + r);
      const double low = of.lower[j], high = of.upper[j];
      const double least = low < 0 ? -low : low, most = high < 0 ? -high : high;
      value += lambda * (lambda >= zero ? zero + low : zero + high);
      size += (lambda < zero ? -lambda : lambda) * (least > most ? least : most);
    }
    S::store(of.value + r, value);
    S::store(of.size + r, size);
  }
}

SECATEUR_INLINE void gather_rows_plain(ptrdiff_t count, const int* __restrict place, const double* __restrict weight,
                                       double centre, double radius, double* __restrict line, double* __restrict other,
                                       double* __restrict centres, double* __restrict radii) {
  for (ptrdiff_t r = 0; r < count; ++r) {
    const double w = weight[place[r]];
    line[r] = w;
    other[r] = -w;
    centres[r] += w * centre;
    radii[r] += __builtin_fabs(w) * radius;
  }
}

void gather_rows(const GatheredRows& of) {
  gather_rows_plain(of.count, of.place, of.weight, of.centre, of.radius, of.line, of.line + of.count, of.centres,
                    of.radii);
  for (ptrdiff_t r = 2 * of.count; r < of.stride; ++r) of.line[r] = 0;
}

}  // namespace
}  // namespace secateur
