// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/train/layout.hpp"

namespace secateur::train {

/// The ReLU-stability penalty of Xiao et al. 2019 (arXiv 1809.03008, section 4.2): the sum over hidden units of
///
///     -tanh(1 + l u),     l <= z <= u the interval bounds of the preactivation over a box of (scaled) inputs.
///
/// A unit whose sign is fixed has l u > 0 and adds nearly -1, an unstable one has l u < 0. Descending it makes units
/// stable, which is what makes a network easy to optimise over. Bounds are plain arithmetic, for training only.
template <class Scalar>
class Stability {
 public:
  using Values = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  /// The box in the units of the first Dense layer's inputs.
  Stability(const Layout& layout, const Vector& lower, const Vector& upper);

  double penalty(const Scalar* parameters);

  /// The penalty; adds `scale` times its gradient to `gradient`.
  double gradient(const Scalar* parameters, Scalar scale, Scalar* gradient);

 private:
  const Layout& m_layout;
  /// Per hidden layer, and for the inputs in front: centre and radius of the values that the layer reads, then the
  /// bounds of the preactivations.
  std::vector<Values> m_centre, m_radius, m_lower, m_upper;
};

}  // namespace secateur::train
