// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace secateur::nn {

namespace {

/// Points are pushed through in blocks, so that a million points do not hold a million hidden layers: of this many
/// rows, and of fewer when a layer is so wide that they would hold more than this many numbers.
constexpr Index most_rows = 1024;
constexpr Index most_numbers = 4'194'304;

template <class Scalar>
using Rows = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The layers with their numbers in the arithmetic that is used.
template <class Scalar>
struct Step {
  const Layer* layer;
  Rows<Scalar> weight;
  Eigen::SparseMatrix<Scalar, Eigen::RowMajor, int> sparse;
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
    } else if (const auto* sparse = std::get_if<Sparse>(&layer)) {
      step.sparse = sparse->weight.cast<Scalar>();
      step.row = sparse->bias.transpose().cast<Scalar>();
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
void apply(const Relu& relu, Rows<Scalar>& a) {
  if (relu.units.empty()) a = a.cwiseMax(Scalar(0));
  for (const Index unit : relu.units) a.col(unit) = a.col(unit).cwiseMax(Scalar(0));
}

/// Softmax with the largest entry subtracted first, so that no exponential overflows.
template <class Scalar>
void apply(Activation activation, Rows<Scalar>& a) {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::sigmoid:
      a = a.unaryExpr([](Scalar z) {
        const Scalar e = std::exp(-std::abs(z));
        return z < 0 ? e / (1 + e) : 1 / (1 + e);
      });
      return;
    case Activation::softmax:
    case Activation::log_softmax: {
      a.colwise() -= a.rowwise().maxCoeff().eval();
      const Eigen::Matrix<Scalar, Eigen::Dynamic, 1> sums = a.array().exp().rowwise().sum();
      if (activation == Activation::log_softmax) {
        a.colwise() -= sums.array().log().matrix();
      } else {
        a = (a.array().exp().colwise() / sums.array()).matrix().eval();
      }
      return;
    }
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
  Index widest = network.inputs();
  for (const Index size : layer_sizes(network)) widest = std::max(widest, size);
  const Index block_rows = std::clamp<Index>(most_numbers / widest, 1, most_rows);
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
      } else if (std::holds_alternative<Sparse>(*step.layer)) {
        Rows<Scalar> z(a.rows(), step.sparse.rows());
        z.transpose() = step.sparse * a.transpose();
        z.rowwise() += step.row;
        a = std::move(z);
      } else {
        apply<Scalar>(std::get<Relu>(*step.layer), a);
      }
    }
    apply<Scalar>(network.activation, a);
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
