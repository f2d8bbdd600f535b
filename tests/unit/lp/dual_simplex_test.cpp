// SPDX-License-Identifier: Apache-2.0
// The simplex method against HiGHS.
#include "secateur/lp/dual_simplex.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"

namespace secateur::lp {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A small linear program with finite bounds, in both forms.
struct Program {
  std::vector<double> cost, lower, upper;
  Inequalities rows;

  explicit Program(Rng& rng) {
    const auto columns = static_cast<int>(3 + rng.below(12));
    for (int j = 0; j < columns; ++j) {
      cost.push_back(rng.below(3) == 0 ? 0.0 : rng.normal());
      lower.push_back(rng.uniform(-2, 1));
      upper.push_back(lower.back() + 3 * rng.uniform());
    }
    const auto count = static_cast<int>(2 + rng.below(15));
    for (int r = 0; r < count; ++r) {
      Inequality row;
      for (int j = 0; j < columns; ++j) {
        if (rng.below(2) == 0) continue;
        row.column.push_back(j);
        row.value.push_back(rng.normal());
      }
      row.side = rng.uniform(-1.5, 1.5);
      rows.push_back(row);
    }
  }
  [[nodiscard]] Model model() const {
    Model model;
    for (std::size_t j = 0; j < cost.size(); ++j) model.add_column(lower[j], upper[j], cost[j], false, {});
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const RowView row = rows[r];
      for (std::size_t k = 0; k < row.column.size(); ++k) model.add_entry(row.column[k], row.value[k]);
      model.close_row(-infinity, row.side, {});
    }
    return model;
  }
};

TEST(DualSimplex, AgreesWithHighsThroughChangesOfBoundsAndRows) {
  int optimal = 0, infeasible = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    Program program(rng);
    DualSimplex simplex(program.cost, program.lower, program.upper);
    const std::size_t first = program.rows.size() / 2;
    for (std::size_t r = 0; r < first; ++r) simplex.add(program.rows[r], static_cast<int>(r));
    const auto wide_lower = program.lower, wide_upper = program.upper;
    for (int change = 0; change < 6; ++change) {
      if (change == 1) {
        for (std::size_t r = first; r < program.rows.size(); ++r) simplex.add(program.rows[r], static_cast<int>(r));
      }
      if (change == 3) simplex.refactor(program.rows);
      if (change == 4) {
        // Rows that are slack go and come back.
        std::vector<char> keep(program.rows.size(), 1);
        std::vector<int> gone;
        for (int r = 0; r < simplex.rows(); ++r) {
          if (!simplex.slack_is_basic(r)) continue;
          keep[static_cast<std::size_t>(r)] = 0;
          gone.push_back(simplex.name(r));
        }
        simplex.keep(keep);
        for (const int name : gone) simplex.add(program.rows[static_cast<std::size_t>(name)], name);
      }
      SCOPED_TRACE(change);
      const SimplexEnd end = simplex.solve(infinity, 1000);
      Model model = program.model();
      if (change == 0) {
        Model half = model;
        half.row_lower.resize(first);
        half.row_upper.resize(first);
        half.row_names.resize(first);
        half.row_start.resize(first + 1);
        half.column.resize(static_cast<std::size_t>(half.row_start.back()));
        half.value.resize(static_cast<std::size_t>(half.row_start.back()));
        model = half;
      }
      const auto session = make_session();
      session->load(model);
      const Outcome expected = session->run();
      if (expected.status == Status::optimal) {
        ++optimal;
        ASSERT_EQ(end, SimplexEnd::optimal);
        EXPECT_NEAR(simplex.objective(), expected.objective.value(), 1e-6);
        std::vector<double> x;
        simplex.point(x);
        double objective = 0;
        for (std::size_t j = 0; j < x.size(); ++j) objective += program.cost[j] * x[j];
        EXPECT_NEAR(objective, simplex.objective(), 1e-6);
      } else {
        ++infeasible;
        ASSERT_EQ(end, SimplexEnd::infeasible);
      }
      for (std::size_t j = 0; j < program.lower.size(); ++j) {
        program.lower[j] = wide_lower[j];
        program.upper[j] = wide_upper[j];
        if (rng.below(3) != 0) continue;
        const double at = wide_lower[j] + rng.uniform() * (wide_upper[j] - wide_lower[j]);
        (rng.below(2) == 0 ? program.lower : program.upper)[j] = at;
      }
      simplex.set_bounds(program.lower, program.upper);
    }
  }
  EXPECT_GT(optimal, 150);
  EXPECT_GT(infeasible, 100);
}

TEST(DualSimplex, GoesToAnOptimalBasisOfAnotherTableau) {
  int optimal = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Program program(rng);
    DualSimplex there(program.cost, program.lower, program.upper);
    for (std::size_t r = 0; r < program.rows.size(); ++r) there.add(program.rows[r], static_cast<int>(r));
    if (there.solve(infinity, 1000) != SimplexEnd::optimal) continue;
    ++optimal;
    const Basis basis = there.basis();
    ASSERT_EQ(basis.columns.size(), basis.rows.size());
    DualSimplex here(program.cost, program.lower, program.upper);
    for (const int r : basis.rows) here.add(program.rows[static_cast<std::size_t>(r)], r);
    here.go_to(basis);
    EXPECT_EQ(here.basis().columns, basis.columns);
    EXPECT_EQ(here.basis().rows, basis.rows);
    const std::int64_t before = here.exchanges();
    EXPECT_EQ(here.solve(infinity, 1000), SimplexEnd::optimal);
    EXPECT_EQ(here.exchanges(), before);
    EXPECT_NEAR(here.objective(), there.objective(), 1e-7 * std::max(1.0, std::abs(there.objective())));
  }
  EXPECT_GT(optimal, 40);
}

TEST(DualSimplex, StopsAboveACutoff) {
  Rng rng(3);
  for (int k = 0; k < 50; ++k) {
    const Program program(rng);
    DualSimplex simplex(program.cost, program.lower, program.upper);
    for (std::size_t r = 0; r < program.rows.size(); ++r) simplex.add(program.rows[r], static_cast<int>(r));
    const double start = simplex.objective();
    DualSimplex whole = simplex;
    if (whole.solve(infinity, 1000) != SimplexEnd::optimal || whole.objective() < start + 0.1) continue;
    EXPECT_EQ(simplex.solve(0.5 * (start + whole.objective()), 1000), SimplexEnd::above);
  }
}

}  // namespace
}  // namespace secateur::lp
