// SPDX-License-Identifier: Apache-2.0
#pragma once

// Vectors of one instruction set, in GCC's vector extensions (which Clang shares). Included, like all of this folder,
// by one translation unit per instruction set, which defines SECATEUR_VECTOR_BYTES, the size of a register.
//
// Everything here has internal linkage, and no standard header that holds code is included: a function that the linker
// merges across units could otherwise end up compiled for an instruction set that the machine does not have.

#include <stddef.h>

#define SECATEUR_INLINE inline __attribute__((always_inline))
#define SECATEUR_LAMBDA __attribute__((always_inline))

namespace secateur {
namespace {

template <class Scalar>
struct Simd {
  static constexpr ptrdiff_t lanes = SECATEUR_VECTOR_BYTES / static_cast<ptrdiff_t>(sizeof(Scalar));
  typedef Scalar Vec __attribute__((vector_size(SECATEUR_VECTOR_BYTES)));
  typedef Scalar Unaligned __attribute__((vector_size(SECATEUR_VECTOR_BYTES), aligned(sizeof(Scalar)), may_alias));

  static SECATEUR_INLINE Vec load(const Scalar* p) { return *reinterpret_cast<const Unaligned*>(p); }
  static SECATEUR_INLINE void store(Scalar* p, Vec v) { *reinterpret_cast<Unaligned*>(p) = v; }

  /// The sum of all lanes, by halves.
  static SECATEUR_INLINE Scalar sum(Vec v) {
    alignas(SECATEUR_VECTOR_BYTES) Scalar parts[lanes];
    store(parts, v);
    for (ptrdiff_t half = lanes / 2; half > 0; half /= 2) {
      for (ptrdiff_t i = 0; i < half; ++i) parts[i] += parts[i + half];
    }
    return parts[0];
  }
};

/// 16-byte vectors, which every supported processor has, for transposing in blocks.
template <class Scalar>
struct Block;

template <>
struct Block<float> {
  static constexpr ptrdiff_t size = 4;
  typedef float Vec __attribute__((vector_size(16)));
  typedef float Unaligned __attribute__((vector_size(16), aligned(4), may_alias));

  /// to(i, j) = from(j, i) for a block of size x size whose rows are `row` and `to_row` apart.
  static SECATEUR_INLINE void transpose(const float* from, ptrdiff_t row, float* to, ptrdiff_t to_row) {
    const Vec a = *reinterpret_cast<const Unaligned*>(from);
    const Vec b = *reinterpret_cast<const Unaligned*>(from + row);
    const Vec c = *reinterpret_cast<const Unaligned*>(from + 2 * row);
    const Vec d = *reinterpret_cast<const Unaligned*>(from + 3 * row);
    const Vec ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const Vec ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Vec cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const Vec cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *reinterpret_cast<Unaligned*>(to) = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    *reinterpret_cast<Unaligned*>(to + to_row) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    *reinterpret_cast<Unaligned*>(to + 2 * to_row) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    *reinterpret_cast<Unaligned*>(to + 3 * to_row) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
  }
};

template <>
struct Block<double> {
  static constexpr ptrdiff_t size = 2;
  typedef double Vec __attribute__((vector_size(16)));
  typedef double Unaligned __attribute__((vector_size(16), aligned(8), may_alias));

  static SECATEUR_INLINE void transpose(const double* from, ptrdiff_t row, double* to, ptrdiff_t to_row) {
    const Vec a = *reinterpret_cast<const Unaligned*>(from);
    const Vec b = *reinterpret_cast<const Unaligned*>(from + row);
    *reinterpret_cast<Unaligned*>(to) = __builtin_shufflevector(a, b, 0, 2);
    *reinterpret_cast<Unaligned*>(to + to_row) = __builtin_shufflevector(a, b, 1, 3);
  }
};

/// An unrolled loop: body(0), ..., body(Count - 1), with the index as a constant.
template <int I>
struct Constant {
  static constexpr int value = I;
};
template <int Count, class Body>
SECATEUR_INLINE void unroll(const Body& body) {
  if constexpr (Count > 0) {
    unroll<Count - 1>(body);
    body(Constant<Count - 1>{});
  }
}

}  // namespace
}  // namespace secateur
