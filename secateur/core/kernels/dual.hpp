// SPDX-License-Identifier: Apache-2.0
#pragma once

// One row's Lagrangian bound (DualPass) and its ascent. Vectors run along the units of a layer, which are padded to
// whole vectors: every product with a weight matrix adds multiples of contiguous rows, and units without a coefficient
// cost nothing.
//
// By the envelope theorem, with x* the minimiser over the box and z* its preactivations through the same linear pieces,
//
//     d value / d alpha_i = lambda_i z*_i  (lambda_i >= 0, open units),     d value / d beta_i = -s_i z*_i,
//     d value / d price_o = y*_o - the side that the price's sign leans on.

#include "secateur/core/kernels/crown_lanes.hpp"
#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

/// to[0 .. width) += sum over `count` rows of factor[n] * row index[n].
template <int Count>
SECATEUR_INLINE void add_rows_block(const double* matrix, ptrdiff_t stride, const int* index, const double* factor,
                                    ptrdiff_t count, double* to) {
  Pack sum[Count];
  unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] = Lanes::load(to + c.value * Lanes::lanes); });
  for (ptrdiff_t n = 0; n < count; ++n) {
    const double* row = matrix + index[n] * stride;
    const double f = factor[n];
    unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] += Lanes::load(row + c.value * Lanes::lanes) * f; });
  }
  unroll<Count>([&](auto c) SECATEUR_LAMBDA { Lanes::store(to + c.value * Lanes::lanes, sum[c.value]); });
}

SECATEUR_INLINE void add_rows(const double* matrix, ptrdiff_t stride, const int* index, const double* factor,
                              ptrdiff_t count, ptrdiff_t begin, ptrdiff_t end, double* to) {
  constexpr ptrdiff_t lanes = Lanes::lanes;
  ptrdiff_t v = begin;
  for (; v + 8 * lanes <= end; v += 8 * lanes) add_rows_block<8>(matrix + v, stride, index, factor, count, to + v);
  for (; v + 4 * lanes <= end; v += 4 * lanes) add_rows_block<4>(matrix + v, stride, index, factor, count, to + v);
  for (; v + 2 * lanes <= end; v += 2 * lanes) add_rows_block<2>(matrix + v, stride, index, factor, count, to + v);
  for (; v + lanes <= end; v += lanes) add_rows_block<1>(matrix + v, stride, index, factor, count, to + v);
}

/// Scratch memory of a pass: values and preactivations, moments, the best multipliers, and the non-zeros of a layer.
struct DualWork {
  double *value, *z, *alpha_mean, *alpha_square, *beta_mean, *beta_square, *price_mean, *price_square;
  double *best_alpha, *best_beta, *best_price, *factor;
  int *index, *split;
};
SECATEUR_INLINE DualWork work_of(const DualPass& of) {
  const ptrdiff_t n = dual_stride(of.network->first[of.network->layers], of.network->targets);
  double* w = of.work;
  return {w,
          w + n,
          w + 2 * n,
          w + 3 * n,
          w + 4 * n,
          w + 5 * n,
          w + 6 * n,
          w + 7 * n,
          w + 8 * n,
          w + 9 * n,
          w + 10 * n,
          w + 11 * n,
          reinterpret_cast<int*>(w + 12 * n),
          reinterpret_cast<int*>(w + 12 * n) + n};
}

/// The rows of a layer with a non-zero factor, added to what they read.
SECATEUR_INLINE void add_layer(const DualNetwork& net, ptrdiff_t layer, const int* index, const double* factor,
                               ptrdiff_t count, double* to) {
  const ptrdiff_t values = net.first[net.layers];
  for (ptrdiff_t s = net.segments[layer]; s < net.segments[layer + 1]; ++s) {
    add_rows(net.weight, values, index, factor, count, net.segment[2 * s], net.segment[2 * s + 1], to);
  }
}

