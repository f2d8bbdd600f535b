// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "secateur/core/box.hpp"
#include "secateur/lp/conflict.hpp"
#include "secateur/lp/model.hpp"

namespace secateur::lp {

struct PropagationSettings {
  /// Rows are visited at most this many times their number.
  int rounds = 20;
  /// A bound that moves by less than this share of the column's width is kept, but its rows are not visited again.
  double least_gain = 1e-3;
};

struct Propagation {
  Box columns;  ///< where every feasible point lies; entries may be infinite. After a conflict: as far as it got
  std::optional<Conflict> conflict;
  std::int64_t visits = 0;  ///< rows looked at
  int tightened = 0;        ///< bounds, out of two a column, that are now tighter than at the start
};

/// Feasibility-based bound tightening (Savelsbergh 1994): every row lower <= sum a_j x_j <= upper bounds each of its
/// columns by what the others leave,
///
///     a_k x_k  <=  upper - sum_{j != k} min(a_j x_j),        a_k x_k  >=  lower - sum_{j != k} max(a_j x_j),
///
/// and integer columns are rounded inwards; rows are visited again while the bounds of their columns move. All bounds
/// hold in real arithmetic for the stored numbers: the error of every sum is carried along operation by operation and
/// is zero where nothing rounds, so that integer data give integer bounds. A conflict proves that the model has no
/// feasible point. Throws std::invalid_argument as check() does, or when `start` has another size or a NaN.
Propagation propagate(const Model& model, const PropagationSettings& settings = {});
/// The same from these bounds of the columns instead of the model's.
Propagation propagate(const Model& model, const Box& start, const PropagationSettings& settings = {});

}  // namespace secateur::lp
