// SPDX-License-Identifier: Apache-2.0
#pragma once

// A step of Adam in one pass over the parameters. The loops are plain: compilers turn them into vector code, square
// root included (the units are compiled with -fno-math-errno).

#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

SECATEUR_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
SECATEUR_INLINE double square_root(double x) { return __builtin_sqrt(x); }

/// Moments of a parameter whose slope stays zero (a dead unit) would decay into subnormal numbers, which many
/// processors handle a hundred times slower: below these they are zero. A mean that small moves nothing, since epsilon
/// divides it.
SECATEUR_INLINE float negligible(float) { return 1e-30F; }
SECATEUR_INLINE double negligible(double) { return 1e-200; }

/// `count` parameters from `from` on, with their gradient in g.
template <class Scalar, bool Masked>
SECATEUR_INLINE void adam_block(const AdamStep<Scalar>& step, ptrdiff_t from, ptrdiff_t count,
                                const Scalar* __restrict g) {
  Scalar* __restrict w = step.w + from;
  Scalar* __restrict mean = step.mean + from;
  Scalar* __restrict square = step.square + from;
  const Scalar* __restrict mask = Masked ? step.mask + from : nullptr;
  const Scalar beta1 = step.beta1, beta2 = step.beta2, rate = step.rate, root = step.root, epsilon = step.epsilon;
  const Scalar l1 = step.l1, l2 = 2 * step.l2;
  const Scalar tiny = negligible(epsilon);
  const Scalar fresh1 = 1 - beta1, fresh2 = 1 - beta2;
  for (ptrdiff_t i = 0; i < count; ++i) {
    const Scalar sign = w[i] > 0 ? Scalar{1} : (w[i] < 0 ? Scalar{-1} : Scalar{0});
    Scalar slope = g[i] + l1 * sign + l2 * w[i];
    if constexpr (Masked) slope = mask[i] != 0 ? slope : Scalar{0};
    const Scalar first = beta1 * mean[i] + fresh1 * slope;
    const Scalar second = beta2 * square[i] + fresh2 * slope * slope;
    mean[i] = first < tiny && first > -tiny ? Scalar{0} : first;
    square[i] = second < tiny ? Scalar{0} : second;
    w[i] -= rate * mean[i] / (square_root(square[i]) * root + epsilon);
  }
}

template <class Scalar>
void adam(const AdamStep<Scalar>& step) {
  constexpr ptrdiff_t block = 512;
  alignas(64) Scalar gradient[block];
  for (ptrdiff_t from = 0; from < step.count; from += block) {
    const ptrdiff_t count = step.count - from < block ? step.count - from : block;
    const Scalar* g = step.gradient + from;
    if (step.parts > 1) {
      for (ptrdiff_t i = 0; i < count; ++i) gradient[i] = g[i];
      for (ptrdiff_t part = 1; part < step.parts; ++part) {
        const Scalar* more = g + part * step.part_stride;
        for (ptrdiff_t i = 0; i < count; ++i) gradient[i] += more[i];
      }
      g = gradient;
    }
    if (step.mask != nullptr) {
      adam_block<Scalar, true>(step, from, count, g);
    } else {
      adam_block<Scalar, false>(step, from, count, g);
    }
  }
}

}  // namespace
}  // namespace secateur
