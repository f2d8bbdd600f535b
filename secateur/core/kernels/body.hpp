// SPDX-License-Identifier: Apache-2.0
#pragma once

// All kernels of one instruction set. See product.hpp for what the including unit defines.

#include "secateur/core/kernels/adam.hpp"
#include "secateur/core/kernels/crown_lanes.hpp"
#include "secateur/core/kernels/crown_rows.hpp"
#include "secateur/core/kernels/dual.hpp"
#include "secateur/core/kernels/forward_lanes.hpp"
#include "secateur/core/kernels/point_lanes.hpp"
#include "secateur/core/kernels/product.hpp"
#include "secateur/core/kernels/range.hpp"
#include "secateur/core/kernels/tableau.hpp"

namespace secateur {
namespace {

/// sums[i] = sum over j < n of a[i * a_row + j].
template <class Scalar>
void row_sums(ptrdiff_t m, ptrdiff_t n, const Scalar* a, ptrdiff_t a_row, Scalar* sums) {
  using S = Simd<Scalar>;
  for (ptrdiff_t i = 0; i < m; ++i) {
    const Scalar* row = a + i * a_row;
    typename S::Vec sum[4] = {};
    ptrdiff_t j = 0;
    for (; j + 4 * S::lanes <= n; j += 4 * S::lanes) {
      unroll<4>([&](auto v) SECATEUR_LAMBDA { sum[v.value] += S::load(row + j + v.value * S::lanes); });
    }
    Scalar total = S::sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (; j < n; ++j) total += row[j];
    sums[i] = total;
  }
}

template <class Scalar>
constexpr Kernels<Scalar> kernels_of = {product<Scalar>, row_sums<Scalar>, adam<Scalar>, Simd<Scalar>::lanes};

constexpr BoundKernels bound_kernels_here = {crown_batch, forward_batch, evaluate_batch, relax_rows,
                                             sparse_rows, gather_rows,   box_rows,       row_range,
                                             dual_ascend, dual_value,    eliminate,      combine};

}  // namespace
}  // namespace secateur
