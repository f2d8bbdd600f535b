// SPDX-License-Identifier: Apache-2.0
#pragma once

// CROWN on several boxes of one network at once: every vector holds one number of as many boxes, so that no box's
// relaxation gets in the way of another's and weights are broadcast.
//
// A pass bounds a row f = s_0 + sum_v s_v v + e from below. Values are taken away from the last to the first. With
// lambda_v the coefficient of value v once nothing behind it is left, and mu_v what its relaxation makes of it,
//
//     lambda_v max(0, z_v) >= mu_v z_v + lambda_v intercept_v [lambda_v < 0],
//     mu_v = lambda_v alpha_v for lambda_v >= 0, lambda_v slope_v for lambda_v < 0,
//     lambda_v = s_v + sum_i mu_i W_iv over the units i behind v.
//
// Substituting z_i = sum_v W_iv v + b_i + e_i, whatever floating-point numbers lambda and mu are,
//
//     f >= s_0 - error + sum_j lambda_j x_j + sum_i (mu_i b_i - |mu_i| error_i + lambda_i intercept_i [lambda_i < 0])
//          - sum_v |lambda_v - (s_v + sum_i mu_i W_iv)| M_v - sum_i |mu_i - (lambda_i alpha_i or slope_i)| |z_i|,
//
// with M_v >= |v|. A computed lambda is off by gamma_n (|s_v| + sum_i |mu_i W_iv|), so that with magnitude_i >= sum_v
// |W_iv| M_v + |b_i| + error_i the last two sums are at most gamma_n (sum_v |s_v| M_v + sum_i |mu_i| magnitude_i) plus
// u sum_i |mu_i| magnitude_i. The terms of the line above go through at most N + J + 6 roundings each, with N units and
// J inputs. All of it is covered by one multiple of
//
//     A = magnitude of f + sum_i (|mu_i| magnitude_i + |lambda_i intercept_i|) + sum_j |lambda_j| M_j:
//
// it is less than (2 N + J + 9) u A; (2 N + J + 16) u A also pays for the rounding of A, of the bound's own
// computation, and of the final difference. Not a number (overflow) compares false everywhere below: the bound known
// before stays.

#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

using Lanes = Simd<double>;
using Pack = Lanes::Vec;

SECATEUR_INLINE Pack all(double x) { return x - Pack{}; }
SECATEUR_INLINE Pack max_of(Pack a, Pack b) { return a > b ? a : b; }
SECATEUR_INLINE Pack abs_of(Pack a) { return a < Pack{} ? -a : a; }

/// Whether a comparison holds in every lane.
template <class Mask>
SECATEUR_INLINE bool every(Mask mask) {
  bool result = true;
  for (ptrdiff_t p = 0; p < Lanes::lanes; ++p) result = result && mask[p] != 0;
  return result;
}

/// Where the arrays of a batch lie for one group of lanes: `at(array, i)` addresses number i.
struct Group {
  ptrdiff_t offset;
  template <class T>
  SECATEUR_INLINE T* at(T* array, ptrdiff_t i) const {
    return array + i * crown_lanes + offset;
  }
};

/// Scratch memory: mu of both rows of a pass (value by value, +f then -f), and the relaxation of every unit.
struct CrownWork {
  double *mu, *alpha, *slope, *intercept;
};

SECATEUR_INLINE CrownWork work_of(const CrownBatch& of) {
  const ptrdiff_t values = of.first[of.layers] * crown_lanes;
  return {of.work, of.work + 2 * values, of.work + 3 * values, of.work + 4 * values};
}

/// Running sums of a pass.
struct CrownSums {
  Pack value, magnitude;
};

/// A ReLU between alpha z and slope z + intercept.
struct UnitLines {
  Pack alpha, slope, intercept;
};

