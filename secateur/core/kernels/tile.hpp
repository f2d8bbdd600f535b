// SPDX-License-Identifier: Apache-2.0
#pragma once

// The register tile of a product: the innermost loop that everything else feeds.

#include "secateur/core/kernels/simd.hpp"

namespace secateur {
namespace {

/// A matrix addressed by strides.
template <class Scalar>
struct View {
  const Scalar* data;
  ptrdiff_t row, column;
};

/// What a tile does with its sums; see Product.
template <class Scalar>
struct Ending {
  bool accumulate;
  const Scalar* bias;
  bool relu;
  const Scalar* gate;
  ptrdiff_t gate_row;
};

/// A tile of Rows x Vectors registers: C = A B over `k` with B's rows b_row apart. The sums stay in registers
/// throughout: per p the tile needs Rows broadcasts and Vectors loads for Rows x Vectors multiplications. A function of
/// its own, since compilers give up on keeping the sums in registers once it is inlined into something large.
template <class Scalar, int Rows, int Vectors>
__attribute__((noinline)) void tile(ptrdiff_t k, View<Scalar> a, const Scalar* b, ptrdiff_t b_row, Scalar* c,
                                    ptrdiff_t c_row, const Ending<Scalar>& ending) {
  using S = Simd<Scalar>;
  typename S::Vec sum[Rows][Vectors] = {};
  for (ptrdiff_t p = 0; p < k; ++p) {
    typename S::Vec row[Vectors];
    unroll<Vectors>([&](auto j) SECATEUR_LAMBDA { row[j.value] = S::load(b + j.value * S::lanes); });
    unroll<Rows>([&](auto i) SECATEUR_LAMBDA {
      const Scalar factor = a.data[i.value * a.row];
      unroll<Vectors>([&](auto j) SECATEUR_LAMBDA { sum[i.value][j.value] += row[j.value] * factor; });
    });
    a.data += a.column;
    b += b_row;
  }
  const auto each = [&](const auto& body) SECATEUR_LAMBDA {
    unroll<Rows>([&](auto i) SECATEUR_LAMBDA {
      unroll<Vectors>([&](auto j) SECATEUR_LAMBDA { body(sum[i.value][j.value], i.value, j.value * S::lanes); });
    });
  };
  const typename S::Vec zero = {};
  if (ending.accumulate) {
    each([&](auto& value, ptrdiff_t i, ptrdiff_t j) SECATEUR_LAMBDA { value += S::load(c + i * c_row + j); });
  }
  if (ending.bias != nullptr) {
    each([&](auto& value, ptrdiff_t i, ptrdiff_t) SECATEUR_LAMBDA { value += ending.bias[i]; });
  }
  if (ending.relu) {
    each([&](auto& value, ptrdiff_t, ptrdiff_t) SECATEUR_LAMBDA { value = zero > value ? zero : value; });
  }
  if (ending.gate != nullptr) {
    each([&](auto& value, ptrdiff_t i, ptrdiff_t j)
             SECATEUR_LAMBDA { value = S::load(ending.gate + i * ending.gate_row + j) > zero ? value : zero; });
  }
  each([&](const auto& value, ptrdiff_t i, ptrdiff_t j) SECATEUR_LAMBDA { S::store(c + i * c_row + j, value); });
}

/// The tile with the number of rows chosen at run time, 1 <= rows <= Most.
template <class Scalar, int Most, int Vectors>
SECATEUR_INLINE void tile_of(ptrdiff_t rows, ptrdiff_t k, View<Scalar> a, const Scalar* b, ptrdiff_t b_row, Scalar* c,
                             ptrdiff_t c_row, const Ending<Scalar>& ending) {
  if constexpr (Most > 0) {
    if (rows == Most) {
      tile<Scalar, Most, Vectors>(k, a, b, b_row, c, c_row, ending);
    } else {
      tile_of<Scalar, Most - 1, Vectors>(rows, k, a, b, b_row, c, c_row, ending);
    }
  }
}

}  // namespace
}  // namespace secateur
