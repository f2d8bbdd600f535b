// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/price_ascent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/box_batch.hpp"
#include "secateur/graph/lower.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

using exact::Rational;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// slope'x + constant.
struct Linear {
  Vector slope;
  double constant;

  [[nodiscard]] Rational at(const Vector& x) const {
    Rational sum = constant;
    for (Index j = 0; j < x.size(); ++j) sum += Rational(slope(j)) * Rational(x(j));
    return sum;
  }
  /// The line that it is itself, its bound rounded down.
  [[nodiscard]] LowerLine line(const Box& box) const {
    Vector corner(slope.size());
    for (Index j = 0; j < slope.size(); ++j) corner(j) = slope(j) >= 0 ? box.lower(j) : box.upper(j);
    const Rational least = at(corner);
    double bound = least.get_d();
    while (Rational(bound) > least) bound = std::nextafter(bound, -infinity);
    return {slope, bound};
  }
  [[nodiscard]] Linear minus() const { return {-slope, -constant}; }
};

Linear random_linear(Index inputs, Rng& rng) {
  Linear result{Vector(inputs), rng.normal()};
  for (double& s : result.slope)
    s = rng.below(6) == 0 ? 0.0 : std::ldexp(rng.normal(), static_cast<int>(rng.below(9)) - 4);
  return result;
}

Rational value_of(const LowerLine& line, const Box& box, const Vector& x) {
  Rational sum = line.bound;
  for (Index j = 0; j < x.size(); ++j) {
    const double corner = line.slope(j) >= 0 ? box.lower(j) : box.upper(j);
    sum += Rational(line.slope(j)) * (Rational(x(j)) - Rational(corner));
  }
  return sum;
}

// In exact arithmetic, whatever the order of improvements, wherever all outputs are inside their ranges.
TEST(PriceAscent, ItsLineStaysBelowInsideTheRanges) {
  Rng rng(211);
  int inside = 0, priced = 0;
  for (int c = 0; c < 400; ++c) {
    const Index inputs = 1 + c % 5;
    const Box box = random_box(inputs, c % 3 == 0 ? 1000 : 2, rng);
    const Linear f = random_linear(inputs, rng);
    PriceAscent ascent(box, f.line(box));
    std::vector<Linear> outputs;
    std::vector<PricedRange> ranges;
    const Vector within = random_point(box, rng);
    for (Index o = 0; o < 3; ++o) {
      outputs.push_back(random_linear(inputs, rng));
      const double y = outputs.back().at(within).get_d();
      ranges.push_back({{o, rng.below(3) == 0 ? -infinity : y - 1e-3 - rng.uniform(),
                         rng.below(3) == 0 ? infinity : y + 1e-3 + rng.uniform()}});
    }
    double before = ascent.sum().bound;
    for (int sweep = 0; sweep < 3; ++sweep) {
      for (std::size_t k = 0; k < 3; ++k) {
        auto& [range, price] = ranges[k];
        price = ascent.improve(range, price, outputs[k].line(box), outputs[k].minus().line(box));
        ASSERT_TRUE(price <= 0 || std::isfinite(range.upper));
        ASSERT_TRUE(price >= 0 || std::isfinite(range.lower));
        priced += price != 0;
        EXPECT_GE(ascent.sum().bound, before - 1e-9 * (1 + std::abs(before)));
        before = ascent.sum().bound;
      }
    }
    for (int s = 0; s < 40; ++s) {
      const double share = rng.uniform();
      const Vector x = s == 0 ? within : Vector(within + share * (random_point(box, rng) - within));
      if (!box.contains(x)) continue;
      const bool all = std::ranges::all_of(ranges, [&](const PricedRange& each) {
        const Rational y = outputs[static_cast<std::size_t>(each.range.output)].at(x);
        return (std::isinf(each.range.lower) || y >= Rational(each.range.lower)) &&
               (std::isinf(each.range.upper) || y <= Rational(each.range.upper));
      });
      if (!all) continue;
      ++inside;
      ASSERT_LE(value_of(ascent.sum(), box, x), f.at(x));
    }
  }
  EXPECT_GT(inside, 2000);
  EXPECT_GT(priced, 500);
}

