// SPDX-License-Identifier: Apache-2.0
#pragma once

// One exchange step of a dense simplex tableau (Elimination).

#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

inline void eliminate(const Elimination& of) {
  using S = Simd<double>;
  for (ptrdiff_t n = 0; n < of.count; ++n) {
    double* row = of.matrix + of.index[n] * of.stride;
    const double factor = of.factor[n];
    S::Vec norm[2] = {};
    ptrdiff_t j = 0;
    for (; j + 2 * S::lanes <= of.stride; j += 2 * S::lanes) {
      unroll<2>([&](auto v) SECATEUR_LAMBDA {
        const ptrdiff_t at = j + v.value * S::lanes;
        const S::Vec entry = S::load(row + at) - S::load(of.pivot + at) * factor;
        norm[v.value] += entry * entry;
        S::store(row + at, entry);
      });
    }
    for (; j < of.stride; j += S::lanes) {
      const S::Vec entry = S::load(row + j) - S::load(of.pivot + j) * factor;
      norm[0] += entry * entry;
      S::store(row + j, entry);
    }
    of.norm[of.index[n]] = S::sum(norm[0] + norm[1]);
  }
}

}  // namespace
}  // namespace secateur