/// The lines of a unit with its argument in [l, u]. Rounded products are moved up by more than their error.
SECATEUR_INLINE UnitLines unit_lines(Pack l, Pack u) {
  const Pack zero = {};
  const Pack one = all(1.0), up = all(1 + 0x1p-50), tiny = all(0x1p-1000);
  Pack s = u / (u - l);
  s = s < zero ? zero : (s > one ? one : s);
  const Pack line = max_of(s * -l, (one - s) * u) * up + tiny;
  // Active where l >= 0, inactive where u <= 0, a triangle otherwise.
  return {l >= zero ? one : (u <= zero ? zero : (u > -l ? one : zero)), l >= zero ? one : (u <= zero ? zero : s),
          l >= zero ? zero : (u <= zero ? zero : line)};
}

/// The relaxation of the units of one layer.
SECATEUR_INLINE void relax_layer(const CrownBatch& of, const CrownWork& work, ptrdiff_t layer, const Group& group) {
  for (ptrdiff_t v = of.first[layer]; v < of.first[layer + 1]; ++v) {
    const UnitLines lines =
        unit_lines(Lanes::load(group.at(of.lower, v - of.inputs)), Lanes::load(group.at(of.upper, v - of.inputs)));
    Lanes::store(group.at(work.alpha, v), lines.alpha);
    Lanes::store(group.at(work.slope, v), lines.slope);
    Lanes::store(group.at(work.intercept, v), lines.intercept);
  }
}

SECATEUR_INLINE CrownRow row_of(const CrownBatch& of, ptrdiff_t row) {
  if (of.first_target.weight != nullptr && row == of.first[of.layers] - of.inputs) return of.first_target;
  return {of.weight + row * of.weight_row, of.bias[row], of.error[row], of.magnitude[row]};
}

/// lambda of `Count` values from v on, for +f and -f: the row's own weights and, from the units behind, mu W.
template <int Count>
SECATEUR_INLINE void gather(const CrownBatch& of, const CrownWork& work, const double* row, ptrdiff_t layer,
                            ptrdiff_t block, ptrdiff_t v, const Group& group, Pack* plus, Pack* minus) {
  const double* own = row + v;
  Pack sum[2][Count];
  unroll<Count>([&](auto c) SECATEUR_LAMBDA {
    sum[0][c.value] = all(own[c.value]);
    sum[1][c.value] = all(-own[c.value]);
  });
  for (ptrdiff_t s = block; s < layer; ++s) {
    if (of.reads[s * (of.layers + 1) + block] == 0) continue;
    const double* weight = of.weight + (of.first[s] - of.inputs) * of.weight_row + v;
    for (ptrdiff_t i = of.first[s]; i < of.first[s + 1]; ++i, weight += of.weight_row) {
      const Pack mu_plus = Lanes::load(group.at(work.mu, 2 * i));
      const Pack mu_minus = Lanes::load(group.at(work.mu, 2 * i + 1));
      unroll<Count>([&](auto c) SECATEUR_LAMBDA {
        sum[0][c.value] += mu_plus * weight[c.value];
        sum[1][c.value] += mu_minus * weight[c.value];
      });
    }
  }
  unroll<Count>([&](auto c) SECATEUR_LAMBDA {
    plus[c.value] = sum[0][c.value];
    minus[c.value] = sum[1][c.value];
  });
}

/// Takes unit v away, given its coefficient.
SECATEUR_INLINE void relax_unit(const CrownBatch& of, const CrownWork& work, ptrdiff_t v, int sign, Pack lambda,
                                const Group& group, CrownSums& sums) {
  const Pack zero = {};
  const ptrdiff_t unit = v - of.inputs;
  const Pack positive = max_of(lambda, zero);
  const Pack negative = lambda - positive;  // exact; not a number if lambda is not
  const Pack mu = positive * Lanes::load(group.at(work.alpha, v)) + negative * Lanes::load(group.at(work.slope, v));
  const Pack shift = negative * Lanes::load(group.at(work.intercept, v));
  const Pack size = abs_of(mu);
  Lanes::store(group.at(work.mu, 2 * v + sign), mu);
  sums.value += mu * of.bias[unit] + (shift - size * of.error[unit]);
  sums.magnitude += size * of.magnitude[unit] - shift;
}

