// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/bounds/adam.hpp"
#include "secateur/graph/relu_graph.hpp"

namespace secateur::bounds {

/// Rows c of linear functions of z that may become other rows r, where z is known to lie between `sides`: by Lagrange
/// duality
///
///     c'z  =  r'z - (r - c)'z  >=  r'z - sum_k max over the sides of (r_k - c_k) z_k.
///
/// This pays where a side is tighter than what the graph implies by itself: a constraint. The bound's derivative by r_k
/// is z*_k minus the side that r_k - c_k leans on; a step has the size of c, in units of the ranges between the sides.
/// Entries whose range is infinite or a point stay.
class MovingRows {
 public:
  MovingRows(const Matrix& rows, const graph::LayerBounds& sides);

  [[nodiscard]] const Matrix& rows() const { return m_rows; }
  /// What has to be taken off the bounds of the rows as they are now, in plain arithmetic: one entry a row.
  [[nodiscard]] Vector price() const;
  /// One step, given the minimisers' z: a row each.
  void ascend(const Matrix& z, double rate, int iteration);

 private:
  Matrix m_origin, m_rows, m_step;
  const graph::LayerBounds& m_sides;
  Adam m_adam;
};

/// The price of one row r instead of c, rounded up.
double safe_price(const Eigen::RowVectorXd& r, const Eigen::RowVectorXd& c, const graph::LayerBounds& sides);

}  // namespace secateur::bounds
