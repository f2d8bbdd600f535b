// SPDX-License-Identifier: Apache-2.0
#pragma once

// One row's Lagrangian bound (DualPass) and its ascent. Vectors run along the units of a layer, which are padded to
// whole vectors: every product with a weight matrix adds multiples of contiguous rows, and units without a coefficient
// cost nothing.
//
// The ascent only looks for multipliers, so that it runs in single precision; what they prove is computed in double.
//
// By the envelope theorem, with x* the minimiser over the box and z* its preactivations through the same linear pieces,
//
//     d value / d alpha_i = lambda_i z*_i  (lambda_i >= 0, open units),     d value / d beta_i = -s_i z*_i,
//     d value / d price_o = y*_o - the side that the price's sign leans on.

#include "secateur/core/kernels/simd.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur {
namespace {

constexpr ptrdiff_t most_layers = 64;

/// to[0 .. width) += sum over `count` rows of factor[n] * row index[n].
template <int Count, class Scalar>
SECATEUR_INLINE void add_rows_block(const Scalar* matrix, ptrdiff_t stride, const int* index, const Scalar* factor,
                                    ptrdiff_t count, Scalar* to) {
  using S = Simd<Scalar>;
  typename S::Vec sum[Count];
  unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] = S::load(to + c.value * S::lanes); });
  for (ptrdiff_t n = 0; n < count; ++n) {
    const Scalar* row = matrix + index[n] * stride;
    const Scalar f = factor[n];
    unroll<Count>([&](auto c) SECATEUR_LAMBDA { sum[c.value] += S::load(row + c.value * S::lanes) * f; });
  }
  unroll<Count>([&](auto c) SECATEUR_LAMBDA { S::store(to + c.value * S::lanes, sum[c.value]); });
}

template <class Scalar>
SECATEUR_INLINE void add_rows(const Scalar* matrix, ptrdiff_t stride, const int* index, const Scalar* factor,
                              ptrdiff_t count, ptrdiff_t begin, ptrdiff_t end, Scalar* to) {
  constexpr ptrdiff_t lanes = Simd<Scalar>::lanes;
  ptrdiff_t v = begin;
  for (; v + 8 * lanes <= end; v += 8 * lanes) add_rows_block<8>(matrix + v, stride, index, factor, count, to + v);
  for (; v + 4 * lanes <= end; v += 4 * lanes) add_rows_block<4>(matrix + v, stride, index, factor, count, to + v);
  for (; v + 2 * lanes <= end; v += 2 * lanes) add_rows_block<2>(matrix + v, stride, index, factor, count, to + v);
  for (; v + lanes <= end; v += lanes) add_rows_block<1>(matrix + v, stride, index, factor, count, to + v);
}

/// A pass's numbers in the precision that it is carried out in, and its memory; names as in DualNetwork and DualPass.
template <class Scalar>
struct DualWork {
  const Scalar *weight, *transposed, *bias, *error, *magnitude;
  const Scalar *box_lower, *box_upper, *slope, *intercept, *open, *sign, *side_lower, *side_upper, *price_step;
  Scalar *alpha, *beta, *price, *lambda, *mu, *factor;
  // Of the ascent alone: values and preactivations of the minimiser, moments, the best multipliers, split units.
  Scalar *value, *z, *alpha_mean, *alpha_square, *beta_mean, *beta_square, *price_mean, *price_square;
  Scalar *best_alpha, *best_beta, *best_price;
  int *index, *split;
};

template <class To, class From>
SECATEUR_INLINE void copy(ptrdiff_t count, const From* __restrict from, To* __restrict to) {
  for (ptrdiff_t i = 0; i < count; ++i) to[i] = static_cast<To>(from[i]);
}

