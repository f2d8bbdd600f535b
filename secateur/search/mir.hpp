// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "secateur/search/cut_form.hpp"

namespace secateur::search {

/// A cut, and how far it cuts off the point that it was made for: the violation over the length of its coefficients.
struct Cut {
  lp::Inequality row;
  double efficacy = 0;
};

/// Complemented mixed-integer rounding (Marchand & Wolsey 2001) of aggregations of a form's rows, in real arithmetic.
///
/// An aggregation sum_i lambda_i (A_i x + s_i) = sum_i lambda_i side_i, s_i >= 0 the slacks, lambda of any sign, holds
/// at every point. Slacks come in pairs that bound each other: those of a >= z and a <= z - l (1 - delta) add up to -l
/// (1 - delta), and a and the slack of a <= u delta to u delta. Of each pair the member that is further from zero at
/// the point is replaced by the other one, which takes no more than another lambda. Continuous columns and slacks with
/// a positive coefficient are dropped, the others are kept in S >= 0. What is left, over a divisor t > 0 and with the
/// binaries of C complemented,
///
///     sum_j g_j d_j - S <= beta      gives      sum_j F(g_j / t) d_j - S / (t (1 - f0)) <= floor(beta / t)
///
/// with f0 the fraction of beta / t and F(v) = floor(v) + max(0, frac(v) - f0) / (1 - f0).
///
/// Safe against rounding (compare Cook, Dash, Fukasawa & Goycoolea 2009): computed coefficients stand for exact ones
/// after their errors, times the size of their columns, have been added to the right-hand side; g / t is rounded down
/// and beta / t up to multiples of 2^-40, from which all fractions are exact; F is rounded down, since d >= 0, and
/// multipliers of S up, since S >= 0.
class Mir {
 public:
  explicit Mir(const Form& form);

  /// The point to be cut off; it has to stay alive.
  void set_point(const std::vector<double>& x);
  /// Adds up rows by their multipliers.
  void aggregate(const std::vector<std::pair<int, double>>& multipliers);
  /// The best cut of the last aggregation times `sign`, 1 or -1, if one cuts off the point.
  std::optional<Cut> round(double sign);
  [[nodiscard]] double slack(int row) const { return m_slack[static_cast<std::size_t>(row)]; }

 private:
  struct Binary {
    int column;
    double coefficient, at;  ///< after complementing
    bool complemented;
  };
  /// Of a column: its coefficient, and the sum of the absolute values that it was added up from.
  struct Sum {
    double value = 0, weight = 0;
  };
  [[nodiscard]] double violation(double divisor, double beta) const;
  [[nodiscard]] std::optional<Cut> safe_cut(double divisor, double beta);

  const Form& m_form;
  const std::vector<double>* m_x = nullptr;
  std::vector<double> m_slack;
  std::vector<double> m_lambda;  ///< by rows; zero but for m_rows
  std::vector<int> m_rows;
  std::vector<char> m_row_seen;
  std::vector<Sum> m_sum, m_cut;  ///< of the aggregation and of a cut, by columns; zero but for those listed
  std::vector<int> m_columns, m_cut_columns;
  std::vector<Binary> m_binaries;
  std::vector<std::pair<int, double>> m_kept_slacks;  ///< rows and |lambda|
  struct Kept {
    int column;
    double coefficient;  ///< > 0, of the distance to a bound
    bool from_upper;
  };
  std::vector<Kept> m_kept;
  double m_side = 0, m_error = 0;  ///< the aggregation's right-hand side, and what all its rounding comes to at most
  double m_rest = 0;               ///< S at the point
  std::vector<double> m_tried;
  std::vector<std::size_t> m_order;
};

}  // namespace secateur::search
