// SPDX-License-Identifier: Apache-2.0
// The tableau with pending exchanges against one that every exchange changes at once.
#include "secateur/lp/tableau.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "secateur/core/matrix.hpp"
#include "secateur/core/rng.hpp"

namespace secateur::lp {
namespace {

struct Pair {
  Matrix dense;
  Tableau tableau;

  Pair(Index rows, Index columns, Rng& rng) : dense(0, columns), tableau(static_cast<int>(columns)) {
    for (Index r = 0; r < rows; ++r) append({}, rng);
  }
  void append(const std::vector<std::pair<int, double>>& multiples, Rng& rng) {
    std::vector<double> entries;
    for (Index j = 0; j < dense.cols(); ++j) entries.push_back(rng.normal());
    tableau.append(entries, multiples);
    dense.conservativeResize(dense.rows() + 1, dense.cols());
    for (Index j = 0; j < dense.cols(); ++j) dense(dense.rows() - 1, j) = entries[static_cast<std::size_t>(j)];
    for (const auto& [r, multiple] : multiples) dense.row(dense.rows() - 1) -= multiple * dense.row(r).eval();
  }
  void exchange(int r, int slot) {
    std::vector<double> row, column;
    tableau.row(r, row);
    tableau.column(slot, column);
    tableau.exchange(r, slot, row, column);
    const double pivot = dense(r, slot);
    const Vector factors = dense.col(slot);
    dense.row(r) /= pivot;
    dense(r, slot) = 1 / pivot;
    for (Index k = 0; k < dense.rows(); ++k) {
      if (k == r) continue;
      dense(k, slot) = 0;
      dense.row(k) -= factors(k) * dense.row(r);
    }
  }
  void agree() const {
    ASSERT_EQ(tableau.rows(), dense.rows());
    std::vector<double> entries;
    const double small = 1e-9 * (1 + dense.cwiseAbs().maxCoeff());
    for (int r = 0; r < tableau.rows(); ++r) {
      tableau.row(r, entries);
      for (Index j = 0; j < dense.cols(); ++j) ASSERT_NEAR(entries[static_cast<std::size_t>(j)], dense(r, j), small);
    }
    for (int j = 0; j < dense.cols(); ++j) {
      tableau.column(j, entries);
      for (Index r = 0; r < dense.rows(); ++r) ASSERT_NEAR(entries[static_cast<std::size_t>(r)], dense(r, j), small);
    }
    std::vector<double> vector(static_cast<std::size_t>(dense.cols()), 0.0);
    vector[1] = 2;
    vector[3] = -1;
    tableau.product({1, 3}, vector, entries);
    const Vector expected = 2 * dense.col(1) - dense.col(3);
    for (Index r = 0; r < dense.rows(); ++r) ASSERT_NEAR(entries[static_cast<std::size_t>(r)], expected(r), 4 * small);
    if (tableau.pending() > 0) return;
    for (int r = 0; r < tableau.rows(); ++r) {
      ASSERT_NEAR(tableau.norm(r), dense.row(r).squaredNorm(), small * (1 + dense.row(r).squaredNorm()));
    }
  }
};

TEST(Tableau, ReadsTheSameWhateverIsPending) {
  Rng rng(1);
  Pair both(70, 13, rng);
  for (int step = 0; step < 20; ++step) {
    SCOPED_TRACE(step);
    const auto r = static_cast<int>(rng.below(static_cast<std::uint64_t>(both.tableau.rows())));
    Index slot = 0;
    both.dense.row(r).cwiseAbs().maxCoeff(&slot);
    both.exchange(r, static_cast<int>(slot));
    both.agree();
    if (step == 5) both.append({{3, 0.5}, {r, -2}}, rng);
    if (step == 9) both.tableau.apply();
    if (step == 12) {
      std::vector<char> keep(static_cast<std::size_t>(both.tableau.rows()), 1);
      keep[0] = keep[7] = 0;
      both.tableau.keep(keep);
      Matrix left(both.dense.rows() - 2, both.dense.cols());
      left << both.dense.middleRows(1, 6), both.dense.bottomRows(both.dense.rows() - 8);
      both.dense = left;
    }
    both.agree();
  }
}

/// Blocks of rows and columns: most exchanges change nothing of most rows, whole vectors of them included.
TEST(Tableau, ReadsTheSameWhereItIsSparse) {
  constexpr Index blocks = 5, height = 20, width = 9;
  Rng rng(3);
  Pair both(blocks * height, blocks * width, rng);
  both.tableau = Tableau(static_cast<int>(blocks * width));
  for (Index r = 0; r < both.dense.rows(); ++r) {
    std::vector<double> entries;
    for (Index j = 0; j < both.dense.cols(); ++j) {
      if (r / height != j / width) both.dense(r, j) = 0;
      entries.push_back(both.dense(r, j));
    }
    both.tableau.append(entries, {});
  }
  for (int step = 0; step < 50; ++step) {
    SCOPED_TRACE(step);
    const auto r = static_cast<int>(rng.below(static_cast<std::uint64_t>(both.tableau.rows())));
    Index slot = 0;
    both.dense.row(r).cwiseAbs().maxCoeff(&slot);
    both.exchange(r, static_cast<int>(slot));
    if (both.tableau.pending() >= (step < 20 ? 3 : 16)) both.tableau.apply();
    both.agree();
    if (step % 20 == 10) both.append({{3, 0.5}, {50, -2}}, rng);
  }
}

TEST(Tableau, CopiesGoTheirOwnWays) {
  Rng rng(2);
  Pair first(9, 6, rng);
  first.exchange(2, 3);
  Pair second = first;
  second.exchange(4, 0);
  second.tableau.apply();
  second.append({{1, 1.5}}, rng);
  first.agree();
  first.exchange(5, 1);
  first.tableau.apply();
  first.agree();
  second.agree();
}

}  // namespace
}  // namespace secateur::lp
