// SPDX-License-Identifier: Apache-2.0
#pragma once

// The product of two matrices, cut into panels of B (two registers wide, panel_length long) and tiles of rows. B is
// read in place where its rows are contiguous and do not compete for the same cache sets, and copied (transposed,
// padded with zeros) otherwise. The including unit defines, besides SECATEUR_VECTOR_BYTES,
//
//     SECATEUR_TILE_ROWS      rows of a tile that is two registers wide
//     SECATEUR_TILE_ROWS_1    rows of a tile that is one register wide

#include "secateur/core/kernels/table.hpp"
#include "secateur/core/kernels/tile.hpp"

namespace secateur {
namespace {

/// Inner length of a panel: two registers wide, it takes half of a first-level cache of 32 KiB.
constexpr ptrdiff_t panel_length = 256;

/// The ending of one entry.
template <class Scalar>
SECATEUR_INLINE void finish(Scalar value, Scalar* c, ptrdiff_t i, ptrdiff_t j, const Ending<Scalar>& ending) {
  if (ending.accumulate) value += *c;
  if (ending.bias != nullptr) value += ending.bias[i];
  if (ending.relu && 0 > value) value = 0;
  if (ending.gate != nullptr && !(ending.gate[i * ending.gate_row + j] > 0)) value = 0;
  *c = value;
}

/// Sums of a tile that is narrower than its registers: computed into a buffer, of which `columns` columns are kept.
template <class Scalar, int Rows, int Vectors>
SECATEUR_INLINE void narrow_tile(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t k, View<Scalar> a, const Scalar* b,
                                 ptrdiff_t b_row, Scalar* c, ptrdiff_t c_row, const Ending<Scalar>& ending) {
  constexpr ptrdiff_t width = Vectors * Simd<Scalar>::lanes;
  alignas(64) Scalar sums[Rows * width];
  const Ending<Scalar> plain{};
  tile_of<Scalar, Rows, Vectors>(rows, k, a, b, b_row, sums, width, plain);
  for (ptrdiff_t i = 0; i < rows; ++i) {
    for (ptrdiff_t j = 0; j < columns; ++j) {
      finish<Scalar>(sums[i * width + j], c + i * c_row + j, i, j, ending);
    }
  }
}

/// All rows of one panel: C(:, 0..columns) = A B, with B's rows contiguous. The rows are dealt out evenly to tiles,
/// since tiles of half the height run at half the speed.
template <class Scalar, int Rows, int Vectors>
__attribute__((noinline)) void panel(ptrdiff_t m, ptrdiff_t columns, ptrdiff_t k, View<Scalar> a, const Scalar* b,
                                     ptrdiff_t b_row, Scalar* c, ptrdiff_t c_row, Ending<Scalar> ending) {
  const ptrdiff_t tiles = (m + Rows - 1) / Rows;
  const ptrdiff_t height = m / tiles;
  const ptrdiff_t higher = m % tiles;
  for (ptrdiff_t t = 0; t < tiles; ++t) {
    const ptrdiff_t rows = t < higher ? height + 1 : height;
    if (columns == Vectors * Simd<Scalar>::lanes) {
      tile_of<Scalar, Rows, Vectors>(rows, k, a, b, b_row, c, c_row, ending);
    } else {
      narrow_tile<Scalar, Rows, Vectors>(rows, columns, k, a, b, b_row, c, c_row, ending);
    }
    a.data += rows * a.row;
    c += rows * c_row;
    if (ending.bias != nullptr) ending.bias += rows;
    if (ending.gate != nullptr) ending.gate += rows * ending.gate_row;
  }
}

/// Copies B(0..k, 0..columns) to rows of Width elements, the rest of each row zero.
template <class Scalar, ptrdiff_t Width>
SECATEUR_INLINE void pack(ptrdiff_t k, ptrdiff_t columns, View<Scalar> b, Scalar* to) {
  using S = Simd<Scalar>;
  constexpr ptrdiff_t block = Block<Scalar>::size;
  if (b.column == 1 && columns == Width) {
    for (ptrdiff_t p = 0; p < k; ++p) {
      for (ptrdiff_t j = 0; j < Width; j += S::lanes) S::store(to + p * Width + j, S::load(b.data + p * b.row + j));
    }
    return;
  }
  if (columns < Width) {
    const typename S::Vec zero = {};
    for (ptrdiff_t i = 0; i < k * Width; i += S::lanes) S::store(to + i, zero);
  }
  ptrdiff_t j = 0;
  ptrdiff_t blocks = 0;  // rows that were copied in blocks
  if (b.row == 1) {
    blocks = k - k % block;
    for (; j + block <= columns; j += block) {
      for (ptrdiff_t p = 0; p < blocks; p += block) {
        Block<Scalar>::transpose(b.data + p + j * b.column, b.column, to + p * Width + j, Width);
      }
    }
  }
  const ptrdiff_t block_columns = j;
  for (ptrdiff_t p = 0; p < k; ++p) {
    for (j = p < blocks ? block_columns : 0; j < columns; ++j) to[p * Width + j] = b.data[p * b.row + j * b.column];
  }
}

/// Whether `panel_length` rows of B, one cache line of each, fit a first-level cache of 64 sets and 8 ways together.
template <class Scalar>
SECATEUR_INLINE bool spreads(ptrdiff_t row) {
  const ptrdiff_t bytes = row * static_cast<ptrdiff_t>(sizeof(Scalar));
  return bytes <= 2048 && bytes % 256 != 0;
}

template <class Scalar, int Rows, int Vectors>
SECATEUR_INLINE void panel_of(ptrdiff_t m, ptrdiff_t columns, ptrdiff_t k, View<Scalar> a, View<Scalar> b, Scalar* c,
                              ptrdiff_t c_row, const Ending<Scalar>& ending) {
  constexpr ptrdiff_t width = Vectors * Simd<Scalar>::lanes;
  if (b.column == 1 && columns == width && (m <= 2 * Rows || spreads<Scalar>(b.row))) {
    panel<Scalar, Rows, Vectors>(m, columns, k, a, b.data, b.row, c, c_row, ending);
    return;
  }
  alignas(64) Scalar packed[panel_length * width];
  pack<Scalar, width>(k, columns, b, packed);
  panel<Scalar, Rows, Vectors>(m, columns, k, a, packed, width, c, c_row, ending);
}

/// Products of few rows or columns whose inner dimension is contiguous on both sides: one scalar product an entry.
template <class Scalar>
SECATEUR_INLINE void dots(const Product<Scalar>& of) {
  using S = Simd<Scalar>;
  for (ptrdiff_t i = 0; i < of.m; ++i) {
    for (ptrdiff_t j = 0; j < of.n; ++j) {
      const Scalar* a = of.a + i * of.a_row;
      const Scalar* b = of.b + j * of.b_column;
      typename S::Vec sum[4] = {};
      ptrdiff_t p = 0;
      for (; p + 4 * S::lanes <= of.k; p += 4 * S::lanes) {
        unroll<4>([&](auto v) SECATEUR_LAMBDA {
          sum[v.value] += S::load(a + p + v.value * S::lanes) * S::load(b + p + v.value * S::lanes);
        });
      }
      Scalar value = S::sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
      for (; p < of.k; ++p) value += a[p] * b[p];
      finish<Scalar>(value, of.c + i * of.c_row + j, i, j, {of.accumulate, of.bias, of.relu, of.gate, of.gate_row});
    }
  }
}

template <class Scalar>
void product(const Product<Scalar>& of) {
  constexpr ptrdiff_t lanes = Simd<Scalar>::lanes;
  if (of.m <= 0 || of.n <= 0) return;
  if (of.a_column == 1 && of.b_row == 1 && (4 * of.m <= lanes || 4 * of.n <= lanes)) {
    dots(of);
    return;
  }
  ptrdiff_t p = 0;
  do {  // once also for k = 0, for the ending
    const ptrdiff_t rest = of.k - p;
    const ptrdiff_t length = rest < panel_length ? rest : panel_length;
    const bool last = length == rest;
    const View<Scalar> a{of.a + p * of.a_column, of.a_row, of.a_column};
    for (ptrdiff_t j = 0; j < of.n;) {
      const View<Scalar> b{of.b + p * of.b_row + j * of.b_column, of.b_row, of.b_column};
      const Ending<Scalar> ending{of.accumulate || p > 0, last ? of.bias : nullptr, last && of.relu,
                                  last && of.gate != nullptr ? of.gate + j : nullptr, of.gate_row};
      const ptrdiff_t left = of.n - j;
      if (of.m == 1 && of.b_column == 1 && left >= 8 * lanes) {
        // A single row has no tile of rows to hide the latency of its sums behind: eight vectors side by side do.
        tile<Scalar, 1, 8>(length, a, b.data, b.row, of.c + j, of.c_row, ending);
        j += 8 * lanes;
      } else if (left > lanes) {
        const ptrdiff_t columns = left < 2 * lanes ? left : 2 * lanes;
        panel_of<Scalar, SECATEUR_TILE_ROWS, 2>(of.m, columns, length, a, b, of.c + j, of.c_row, ending);
        j += columns;
      } else {
        panel_of<Scalar, SECATEUR_TILE_ROWS_1, 1>(of.m, left, length, a, b, of.c + j, of.c_row, ending);
        j += left;
      }
    }
    p += length;
  } while (p < of.k);
}

}  // namespace
}  // namespace secateur
