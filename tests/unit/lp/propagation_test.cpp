// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/propagation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"
#include "support/exact.hpp"

namespace secateur::lp {
namespace {

using exact::Rational;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Columns of the same bounds.
Model columns(int count, double lower, double upper, bool integer = false) {
  Model model;
  for (int j = 0; j < count; ++j) model.add_column(lower, upper, 0, integer, {});
  return model;
}

void add_row(Model& model, double lower, const std::vector<std::pair<int, double>>& terms, double upper) {
  for (const auto& [column, value] : terms) model.add_entry(column, value);
  model.close_row(lower, upper, {});
}

TEST(Propagation, IntegerDataGiveIntegerBounds) {
  Model model = columns(3, 0, 10);
  add_row(model, -infinity, {{0, 1}, {1, 2}}, 8);  // x <= 8, y <= 4
  add_row(model, 3, {{2, 1}, {1, -1}}, infinity);  // z >= 3 + y >= 3
  add_row(model, 2, {{0, 2}}, infinity);           // x >= 1, so y <= 3.5
  const Propagation result = propagate(model);
  ASSERT_FALSE(result.conflict);
  EXPECT_EQ(result.columns.lower, (Vector{{1, 0, 3}}));
  EXPECT_EQ(result.columns.upper, (Vector{{8, 3.5, 10}}));
  EXPECT_EQ(result.tightened, 4);
}

TEST(Propagation, IntegerColumnsAreRoundedInwards) {
  Model model = columns(2, -0.5, 9.7, true);
  add_row(model, -infinity, {{0, 2}, {1, 3}}, 13);
  add_row(model, 0.1, {{0, 1}}, infinity);
  const Propagation result = propagate(model);
  ASSERT_FALSE(result.conflict);
  EXPECT_EQ(result.columns.lower, (Vector{{1, 0}}));
  EXPECT_EQ(result.columns.upper, (Vector{{6, 3}}));
}

TEST(Propagation, BoundsTheOneInfiniteTermAndNoneOfTwo) {
  Model model = columns(1, -infinity, infinity);
  model.add_column(0, 1, 0, false, "bounded");
  model.add_column(-infinity, infinity, 0, false, "free");
  add_row(model, 2, {{0, 1}, {1, -4}}, 3);
  add_row(model, 0, {{2, 1}, {2, 0}}, infinity);
  const Propagation one = propagate(model);
  EXPECT_EQ(one.columns.lower, (Vector{{2, 0, 0}}));
  EXPECT_EQ(one.columns.upper, (Vector{{7, 1, infinity}}));

  Model two = columns(2, -infinity, infinity);
  add_row(two, 0, {{0, 1}, {1, 1}}, 0);
  const Propagation none = propagate(two);
  EXPECT_EQ(none.tightened, 0);
  EXPECT_FALSE(none.conflict);
}

TEST(Propagation, FollowsChainsAgainstTheOrderOfTheRows) {
  Model model = columns(20, 0, 100);
  for (int j = 19; j > 0; --j) add_row(model, -infinity, {{j, 1}, {j - 1, -1}}, -1);  // x_j <= x_{j-1} - 1
  const Propagation result = propagate(model);
  ASSERT_FALSE(result.conflict);
  for (int j = 0; j < 20; ++j) {
    EXPECT_EQ(result.columns.upper(j), 100 - j);
    EXPECT_EQ(result.columns.lower(j), 19 - j);
  }
}

TEST(Propagation, StartsFromGivenBounds) {
  Model model = columns(2, -infinity, infinity);
  add_row(model, 0, {{0, 1}, {1, -1}}, 0);
  const Propagation result = propagate(model, {Vector{{-infinity, 2}}, Vector{{infinity, 5}}});
  EXPECT_EQ(result.columns.lower, (Vector{{2, 2}}));
  EXPECT_EQ(result.columns.upper, (Vector{{5, 5}}));
}

TEST(Propagation, EndsWhereBoundsConvergeForever) {
  // y <= x / 2 and x <= y: from [0, 1] both upper bounds are halved for ever.
  Model halving = columns(2, 0, 1);
  add_row(halving, -infinity, {{1, 2}, {0, -1}}, 0);
  add_row(halving, -infinity, {{0, 1}, {1, -1}}, 0);
  EXPECT_LE(propagate(halving, {.rounds = 7}).visits, 14);
  // Without an upper bound nothing says when x >= y + 1, y >= x has gone on for long enough.
  Model growing = columns(2, 0, infinity);
  add_row(growing, 1, {{0, 1}, {1, -1}}, infinity);
  add_row(growing, 0, {{1, 1}, {0, -1}}, infinity);
  const Propagation result = propagate(growing);
  EXPECT_FALSE(result.conflict);
  EXPECT_LE(result.visits, 40);
}

TEST(Conflict, NamesWhatCannotHoldTogether) {
  Model model = columns(5, 0, 10);
  add_row(model, -infinity, {{3, 1}, {4, 1}}, 5);    // no part of it
  add_row(model, 8, {{0, 1}}, infinity);             // x0 >= 8
  add_row(model, 0, {{1, 1}, {0, -1}}, infinity);    // x1 >= x0
  add_row(model, -infinity, {{1, 1}, {2, 1}}, 7.5);  // x1 <= 7.5 - x2
  const Propagation result = propagate(model);
  ASSERT_TRUE(result.conflict);
  EXPECT_THAT(result.conflict->rows, ElementsAre(1, 2, 3));
  EXPECT_THAT(result.conflict->bounds, ElementsAre(ColumnBound{2, false}));
  EXPECT_THAT(result.conflict->rows, testing::Contains(result.conflict->row));
}

TEST(Conflict, OfOneRowAndItsBounds) {
  Model model = columns(2, 0, 1);
  add_row(model, 3, {{0, 1}, {1, 1}}, infinity);
  const Propagation result = propagate(model);
  ASSERT_TRUE(result.conflict);
  EXPECT_EQ(result.conflict->row, 0);
  EXPECT_THAT(result.conflict->bounds, ElementsAre(ColumnBound{0, true}, ColumnBound{1, true}));
}

TEST(Conflict, OfAColumnByItself) {
  Model crossed = columns(1, 1, 0);
  Model between = columns(1, 0.2, 0.8, true);
  for (const Model& model : {crossed, between}) {
    const Propagation result = propagate(model);
    ASSERT_TRUE(result.conflict);
    EXPECT_EQ(result.conflict->row, -1);
    EXPECT_THAT(result.conflict->rows, IsEmpty());
    EXPECT_THAT(result.conflict->bounds, ElementsAre(ColumnBound{0, false}, ColumnBound{0, true}));
  }
}

TEST(Conflict, OfARowByItself) {
  Model model = columns(1, 0, 1);
  add_row(model, 2, {{0, 0}}, 1);
  const Propagation result = propagate(model);
  ASSERT_TRUE(result.conflict);
  EXPECT_THAT(result.conflict->rows, ElementsAre(0));
  EXPECT_THAT(result.conflict->bounds, IsEmpty());
}

TEST(Conflict, OfIntegrality) {
  for (const bool integer : {false, true}) {
    Model model = columns(2, -9, 9, integer);
    add_row(model, 5, {{0, 2}, {1, 4}}, 5.5);  // an even number
    const Propagation result = propagate(model);
    ASSERT_EQ(result.conflict.has_value(), integer);
    if (integer) {
      EXPECT_EQ(result.conflict->row, 0);
    }
  }
}

/// The exact value of a row at a point.
Rational activity(const Model& model, int row, const Vector& x) {
  Rational sum = 0;
  const auto r = static_cast<std::size_t>(row);
  for (int p = model.row_start[r]; p < model.row_start[r + 1]; ++p) {
    sum += Rational(model.value[static_cast<std::size_t>(p)]) * Rational(x(model.column[static_cast<std::size_t>(p)]));
  }
  return sum;
}
double above(const Rational& exact) {
  double d = exact.get_d();
  while (Rational(d) < exact) d = std::nextafter(d, infinity);
  return d;
}
double below(const Rational& exact) {
  double d = exact.get_d();
  while (Rational(d) > exact) d = std::nextafter(d, -infinity);
  return d;
}

/// A model whose only slack is the rounding of its sides: the rows are as tight around `x` as doubles allow, and most
/// column bounds touch it.
Model tight_around(const Vector& x, Rng& rng) {
  Model model;
  for (const double v : x) {
    const auto kind = rng.below(8);
    const double lower = kind < 3 ? v : kind == 7 ? -infinity : v - rng.uniform();
    const double upper = kind > 1 && kind < 5 ? v : kind == 6 ? infinity : v + rng.uniform();
    model.add_column(lower, upper, 0, v == std::round(v) && rng.below(2) == 0, {});
  }
  const std::int64_t rows = 1 + rng.below(8);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (int j = 0; j < model.columns(); ++j) {
      if (rng.below(3) == 0) continue;
      model.add_entry(j, std::ldexp(rng.normal(), static_cast<int>(rng.below(20)) - 10));
    }
    const int row = model.close_row(-infinity, infinity, {});
    const Rational value = activity(model, row, x);
    if (rng.below(4) != 0) model.row_upper[static_cast<std::size_t>(row)] = above(value);
    if (rng.below(4) != 0) model.row_lower[static_cast<std::size_t>(row)] = below(value);
  }
  return model;
}

// No feasible point is lost, though there is no room for a rounding error anywhere.
TEST(Propagation, KeepsEveryFeasiblePointInExactArithmetic) {
  Rng rng(5);
  int tightened = 0, pinned = 0;
  for (int c = 0; c < 3000; ++c) {
    Vector x(2 + rng.below(6));
    for (double& v : x) v = rng.below(3) == 0 ? std::round(5 * rng.normal()) : rng.normal() * 100;
    const Model model = tight_around(x, rng);
    const Propagation result = propagate(model);
    ASSERT_FALSE(result.conflict) << c;
    ASSERT_TRUE(result.columns.contains(x)) << c;
    tightened += result.tightened;
    for (Index j = 0; j < x.size(); ++j) {
      const auto column = static_cast<std::size_t>(j);
      const bool open = model.column_upper[column] - model.column_lower[column] > 1e-3;
      pinned += open && result.columns.upper(j) - result.columns.lower(j) < 1e-6;
    }
  }
  EXPECT_GT(tightened, 3000);
  EXPECT_GT(pinned, 500);  // columns that only the rows hold, with bounds a few units of rounding apart
}

/// The rows and bounds of a conflict alone.
Model restricted(const Model& model, const Conflict& conflict) {
  Model part;
  for (int j = 0; j < model.columns(); ++j) {
    const auto column = static_cast<std::size_t>(j);
    const auto has = [&](bool upper) {
      return std::find(conflict.bounds.begin(), conflict.bounds.end(), ColumnBound{j, upper}) != conflict.bounds.end();
    };
    part.add_column(has(false) ? model.column_lower[column] : -infinity,
                    has(true) ? model.column_upper[column] : infinity, 0, model.integer[column], {});
  }
  for (const int row : conflict.rows) {
    const auto r = static_cast<std::size_t>(row);
    for (auto p = static_cast<std::size_t>(model.row_start[r]); p < static_cast<std::size_t>(model.row_start[r + 1]);
         ++p) {
      part.add_entry(model.column[p], model.value[p]);
    }
    part.close_row(model.row_lower[r], model.row_upper[r], {});
  }
  return part;
}

TEST(Conflict, IsInfeasibleByItselfAndSmall) {
  Rng rng(6);
  const auto session = make_session();
  int conflicts = 0, integer_conflicts = 0;
  std::size_t rows = 0, all_rows = 0;
  for (int c = 0; c < 600; ++c) {
    Model model = columns(6, -1, 1, c % 3 == 0);
    for (int r = 0; r < 7; ++r) {
      for (int j = 0; j < 6; ++j) {
        if (rng.below(2) == 0) model.add_entry(j, static_cast<double>(rng.below(9)) - 4);
      }
      const double side = static_cast<double>(rng.below(13)) - 4;
      model.close_row(side, rng.below(2) == 0 ? side : infinity, {});
    }
    const Propagation result = propagate(model);
    if (!result.conflict) continue;
    ++conflicts;
    integer_conflicts += c % 3 == 0;
    const Model part = restricted(model, *result.conflict);
    session->load(part);
    ASSERT_EQ(session->run().status, Status::infeasible) << c;
    rows += result.conflict->rows.size();
    all_rows += static_cast<std::size_t>(model.rows());
  }
  EXPECT_GT(conflicts - integer_conflicts, 100);
  EXPECT_GT(integer_conflicts, 50);
  EXPECT_LT(2 * rows, all_rows);
}

TEST(Propagation, SurvivesNumbersThatOverflow) {
  Model model = columns(2, -1e200, 1e200);
  add_row(model, -infinity, {{0, 1e200}, {1, 1}}, 5);
  add_row(model, 5, {{0, -1e300}, {1, -1e300}}, infinity);
  const Propagation result = propagate(model);
  EXPECT_FALSE(result.conflict);
  EXPECT_TRUE(result.columns.contains(Vector{{-1, 0}}));
}

TEST(Propagation, RefusesWhatIsNoModel) {
  Model model = columns(2, 0, 1);
  EXPECT_THROW(propagate(model, {Vector{{0}}, Vector{{1}}}), std::invalid_argument);
  EXPECT_THROW(propagate(model, {Vector{{0, std::nan("")}}, Vector{{1, 1}}}), std::invalid_argument);
  model.add_entry(2, 1);
  model.close_row(0, 1, {});
  EXPECT_THROW(propagate(model), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::lp
