// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linear bounds of every unit on the inputs, carried forward, on several boxes at once (as crown_lanes.hpp). A row
// multiplies each of its weights with two lines of J + 1 numbers, where CROWN takes it back through every layer before
// it: as tight up to the second layer, looser from there on, and cheaper by a factor of the number of units before the
// row over J + 1.
//
// Unit v's output a_v lies between two lines, stored as their middle and half their distance:
//
//     (C_v - D_v) x + (c_v - d_v)  <=  a_v  <=  (C_v + D_v) x + (c_v + d_v)    in real arithmetic,
//
// so that for z = sum_j w_j x_j + sum_v w_v a_v + b + e, |e| <= error, the middle is w + sum_v w_v C_v and b + sum_v
// w_v c_v, and half the distance sum_v |w_v| D_v and error + sum_v |w_v| d_v. Each is a sum of at most N + 1 terms, N
// units before the row, and all that they lose to rounding, for x in the box, is at most gamma_{N + 2} S with
//
//     S = sum_j |w_j| M_j + sum_v |w_v| S_v + |b| + error,    S_v = (|C_v| + |D_v|) M + |c_v| + |d_v|,    M_j >= |x_j|.
//
// The difference and the sum, A x + a and B x + b, lose another u S. So the constants are moved outwards by
// (2 N + J + 16) u S, which also pays for what S, N + J + 2 terms, and the S_v, 2 J + 4 terms, have lost.
//
// Through the ReLU the lower line is kept or becomes zero, without rounding; the upper one becomes s (B x + b) + t,
// whose three roundings lose at most 4 u (|s B| M + |s b| + t). Taking the middle and half the distance of both loses
// u ((|C| + |D|) M + |c| + |d|). A line's range over the box loses at most 2 (J + 4) u (|A| M + |a|). What products
// lose to underflow is less than `underflow`, as there: in a coefficient it is multiplied with M_j. Not a number
// (overflow) compares false: the bound known before stays.

#include "secateur/core/kernels/crown_lanes.hpp"

