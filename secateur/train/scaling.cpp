// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/scaling.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "secateur/core/error.hpp"

namespace secateur::train {

namespace {

using nn::ElementwiseOp;

void apply(const nn::Elementwise& layer, Matrix& values) {
  const auto c = layer.constant.transpose().array().replicate(values.rows(), 1);
  switch (layer.op) {
    case ElementwiseOp::add:
      values.array() += c;
      break;
    case ElementwiseOp::subtract:
      values.array() -= c;
      break;
    case ElementwiseOp::subtract_from:
      values = c - values.array();
      break;
    case ElementwiseOp::multiply:
      values.array() *= c;
      break;
    case ElementwiseOp::divide:
      values.array() /= c;
      break;
  }
}

void undo(const nn::Elementwise& layer, Matrix& values) {
  const auto c = layer.constant.transpose().array().replicate(values.rows(), 1);
  switch (layer.op) {
    case ElementwiseOp::add:
      values.array() -= c;
      break;
    case ElementwiseOp::subtract:
      values.array() += c;
      break;
    case ElementwiseOp::subtract_from:
      values = c - values.array();
      break;
    case ElementwiseOp::multiply:
      values.array() /= c;
      break;
    case ElementwiseOp::divide:
      values.array() *= c;
      break;
  }
}

}  // namespace

Stack stack(const nn::Network& canonical) {
  const auto& layers = canonical.layers;
  Stack found;
  while (found.first < layers.size() && std::holds_alternative<nn::Elementwise>(layers[found.first])) ++found.first;
  std::size_t i = found.first;
  for (;; i += 2) {
    if (i >= layers.size() || !std::holds_alternative<nn::Dense>(layers[i])) {
      throw std::logic_error("the network is not in canonical order");
    }
    const auto& dense = std::get<nn::Dense>(layers[i]);
    if (found.widths.empty()) found.widths.push_back(dense.weight.cols());
    found.widths.push_back(dense.weight.rows());
    if (i + 1 >= layers.size() || !std::holds_alternative<nn::Relu>(layers[i + 1])) break;
  }
  found.last = i;
  for (++i; i < layers.size(); ++i) {
    if (!std::holds_alternative<nn::Elementwise>(layers[i])) {
      throw std::logic_error("the network is not in canonical order");
    }
  }
  return found;
}

Matrix scale_inputs(const nn::Network& canonical, const Matrix& x) {
  const Stack parts = stack(canonical);
  Matrix values = x;
  for (std::size_t i = 0; i < parts.first; ++i) apply(std::get<nn::Elementwise>(canonical.layers[i]), values);
  return values;
}

Matrix scale_targets(const nn::Network& canonical, const Matrix& y) {
  const Stack parts = stack(canonical);
  Matrix values = y;
  for (std::size_t i = canonical.layers.size() - 1; i > parts.last; --i) {
    const auto& layer = std::get<nn::Elementwise>(canonical.layers[i]);
    if (layer.op == ElementwiseOp::multiply && (layer.constant.array() == 0).any()) {
      throw InputError("the network multiplies an output by 0: no training can change it");
    }
    undo(layer, values);
  }
  return values;
}

Box scale_box(const nn::Network& canonical, const Box& box) {
  Matrix ends(2, box.size());
  ends.row(0) = box.lower.transpose();
  ends.row(1) = box.upper.transpose();
  const Matrix scaled = scale_inputs(canonical, ends);
  return {scaled.colwise().minCoeff().transpose(), scaled.colwise().maxCoeff().transpose()};
}

void check_fits(const nn::Network& network, const data::Dataset& data, std::string_view part) {
  if (data.x.cols() != network.inputs() || data.y.cols() != network.outputs()) {
    throw InputError(fmt::format("the {} data has {} inputs and {} outputs; the network has {} and {}", part,
                                 data.x.cols(), data.y.cols(), network.inputs(), network.outputs()));
  }
  if (data.x.rows() != data.y.rows()) {
    throw InputError(
        fmt::format("the {} data has {} rows of inputs and {} rows of outputs", part, data.x.rows(), data.y.rows()));
  }
  if (data.rows() == 0) throw InputError(fmt::format("the {} data has no rows", part));
  if (!data.x.allFinite() || !data.y.allFinite()) {
    throw InputError(fmt::format("the {} data holds a number that is not finite", part));
  }
}

}  // namespace secateur::train
