// SPDX-License-Identifier: Apache-2.0
#pragma once

// The network of a CrownBatch at one point a lane, and the objective's gradient there, in plain arithmetic.

#include "secateur/core/kernels/crown_lanes.hpp"

namespace secateur {
namespace {

/// `Count` rows of a layer at the values before it.
template <int Count>
SECATEUR_INLINE void point_rows(const CrownBatch& of, ptrdiff_t row, ptrdiff_t layer, const double* value,
                                const Group& group, Pack* result) {
  Pack sum[Count];
  const double* weight = of.weight + row * of.weight_row;
  unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] = all(of.bias[row + c.value]); });
  for (ptrdiff_t t = 0; t <= layer; ++t) {
    if (of.reads[layer * (of.layers + 1) + t] == 0) continue;
    for (ptrdiff_t v = t == 0 ? 0 : of.first[t - 1]; v < of.first[t]; ++v) {
      const Pack x = Lanes::load(group.at(value, v));
      unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] += x * weight[c.value * of.weight_row + v]; });
    }
  }
  unroll<Count>([&](auto c) SECATEUR_LAMBDA { result[c.value] = sum[c.value]; });
}

template <int Count>
__attribute__((noinline)) void point_units(const CrownBatch& of, ptrdiff_t row, ptrdiff_t layer, double* value,
                                           const Group& group) {
  Pack z[Count];
  point_rows<Count>(of, row, layer, value, group, z);
  for (int c = 0; c < Count; ++c) Lanes::store(group.at(value, of.inputs + row + c), max_of(z[c], Pack{}));
}

/// The first target's derivatives by `Count` values from v on, which lie in a block of values: its own weights and what
/// comes through the units behind, whose derivatives through their ReLU are `mu`.
template <int Count>
SECATEUR_INLINE void point_slopes(const CrownBatch& of, ptrdiff_t block, ptrdiff_t v, const double* mu,
                                  const Group& group, Pack* result) {
  Pack sum[Count];
  const double* own = of.weight + (of.first[of.layers] - of.inputs) * of.weight_row + v;
  unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] = all(own[c.value]); });
  for (ptrdiff_t s = block; s < of.layers; ++s) {
    if (of.reads[s * (of.layers + 1) + block] == 0) continue;
    const double* weight = of.weight + (of.first[s] - of.inputs) * of.weight_row + v;
    for (ptrdiff_t i = of.first[s]; i < of.first[s + 1]; ++i, weight += of.weight_row) {
      const Pack through = Lanes::load(group.at(mu, i));
      unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] += through * weight[c.value]; });
    }
  }
  unroll<Count>([&](auto c) SECATEUR_LAMBDA { result[c.value] = sum[c.value]; });
}

template <int Count>
__attribute__((noinline)) void unit_slopes(const CrownBatch& of, ptrdiff_t block, ptrdiff_t v, const double* value,
                                           double* mu, const Group& group) {
  Pack slope[Count];
  point_slopes<Count>(of, block, v, mu, group, slope);
  // The ReLU's slope is 0 where its value is 0.
  for (int c = 0; c < Count; ++c) {
    const Pack on = Lanes::load(group.at(value, v + c));
    Lanes::store(group.at(mu, v + c), on > Pack{} ? slope[c] : Pack{});
  }
}

void evaluate_batch(const CrownPoint& at) {
  const CrownBatch& of = *at.network;
  const ptrdiff_t units = of.first[of.layers] - of.inputs;
  constexpr int most = 8;
  double* value = of.work;
  double* mu = of.work + of.first[of.layers] * crown_lanes;
  for (Group group{0}; group.offset < of.lanes; group.offset += Lanes::lanes) {
    for (ptrdiff_t j = 0; j < of.inputs; ++j) Lanes::store(group.at(value, j), Lanes::load(group.at(at.x, j)));
    for (ptrdiff_t k = 0; k < of.layers; ++k) {
      ptrdiff_t row = of.first[k] - of.inputs;
      const ptrdiff_t end = of.first[k + 1] - of.inputs;
      for (; row + most <= end; row += most) point_units<most>(of, row, k, value, group);
      for (; row + 2 <= end; row += 2) point_units<2>(of, row, k, value, group);
      if (row < end) point_units<1>(of, row, k, value, group);
    }
    Pack target[1];
    point_rows<1>(of, units, of.layers, value, group, target);
    Lanes::store(at.value + group.offset, target[0]);
    if (at.slope == nullptr) continue;
    for (ptrdiff_t t = of.layers; t > 0; --t) {
      ptrdiff_t v = of.first[t - 1];
      const ptrdiff_t end = of.first[t];
      for (; v + most <= end; v += most) unit_slopes<most>(of, t, v, value, mu, group);
      for (; v + 2 <= end; v += 2) unit_slopes<2>(of, t, v, value, mu, group);
      if (v < end) unit_slopes<1>(of, t, v, value, mu, group);
    }
    for (ptrdiff_t j = 0; j < of.inputs; ++j) {
      Pack slope[1];
      point_slopes<1>(of, 0, j, mu, group, slope);
      Lanes::store(group.at(at.slope, j), slope[0]);
    }
  }
}

}  // namespace
}  // namespace secateur