template <int Count>
__attribute__((noinline)) void unit_block(const CrownBatch& of, const CrownWork& work, const double* row,
                                          ptrdiff_t layer, ptrdiff_t block, ptrdiff_t v, const Group& group,
                                          CrownSums* sums) {
  Pack lambda[2][Count];
  gather<Count>(of, work, row, layer, block, v, group, lambda[0], lambda[1]);
  for (int c = 0; c < Count; ++c) {
    relax_unit(of, work, v + c, 0, lambda[0][c], group, sums[0]);
    relax_unit(of, work, v + c, 1, lambda[1][c], group, sums[1]);
  }
}

/// The inputs' terms: each coefficient meets the end of its input's range that is worse.
template <int Count>
__attribute__((noinline)) void input_block(const CrownBatch& of, const CrownWork& work, const double* row,
                                           ptrdiff_t layer, ptrdiff_t input, const Group& group, CrownSums* sums,
                                           double* slope) {
  Pack lambda[2][Count];
  gather<Count>(of, work, row, layer, 0, input, group, lambda[0], lambda[1]);
  for (int c = 0; c < Count; ++c) {
    const Pack low = Lanes::load(group.at(of.box_lower, input + c));
    const Pack high = Lanes::load(group.at(of.box_upper, input + c));
    const Pack size = max_of(abs_of(low), abs_of(high));
    for (int sign = 0; sign < 2; ++sign) {
      const Pack value = lambda[sign][c];
      sums[sign].value += value * (value >= Pack{} ? low : high);
      sums[sign].magnitude += abs_of(value) * size;
    }
    if (slope == nullptr) continue;
    Lanes::store(group.at(slope, input + c), lambda[0][c]);
    Lanes::store(group.at(slope, of.inputs + input + c), lambda[1][c]);
  }
}

/// The row's interval over what is known of the values before it, as sums that start like a pass's.
SECATEUR_INLINE void interval_row(const CrownBatch& of, ptrdiff_t layer, const CrownRow& row, const Group& group,
                                  Pack& low, Pack& high) {
  const double* weight = row.weight;
  const Pack zero = {};
  Pack sum_low = all(row.bias - row.error), sum_high = all(row.bias + row.error);
  for (ptrdiff_t v = 0; v < of.first[layer]; ++v) {
    const double w = weight[v];
    if (w == 0) continue;
    Pack l, u;
    if (v < of.inputs) {
      l = Lanes::load(group.at(of.box_lower, v));
      u = Lanes::load(group.at(of.box_upper, v));
    } else {
      l = max_of(Lanes::load(group.at(of.lower, v - of.inputs)), zero);
      u = max_of(Lanes::load(group.at(of.upper, v - of.inputs)), zero);
    }
    sum_low += (w > 0 ? l : u) * w;
    sum_high += (w > 0 ? u : l) * w;
  }
  low = sum_low;
  high = sum_high;
}

