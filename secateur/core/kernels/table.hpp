// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the vector code of one instruction set offers. This header is included by translation units that are compiled
// for processors the program may not run on, so it holds declarations of plain structs and nothing that emits code.

#include <stddef.h>

namespace secateur {

/// C = ending(A B), with A of m x k, B of k x n and C of m x n. Every matrix is addressed by strides, counted in
/// elements, so that transposes cost nothing to state: A(i, p) = a[i * a_row + p * a_column]. Rows of C are contiguous.
/// No memory outside the stated entries is touched. C must not overlap A or B.
///
/// Each entry is a sum of k products in some order, with or without fused multiply-add, plus at most one addition for
/// `accumulate` and one for `bias`.
template <class Scalar>
struct Product {
  ptrdiff_t m = 0, n = 0, k = 0;
  const Scalar* a = nullptr;
  ptrdiff_t a_row = 0, a_column = 1;
  const Scalar* b = nullptr;
  ptrdiff_t b_row = 0, b_column = 1;
  Scalar* c = nullptr;
  ptrdiff_t c_row = 0;
  /// Add to what C holds instead of overwriting it.
  bool accumulate = false;
  /// The ending, in this order: add bias[i] to row i; max(0, .) (NaN stays NaN); zero where gate(i, j) <= 0.
  const Scalar* bias = nullptr;
  bool relu = false;
  const Scalar* gate = nullptr;
  ptrdiff_t gate_row = 0;
};

/// One step of Adam (Kingma & Ba 2015, algorithm 1) on `count` parameters:
///
///     g <- (gradient + l1 sign(w) + 2 l2 w) mask
///     mean <- beta1 mean + (1 - beta1) g,   square <- beta2 square + (1 - beta2) g^2
///     w <- (w - rate mean / (sqrt(square) root + epsilon)) mask
///
/// with rate = step size / (1 - beta1^t) and root = 1 / sqrt(1 - beta2^t). `gradient` is a sum of `parts` arrays that
/// lie `part_stride` apart, added in order. Without a mask all parameters are free.
template <class Scalar>
struct AdamStep {
  ptrdiff_t count = 0;
  Scalar* w = nullptr;
  Scalar* mean = nullptr;
  Scalar* square = nullptr;
  const Scalar* gradient = nullptr;
  ptrdiff_t parts = 1, part_stride = 0;
  const Scalar* mask = nullptr;
  Scalar beta1 = 0, beta2 = 0, rate = 0, root = 0, epsilon = 0, l1 = 0, l2 = 0;
};

template <class Scalar>
struct Kernels {
  void (*product)(const Product<Scalar>&);
  /// sums[i] = sum over j < n of a[i * a_row + j], for i < m.
  void (*row_sums)(ptrdiff_t m, ptrdiff_t n, const Scalar* a, ptrdiff_t a_row, Scalar* sums);
  void (*adam)(const AdamStep<Scalar>&);
  /// Elements of Scalar in one vector register: widths that are multiples of it are fastest.
  ptrdiff_t lanes;
};

struct KernelSet {
  Kernels<float> single;
  Kernels<double> twofold;
};

extern const KernelSet baseline_kernels, avx2_kernels, avx512_kernels;

}  // namespace secateur
