// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/safe_bound.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "secateur/core/rng.hpp"
#include "secateur/lp/propagation.hpp"
#include "secateur/lp/session.hpp"
#include "support/exact.hpp"

namespace secateur::lp {
namespace {

using exact::Rational;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The dual function of the relaxation in exact arithmetic, for the minimum of sign * cost: nothing where it is minus
/// infinity. Multipliers that need an infinite side count as zero.
std::optional<Rational> dual_function(const Model& model, const Vector& multipliers, int sign) {
  std::vector<Rational> r;
  for (const double c : model.cost) r.emplace_back(sign * Rational(c));
  Rational value = sign * Rational(model.offset);
  for (int i = 0; i < model.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    const double y = sign * multipliers(i);
    const double side = y > 0 ? model.row_lower[row] : model.row_upper[row];
    if (!std::isfinite(y) || !std::isfinite(side)) continue;
    value += Rational(y) * Rational(side);
    for (int p = model.row_start[row]; p < model.row_start[row + 1]; ++p) {
      const auto entry = static_cast<std::size_t>(p);
      r[static_cast<std::size_t>(model.column[entry])] -= Rational(y) * Rational(model.value[entry]);
    }
  }
  for (std::size_t j = 0; j < r.size(); ++j) {
    const double end = r[j] > 0 ? model.column_lower[j] : model.column_upper[j];
    if (r[j] == 0) continue;
    if (std::isinf(end)) return std::nullopt;
    value += r[j] * Rational(end);
  }
  return value;
}

/// min 2 x + 3 y with x + y >= 4, x <= 3, y <= 5: optimum 9 at (3, 1), row dual 3.
Model small() {
  Model model;
  model.add_column(0, 3, 2, false, {});
  model.add_column(0, 5, 3, false, {});
  model.add_entry(0, 1);
  model.add_entry(1, 1);
  model.close_row(4, infinity, {});
  return model;
}

TEST(SafeBound, OfAnOptimalDualIsTheOptimum) {
  Model model = small();
  EXPECT_NEAR(safe_dual_bound(model, Vector{{3}}), 9, 1e-13);
  EXPECT_LE(safe_dual_bound(model, Vector{{3}}), 9);
  model.offset = 100;
  EXPECT_NEAR(safe_dual_bound(model, Vector{{3}}), 109, 1e-12);
}

TEST(SafeBound, OfAnyOtherMultiplierIsLower) {
  const Model model = small();
  EXPECT_NEAR(safe_dual_bound(model, Vector{{2.5}}), 8.5, 1e-13);  // 10 + (-0.5) 3
  EXPECT_EQ(safe_dual_bound(model, Vector{{0}}), 0);
  // A multiplier that leans on the infinite side counts as none, as does one that is no number.
  EXPECT_EQ(safe_dual_bound(model, Vector{{-1}}), 0);
  EXPECT_EQ(safe_dual_bound(model, Vector{{std::nan("")}}), 0);
}

TEST(SafeBound, IsFromAboveWhenMaximising) {
  Model model = small();
  model.sense = Sense::maximize;
  model.row_upper[0] = 6;  // max 2 x + 3 y with x + y <= 6: 17 at (1, 5), row dual 2
  model.offset = -1;
  EXPECT_NEAR(safe_dual_bound(model, Vector{{2}}), 16, 1e-12);
  EXPECT_GE(safe_dual_bound(model, Vector{{2}}), 16);
  EXPECT_NEAR(safe_dual_bound(model, Vector{{0}}), 20, 1e-12);
}

TEST(SafeBound, NeedsTheSignOfAnUnboundedColumnForCertain) {
  Model model = small();
  model.column_upper = {infinity, infinity};
  EXPECT_NEAR(safe_dual_bound(model, Vector{{2}}), 8, 1e-13);  // r = (0, 1)
  EXPECT_EQ(safe_dual_bound(model, Vector{{std::nextafter(2, 3)}}), -infinity);
  // 0.1 * 3 is not 0.3: the product's own error decides.
  model.cost[0] = 0.3;
  model.value[0] = 3;
  EXPECT_EQ(0.3 - 3 * 0.1 < 0, true);
  EXPECT_EQ(safe_dual_bound(model, Vector{{0.1}}), -infinity);
  model.sense = Sense::maximize;
  EXPECT_EQ(safe_dual_bound(model, Vector{{0}}), infinity);
  // Free columns do not matter where no multiplier touches them and they cost nothing.
  Model free = small();
  free.add_column(-infinity, infinity, 0, false, {});
  free.add_entry(2, 1);
  free.close_row(0, 0, {});
  EXPECT_NEAR(safe_dual_bound(free, Vector{{3, 0}}), 9, 1e-13);
  EXPECT_EQ(safe_dual_bound(free, Vector{{3, 1e-300}}), -infinity);
}

TEST(SafeBound, RefusesAnotherNumberOfMultipliers) {
  EXPECT_THROW(safe_dual_bound(small(), Vector{{1, 2}}), std::invalid_argument);
  EXPECT_THROW(farkas_conflict(small(), Vector()), std::invalid_argument);
}

struct RandomModel {
  Model model;
  Vector multipliers;
};

/// Numbers over many orders of magnitude, sums that cancel, infinite sides and bounds.
RandomModel random_model(Rng& rng) {
  RandomModel random;
  Model& model = random.model;
  const std::int64_t columns = 1 + rng.below(7), rows = 1 + rng.below(7);
  const auto number = [&] { return std::ldexp(rng.normal(), static_cast<int>(rng.below(60)) - 30); };
  const bool integers = rng.below(4) == 0;
  const auto entry = [&] { return integers ? static_cast<double>(rng.below(7)) - 3 : number(); };
  random.multipliers.resize(rows);
  for (std::int64_t i = 0; i < rows; ++i) random.multipliers(i) = rng.below(4) == 0 ? 0 : entry();
  std::vector<double> sums(static_cast<std::size_t>(columns), 0.0);
  Model rows_only;
  for (std::int64_t j = 0; j < columns; ++j) {
    const double a = number(), b = number();
    const bool open = rng.below(5) == 0;
    model.add_column(open && rng.below(2) == 0 ? -infinity : std::min(a, b),
                     open && rng.below(2) == 0 ? infinity : std::max(a, b), 0, false, {});
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (int j = 0; j < model.columns(); ++j) {
      if (rng.below(3) == 0) continue;
      const double a = entry();
      model.add_entry(j, a);
      sums[static_cast<std::size_t>(j)] += random.multipliers(i) * a;
    }
    const double a = number(), b = number();
    model.close_row(rng.below(4) == 0 ? -infinity : std::min(a, b), rng.below(4) == 0 ? infinity : std::max(a, b), {});
  }
  // Costs that the multipliers all but cancel, as those of an optimal basis do.
  for (std::size_t j = 0; j < sums.size(); ++j) model.cost[j] = rng.below(3) == 0 ? entry() : sums[j];
  model.offset = rng.below(2) == 0 ? 0 : number();
  model.sense = rng.below(2) == 0 ? Sense::minimize : Sense::maximize;
  return random;
}

/// The same sum in plain arithmetic.
double plain_bound(const Model& model, const Vector& multipliers, double sign) {
  std::vector<double> r;
  for (const double c : model.cost) r.push_back(sign * c);
  double value = sign * model.offset;
  for (int i = 0; i < model.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    const double y = sign * multipliers(i);
    const double side = y > 0 ? model.row_lower[row] : model.row_upper[row];
    if (!std::isfinite(side)) continue;
    value += y * side;
    for (int p = model.row_start[row]; p < model.row_start[row + 1]; ++p) {
      const auto entry = static_cast<std::size_t>(p);
      r[static_cast<std::size_t>(model.column[entry])] -= y * model.value[entry];
    }
  }
  for (std::size_t j = 0; j < r.size(); ++j) {
    if (r[j] != 0) value += r[j] * (r[j] > 0 ? model.column_lower[j] : model.column_upper[j]);
  }
  return value;
}

TEST(SafeBound, IsBelowTheExactDualFunctionAndNotByMuch) {
  Rng rng(11);
  int finite = 0, plain_is_wrong = 0, wide = 0;
  for (int c = 0; c < 6000; ++c) {
    const auto [model, multipliers] = random_model(rng);
    const int sign = model.sense == Sense::minimize ? 1 : -1;
    const double bound = sign * safe_dual_bound(model, multipliers);
    const std::optional<Rational> exact = dual_function(model, multipliers, sign);
    if (!exact) {
      ASSERT_EQ(bound, -infinity) << c;
      continue;
    }
    if (bound == -infinity) continue;
    ++finite;
    ASSERT_LE(Rational(bound), *exact) << c;
    plain_is_wrong += Rational(plain_bound(model, multipliers, sign)) > *exact;
    wide += exact->get_d() - bound > 1e-6 * std::abs(exact->get_d());
  }
  EXPECT_GT(finite, 3000);
  EXPECT_GT(plain_is_wrong, 1000);
  EXPECT_LT(wide, finite / 5);  // some sums cancel all but their rounding errors
}

// The bound is about the optimum: it is compared with exact objective values of points that satisfy the rows exactly,
// by construction, with sides that leave no room.
TEST(SafeBound, IsBelowEveryFeasiblePoint) {
  Rng rng(12);
  const auto session = make_session();
  int tight = 0, runs = 0;
  for (int c = 0; c < 300; ++c) {
    Model model;
    Vector x(5);
    for (double& v : x) v = 10 * rng.normal();
    for (const double v : x) {
      model.add_column(rng.below(2) == 0 ? v : v - 1, rng.below(2) == 0 ? v : v + 1, rng.normal(), false, {});
    }
    for (int r = 0; r < 4; ++r) {
      Rational value = 0;
      for (int j = 0; j < 5; ++j) {
        const double a = rng.normal();
        model.add_entry(j, a);
        value += Rational(a) * Rational(x(j));
      }
      double lower = value.get_d(), upper = lower;
      while (Rational(lower) > value) lower = std::nextafter(lower, -infinity);
      while (Rational(upper) < value) upper = std::nextafter(upper, infinity);
      const auto kind = rng.below(3);
      model.close_row(kind == 0 ? -infinity : lower, kind == 1 ? infinity : upper, {});
    }
    model.sense = c % 2 == 0 ? Sense::minimize : Sense::maximize;
    session->load(model);
    const Outcome outcome = session->run();
    ASSERT_EQ(outcome.status, Status::optimal);
    if (outcome.row_dual.size() == 0) continue;
    ++runs;
    const double bound = safe_dual_bound(model, outcome.row_dual);
    Rational at_x = 0;
    for (int j = 0; j < 5; ++j) at_x += Rational(model.cost[static_cast<std::size_t>(j)]) * Rational(x(j));
    if (model.sense == Sense::minimize) {
      ASSERT_LE(Rational(bound), at_x);
    } else {
      ASSERT_GE(Rational(bound), at_x);
    }
    tight += std::abs(bound - *outcome.objective) < 1e-9 * std::max(1.0, std::abs(bound));
  }
  EXPECT_GT(runs, 250);
  EXPECT_EQ(tight, runs);
}

/// x + y >= 3, x - y <= -2 in [0, 2]^2 is empty: (1, -1): 2 y >= 5 against y <= 2.
Model empty() {
  Model model;
  model.add_column(0, 2, 1, false, {});
  model.add_column(0, 2, -1, false, {});
  model.add_column(0, 2, 7, false, {});
  const auto row = [&](double lower, std::initializer_list<std::pair<int, double>> terms, double upper) {
    for (const auto& [column, value] : terms) model.add_entry(column, value);
    model.close_row(lower, upper, {});
  };
  row(3, {{0, 1}, {1, 1}}, infinity);
  row(-infinity, {{0, 1}, {1, -1}}, -2);
  row(-infinity, {{0, 1}, {2, 1}}, 3.5);
  return model;
}

TEST(Farkas, MultipliersProveThatThereIsNoPoint) {
  const auto conflict = farkas_conflict(empty(), Vector{{1, -1, 0}});
  ASSERT_TRUE(conflict);
  EXPECT_THAT(conflict->rows, ElementsAre(0, 1));
  EXPECT_THAT(conflict->bounds, ElementsAre(ColumnBound{1, true}));
  EXPECT_FALSE(farkas_conflict(empty(), Vector{{1, 0, 0}}));
  EXPECT_FALSE(farkas_conflict(empty(), Vector{{0, 0, 0}}));
  EXPECT_FALSE(farkas_conflict(small(), Vector{{1}}));
}

TEST(Farkas, AConflictIsFoundAndLeavesOutWhatHasNoPartInIt) {
  const auto conflict = find_conflict(empty());
  ASSERT_TRUE(conflict);
  EXPECT_THAT(conflict->rows, ElementsAre(0, 1));
  EXPECT_FALSE(find_conflict(small()));
  Model crossed = small();
  crossed.column_lower[1] = 6;
  EXPECT_THAT(find_conflict(crossed)->bounds, ElementsAre(ColumnBound{1, false}, ColumnBound{1, true}));
  Model row = small();
  row.row_upper[0] = 3;
  EXPECT_THAT(find_conflict(row)->rows, ElementsAre(0));
  Model none;
  none.add_column(0, 1, 0, false, {});
  EXPECT_FALSE(find_conflict(none));
}

// Where linear programming says infeasible with room to spare, a proof is found; where it finds a point, never.
TEST(Farkas, AgreesWithTheSolver) {
  Rng rng(13);
  const auto session = make_session();
  int infeasible = 0, propagated = 0;
  for (int c = 0; c < 400; ++c) {
    Model model;
    for (int j = 0; j < 5; ++j) model.add_column(c % 3 == 0 ? -infinity : -1, 1, rng.normal(), false, {});
    for (int r = 0; r < 7; ++r) {
      for (int j = 0; j < 5; ++j) {
        if (rng.below(3) != 0) model.add_entry(j, rng.normal());
      }
      const double side = rng.normal();
      model.close_row(side, rng.below(2) == 0 ? side + 0.1 : infinity, {});
    }
    std::fill(model.cost.begin(), model.cost.end(), 0.0);
    session->load(model);
    const Status status = session->run().status;
    const auto conflict = find_conflict(model);
    // Columns without a lower bound can defeat a proof by rounding.
    if (c % 3 != 0) {
      ASSERT_EQ(conflict.has_value(), status == Status::infeasible) << c;
    } else {
      ASSERT_LE(conflict.has_value(), status == Status::infeasible) << c;
    }
    if (c % 3 == 0) continue;
    infeasible += conflict.has_value();
    propagated += propagate(model).conflict.has_value();
  }
  EXPECT_GT(infeasible, 100);
  EXPECT_LT(propagated, infeasible);  // linear programming sees more
}

}  // namespace
}  // namespace secateur::lp