namespace secateur {
namespace {

/// Rows that are worked on together, so that lines are read from memory once for all of them.
constexpr int forward_rows = Lanes::lanes >= 8 ? 4 : 2;

/// A value's numbers: C, c, D, d, S. An input has M_j in the first place instead.
SECATEUR_INLINE double* line_of(const CrownBatch& of, ptrdiff_t v) {
  return of.lines + v * (2 * of.inputs + 3) * crown_lanes;
}
SECATEUR_INLINE Pack magnitude(const CrownBatch& of, ptrdiff_t j, const Group& group) {
  return Lanes::load(group.at(line_of(of, j), 0));
}

/// The lines of some rows' arguments.
struct RowLines {
  Pack middle[forward_rows][forward_inputs + 1], half[forward_rows][forward_inputs + 1], size[forward_rows];
};

/// Adds to `Count` columns from q on, and to the sizes if asked for, what `Rows` rows read from units before them.
template <int Rows, int Count, bool Size>
__attribute__((noinline)) void gather_lines(const CrownBatch& of, const ptrdiff_t* rows, ptrdiff_t layer, ptrdiff_t q,
                                            const Group& group, RowLines& lines) {
  const ptrdiff_t numbers = 2 * of.inputs + 3;
  Pack middle[Rows][Count], half[Rows][Count], size[Rows];
  const double* weight[Rows];
  unroll<Rows>([&](auto r) SECATEUR_LAMBDA {
    weight[r.value] = of.weight + rows[r.value] * of.weight_row;
    size[r.value] = lines.size[r.value];
    unroll<Count>([&](auto c) SECATEUR_LAMBDA {
      middle[r.value][c.value] = lines.middle[r.value][q + c.value];
      half[r.value][c.value] = lines.half[r.value][q + c.value];
    });
  });
  for (ptrdiff_t t = 1; t <= layer; ++t) {
    if (of.reads[layer * (of.layers + 1) + t] == 0) continue;
    const double* line = line_of(of, of.first[t - 1]);
    for (ptrdiff_t v = of.first[t - 1]; v < of.first[t]; ++v, line += numbers * crown_lanes) {
      bool some = false;
      unroll<Rows>([&](auto r) SECATEUR_LAMBDA { some = some || weight[r.value][v] != 0; });
      if (!some) continue;
      Pack w[Rows], absolute[Rows];
      unroll<Rows>([&](auto r) SECATEUR_LAMBDA {
        w[r.value] = all(weight[r.value][v]);
        absolute[r.value] = all(__builtin_fabs(weight[r.value][v]));
      });
      unroll<Count>([&](auto c) SECATEUR_LAMBDA {
        const Pack from_middle = Lanes::load(group.at(line, q + c.value));
        const Pack from_half = Lanes::load(group.at(line, of.inputs + 1 + q + c.value));
        unroll<Rows>([&](auto r) SECATEUR_LAMBDA {
          middle[r.value][c.value] += from_middle * w[r.value];
          half[r.value][c.value] += from_half * absolute[r.value];
        });
      });
      if constexpr (Size) {
        const Pack from_size = Lanes::load(group.at(line, numbers - 1));
        unroll<Rows>([&](auto r) SECATEUR_LAMBDA { size[r.value] += from_size * absolute[r.value]; });
      }
    }
  }
  unroll<Rows>([&](auto r) SECATEUR_LAMBDA {
    lines.size[r.value] = size[r.value];
    unroll<Count>([&](auto c) SECATEUR_LAMBDA {
      lines.middle[r.value][q + c.value] = middle[r.value][c.value];
      lines.half[r.value][q + c.value] = half[r.value][c.value];
    });
  });
}

/// Bounds of a row from the lines of its argument, number r of `lines`, and its lines behind the ReLU.
void finish_line(const CrownBatch& of, ptrdiff_t layer, ptrdiff_t row, const Group& group, const RowLines& lines,
                 int r) {
  const ptrdiff_t inputs = of.inputs;
  const Pack zero = {};
  Pack lower[forward_inputs + 1], upper[forward_inputs + 1];
  for (ptrdiff_t q = 0; q <= inputs; ++q) {
    lower[q] = lines.middle[r][q] - lines.half[r][q];
    upper[q] = lines.middle[r][q] + lines.half[r][q];
  }
  const auto units = static_cast<double>(of.first[layer] - inputs);
  const double factor = (2 * units + static_cast<double>(inputs) + 16) * 0x1p-53;
  const Pack slack = factor * lines.size[r] + of.underflow;
  lower[inputs] -= slack;
  upper[inputs] += slack;
  Pack low = lower[inputs], high = upper[inputs];
  Pack low_size = abs_of(low), high_size = abs_of(high);
  for (ptrdiff_t j = 0; j < inputs; ++j) {
    const Pack from = Lanes::load(group.at(of.box_lower, j)), to = Lanes::load(group.at(of.box_upper, j));
    const Pack most = magnitude(of, j, group);
    low += lower[j] * (lower[j] >= zero ? from : to);
    high += upper[j] * (upper[j] >= zero ? to : from);
    low_size += abs_of(lower[j]) * most;
    high_size += abs_of(upper[j]) * most;
  }
  const double range = 2 * (static_cast<double>(inputs) + 4) * 0x1p-53;
  low -= range * low_size + of.underflow;
  high += range * high_size + of.underflow;
  const Pack lower_before = Lanes::load(group.at(of.lower, row));
  const Pack upper_before = Lanes::load(group.at(of.upper, row));
  const Pack l = low > lower_before ? low : lower_before;
  const Pack u = high < upper_before ? high : upper_before;
  Lanes::store(group.at(of.lower, row), l);
  Lanes::store(group.at(of.upper, row), u);

  const UnitLines relaxed = unit_lines(l, u);
  const auto kept = relaxed.alpha > zero, off = u <= zero;
  double* line = line_of(of, inputs + row);
  Pack above = zero, size = zero;
  const auto put = [&](ptrdiff_t q, Pack below, Pack upper_end, Pack most) {
    const Pack middle = 0.5 * (below + upper_end), half = 0.5 * (upper_end - below);
    Lanes::store(group.at(line, q), middle);
    Lanes::store(group.at(line, inputs + 1 + q), half);
    size += (abs_of(middle) + abs_of(half)) * most;
    return half;
  };
  for (ptrdiff_t j = 0; j < inputs; ++j) {
    const Pack most = magnitude(of, j, group);
    const Pack slope = off ? zero : relaxed.slope * upper[j];
    above += abs_of(slope) * most;
    put(j, kept ? lower[j] : zero, slope, most);
  }
  const Pack shift = relaxed.slope * upper[inputs];
  const Pack loss = 0x1p-51 * (above + abs_of(shift) + relaxed.intercept) + of.underflow;
  const Pack half = put(inputs, kept ? lower[inputs] : zero, off ? zero : shift + relaxed.intercept + loss, all(1.0));
  const Pack apart = 0x1p-52 * size + of.underflow;
  Lanes::store(group.at(line, 2 * inputs + 1), half + apart);
  Lanes::store(group.at(line, 2 * inputs + 2), size + apart);
}

template <int Rows>
void forward_block(const CrownBatch& of, const ptrdiff_t* rows, ptrdiff_t layer, const Group& group) {
  const ptrdiff_t inputs = of.inputs;
  RowLines lines;
  for (int r = 0; r < Rows; ++r) {
    const ptrdiff_t row = rows[r];
    const double* weight = of.weight + row * of.weight_row;
    lines.size[r] = all(__builtin_fabs(of.bias[row]) + of.error[row]);
    for (ptrdiff_t j = 0; j < inputs; ++j) {
      lines.middle[r][j] = all(weight[j]);
      lines.half[r][j] = Pack{};
      lines.size[r] += magnitude(of, j, group) * __builtin_fabs(weight[j]);
    }
    lines.middle[r][inputs] = all(of.bias[row]);
    lines.half[r][inputs] = all(of.error[row]);
  }
  if (layer > 0) {
    ptrdiff_t q = 0;
    for (; q + 2 <= inputs; q += 2) gather_lines<Rows, 2, false>(of, rows, layer, q, group, lines);
    if (q < inputs) {
      gather_lines<Rows, 2, true>(of, rows, layer, q, group, lines);
    } else {
      gather_lines<Rows, 1, true>(of, rows, layer, q, group, lines);
    }
  }
  for (int r = 0; r < Rows; ++r) finish_line(of, layer, rows[r], group, lines, r);
}

void forward_batch(const CrownBatch& of) {
  for (Group group{0}; group.offset < of.lanes; group.offset += Lanes::lanes) {
    for (ptrdiff_t j = 0; j < of.inputs; ++j) {
      const Pack low = Lanes::load(group.at(of.box_lower, j)), high = Lanes::load(group.at(of.box_upper, j));
      Lanes::store(group.at(line_of(of, j), 0), max_of(abs_of(low), abs_of(high)));
    }
    for (ptrdiff_t k = 0; k < of.layers; ++k) {
      ptrdiff_t rows[forward_rows];
      int count = 0;
      for (ptrdiff_t row = of.first[k] - of.inputs; row < of.first[k + 1] - of.inputs; ++row) {
        if (every(Lanes::load(group.at(of.upper, row)) <= Pack{})) {
          double* line = line_of(of, of.inputs + row);
          for (ptrdiff_t n = 0; n < 2 * of.inputs + 3; ++n) Lanes::store(group.at(line, n), Pack{});
          continue;
        }
        rows[count++] = row;
        if (count < forward_rows) continue;
        forward_block<forward_rows>(of, rows, k, group);
        count = 0;
      }
      for (int r = 0; r < count; ++r) forward_block<1>(of, rows + r, k, group);
    }
  }
}

}  // namespace
}  // namespace secateur
