// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "secateur/lp/dual_simplex.hpp"
#include "secateur/search/network.hpp"
#include "secateur/search/sign_propagation.hpp"

namespace secateur::search {

/// A folded network as a mixed-integer program in inputs x, activations a and binaries delta, one of each kind a unit
/// (delta = 1: z >= 0, delta = 0: z <= 0, where z = w'v + bias + e, |e| <= error):
///
///     a >= z,    a <= z - l (1 - delta),    a <= u delta
///
/// as inequalities over the columns x, a, delta, in which `error` has been added to the sides: every point of the box
/// satisfies them in real arithmetic, with a = max(0, z) and the delta of its sign. Rows 3 i .. 3 i + 2 are unit i's,
/// then come the ranges of outputs, then cuts.
struct Form {
  std::shared_ptr<const Network> network;
  std::vector<Range> ranges;
  int inputs = 0, units = 0;
  std::vector<double> cost, lower, upper;
  std::vector<double> size;  ///< at least the absolute value of each column
  lp::Inequalities rows;
  int formulation_rows = 0;                ///< those that are no cuts
  double offset = 0, objective_error = 0;  ///< objective = cost'x + offset + e, |e| <= objective_error

  [[nodiscard]] int columns() const { return static_cast<int>(cost.size()); }
  [[nodiscard]] int activation(int unit) const { return inputs + unit; }
  [[nodiscard]] int binary(int unit) const { return inputs + units + unit; }
  [[nodiscard]] bool is_binary(int column) const { return column >= inputs + units; }
  /// Columns' bounds from those of inputs and preactivations.
  void column_bounds(const SignBounds& bounds, std::vector<double>& lower, std::vector<double>& upper) const;
  /// The columns' values of a point, by a forward pass in plain arithmetic, and its objective.
  double complete(const double* x, std::vector<double>& columns) const;
};

/// `bounds`: of inputs and preactivations of the folded units, valid wherever the form is used.
Form make_form(std::shared_ptr<const Network> network, const std::vector<Range>& ranges, const SignBounds& bounds);

/// The same for a part of what the form is about, by its bounds; without cuts.
Form form_within(const Form& form, const SignBounds& bounds);

/// A lower bound of the objective over the rows' points inside the bounds, in real arithmetic, for any multipliers y >=
/// 0 (entries below zero count as zero):
///
///     cost'x  >=  cost'x + y'(A x - side)  >=  sum_j min over the bounds of (cost + A'y)_j x_j - y'side
///
/// (Neumaier & Shcherbina 2004). Every column j takes part with at most rows + 1 additions, the sum with rows +
/// columns, so the rounding is at most (2 (rows + columns) + 16) u times the sum of all absolute values, those of
/// columns times size_j. Without `objective` it is about the zero objective: above zero, no point is left (Farkas).
double proven_bound(const Form& form, const std::vector<double>& y, const std::vector<double>& lower,
                    const std::vector<double>& upper, bool objective = true);

}  // namespace secateur::search