/// Cuts a pass's memory into arrays: the first half for single precision, the second for double.
class DualMemory {
 public:
  SECATEUR_INLINE DualMemory(const DualPass& of, bool twofold)
      : m_next(of.work), m_length(dual_stride(of.network->first[of.network->layers], of.network->targets)) {
    if (twofold) m_next += dual_work(of.network->first[of.network->layers], of.network->targets) / 2;
  }
  template <class Scalar>
  SECATEUR_INLINE Scalar* take() {
    Scalar* const array = reinterpret_cast<Scalar*>(m_next);
    m_next += m_length * static_cast<ptrdiff_t>(sizeof(Scalar)) / static_cast<ptrdiff_t>(sizeof(double));
    return array;
  }
  /// In this precision: the array itself, or a copy.
  SECATEUR_INLINE double* here(double* array, ptrdiff_t, double*) { return array; }
  SECATEUR_INLINE const double* here(const double* array, ptrdiff_t, const double*) { return array; }
  SECATEUR_INLINE float* here(const double* array, ptrdiff_t count, const float*) {
    float* const to = take<float>();
    copy(count, array, to);
    return to;
  }

 private:
  double* m_next;
  ptrdiff_t m_length;
};

SECATEUR_INLINE void take_weights(const DualNetwork& net, DualWork<double>& work) {
  work.weight = net.weight;
  work.transposed = net.transposed;
  work.bias = net.bias;
  work.error = net.error;
  work.magnitude = net.magnitude;
}
SECATEUR_INLINE void take_weights(const DualNetwork& net, DualWork<float>& work) {
  work.weight = net.single.weight;
  work.transposed = net.single.transposed;
  work.bias = net.single.bias;
  work.error = net.single.error;
  work.magnitude = net.single.magnitude;
}

template <class Scalar>
SECATEUR_INLINE DualWork<Scalar> work_of(const DualPass& of) {
  const DualNetwork& net = *of.network;
  const ptrdiff_t values = net.first[net.layers], inputs = net.first[0];
  DualMemory memory(of, sizeof(Scalar) == sizeof(double));
  DualWork<Scalar> work;
  take_weights(net, work);
  const Scalar* const as = nullptr;
  Scalar* const own = nullptr;
  work.box_lower = memory.here(of.box_lower, inputs, as);
  work.box_upper = memory.here(of.box_upper, inputs, as);
  work.slope = memory.here(of.slope, values, as);
  work.intercept = memory.here(of.intercept, values, as);
  work.open = memory.here(of.open, values, as);
  work.sign = memory.here(of.sign, values, as);
  work.side_lower = memory.here(of.side_lower, net.targets, as);
  work.side_upper = memory.here(of.side_upper, net.targets, as);
  work.price_step = memory.here(of.price_step, net.targets, as);
  work.alpha = memory.here(of.alpha, values, own);
  work.beta = memory.here(of.beta, values, own);
  work.price = memory.here(of.price, net.targets, own);
  work.lambda = memory.here(of.lambda, 0, own);
  work.mu = memory.here(of.mu, 0, own);
  work.factor = memory.take<Scalar>();
  work.value = memory.take<Scalar>();
  work.z = memory.take<Scalar>();
  work.alpha_mean = memory.take<Scalar>();
  work.alpha_square = memory.take<Scalar>();
  work.beta_mean = memory.take<Scalar>();
  work.beta_square = memory.take<Scalar>();
  work.price_mean = memory.take<Scalar>();
  work.price_square = memory.take<Scalar>();
  work.best_alpha = memory.take<Scalar>();
  work.best_beta = memory.take<Scalar>();
  work.best_price = memory.take<Scalar>();
  work.index = memory.take<int>();
  work.split = memory.take<int>();
  return work;
}

/// The rows of a layer with a non-zero factor, added to what they read.
template <class Scalar>
SECATEUR_INLINE void add_layer(const DualNetwork& net, const DualWork<Scalar>& work, ptrdiff_t layer, ptrdiff_t count,
                               Scalar* to) {
  const ptrdiff_t values = net.first[net.layers];
  for (ptrdiff_t s = net.segments[layer]; s < net.segments[layer + 1]; ++s) {
    add_rows(work.weight, values, work.index, work.factor, count, net.segment[2 * s], net.segment[2 * s + 1], to);
  }
}

