// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/evaluate.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace secateur::nn {

namespace {

/// Points are pushed through in blocks of this many rows, so that a million points do not hold a million hidden layers.
constexpr Index block_rows = 1024;

template <class Scalar>
using Rows = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The layers with their numbers in the arithmetic that is used.
template <class Scalar>
struct Step {
  const Layer* layer;
  Rows<Scalar> weight;
  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> row;  // bias or constant
};

template <class Scalar>
std::vector<Step<Scalar>> prepare(const Network& network) {
  std::vector<Step<Scalar>> steps;
  for (const auto& layer : network.layers) {
    Step<Scalar>& step = steps.emplace_back();
    step.layer = &layer;
    if (const auto* dense = std::get_if<Dense>(&layer)) {
      step.weight = dense->weight.cast<Scalar>();
      step.row = dense->bias.transpose().cast<Scalar>();
    } else if (const auto* elementwise = std::get_if<Elementwise>(&layer)) {
      step.row = elementwise->constant.transpose().cast<Scalar>();
    }
  }
  return steps;
}

template <class Scalar>
void apply(ElementwiseOp op, const Eigen::Matrix<Scalar, 1, Eigen::Dynamic>& constant, Rows<Scalar>& a) {
  const auto c = constant.array();
  switch (op) {
    case ElementwiseOp::add:
      a.array().rowwise() += c;
      break;
    case ElementwiseOp::subtract:
      a.array().rowwise() -= c;
      break;
    case ElementwiseOp::subtract_from:
      a = ((-a.array()).rowwise() + c).matrix().eval();
      break;
    case ElementwiseOp::multiply:
      a.array().rowwise() *= c;
      break;
    case ElementwiseOp::divide:
      a.array().rowwise() /= c;
      break;
  }
}

template <class Scalar>
Matrix forward(const Network& network, const Matrix& points) {
  if (points.cols() != network.inputs()) {
    throw std::invalid_argument("evaluate: the points have " + std::to_string(points.cols()) +
                                " columns, the network " + std::to_string(network.inputs()) + " inputs");
  }
  const auto steps = prepare<Scalar>(network);
  Matrix result(points.rows(), network.outputs());
  for (Index begin = 0; begin < points.rows(); begin += block_rows) {
    const Index count = std::min(block_rows, points.rows() - begin);
    Rows<Scalar> a = points.middleRows(begin, count).template cast<Scalar>();
    for (const auto& step : steps) {
      if (std::holds_alternative<Dense>(*step.layer)) {
        Rows<Scalar> z = a * step.weight.transpose();
        z.rowwise() += step.row;
        a = std::move(z);
      } else if (const auto* elementwise = std::get_if<Elementwise>(step.layer)) {
        apply<Scalar>(elementwise->op, step.row, a);
      } else {
        a = a.cwiseMax(Scalar(0));
      }
    }
    result.middleRows(begin, count) = a.template cast<double>();
  }
  return result;
}

}  // namespace

Matrix evaluate(const Network& network, const Matrix& points) { return forward<double>(network, points); }

Vector evaluate(const Network& network, const Vector& point) {
  return forward<double>(network, point.transpose()).transpose();
}

Matrix evaluate_native(const Network& network, const Matrix& points) {
  if (storage_precision(network) == Precision::float32) return forward<float>(network, points);
  return forward<double>(network, points);
}

}  // namespace secateur::nn