// With one constraint the best price gives the optimum of the linear program, a fractional knapsack.
TEST(PriceAscent, OneRangeIsSolvedToTheOptimum) {
  Rng rng(213);
  int binding = 0;
  for (int c = 0; c < 300; ++c) {
    const Index inputs = 1 + c % 6;
    const Box box = random_box(inputs, 2, rng);
    const Linear f = random_linear(inputs, rng), y = random_linear(inputs, rng);
    const bool upper = c % 2 == 0;
    const Linear g = upper ? y : y.minus();  // g <= side
    const double side = g.at(random_point(box, rng)).get_d() + 1e-6;
    const OutputRange range{0, upper ? -infinity : -side, upper ? side : infinity};
    PriceAscent ascent(box, f.line(box));
    const double price = ascent.improve(range, 0, y.line(box), y.minus().line(box));
    // From f's best corner, what lowers g at the least cost first.
    Vector x(inputs);
    for (Index j = 0; j < inputs; ++j) x(j) = f.slope(j) >= 0 ? box.lower(j) : box.upper(j);
    std::vector<Index> order;
    for (Index j = 0; j < inputs; ++j) {
      if (f.slope(j) * g.slope(j) < 0) order.push_back(j);
      if (f.slope(j) == 0) x(j) = g.slope(j) >= 0 ? box.lower(j) : box.upper(j);
    }
    std::ranges::sort(order, {}, [&](Index j) { return std::abs(f.slope(j) / g.slope(j)); });
    for (const Index j : order) {
      const double excess = g.at(x).get_d() - side;
      if (excess <= 0) break;
      ++binding;
      const double step = std::min(box.upper(j) - box.lower(j), excess / std::abs(g.slope(j)));
      x(j) += g.slope(j) > 0 ? -step : step;
    }
    const double optimum = f.at(x).get_d();
    EXPECT_NEAR(ascent.sum().bound, optimum, 1e-9 * (1 + std::abs(optimum) + f.slope.cwiseAbs().sum())) << c;
    EXPECT_TRUE(price == 0 || (price > 0) == upper);
  }
  EXPECT_GT(binding, 100);
}

/// A batch of a network with three outputs, its first target priced; every row wanted.
class PricedBatch : public testing::TestWithParam<Isa> {};

TEST_P(PricedBatch, LinesOfAllTargetsHoldInExactArithmetic) {
  Rng rng(217);
  for (int c = 0; c < 30; ++c) {
    const Index inputs = 1 + c % 5;
    const nn::Network network = random_network(
        {.widths = {inputs, 9, 7, 6, 3}, .density = c % 2 == 0 ? 1.0 : 0.5, .exponent_spread = c % 4}, rng);
    const Box box = random_box(inputs, c % 3 == 0 ? 1000 : 2, rng);
    const graph::ReluGraph graph = graph::lower(network, box);
    const Vector objective{{rng.normal(), 0.0, rng.normal()}};
    const Folded folded = fold(graph, box, crown(graph, box), objective);
    std::vector<PricedRange> ranges;
    for (Index o = 0; o < 3; ++o) {
      ranges.push_back({{o, -rng.uniform(), rng.uniform()}, c == 0 ? 0.0 : std::ldexp(rng.normal(), c % 7 - 3)});
    }
    BoxBatch space;
    CrownBatch batch = space.prepare(folded);
    std::fill(space.wanted.begin(), space.wanted.end(), 1);
    std::vector<Box> parts;
    for (Index p = 0; p < crown_lanes; ++p) {
      const Vector from = random_point(box, rng), to = random_point(box, rng);
      const Vector end = from + std::ldexp(1.0, -3 * static_cast<int>(p)) * (to - from);
      parts.push_back({from.cwiseMin(end).cwiseMax(box.lower), from.cwiseMax(end).cwiseMin(box.upper)});
      space.set_box(p, parts.back());
      for (Index r = 0; r < folded.rows(); ++r) {
        const auto at = static_cast<std::size_t>(r * crown_lanes + p);
        const bool unit = r < folded.units();
        space.lower[at] = unit ? folded.lower(folded.unit[static_cast<std::size_t>(r)]) : -infinity;
        space.upper[at] = unit ? folded.upper(folded.unit[static_cast<std::size_t>(r)]) : infinity;
      }
    }
    const double shift = space.set_prices(folded, batch, ranges);
    Rational sides = 0;
    for (const auto& [range, price] : ranges)
      sides += Rational(price) * Rational(price > 0 ? range.upper : range.lower);
    ASSERT_GE(Rational(shift), sides);
    EXPECT_NEAR(shift, sides.get_d(), 1e-12 * (1 + std::abs(shift)));
    bound_kernels(GetParam()).crown(batch);
    const auto line = [&](Index number, Index lane) {
      LowerLine result;
      space.line(number, lane, result);
      return result;
    };
    for (Index p = 0; p < crown_lanes; ++p) {
      const Box& part = parts[static_cast<std::size_t>(p)];
      for (int s = 0; s < 6; ++s) {
        Vector x = random_point(part, rng);
        if (s % 2 == 0) x = (x.array() < 0).select(part.lower, part.upper);
        const exact::Point y = exact::preactivations(network, exact::point(x)).back();
        Rational first = 0;
        for (Index o = 0; o < 3; ++o) {
          const Rational& value = y[static_cast<std::size_t>(o)];
          first += (Rational(objective(o)) + Rational(ranges[static_cast<std::size_t>(o)].price)) * value;
          ASSERT_LE(value_of(line(2 * o + 2, p), part, x), value);
          ASSERT_LE(value_of(line(2 * o + 3, p), part, x), -value);
        }
        ASSERT_LE(value_of(line(0, p), part, x), first);
        ASSERT_LE(value_of(line(1, p), part, x), -first);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, PricedBatch, testing::ValuesIn(available_isas()),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace secateur::bounds
