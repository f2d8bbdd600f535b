// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "secateur/core/matrix.hpp"
#include "secateur/lp/inequalities.hpp"
#include "secateur/lp/tableau.hpp"

namespace secateur::lp {

/// What a basis comes down to: the basic columns and, as many, the names of the rows whose slacks are not basic.
/// Ascending.
struct Basis {
  std::vector<int> columns, rows;
};

/// How a run of the simplex method ended.
enum class SimplexEnd { optimal, above, infeasible, stalled };

/// A dual simplex method for small linear programs that are solved over and over with other bounds:
///
///     min cost'x    subject to    A x + s = side,    lower <= x <= upper (all finite),    s >= 0
///
/// (and s no more than the bounds at first allow).
///
/// It keeps the whole tableau B^-1 (A I) of the nonbasic variables as a dense matrix, which one exchange updates in
/// vector code: with some hundred rows and columns that takes a few microseconds, and ratio test, pricing and the
/// tableau rows that cuts come from cost nothing more. As every column has two finite bounds, every basis is dual
/// feasible once its nonbasic columns sit at the bounds that their reduced costs ask for; so a run may start from the
/// basis of any other node of a tree.
///
/// Leaving row: largest squared violation over 1 + the squared length of the tableau row, the exact steepest edge of
/// the dual in the space of all variables (Forrest & Goldfarb 1992), whose norms come with the update. Entering column:
/// bound-flipping ratio test (Koberstein 2005), the largest pivot among ties.
///
/// Plain arithmetic: what it says is a guess, and multipliers() are to be proven by safe bounds.
class DualSimplex {
 public:
  DualSimplex() = default;
  DualSimplex(std::vector<double> cost, std::vector<double> lower, std::vector<double> upper);

  /// Appends a row under a name; its slack is basic.
  void add(const RowView& row, int name);
  /// Drops the rows r with keep[r] == 0, whose slacks have to be basic; the others move up.
  void keep(const std::vector<char>& keep);
  void set_bounds(const std::vector<double>& lower, const std::vector<double>& upper);
  /// Until the optimum, until the objective is above `cutoff`, or for so many exchanges.
  SimplexEnd solve(double cutoff, int budget);
  /// Builds the tableau anew for the same basis, from the rows by their names.
  void refactor(const Inequalities& named);

  [[nodiscard]] Basis basis() const;
  /// Goes to a basis whose rows are all here, as far as its pivots allow in plain arithmetic; with one exchange for
  /// every column and slack that is not basic yet.
  void go_to(const Basis& basis);

  [[nodiscard]] int rows() const { return static_cast<int>(m_basic.size()); }
  [[nodiscard]] int columns() const { return m_columns; }
  [[nodiscard]] double objective() const { return m_objective; }
  [[nodiscard]] std::int64_t exchanges() const { return m_exchanges; }
  /// Exchanges, each times the entries of the tableau: what has been worked, whatever the machine.
  [[nodiscard]] double work() const { return m_work; }
  /// Values of the columns.
  void point(std::vector<double>& x) const;
  /// Sets the entries of the rows' names, none negative: of cost'x + y'(A x - side).
  void multipliers(std::vector<double>& y) const;
  /// After `infeasible`: the multipliers that say so, by names.
  void ray(std::vector<double>& y) const;

  [[nodiscard]] int name(int row) const { return m_name[static_cast<std::size_t>(row)]; }
  [[nodiscard]] bool slack_is_basic(int row) const {
    return m_place[static_cast<std::size_t>(m_columns) + static_cast<std::size_t>(row)] < 0;
  }
  /// Row of the tableau in which a column is basic, or -1; its coefficients of slacks, by names: the multipliers of an
  /// aggregation of the equations whose coefficient of the column is one and that of every other basic variable zero.
  [[nodiscard]] int basic_row(int column) const {
    const int place = m_place[static_cast<std::size_t>(column)];
    return place < 0 ? ~place : -1;
  }
  void aggregation(int tableau_row, std::vector<std::pair<int, double>>& multipliers) const;
  /// Reduced cost of a nonbasic column; zero for a basic one.
  [[nodiscard]] double reduced_cost(int column) const {
    const int place = m_place[static_cast<std::size_t>(column)];
    return place < 0 ? 0.0 : m_reduced[static_cast<std::size_t>(place)];
  }

 private:
  [[nodiscard]] bool is_slack(int variable) const { return variable >= m_columns; }
  [[nodiscard]] double lower(int variable) const {
    return is_slack(variable) ? 0.0 : m_lower[static_cast<std::size_t>(variable)];
  }
  [[nodiscard]] double upper(int variable) const {
    return is_slack(variable) ? m_slack_upper[static_cast<std::size_t>(variable - m_columns)]
                              : m_upper[static_cast<std::size_t>(variable)];
  }
  [[nodiscard]] double at(int slot) const {
    const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
    return m_at_upper[static_cast<std::size_t>(slot)] != 0 ? upper(variable) : lower(variable);
  }
  void prepare();
  void settle(int slot);
  [[nodiscard]] int leaving() const;
  [[nodiscard]] int entering(int r, double sign, double violation);
  void exchange(int r, int slot, double step);
  void enter(int slot, std::vector<int>& rows);
  void flip(const std::vector<int>& slots);
  void shift_values();
  void recompute_values();

  int m_columns = 0;
  Tableau m_tableau;
  std::vector<double> m_cost, m_lower, m_upper, m_value, m_reduced, m_side;
  std::vector<double> m_wide_lower, m_wide_upper,
      m_slack_upper;                                      ///< bounds at first, and what they allow a slack to be
  std::vector<int> m_basic, m_nonbasic, m_place, m_name;  ///< place of a variable: its slot, or ~row
  std::vector<char> m_at_upper;
  double m_objective = 0;
  std::int64_t m_exchanges = 0;
  double m_work = 0;
  int m_ray_row = -1;
  double m_ray_sign = 1;

  struct Candidate {
    double ratio, size;
    int slot;
  };
  std::vector<Candidate> m_candidates;
  std::vector<int> m_flips, m_index;
  std::vector<double> m_row, m_column, m_delta;
  /// In a run: +1 for a slot at its upper bound, -1 at its lower one, 0 if both are one; the distance of both bounds;
  /// bounds of the rows' basic variables.
  std::vector<double> m_turn, m_width, m_low, m_high;
};

}  // namespace secateur::lp