/// The backward pass.
template <class Scalar>
SECATEUR_INLINE DualValue dual_backward(const DualPass& of, const DualWork<Scalar>& work) {
  using S = Simd<Scalar>;
  const DualNetwork& net = *of.network;
  const ptrdiff_t values = net.first[net.layers];
  Scalar value = 0, magnitude = 0;
  Scalar* lambda = work.lambda;
  for (ptrdiff_t v = 0; v < values; ++v) lambda[v] = 0;
  ptrdiff_t count = 0;
  for (ptrdiff_t o = 0; o < net.targets; ++o) {
    const Scalar c = o == 0 ? static_cast<Scalar>(of.objective) : work.price[o];
    if (c == 0) continue;
    work.index[count] = static_cast<int>(values + o);
    work.factor[count++] = c;
    const Scalar size = c < 0 ? -c : c;
    value += c * work.bias[values + o] - size * work.error[values + o];
    magnitude += size * work.magnitude[values + o];
    if (o == 0) continue;
    const Scalar side = c * (c > 0 ? work.side_upper[o] : work.side_lower[o]);
    value -= side;
    magnitude += side < 0 ? -side : side;
  }
  add_layer(net, work, net.layers, count, lambda);
  const typename S::Vec zero = {};
  const auto abs_of = [&](auto a) SECATEUR_LAMBDA { return a < zero ? -a : a; };
  typename S::Vec sum = {}, size_sum = {};
  for (ptrdiff_t k = net.layers - 1; k >= 0; --k) {
    for (ptrdiff_t v = net.first[k]; v < net.first[k + 1]; v += S::lanes) {
      const auto coefficient = S::load(lambda + v);
      const auto positive = coefficient > zero ? coefficient : zero;
      const auto negative = coefficient - positive;  // exact; not a number if the coefficient is not
      const auto beta = S::load(work.beta + v);
      const auto mu =
          positive * S::load(work.alpha + v) + negative * S::load(work.slope + v) - beta * S::load(work.sign + v);
      const auto shift = negative * S::load(work.intercept + v);
      const auto size = abs_of(mu);
      S::store(work.mu + v, mu);
      sum += mu * S::load(work.bias + v) + (shift - size * S::load(work.error + v));
      size_sum += (size + beta) * S::load(work.magnitude + v) - shift;
    }
    count = 0;
    for (ptrdiff_t v = net.first[k]; v < net.first[k + 1]; ++v) {
      const Scalar mu = work.mu[v];
      work.index[count] = static_cast<int>(v);
      work.factor[count] = mu;
      count += mu != 0 ? 1 : 0;
    }
    add_layer(net, work, k, count, lambda);
  }
  for (ptrdiff_t j = 0; j < net.first[0]; j += S::lanes) {
    const auto coefficient = S::load(lambda + j);
    const auto low = S::load(work.box_lower + j), high = S::load(work.box_upper + j);
    const auto least = abs_of(low), most = abs_of(high);
    sum += coefficient * (coefficient >= zero ? low : high);
    size_sum += abs_of(coefficient) * (least > most ? least : most);
  }
  return {static_cast<double>(value) + static_cast<double>(S::sum(sum)),
          static_cast<double>(magnitude) + static_cast<double>(S::sum(size_sum))};
}

template <class Scalar>
struct DualStep {
  Scalar rate, fresh2;  ///< rate / (1 - 0.9^t), 1 / (1 - 0.999^t)
};

SECATEUR_INLINE float root_of(float x) { return __builtin_sqrtf(x); }
SECATEUR_INLINE double root_of(double x) { return __builtin_sqrt(x); }

/// One parameter's step along its gradient.
template <class Scalar>
SECATEUR_INLINE Scalar adam_direction(Scalar gradient, Scalar& mean, Scalar& square, const DualStep<Scalar>& step) {
  mean = Scalar(0.9) * mean + Scalar(0.1) * gradient;
  square = Scalar(0.999) * square + Scalar(0.001) * gradient * gradient;
  return step.rate * mean / (root_of(square * step.fresh2) + Scalar(1e-30));
}