/// The backward pass; magnitudes are summed only if asked for.
template <bool Proof>
SECATEUR_INLINE DualValue dual_backward(const DualPass& of, const DualWork& work) {
  const DualNetwork& net = *of.network;
  const ptrdiff_t values = net.first[net.layers];
  double value = 0, magnitude = 0;
  double* lambda = of.lambda;
  for (ptrdiff_t v = 0; v < values; ++v) lambda[v] = 0;
  ptrdiff_t count = 0;
  for (ptrdiff_t o = 0; o < net.targets; ++o) {
    const double c = o == 0 ? of.objective : of.price[o];
    if (c == 0) continue;
    work.index[count] = static_cast<int>(values + o);
    work.factor[count++] = c;
    const double size = c < 0 ? -c : c;
    value += c * net.bias[values + o] - size * net.error[values + o];
    if (Proof) magnitude += size * net.magnitude[values + o];
    if (o == 0) continue;
    const double side = c * (c > 0 ? of.side_upper[o] : of.side_lower[o]);
    value -= side;
    if (Proof) magnitude += side < 0 ? -side : side;
  }
  add_layer(net, net.layers, work.index, work.factor, count, lambda);
  const Pack zero = {};
  Pack sum = {}, size_sum = {};
  for (ptrdiff_t k = net.layers - 1; k >= 0; --k) {
    for (ptrdiff_t v = net.first[k]; v < net.first[k + 1]; v += Lanes::lanes) {
      const Pack coefficient = Lanes::load(lambda + v);
      const Pack positive = max_of(coefficient, zero);
      const Pack negative = coefficient - positive;  // exact; not a number if the coefficient is not
      const Pack beta = Lanes::load(of.beta + v);
      const Pack mu =
          positive * Lanes::load(of.alpha + v) + negative * Lanes::load(of.slope + v) - beta * Lanes::load(of.sign + v);
      const Pack shift = negative * Lanes::load(of.intercept + v);
      const Pack size = abs_of(mu);
      Lanes::store(of.mu + v, mu);
      sum += mu * Lanes::load(net.bias + v) + (shift - size * Lanes::load(net.error + v));
      if (Proof) size_sum += (size + beta) * Lanes::load(net.magnitude + v) - shift;
    }
    count = 0;
    for (ptrdiff_t v = net.first[k]; v < net.first[k + 1]; ++v) {
      const double mu = of.mu[v];
      work.index[count] = static_cast<int>(v);
      work.factor[count] = mu;
      count += mu != 0 ? 1 : 0;
    }
    add_layer(net, k, work.index, work.factor, count, lambda);
  }
  for (ptrdiff_t j = 0; j < net.first[0]; j += Lanes::lanes) {
    const Pack coefficient = Lanes::load(lambda + j);
    const Pack low = Lanes::load(of.box_lower + j), high = Lanes::load(of.box_upper + j);
    sum += coefficient * (coefficient >= zero ? low : high);
    if (Proof) size_sum += abs_of(coefficient) * max_of(abs_of(low), abs_of(high));
  }
  return {value + Lanes::sum(sum), magnitude + Lanes::sum(size_sum)};
}

struct DualStep {
  double rate, fresh2;  ///< rate / (1 - 0.9^t), 1 / (1 - 0.999^t)
};

/// One parameter's step along its gradient.
SECATEUR_INLINE double adam_direction(double gradient, double& mean, double& square, const DualStep& step) {
  mean = 0.9 * mean + 0.1 * gradient;
  square = 0.999 * square + 0.001 * gradient * gradient;
  return step.rate * mean / (__builtin_sqrt(square * step.fresh2) + 1e-30);
}

/// The plain loops over a layer's units, which compilers turn into vector code.
SECATEUR_INLINE void move_alpha(ptrdiff_t count, const double* __restrict lambda, const double* __restrict z,
                                const double* __restrict open, double* __restrict alpha, double* __restrict mean,
                                double* __restrict square, DualStep step) {
  for (ptrdiff_t i = 0; i < count; ++i) {
    const double gradient = (lambda[i] > 0 ? lambda[i] : 0.0) * z[i] * open[i];
    const double first = 0.9 * mean[i] + 0.1 * gradient;
    const double second = 0.999 * square[i] + 0.001 * gradient * gradient;
    mean[i] = first;
    square[i] = second;
    const double to = alpha[i] + step.rate * first / (__builtin_sqrt(second * step.fresh2) + 1e-30);
    const double most = to < 1.0 ? to : 1.0;
    alpha[i] = open[i] != 0 ? (most > 0.0 ? most : 0.0) : alpha[i];
  }
}

constexpr ptrdiff_t most_layers = 64;

/// The split units of each layer: work.split[from[k]] .. work.split[from[k + 1]] (exclusive), and the size of a step
/// of their multipliers.
struct DualSplits {
  ptrdiff_t from[most_layers + 1];
  double scale[most_layers];
};

/// Of the split units alone: they are few, and roots and quotients cost as much as products with the weights do.
SECATEUR_INLINE void move_beta(const DualPass& of, const DualWork& work, const DualSplits& splits, ptrdiff_t layer,
                               DualStep step) {
  for (ptrdiff_t n = splits.from[layer]; n < splits.from[layer + 1]; ++n) {
    const int v = work.split[n];
    const double to =
        of.beta[v] + splits.scale[layer] * adam_direction(-of.sign[v] * work.z[v], work.beta_mean[v], work.beta_square[v], step);
    of.beta[v] = to > 0 ? to : 0.0;
  }
}

SECATEUR_INLINE void copy(ptrdiff_t count, const double* from, double* to) {
  for (ptrdiff_t i = 0; i < count; ++i) to[i] = from[i];
}

