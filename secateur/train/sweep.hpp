// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/kernels.hpp"
#include "secateur/train/layout.hpp"

namespace secateur::train {

/// Points laid out for the vector code: one row a feature, one column a point.
template <class Scalar>
struct Points {
  const Scalar* x = nullptr;  ///< inputs x columns
  const Scalar* t = nullptr;  ///< outputs x columns: the targets
  Index row = 0;              ///< distance of rows, of both
  Index columns = 0;
};

/// Forward and backward through the Dense layers for one thread's share of a batch, and the memory that takes.
///
/// The loss of a set of points is sum_k weight_k (y_k - t_k)^2, summed over its points (no mean). Everything lies with
/// the points side by side: forward, Z = W A + b; backward, dL/dW = dZ A^T and dA = W^T dZ are all products whose wide
/// dimension is the number of points, and the weights need no transposed copy.
template <class Scalar>
class Sweep {
 public:
  /// `weight`: one factor an output. Points are taken in portions of `portion` columns, so that the activations of a
  /// portion stay in the second-level cache however large the batch is.
  Sweep(const Layout& layout, std::vector<Scalar> weight, Index portion = 256);

  /// The loss of the points.
  double loss(const Scalar* parameters, const Points<Scalar>& points);

  /// The loss, and its gradient times `scale` in `gradient` (overwritten).
  double gradient(const Scalar* parameters, const Points<Scalar>& points, Scalar scale, Scalar* gradient);

 private:
  void forward(const Scalar* parameters, const Points<Scalar>& points);
  double residual(const Points<Scalar>& points, Scalar scale);
  void backward(const Scalar* parameters, const Points<Scalar>& points, bool first, Scalar* gradient);

  const Layout& m_layout;
  const Kernels<Scalar>& m_kernels;
  std::vector<Scalar> m_weight;
  Index m_portion, m_row;
  std::vector<Buffer<Scalar>> m_activation;  ///< behind each layer; the last holds the outputs
  Buffer<Scalar> m_slope, m_next_slope;      ///< dL/dz of the layer in hand and of the one below
  Buffer<Scalar> m_sums;
};

}  // namespace secateur::train