/// The plain loops over a layer's units, which compilers turn into vector code.
template <class Scalar>
SECATEUR_INLINE void move_alpha(ptrdiff_t count, const Scalar* __restrict lambda, const Scalar* __restrict z,
                                const Scalar* __restrict open, Scalar* __restrict alpha, Scalar* __restrict mean,
                                Scalar* __restrict square, DualStep<Scalar> step) {
  for (ptrdiff_t i = 0; i < count; ++i) {
    const Scalar gradient = (lambda[i] > 0 ? lambda[i] : Scalar(0)) * z[i] * open[i];
    const Scalar first = Scalar(0.9) * mean[i] + Scalar(0.1) * gradient;
    const Scalar second = Scalar(0.999) * square[i] + Scalar(0.001) * gradient * gradient;
    mean[i] = first;
    square[i] = second;
    const Scalar to = alpha[i] + step.rate * first / (root_of(second * step.fresh2) + Scalar(1e-30));
    const Scalar most = to < 1 ? to : Scalar(1);
    alpha[i] = open[i] != 0 ? (most > 0 ? most : Scalar(0)) : alpha[i];
  }
}

/// The split units of each layer: work.split[from[k]] .. work.split[from[k + 1]] (exclusive), and the size of a step
/// of their multipliers.
template <class Scalar>
struct DualSplits {
  ptrdiff_t from[most_layers + 1];
  Scalar scale[most_layers];
};

/// Of the split units alone: they are few, and roots and quotients cost as much as products with the weights do.
template <class Scalar>
SECATEUR_INLINE void move_beta(const DualWork<Scalar>& work, const DualSplits<Scalar>& splits, ptrdiff_t layer,
                               DualStep<Scalar> step) {
  for (ptrdiff_t n = splits.from[layer]; n < splits.from[layer + 1]; ++n) {
    const int v = work.split[n];
    const Scalar to = work.beta[v] + splits.scale[layer] * adam_direction(-work.sign[v] * work.z[v], work.beta_mean[v],
                                                                          work.beta_square[v], step);
    work.beta[v] = to > 0 ? to : Scalar(0);
  }
}

/// Carries the minimiser forward and moves the multipliers.
template <class Scalar>
SECATEUR_INLINE void dual_forward(const DualNetwork& net, const DualWork<Scalar>& work,
                                  const DualSplits<Scalar>& splits, DualStep<Scalar> step) {
  using S = Simd<Scalar>;
  const ptrdiff_t values = net.first[net.layers];
  const typename S::Vec zero = {};
  for (ptrdiff_t j = 0; j < net.first[0]; j += S::lanes) {
    const auto coefficient = S::load(work.lambda + j);
    S::store(work.value + j, coefficient >= zero ? S::load(work.box_lower + j) : S::load(work.box_upper + j));
  }
  for (ptrdiff_t k = 0; k < net.layers; ++k) {
    const ptrdiff_t begin = net.first[k], end = net.first[k + 1];
    copy(end - begin, work.bias + begin, work.z + begin);
    for (ptrdiff_t s = net.segments[k]; s < net.segments[k + 1]; ++s) {
      ptrdiff_t count = 0;
      for (ptrdiff_t v = net.segment[2 * s]; v < net.segment[2 * s + 1]; ++v) {
        work.index[count] = static_cast<int>(v);
        work.factor[count] = work.value[v];
        count += work.value[v] != 0 ? 1 : 0;
      }
      add_rows(work.transposed, values, work.index, work.factor, count, begin, end, work.z);
    }
    for (ptrdiff_t v = begin; v < end; v += S::lanes) {
      const auto z = S::load(work.z + v);
      const auto low = S::load(work.alpha + v) * z;
      const auto high = S::load(work.slope + v) * z + S::load(work.intercept + v);
      S::store(work.value + v, S::load(work.lambda + v) >= zero ? low : high);
    }
    move_alpha(end - begin, work.lambda + begin, work.z + begin, work.open + begin, work.alpha + begin,
               work.alpha_mean + begin, work.alpha_square + begin, step);
    move_beta(work, splits, k, step);
  }
  for (ptrdiff_t o = 1; o < net.targets; ++o) {
    const Scalar* row = work.weight + (values + o) * values;
    Scalar y = work.bias[values + o];
    for (ptrdiff_t v = 0; v < values; ++v) y += row[v] * work.value[v];
    // A price of zero leans on the side that is violated, if one is.
    const Scalar low = work.side_lower[o], high = work.side_upper[o];
    const Scalar before = work.price[o];
    const bool upper = before > 0 || (before == 0 && y > high);
    const bool lower = before < 0 || (before == 0 && y < low);
    const Scalar gradient = upper ? y - high : (lower ? y - low : Scalar(0));
    Scalar to = before + work.price_step[o] * adam_direction(gradient, work.price_mean[o], work.price_square[o], step);
    // It stops at zero, where the side changes.
    if ((before > 0 && to < 0) || (before < 0 && to > 0)) to = 0;
    if (to > 0 && !(high < __builtin_inff())) to = 0;
    if (to < 0 && !(low > -__builtin_inff())) to = 0;
    work.price[o] = to;
  }
}