/// Carries the minimiser forward and moves the multipliers.
SECATEUR_INLINE void dual_forward(const DualPass& of, const DualWork& work, const DualSplits& splits,
                                  DualStep step) {
  const DualNetwork& net = *of.network;
  const ptrdiff_t values = net.first[net.layers];
  const Pack zero = {};
  for (ptrdiff_t j = 0; j < net.first[0]; j += Lanes::lanes) {
    const Pack coefficient = Lanes::load(of.lambda + j);
    Lanes::store(work.value + j, coefficient >= zero ? Lanes::load(of.box_lower + j) : Lanes::load(of.box_upper + j));
  }
  for (ptrdiff_t k = 0; k < net.layers; ++k) {
    const ptrdiff_t begin = net.first[k], end = net.first[k + 1];
    copy(end - begin, net.bias + begin, work.z + begin);
    for (ptrdiff_t s = net.segments[k]; s < net.segments[k + 1]; ++s) {
      ptrdiff_t count = 0;
      for (ptrdiff_t v = net.segment[2 * s]; v < net.segment[2 * s + 1]; ++v) {
        work.index[count] = static_cast<int>(v);
        work.factor[count] = work.value[v];
        count += work.value[v] != 0 ? 1 : 0;
      }
      add_rows(net.transposed, values, work.index, work.factor, count, begin, end, work.z);
    }
    for (ptrdiff_t v = begin; v < end; v += Lanes::lanes) {
      const Pack z = Lanes::load(work.z + v);
      const Pack low = Lanes::load(of.alpha + v) * z;
      const Pack high = Lanes::load(of.slope + v) * z + Lanes::load(of.intercept + v);
      Lanes::store(work.value + v, Lanes::load(of.lambda + v) >= zero ? low : high);
    }
    move_alpha(end - begin, of.lambda + begin, work.z + begin, of.open + begin, of.alpha + begin,
               work.alpha_mean + begin, work.alpha_square + begin, step);
    move_beta(of, work, splits, k, step);
  }
  for (ptrdiff_t o = 1; o < net.targets; ++o) {
    const double* row = net.weight + (values + o) * values;
    double y = net.bias[values + o];
    for (ptrdiff_t v = 0; v < values; ++v) y += row[v] * work.value[v];
    // A price of zero leans on the side that is violated, if one is.
    const double low = of.side_lower[o], high = of.side_upper[o];
    const bool upper = of.price[o] > 0 || (of.price[o] == 0 && y > high);
    const bool lower = of.price[o] < 0 || (of.price[o] == 0 && y < low);
    const double gradient = upper ? y - high : (lower ? y - low : 0.0);
    const double before = of.price[o];
    double to = before + of.price_step[o] * adam_direction(gradient, work.price_mean[o], work.price_square[o], step);
    // It stops at zero, where the side changes.
    if ((before > 0 && to < 0) || (before < 0 && to > 0)) to = 0;
    if (to > 0 && !(high < __builtin_inf())) to = 0;
    if (to < 0 && !(low > -__builtin_inf())) to = 0;
    of.price[o] = to;
  }
}

double dual_ascend(const DualPass& of, const DualAscent& how) {
  const DualNetwork& net = *of.network;
  const DualWork work = work_of(of);
  const ptrdiff_t values = net.first[net.layers];
  DualSplits splits;
  for (double* moment = work.alpha_mean; moment < work.best_alpha; ++moment) *moment = 0;
  double best = -__builtin_inf();
  double rate = how.rate, power1 = 1, power2 = 1;
  for (int t = 0;; ++t) {
    const double value = dual_backward<false>(of, work).value;
    if (value > best) {
      best = value;
      copy(values, of.alpha, work.best_alpha);
      copy(values, of.beta, work.best_beta);
      copy(net.targets, of.price, work.best_price);
    }
    if (t == how.steps || value > how.target || net.layers > most_layers || !(value - value == 0)) break;
    if (t == 0) {
      // A multiplier competes with the coefficients of its layer; where these vanish, with what the row varies by.
      double spread = 0;
      for (ptrdiff_t j = 0; j < net.first[0]; ++j) {
        const double size = of.lambda[j] < 0 ? -of.lambda[j] : of.lambda[j];
        spread += size * (of.box_upper[j] - of.box_lower[j]);
      }
      ptrdiff_t count = 0;
      for (ptrdiff_t k = 0; k < net.layers; ++k) {
        double largest = 0, widest = 0;
        splits.from[k] = count;
        for (ptrdiff_t v = net.first[k]; v < net.first[k + 1]; ++v) {
          const double size = of.lambda[v] < 0 ? -of.lambda[v] : of.lambda[v];
          largest = size > largest ? size : largest;
          if (of.sign[v] != 0) work.split[count++] = static_cast<int>(v);
          widest = of.width[v] > widest ? of.width[v] : widest;
        }
        const double fallback = widest > 0 ? spread / widest : 0;
        splits.scale[k] = largest > fallback ? largest : fallback;
      }
      splits.from[net.layers] = count;
    }
    power1 *= 0.9;
    power2 *= 0.999;
    dual_forward(of, work, splits, {rate / (1 - power1), 1 / (1 - power2)});
    rate *= how.decay;
  }
  if (best > -__builtin_inf()) {
    copy(values, work.best_alpha, of.alpha);
    copy(values, work.best_beta, of.beta);
    copy(net.targets, work.best_price, of.price);
  }
  return best;
}

DualValue dual_value(const DualPass& of) { return dual_backward<true>(of, work_of(of)); }

}  // namespace
}  // namespace secateur
