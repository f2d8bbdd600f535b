// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/statistics.hpp"

#include <algorithm>

#include "secateur/bounds/bounds.hpp"
#include "secateur/graph/affine_range.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/prune/dense_layers.hpp"
#include "secateur/train/scaling.hpp"

namespace secateur::prune {

namespace {

/// Rows worked on at a time, so that memory does not grow with the data.
constexpr Index block_rows = 2048;

/// The inputs of every Dense layer (rows x width), then the output of the last one, for scaled inputs.
std::vector<Matrix> forward(const std::vector<const nn::Dense*>& layers, const Matrix& scaled) {
  std::vector<Matrix> values{scaled};
  for (std::size_t k = 0; k < layers.size(); ++k) {
    Matrix z = values.back() * layers[k]->weight.transpose();
    z.rowwise() += layers[k]->bias.transpose();
    values.push_back(k + 1 < layers.size() ? Matrix(z.cwiseMax(0.0)) : std::move(z));
  }
  return values;
}

Matrix rows_inside(const Matrix& x, const Box& box) {
  Matrix inside(x.rows(), x.cols());
  Index count = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    if (box.contains(x.row(i).transpose())) inside.row(count++) = x.row(i);
  }
  inside.conservativeResize(count, Eigen::NoChange);
  return inside;
}

}  // namespace

std::vector<Box> activation_ranges(const nn::Network& canonical, const Box& box) {
  const graph::ReluGraph graph = graph::lower(canonical, box);
  const graph::NeuronBounds bounds = bounds::crown(graph, box);
  std::vector<Box> ranges{train::scale_box(canonical, box)};
  for (int k = 0; k + 1 < graph.depth(); ++k) ranges.push_back(graph::relu_range(bounds[static_cast<std::size_t>(k)]));
  return ranges;
}

Moments moments(const nn::Network& canonical, const Matrix& x, const Box* box) {
  const auto layers = dense_layers(canonical);
  const Matrix scaled = train::scale_inputs(canonical, box != nullptr ? rows_inside(x, *box) : x);
  Moments result;
  result.rows = scaled.rows();
  if (result.rows == 0) return result;
  for (const nn::Dense* dense : layers) {
    result.mean.emplace_back(Vector::Zero(dense->weight.cols()));
    result.mean_square.emplace_back(Vector::Zero(dense->weight.cols()));
  }
  for (Index first = 0; first < scaled.rows(); first += block_rows) {
    const auto values = forward(layers, scaled.middleRows(first, std::min(block_rows, scaled.rows() - first)));
    for (std::size_t k = 0; k < layers.size(); ++k) {
      result.mean[k] += values[k].colwise().sum().transpose();
      result.mean_square[k] += values[k].colwise().squaredNorm().transpose();
    }
  }
  for (std::size_t k = 0; k < layers.size(); ++k) {
    result.mean[k] /= static_cast<double>(result.rows);
    result.mean_square[k] /= static_cast<double>(result.rows);
  }
  return result;
}

Effects first_order_effects(const nn::Network& canonical, const data::Dataset& data) {
  const auto layers = dense_layers(canonical);
  const Matrix scaled = train::scale_inputs(canonical, data.x);
  const Matrix targets = train::scale_targets(canonical, data.y);
  const Vector mean = targets.colwise().mean();
  Vector weight = (targets.rowwise() - mean.transpose()).colwise().squaredNorm().transpose();
  weight /= static_cast<double>(targets.rows());
  weight = (weight.array() > 0).select(weight.cwiseInverse(), 1.0) / static_cast<double>(targets.cols());

  Effects effects;
  for (const nn::Dense* dense : layers) {
    effects.weight.emplace_back(Matrix::Zero(dense->weight.rows(), dense->weight.cols()));
    effects.node.emplace_back(Vector::Zero(dense->weight.cols()));
  }
  for (Index first = 0; first < scaled.rows(); first += block_rows) {
    const Index count = std::min(block_rows, scaled.rows() - first);
    const auto values = forward(layers, scaled.middleRows(first, count));
    // gradient(r, i) = dL_r / dz_i of the layer at hand. The gradient of a weight is an outer product row by row, so
    // the mean of absolute values is one product: sum_r |g_ri a_rj| = (|G|' |A|)_ij.
    Matrix gradient = 2 * (values.back() - targets.middleRows(first, count)) * weight.asDiagonal();
    for (std::size_t k = layers.size(); k-- > 0;) {
      effects.weight[k] += gradient.cwiseAbs().transpose() * values[k].cwiseAbs();
      const Matrix input_gradient = gradient * layers[k]->weight;
      effects.node[k] += input_gradient.cwiseProduct(values[k]).cwiseAbs().colwise().sum().transpose();
      gradient = (values[k].array() > 0).select(input_gradient, 0.0);
    }
  }
  for (std::size_t k = 0; k < layers.size(); ++k) {
    effects.weight[k].array() *= layers[k]->weight.array().abs() / static_cast<double>(scaled.rows());
    effects.node[k] /= static_cast<double>(scaled.rows());
  }
  return effects;
}

}  // namespace secateur::prune