/// Lists the split units and sizes the steps of their multipliers: these compete with the coefficients of their layer;
/// where these vanish, with what the row varies by.
template <class Scalar>
SECATEUR_INLINE void find_splits(const DualPass& of, const DualWork<Scalar>& work, DualSplits<Scalar>& splits) {
  const DualNetwork& net = *of.network;
  double spread = 0;
  for (ptrdiff_t j = 0; j < net.first[0]; ++j) {
    const double size = work.lambda[j] < 0 ? -work.lambda[j] : work.lambda[j];
    spread += size * (of.box_upper[j] - of.box_lower[j]);
  }
  ptrdiff_t count = 0;
  for (ptrdiff_t k = 0; k < net.layers; ++k) {
    double largest = 0, widest = 0;
    splits.from[k] = count;
    for (ptrdiff_t v = net.first[k]; v < net.first[k + 1]; ++v) {
      const double size = work.lambda[v] < 0 ? -work.lambda[v] : work.lambda[v];
      largest = size > largest ? size : largest;
      if (of.sign[v] != 0) work.split[count++] = static_cast<int>(v);
      widest = of.width[v] > widest ? of.width[v] : widest;
    }
    const double fallback = widest > 0 ? spread / widest : 0;
    splits.scale[k] = static_cast<Scalar>(largest > fallback ? largest : fallback);
  }
  splits.from[net.layers] = count;
}

/// `slack`: part of its magnitude by which a value has to be above the target.
template <class Scalar>
SECATEUR_INLINE double ascend(const DualPass& of, const DualAscent& how, double slack) {
  const DualNetwork& net = *of.network;
  const DualWork<Scalar> work = work_of<Scalar>(of);
  const ptrdiff_t values = net.first[net.layers];
  DualSplits<Scalar> splits;
  for (Scalar* moment = work.alpha_mean; moment < work.best_alpha; ++moment) *moment = 0;
  double best = -__builtin_inf();
  double rate = how.rate, power1 = 1, power2 = 1;
  for (int t = 0;; ++t) {
    const DualValue now = dual_backward(of, work);
    const double value = now.value;
    if (value > best) {
      best = value;
      copy(values, work.alpha, work.best_alpha);
      copy(values, work.beta, work.best_beta);
      copy(net.targets, work.price, work.best_price);
    }
    const bool reached = value - slack * now.magnitude > how.target;
    if (t == how.steps || reached || net.layers > most_layers || !(value - value == 0)) break;
    if (t == 0) find_splits(of, work, splits);
    power1 *= 0.9;
    power2 *= 0.999;
    dual_forward(net, work, splits, {static_cast<Scalar>(rate / (1 - power1)), static_cast<Scalar>(1 / (1 - power2))});
    rate *= how.decay;
  }
  if (best > -__builtin_inf()) {
    copy(values, work.best_alpha, of.alpha);
    copy(values, work.best_beta, of.beta);
    copy(net.targets, work.best_price, of.price);
  }
  return best;
}

double dual_ascend(const DualPass& of, const DualAscent& how) {
  constexpr double rounding = 1e-6;
  const double best = ascend<float>(of, how, rounding);
  // Where numbers are beyond single precision.
  return best - best == 0 ? best : ascend<double>(of, how, 0);
}

DualValue dual_value(const DualPass& of) { return dual_backward(of, work_of<double>(of)); }

}  // namespace
}  // namespace secateur
