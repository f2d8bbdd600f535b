// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "secateur/core/matrix.hpp"

namespace secateur::model {

/// The geometry behind model::Trust. Points are rows of a matrix, in units in which every coordinate spans about 1.

/// The point of a convex hull that is nearest to a target, as a combination of rows.
struct HullPoint {
  std::vector<Index> rows;      ///< those with a weight, at most one more than there are coordinates
  std::vector<double> weights;  ///< of these rows: not negative, their sum is 1
  Vector residual;              ///< target minus the point
  double distance = 0;          ///< Euclidean length of the residual
};

/// The Euclidean projection onto the convex hull of the rows (Wolfe 1976). At least one row.
HullPoint nearest_in_hull(const Matrix& points, const Vector& target);

/// The largest amount by which some direction w, sum |w_j| <= 1, separates the target from all rows: max w'target -
/// max_i w'row_i, which by duality is the distance to the hull in the maximum norm. 0 inside. A linear program over w
/// alone, whose rows are added as they are violated, so that its size does not follow the number of points.
double separation_from_hull(const Matrix& points, const Vector& target);

/// Rows that span the hull.
struct Extremes {
  std::vector<Index> rows;
  /// Every row is known to lie in the hull of these; otherwise their hull is an inner approximation.
  bool exact = false;
};

/// At most `most` of the rows: first those that are extreme in many of a set of random directions, then, while there is
/// room, one for every row that lies outside the hull so far (Clarkson 1994). Deterministic by seed.
Extremes extreme_rows(const Matrix& points, Index most, std::uint64_t seed);

/// Rows such that every row is near one of them.
struct Cover {
  std::vector<Index> rows;
  double radius = 0;  ///< the largest distance of a row to the nearest of them, in the maximum norm
};

/// At most `most` rows by farthest-point traversal (Gonzalez 1985), whose radius is at most twice the least possible.
Cover covering_rows(const Matrix& points, Index most);

/// The distance of each of at most `most` rows, evenly spaced, to its nearest other row, Euclidean and in the maximum
/// norm, each ascending. At least two rows.
struct Neighbours {
  std::vector<double> euclidean, maximum;
};
Neighbours neighbours(const Matrix& points, Index most);

}  // namespace secateur::model
