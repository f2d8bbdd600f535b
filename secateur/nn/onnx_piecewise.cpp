// SPDX-License-Identifier: Apache-2.0
// Piecewise linear operators, as ReLUs: Abs, Clip, HardSigmoid, LeakyRelu, Max, Min, PRelu, Relu; and Neg.
#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/nn/onnx_combine.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

const Data& operand(const Operation& operation) {
  const Data* data = operation.data(0);
  if (data == nullptr) refuse("is applied to a constant, which is not supported");
  return *data;
}

/// One bound of a Clip: an input since opset 11, an attribute before. None (infinite) also for the largest number of
/// the type, which exporters write for a missing bound: no finite number is beyond it.
double bound(const Operation& operation, std::size_t input, const char* name, double none, Element element) {
  double value = operation.real(name, none);
  if (operation.has_input(input)) {
    const Tensor& constant = operation.constant_for(input, name);
    if (!constant.is_real() || constant.size() != 1 || constant.element != element) {
      refuse(std::string("its bound \"") + name + "\" is not one number of the data's type");
    }
    value = constant.reals.front();
    if (std::isnan(value)) refuse(std::string("its bound \"") + name + "\" is not a number");
  }
  const double largest = element == Element::float32 ? static_cast<double>(std::numeric_limits<float>::max())
                                                     : std::numeric_limits<double>::max();
  return std::abs(value) >= largest && (value > 0) == (none > 0) ? none : value;
}

/// relu(z) + slope (z - relu(z)): for a negative z the first is 0, for another the second. One slope a unit of the
/// layer that the data is in.
Data leaky(const Data& data, const Vector& slope, LayerDag& dag) {
  const Data positive = apply_relu(data, dag);
  Combination difference(dag, {&data, &positive});
  for (Index i = 0; i < data.units(); ++i) {
    difference.add(i, 0, i, 1);
    difference.add(i, 1, i, -1);
  }
  Data negative = difference.finish(data.dims, data.batch_axis);
  Elementwise scaling{ElementwiseOp::multiply, slope};
  for (Index i = 0; i < data.units(); ++i) scaling.constant(i) = slope(data.unit(i));
  negative.last = dag.add(negative.last, std::move(scaling));
  Combination sum(dag, {&positive, &negative});
  for (Index i = 0; i < data.units(); ++i) {
    sum.add(i, 0, i, 1);
    sum.add(i, 1, i, 1);
  }
  return sum.finish(data.dims, data.batch_axis);
}

bool is_zero(const Tensor& constant) {
  return std::all_of(constant.reals.begin(), constant.reals.end(), [](double value) { return value == 0; });
}

Value apply_extreme(const Operation& operation, Extreme which) {
  std::size_t data = 0;
  for (std::size_t i = 0; i < operation.input_count(); ++i) data += operation.data(i) != nullptr;
  if (data == 0) refuse("is applied to constants only; computing with constants is not supported");
  const Broadcast operands =
      broadcast(operation, which == Extreme::largest ? "takes the largest of" : "takes the smallest of");
  if (operation.input_count() == 1) return operation.input(0);
  // max(x, 0) is a ReLU like any other.
  for (std::size_t i = 0; i < 2 && operation.input_count() == 2 && which == Extreme::largest; ++i) {
    const Tensor* constant = operands.operands[1 - i].constant;
    if (constant == nullptr || !is_zero(*constant) || operation.data(i)->dims != operands.dims) continue;
    return apply_relu(*operation.data(i), operation.dag());
  }
  const auto width = static_cast<Index>(operands.operands.size());
  std::vector<std::vector<Index>> candidates(static_cast<std::size_t>(operands.size()));
  for (Index i = 0; i < operands.size(); ++i) {
    for (Index k = 0; k < width; ++k) candidates[static_cast<std::size_t>(i)].push_back(i * width + k);
  }
  return extreme(which, interleaved(operands, operation.dag()), std::move(candidates), operands.dims,
                 operands.batch_axis, operation.dag());
}

}  // namespace

Value apply_relu(const Operation& operation) { return apply_relu(operand(operation), operation.dag()); }

Value apply_max(const Operation& operation) { return apply_extreme(operation, Extreme::largest); }
Value apply_min(const Operation& operation) { return apply_extreme(operation, Extreme::smallest); }

Value apply_neg(const Operation& operation) {
  return apply_elementwise(operand(operation), ElementwiseOp::multiply, -1, operation.dag());
}

/// |z| = 2 relu(z) - z.
Value apply_abs(const Operation& operation) {
  const Data& data = operand(operation);
  const Data positive = apply_relu(data, operation.dag());
  Combination result(operation.dag(), {&positive, &data});
  for (Index i = 0; i < data.units(); ++i) {
    result.add(i, 0, i, 2);
    result.add(i, 1, i, -1);
  }
  return result.finish(data.dims, data.batch_axis);
}

Value apply_clip(const Operation& operation) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Data& data = operand(operation);
  const double lower = bound(operation, 1, "min", -infinity, data.element);
  const double upper = bound(operation, 2, "max", infinity, data.element);
  if (!(lower <= upper) || lower == infinity || upper == -infinity) refuse("its lower bound is above its upper bound");
  return clamp(data, lower, upper, operation.dag());
}

Value apply_hard_sigmoid(const Operation& operation) {
  const double slope = operation.real("alpha", static_cast<double>(0.2F));
  Data result = apply_elementwise(operand(operation), ElementwiseOp::multiply, slope, operation.dag());
  result = apply_elementwise(result, ElementwiseOp::add, operation.real("beta", 0.5), operation.dag());
  return clamp(result, 0, 1, operation.dag());
}

Value apply_leaky_relu(const Operation& operation) {
  const Data& data = operand(operation);
  const double slope = operation.real("alpha", static_cast<double>(0.01F));
  if (slope == 0) return apply_relu(data, operation.dag());
  operation.dag().charge(data.units());
  return leaky(data, Vector::Constant(data.units(), slope), operation.dag());
}

Value apply_prelu(const Operation& operation) {
  const Data& data = operand(operation);
  const Tensor& constant = operation.constant_for(1, "the slope");
  if (static_cast<std::ptrdiff_t>(constant.dims.size()) > data.rank()) {
    refuse(constant.origin + " of shape " + shape_text(constant.dims) + " does not broadcast to the data of shape " +
           shape_text(data));
  }
  const Vector slope = spread(constant, data, operation.dag());
  if ((slope.array() == 0).all()) return apply_relu(data, operation.dag());
  if ((slope.array() != 0 && slope.array() != 1).any()) return leaky(data, slope, operation.dag());
  // Units with slope 1 pass untouched.
  Relu some;
  for (Index unit = 0; unit < slope.size(); ++unit) {
    if (slope(unit) == 0) some.units.push_back(unit);
  }
  if (some.units.empty()) return data;
  Data result = data;
  result.last = operation.dag().add(data.last, std::move(some));
  return result;
}

}  // namespace secateur::nn::detail