/// Bounds of one row of a layer: CROWN's and the interval's, whichever is tighter. Of a unit that the interval finds
/// stable in every lane, the interval's alone.
SECATEUR_INLINE void bound_row(const CrownBatch& of, const CrownWork& work, ptrdiff_t layer, ptrdiff_t row,
                               const Group& group) {
  const auto units = static_cast<double>(of.first[layer] - of.inputs);
  const double factor = (2 * units + static_cast<double>(of.inputs) + 16) * 0x1p-53;
  // The interval's terms, N + J + 2 at most, have magnitude_f as the sum of their absolute values.
  Pack interval_low, interval_high;
  const CrownRow own = row_of(of, row);
  interval_row(of, layer, own, group, interval_low, interval_high);
  const double slack = factor * own.magnitude + of.underflow;
  interval_low -= slack;
  interval_high += slack;
  const Pack lower_before = Lanes::load(group.at(of.lower, row));
  const Pack upper_before = Lanes::load(group.at(of.upper, row));
  const Pack lower_inner = interval_low > lower_before ? interval_low : lower_before;
  const Pack upper_inner = interval_high < upper_before ? interval_high : upper_before;
  // There is nothing to relax in front of the first layer, and stable is stable.
  if (layer < of.layers && (layer == 0 || every((lower_inner >= Pack{}) | (upper_inner <= Pack{})))) {
    Lanes::store(group.at(of.lower, row), lower_inner);
    Lanes::store(group.at(of.upper, row), upper_inner);
    return;
  }
  constexpr int most = Lanes::lanes >= 8 ? 8 : 4;
  CrownSums sums[2] = {{all(own.bias - own.error), all(own.magnitude)},
                       {all(-own.bias - own.error), all(own.magnitude)}};
  for (ptrdiff_t t = layer; t > 0; --t) {
    ptrdiff_t v = of.first[t - 1];
    const ptrdiff_t end = of.first[t];
    for (; v + most <= end; v += most) unit_block<most>(of, work, own.weight, layer, t, v, group, sums);
    for (; v + 2 <= end; v += 2) unit_block<2>(of, work, own.weight, layer, t, v, group, sums);
    if (v < end) unit_block<1>(of, work, own.weight, layer, t, v, group, sums);
  }
  const ptrdiff_t target = row - (of.first[of.layers] - of.inputs);
  double* slope = layer == of.layers ? of.slope + 2 * target * of.inputs * crown_lanes : nullptr;
  ptrdiff_t j = 0;
  for (; j + most <= of.inputs; j += most) input_block<most>(of, work, own.weight, layer, j, group, sums, slope);
  for (; j + 2 <= of.inputs; j += 2) input_block<2>(of, work, own.weight, layer, j, group, sums, slope);
  if (j < of.inputs) input_block<1>(of, work, own.weight, layer, j, group, sums, slope);
  const Pack lower = sums[0].value - (factor * sums[0].magnitude + of.underflow);
  const Pack minus = sums[1].value - (factor * sums[1].magnitude + of.underflow);
  const Pack upper = -minus;
  Lanes::store(group.at(of.lower, row), lower > lower_inner ? lower : lower_inner);
  Lanes::store(group.at(of.upper, row), upper < upper_inner ? upper : upper_inner);
  if (slope == nullptr) return;
  Lanes::store(group.at(of.bound, 2 * target), lower);
  Lanes::store(group.at(of.bound, 2 * target + 1), minus);
}

/// Whether the first target, given what is known of the units so far, lies above the cut-off in every lane.
SECATEUR_INLINE bool beyond_cutoff(const CrownBatch& of, const CrownWork& work, const Group& group) {
  const ptrdiff_t target = of.first[of.layers] - of.inputs;
  bound_row(of, work, of.layers, target, group);
  return every(Lanes::load(group.at(of.lower, target)) > all(of.cutoff));
}

void crown_batch(const CrownBatch& of) {
  const CrownWork work = work_of(of);
  const bool may_end = of.cutoff < __builtin_inf();
  for (Group group{0}; group.offset < of.lanes; group.offset += Lanes::lanes) {
    // Layers that have not been reached are relaxed by what was known before.
    if (may_end) {
      for (ptrdiff_t k = 0; k < of.layers; ++k) relax_layer(of, work, k, group);
    }
    for (ptrdiff_t k = 0; k <= of.layers; ++k) {
      const ptrdiff_t begin = of.first[k] - of.inputs;
      const ptrdiff_t end = k < of.layers ? of.first[k + 1] - of.inputs : begin + of.targets;
      bool some = false;
      for (ptrdiff_t row = begin; row < end; ++row) {
        if (of.wanted[row] == 0) continue;
        bound_row(of, work, k, row, group);
        some = true;
      }
      if (k == of.layers) break;
      if (some || !may_end) relax_layer(of, work, k, group);
      // The layers behind cost more and more: one more row may spare them.
      if (may_end && some && k > 0 && k + 1 < of.layers && beyond_cutoff(of, work, group)) break;
    }
  }
}

}  // namespace
}  // namespace secateur
