// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace secateur::lp {

/// A dense simplex tableau T, of one row a basic variable and one column ("slot") a nonbasic one, to which exchanges
/// are applied several at a time. Exchanging the variables of row r and slot q with pivot p = T_rq makes of it
///
///     T - g h',    g = T e_q - e_r,    h = T' e_r / p, but h_q = 1 + 1 / p,
///
/// a change of rank one. A run of the simplex method reads one row and one column an exchange; so the matrix is left
/// as it is, and what is read takes the pending changes into account,
///
///     T_rj = base_rj - sum_t g_t,r h_t,j,
///
/// until there are so many that changing all of it at once pays: then each entry is loaded and stored once for all of
/// them. Copies share the matrix, so that trying something out costs little more than its exchanges.
///
/// The squared lengths of the rows are exact (but for rounding) whenever nothing is pending. In between the exchanged
/// row's is, and the others get the largest multiple of exchanged rows that they have received (as in Devex, Forrest &
/// Goldfarb 1992) if that is more.
class Tableau {
 public:
  static constexpr int most_pending = 32;

  Tableau() = default;
  explicit Tableau(int columns);

  [[nodiscard]] int rows() const { return m_rows; }
  [[nodiscard]] int pending() const { return m_pending; }
  [[nodiscard]] double norm(int r) const { return m_norm[static_cast<std::size_t>(r)]; }
  void row(int r, std::vector<double>& entries) const;
  void column(int slot, std::vector<double>& entries) const;
  /// The product with a vector over the slots of which the entries outside `slots` are zero.
  void product(const std::vector<int>& slots, const std::vector<double>& vector, std::vector<double>& result) const;
  /// What `row` and `column` said; there have to be fewer than most_pending pending.
  void exchange(int r, int slot, const std::vector<double>& row, const std::vector<double>& column);
  /// Changes the matrix by what is pending.
  void apply();
  /// Appends a row: entries less multiples of rows.
  void append(const std::vector<double>& entries, const std::vector<std::pair<int, double>>& multiples);
  /// Keeps the rows r with keep[r] != 0.
  void keep(const std::vector<char>& keep);

 private:
  [[nodiscard]] const double* base(int r) const { return m_base->data() + static_cast<std::ptrdiff_t>(r) * m_stride; }
  /// A matrix that no copy shares.
  void own();

  int m_rows = 0, m_columns = 0, m_pending = 0;
  std::ptrdiff_t m_stride = 0, m_height = 0;  ///< rows and columns, each rounded up, the latter with room for more
  std::shared_ptr<std::vector<double>> m_base;
  std::vector<double> m_g, m_h, m_norm;
};

}  // namespace secateur::lp
