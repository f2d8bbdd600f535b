// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/search/cut_form.hpp"

namespace secateur::search {

/// A form's linear relaxation, of which the tableau holds the rows that have been violated only: most slacks are basic
/// and far from zero, and every row that is left out makes an exchange cheaper. With fewer rows a bound is still valid.
class CutProgram {
 public:
  CutProgram() = default;
  /// Of the form as it is; the form has to stay where it is, rows may be appended.
  explicit CutProgram(const Form& form);

  void set_bounds(const std::vector<double>& lower, const std::vector<double>& upper) {
    m_simplex.set_bounds(lower, upper);
  }
  /// `trial`: the rows of the tableau alone.
  lp::SimplexEnd solve(double cutoff, int budget, bool trial = false);
  void refactor() { m_simplex.refactor(m_form->rows); }
  [[nodiscard]] lp::Basis basis() const { return m_simplex.basis(); }
  /// Goes to another program's basis.
  void go_to(const lp::Basis& basis);
  /// Takes every row whose slack is basic out of the tableau if it has more than so many rows.
  void shed(int most);
  [[nodiscard]] const lp::DualSimplex& simplex() const { return m_simplex; }
  /// Proven bound of the objective over the bounds with what the last run ended with; infinite: there is no point.
  [[nodiscard]] double proven(lp::SimplexEnd end, const std::vector<double>& lower, const std::vector<double>& upper);

 private:
  bool add_violated();

  const Form* m_form = nullptr;
  lp::DualSimplex m_simplex;
  std::vector<char> m_in;
  std::vector<double> m_x, m_y;
  std::vector<std::pair<double, int>> m_violated;
};

}  // namespace secateur::search
