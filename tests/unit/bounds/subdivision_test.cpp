// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/subdivision.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/folded.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/nn/onnx.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

using exact::Rational;
using graph::NeuronBounds;
using graph::ReluGraph;

Rational combine(const Vector& objective, const exact::Point& outputs) {
  Rational value = 0;
  for (Index o = 0; o < objective.size(); ++o) value += Rational(objective(o)) * outputs[static_cast<std::size_t>(o)];
  return value;
}

bool inside(const NeuronBounds& tight, const NeuronBounds& loose) {
  for (std::size_t k = 0; k < tight.size(); ++k) {
    if ((tight[k].lower.array() < loose[k].lower.array()).any()) return false;
    if ((tight[k].upper.array() > loose[k].upper.array()).any()) return false;
  }
  return true;
}

/// A random network on a random box with its CROWN bounds.
struct Trial {
  nn::Network network;
  Box box;
  ReluGraph graph;
  NeuronBounds start;
  Vector objective;
};

Trial trial(Rng& rng, int number) {
  const Index inputs = 1 + number % 3;
  Trial t;
  t.network = random_network({.widths = {inputs, 8, 6, 5, 2},
                              .density = number % 2 == 0 ? 1.0 : 0.5,
                              .scaling = number % 3 == 0,
                              .exponent_spread = number % 4},
                             rng);
  t.box = random_box(inputs, 2, rng);
  t.graph = graph::lower(t.network, t.box);
  t.start = crown(t.graph, t.box);
  t.objective = Vector{{rng.normal(), number % 5 == 0 ? 0.0 : rng.normal()}};
  return t;
}

Vector sample(const Box& box, Rng& rng, int number) {
  Vector x = random_point(box, rng);
  for (Index j = 0; j < box.size(); ++j) {
    if (number % 2 == 0) x(j) = rng.below(2) == 0 ? box.lower(j) : box.upper(j);
  }
  return x;
}

/// Every preactivation of the point lies inside the bounds, in exact arithmetic.
void expect_inside(const std::vector<exact::Point>& exact, const NeuronBounds& bounds) {
  for (std::size_t k = 0; k < exact.size(); ++k) {
    for (std::size_t i = 0; i < exact[k].size(); ++i) {
      ASSERT_LE(Rational(bounds[k].lower(static_cast<Index>(i))), exact[k][i]);
      ASSERT_GE(Rational(bounds[k].upper(static_cast<Index>(i))), exact[k][i]);
    }
  }
}

TEST(Subdivision, HoldsInExactArithmeticOnTheWholeBoxWithoutACutoff) {
  Rng rng(101);
  double before = 0, after = 0;
  for (int c = 0; c < 60; ++c) {
    const Trial t = trial(rng, c);
    const Subdivision result = subdivide(t.graph, t.box, t.start, t.objective, std::numeric_limits<double>::infinity(),
                                         {.tighten = 1, .boxes = 600});
    EXPECT_FALSE(result.exhausted);
    EXPECT_EQ(result.box.lower, t.box.lower);
    EXPECT_EQ(result.box.upper, t.box.upper);
    ASSERT_TRUE(inside(result.bounds, t.start));
    for (int s = 0; s < 20; ++s) {
      const auto exact = exact::preactivations(t.network, sample(t.box, rng, s));
      expect_inside(exact, result.bounds);
      ASSERT_GE(combine(t.objective, exact.back()), Rational(result.bound));
    }
    const double size = (t.start.back().upper - t.start.back().lower).sum();
    if (size == 0) continue;  // a sparse network may be constant
    before += 1;
    after += (result.bounds.back().upper - result.bounds.back().lower).sum() / size;
  }
  EXPECT_LT(after, 0.9 * before);
}

// The cut-off is set to the exact objective of a sampled point, rounded up: that point, at the very cut-off, must stay.
TEST(Subdivision, LosesNoPointThatIsNotAboveTheCutoff) {
  Rng rng(103);
  int kept = 0, shrunk = 0;
  for (int c = 0; c < 60; ++c) {
    const Trial t = trial(rng, c);
    std::vector<std::vector<exact::Point>> points;
    std::vector<Vector> inputs;
    std::vector<Rational> values;
    for (int s = 0; s < 60; ++s) {
      inputs.push_back(sample(t.box, rng, s));
      points.push_back(exact::preactivations(t.network, inputs.back()));
      values.push_back(combine(t.objective, points.back().back()));
    }
    const Rational best = *std::min_element(values.begin(), values.end());
    double cutoff = best.get_d();  // truncates
    if (Rational(cutoff) < best) cutoff = std::nextafter(cutoff, std::numeric_limits<double>::infinity());
    const Subdivision result = subdivide(t.graph, t.box, t.start, t.objective, cutoff, {.tighten = 1, .boxes = 2000});
    ASSERT_FALSE(result.exhausted) << c;
    EXPECT_EQ(result.cutoff, cutoff);
    ASSERT_LE(result.bound, cutoff);
    shrunk += (result.box.lower.array() != t.box.lower.array()).any() ||
              (result.box.upper.array() != t.box.upper.array()).any();
    for (std::size_t s = 0; s < values.size(); ++s) {
      ASSERT_GE(values[s], Rational(result.bound));
      if (values[s] > cutoff) continue;
      ++kept;
      EXPECT_TRUE(result.box.contains(inputs[s]));
      expect_inside(points[s], result.bounds);
    }
  }
  EXPECT_GE(kept, 60);
  EXPECT_GT(shrunk, 40);
}

/// The double nearest to a number from below or above.
double rounded(const Rational& value, bool up) {
  double result = value.get_d();
  const double end = up ? HUGE_VAL : -HUGE_VAL;
  while (up ? Rational(result) < value : Rational(result) > value) result = std::nextafter(result, end);
  return result;
}

// Ranges whose sides, and a cut-off that, some sampled point attains: everything inside has to stay.
TEST(Subdivision, LosesNoPointInsideTheRanges) {
  Rng rng(149);
  int kept = 0, smaller = 0, exhausted = 0;
  for (int c = 0; c < 80; ++c) {
    const Trial t = trial(rng, c);
    std::vector<std::vector<exact::Point>> points;
    std::vector<Vector> inputs;
    for (int s = 0; s < 80; ++s) {
      inputs.push_back(sample(t.box, rng, s));
      points.push_back(exact::preactivations(t.network, inputs.back()));
    }
    SubdivisionSettings settings{.tighten = 1, .boxes = 2000};
    for (Index o = 0; o < 2; ++o) {
      const auto at = [&](std::size_t s) { return points[s].back()[static_cast<std::size_t>(o)]; };
      const auto [low, high] = std::minmax({at(rng.below(80)), at(rng.below(80))});
      const auto open = rng.below(3);
      settings.ranges.push_back(
          {o, open == 0 ? -HUGE_VAL : rounded(low, false), open == 1 ? HUGE_VAL : rounded(high, true)});
    }
    const auto inside = [&](std::size_t s) {
      return std::ranges::all_of(settings.ranges, [&](const OutputRange& range) {
        const Rational& y = points[s].back()[static_cast<std::size_t>(range.output)];
        return (std::isinf(range.lower) || y >= Rational(range.lower)) &&
               (std::isinf(range.upper) || y <= Rational(range.upper));
      });
    };
    std::vector<std::size_t> feasible;
    for (std::size_t s = 0; s < points.size(); ++s) {
      if (inside(s)) feasible.push_back(s);
    }
    std::ranges::sort(feasible, {}, [&](std::size_t s) { return combine(t.objective, points[s].back()); });
    double cutoff = std::numeric_limits<double>::infinity();
    if (c % 4 != 0 && !feasible.empty()) {
      cutoff = rounded(combine(t.objective, points[feasible[feasible.size() / 3]].back()), true);
    }
    const Subdivision result = subdivide(t.graph, t.box, t.start, t.objective, cutoff, settings);
    exhausted += result.exhausted;
    smaller += (result.box.upper - result.box.lower).sum() < 0.9 * (t.box.upper - t.box.lower).sum();
    for (const std::size_t s : feasible) {
      const Rational value = combine(t.objective, points[s].back());
      ASSERT_TRUE(std::isfinite(result.bound));
      ASSERT_GE(value, Rational(result.bound)) << c;
      if (std::isfinite(cutoff) && value > Rational(cutoff)) continue;
      ASSERT_FALSE(result.exhausted) << c;
      ++kept;
      EXPECT_TRUE(result.box.contains(inputs[s]));
      expect_inside(points[s], result.bounds);
    }
  }
  EXPECT_GT(kept, 300);
  EXPECT_GT(smaller, 20);
  EXPECT_GT(exhausted, 0);
}

/// Half a random network's outputs are allowed; the best sampled point there, and what is asked for below it.
struct Constrained {
  Trial t;
  OutputRange range;
  double best = std::numeric_limits<double>::infinity();
};

Constrained constrained(Rng& rng, Index inputs) {
  Constrained c;
  c.t.network = random_network({.widths = {inputs, 20, 20, 2}}, rng);
  c.t.box = random_box(inputs, 2, rng);
  c.t.graph = graph::lower(c.t.network, c.t.box);
  c.t.start = crown(c.t.graph, c.t.box);
  c.t.objective = Vector{{1.0, 0.0}};
  // The constrained output is the larger the smaller the objective.
  Vector lowest;
  double least = HUGE_VAL, middle = 0;
  for (int s = 0; s < 200; ++s) {
    const Vector y = nn::evaluate(c.t.network, random_point(c.t.box, rng));
    middle += y(1) / 200;
    if (y(0) < least) {
      least = y(0);
      lowest = y;
    }
  }
  c.range = lowest(1) > middle ? OutputRange{1, -HUGE_VAL, middle} : OutputRange{1, middle, HUGE_VAL};
  return c;
}

// Below the best point inside the range the objective alone leaves all that is outside.
TEST(Subdivision, RangesCloseWhatTheObjectiveAloneLeavesOpen) {
  Rng rng(151);
  int closed = 0, left_open = 0;
  for (int k = 0; k < 12; ++k) {
    Constrained c = constrained(rng, 2 + k % 2);
    SubdivisionSettings settings{.tighten = 1, .boxes = 100000};
    settings.ranges.push_back(c.range);
    settings.probe = [&](const Vector& x) {
      const Vector y = nn::evaluate(c.t.network, x);
      if (y(1) >= c.range.lower && y(1) <= c.range.upper) c.best = std::min(c.best, y(0));
      return c.best - 1e-2 * std::max(1.0, std::abs(c.best));
    };
    for (int s = 0; s < 20000; ++s) settings.probe(random_point(c.t.box, rng));
    const double cutoff = settings.probe(c.t.box.lower);
    const Subdivision with = subdivide(c.t.graph, c.t.box, c.t.start, c.t.objective, cutoff, settings);
    closed += with.exhausted && with.boxes < 5000;
    settings.ranges.clear();
    settings.boxes = 2000;
    const Subdivision without = subdivide(c.t.graph, c.t.box, c.t.start, c.t.objective, cutoff, settings);
    left_open += !without.exhausted;
    EXPECT_LE(without.bound, with.bound);
  }
  EXPECT_GE(closed, 11);
  EXPECT_GE(left_open, 10);
}

// No point at all: with no cut-off either, ranges alone exhaust the box.
TEST(Subdivision, RangesAloneMayExhaustTheBox) {
  Rng rng(157);
  const Constrained c = constrained(rng, 2);
  double highest = -HUGE_VAL;
  for (int s = 0; s < 2000; ++s) highest = std::max(highest, nn::evaluate(c.t.network, random_point(c.t.box, rng))(1));
  SubdivisionSettings settings{.tighten = 1};
  settings.ranges.push_back({1, highest + 0.5 * std::abs(highest) + 1, HUGE_VAL});
  const Subdivision result =
      subdivide(c.t.graph, c.t.box, c.t.start, c.t.objective, std::numeric_limits<double>::infinity(), settings);
  EXPECT_TRUE(result.exhausted);
  EXPECT_EQ(result.bound, std::numeric_limits<double>::infinity());
  EXPECT_EQ(result.box.lower, c.t.box.lower);
}

// Just below the optimum there is no point; at the optimum there is one.
TEST(Subdivision, ProvesTheOptimumOfReferenceInstances) {
  const auto data = std::filesystem::path(SECATEUR_TEST_DATA).parent_path() / "data";
  nlohmann::json instances;
  std::ifstream(data / "instances.json") >> instances;
  int proven = 0;
  for (const auto& instance : instances) {
    const auto lower = instance["lower"].get<std::vector<double>>();
    if (lower.size() > 4 || !instance["proven"].get<bool>()) continue;
    const auto upper = instance["upper"].get<std::vector<double>>();
    const auto weights = instance["objective"].get<std::vector<double>>();
    const auto size = static_cast<Index>(lower.size());
    const Box box{Eigen::Map<const Vector>(lower.data(), size), Eigen::Map<const Vector>(upper.data(), size)};
    Vector objective = Eigen::Map<const Vector>(weights.data(), static_cast<Index>(weights.size()));
    double reference = instance["reference"];
    if (instance["sense"] == "maximize") {
      objective = -objective;
      reference = -reference;
    }
    const nn::Network network = nn::read_onnx(data / instance["network"].get<std::string>());
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds start = crown(graph, box);
    const double step = 1e-4 * std::abs(reference);
    const Subdivision below = subdivide(graph, box, start, objective, reference - step, {});
    EXPECT_TRUE(below.exhausted) << instance["name"];
    EXPECT_EQ(below.bound, reference - step) << instance["name"];
    EXPECT_LT(below.boxes, 6000) << instance["name"];
    // The reference itself is a solver's, good to about 1e-6.
    const double above = reference + 1e-5 * std::abs(reference);
    const Subdivision around = subdivide(graph, box, start, objective, above, {.tighten = 1, .boxes = 400});
    EXPECT_FALSE(around.exhausted) << instance["name"];
    EXPECT_LE(around.bound, above);
    EXPECT_LT((around.box.upper - around.box.lower).prod(), 0.5 * (box.upper - box.lower).prod()) << instance["name"];
    ++proven;
  }
  EXPECT_GE(proven, 8);
}

// From no cut-off at all, the points that are offered are enough to close the gap.
TEST(Subdivision, AProbeLowersTheCutoffUntilTheGapIsClosed) {
  Rng rng(107);
  int closed = 0;
  for (int c = 0; c < 40; ++c) {
    const Trial t = trial(rng, c);
    double incumbent = std::numeric_limits<double>::infinity();
    int calls = 0;
    SubdivisionSettings settings{.tighten = 1, .boxes = 20000};
    settings.probe = [&](const Vector& x) {
      EXPECT_TRUE(t.box.contains(x));
      ++calls;
      const double value = t.objective.dot(graph::preactivations(t.graph, x).back());
      EXPECT_LT(value, incumbent + 1e-9 * (1 + std::abs(value)));
      incumbent = std::min(incumbent, value);
      return incumbent - 1e-3 * std::max(1.0, std::abs(incumbent));
    };
    const Subdivision result =
        subdivide(t.graph, t.box, t.start, t.objective, std::numeric_limits<double>::infinity(), settings);
    EXPECT_GT(calls, 0);
    closed += result.exhausted;
    if (result.exhausted) {
      EXPECT_EQ(result.bound, result.cutoff);
      EXPECT_TRUE(std::isfinite(result.cutoff));
    }
    // Sampling finds nothing below the proven bound.
    for (int s = 0; s < 200; ++s) {
      const auto exact = exact::preactivations(t.network, sample(t.box, rng, s));
      ASSERT_GE(combine(t.objective, exact.back()), Rational(result.bound));
    }
  }
  EXPECT_GE(closed, 36);
}

// Parts of a deep network multiply as fast as ever until both inputs have been halved three times or more; eight times
// the work that closing takes has to be enough to get there.
TEST(Subdivision, ClosesDeepNetworksOfTwoInputs) {
  Rng rng(113);
  for (int c = 0; c < 3; ++c) {
    std::vector<Index> widths{2};
    widths.insert(widths.end(), 10, 50);
    widths.push_back(1);
    const nn::Network network = random_network({.widths = widths, .density = 1.0}, rng);
    const Box box = random_box(2, 2, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds start = crown(graph, box);
    SubdivisionSettings settings;
    double incumbent = std::numeric_limits<double>::infinity();
    settings.probe = [&](const Vector& x) {
      incumbent = std::min(incumbent, graph::preactivations(graph, x).back()(0));
      return incumbent - 1e-3 * std::max(1.0, std::abs(incumbent));
    };
    for (int s = 0; s < 2000; ++s) settings.probe(random_point(box, rng));
    const auto run = [&] { return subdivide(graph, box, start, Vector::Ones(1), settings.probe(box.lower), settings); };
    const Subdivision plenty = run();
    ASSERT_TRUE(plenty.exhausted);
    settings.work = 8 * plenty.work;
    EXPECT_TRUE(run().exhausted);
  }
}

TEST(Subdivision, DoesNotDependOnTheNumberOfThreads) {
  Rng rng(109);
  for (int c = 0; c < 5; ++c) {
    const Trial t = trial(rng, 2 + 3 * c);
    const double cutoff =
        t.start.back().lower.dot(t.objective.cwiseMax(0.0)) + t.start.back().upper.dot(t.objective.cwiseMin(0.0)) + 1.0;
    const auto run = [&](int threads) {
      return subdivide(t.graph, t.box, t.start, t.objective, c == 0 ? std::numeric_limits<double>::infinity() : cutoff,
                       {.boxes = 3000, .threads = threads});
    };
    const Subdivision one = run(1), three = run(3);
    EXPECT_EQ(one.boxes, three.boxes);
    EXPECT_EQ(one.bound, three.bound);
    EXPECT_TRUE(inside(one.bounds, three.bounds) && inside(three.bounds, one.bounds));
  }
}

/// An objective in other units, by a power of two so that nothing is rounded differently: the same parts.
TEST(Subdivision, SplitsTheSameInputsWhateverTheObjectivesUnit) {
  Rng rng(157);
  std::int64_t boxes = 0;
  for (int k = 0; k < 12; ++k) {
    const Trial t = trial(rng, 2 + 3 * k);
    double best = std::numeric_limits<double>::infinity();
    for (int s = 0; s < 2000; ++s) {
      best = std::min(best, t.objective.dot(nn::evaluate(t.network, random_point(t.box, rng))));
    }
    const auto run = [&](double unit) {
      return subdivide(t.graph, t.box, t.start, unit * t.objective, unit * best, {.tighten = 1, .boxes = 3000});
    };
    const Subdivision here = run(1), there = run(0x1p30);
    EXPECT_EQ(here.boxes, there.boxes);
    EXPECT_EQ(here.bound, 0x1p-30 * there.bound);
    boxes += here.boxes;
  }
  EXPECT_GT(boxes, 2000);
}

// Far above the optimum most parts stay, and those that the objective settles by itself are no reason to go on beyond
// the share of work that tightening is worth.
TEST(Subdivision, EndsWhereItDoesNotPay) {
  const auto data = std::filesystem::path(SECATEUR_TEST_DATA).parent_path() / "data";
  nlohmann::json instances;
  std::ifstream(data / "instances.json") >> instances;
  const auto instance =
      std::ranges::find_if(instances, [](const nlohmann::json& each) { return each["name"] == "d4_3x50_dense"; });
  ASSERT_NE(instance, instances.end());
  const Box box{Vector::Constant(4, (*instance)["lower"][0].get<double>()),
                Vector::Constant(4, (*instance)["upper"][0].get<double>())};
  const ReluGraph graph = graph::lower(nn::read_onnx(data / (*instance)["network"].get<std::string>()), box);
  const NeuronBounds start = crown(graph, box);
  const double sign = (*instance)["sense"] == "minimize" ? 1 : -1;
  const double reference = sign * (*instance)["reference"].get<double>();
  for (const double above : {0.3, 0.5, 0.7}) {
    const Subdivision result = subdivide(graph, box, start, Vector::Constant(1, sign),
                                         reference + above * std::abs(reference), {.work = 2e9, .tighten = 0.01});
    EXPECT_FALSE(result.exhausted);
    EXPECT_LT(result.boxes, 8000);
  }
}

// Wide enough that a chunk of boxes is worth a second thread; the networks above are not.
TEST(Subdivision, IsTheSameWhereItIsDealtOutToThreads) {
  Rng rng(131);
  std::int64_t boxes = 0;
  for (int c = 0; c < 4; ++c) {
    Trial t;
    t.network = random_network({.widths = {4, 60, 60, 1}}, rng);
    t.box = random_box(4, 2, rng);
    t.graph = graph::lower(t.network, t.box);
    t.start = crown(t.graph, t.box);
    t.objective = Vector{{1.0}};
    const auto value = [&](const Vector& x) { return nn::evaluate(t.network, x)(0); };
    const auto run = [&](int threads) {
      SubdivisionSettings settings{.boxes = 2000, .threads = threads};
      settings.search = c % 2 == 0;
      double best = settings.search ? value(t.box.lower) : std::numeric_limits<double>::infinity();
      if (settings.search) settings.probe = [&](const Vector& x) { return best = std::min(best, value(x)); };
      return subdivide(t.graph, t.box, t.start, t.objective, best, settings);
    };
    const Subdivision one = run(1);
    boxes += one.boxes;
    for (const int threads : {2, 3}) {
      const Subdivision more = run(threads);
      EXPECT_EQ(one.boxes, more.boxes);
      EXPECT_EQ(one.bound, more.bound);
      EXPECT_EQ(one.cutoff, more.cutoff);
      EXPECT_TRUE(inside(one.bounds, more.bounds) && inside(more.bounds, one.bounds));
    }
  }
  EXPECT_GT(boxes, 1000);
}

// Reduced graphs carry errors: skips and folding in front of the subdivision's own.
TEST(Subdivision, HoldsOnReducedGraphs) {
  Rng rng(113);
  double errors = 0;
  for (int c = 0; c < 40; ++c) {
    const Trial t = trial(rng, c);
    const graph::Reduction reduction = graph::simplify(t.graph, t.start);
    for (const auto& layer : reduction.graph.layers) errors += layer.error.sum();
    const NeuronBounds start = crown(reduction.graph, t.box);
    const Subdivision result = subdivide(reduction.graph, t.box, start, t.objective,
                                         std::numeric_limits<double>::infinity(), {.tighten = 1, .boxes = 500});
    for (int s = 0; s < 10; ++s) {
      const auto exact = exact::preactivations(t.network, sample(t.box, rng, s));
      ASSERT_GE(combine(t.objective, exact.back()), Rational(result.bound));
      for (std::size_t k = 0; k < result.bounds.size(); ++k) {
        for (Index i = 0; i < result.bounds[k].size(); ++i) {
          const graph::NeuronId id = reduction.origin[k][static_cast<std::size_t>(i)];
          const Rational& z = exact[static_cast<std::size_t>(id.layer)][static_cast<std::size_t>(id.unit)];
          ASSERT_LE(Rational(result.bounds[k].lower(i)), z);
          ASSERT_GE(Rational(result.bounds[k].upper(i)), z);
        }
      }
    }
  }
  EXPECT_GT(errors, 0);
}

/// The graph's preactivations with each row off by its error, up or down at random.
std::vector<exact::Point> perturbed(const ReluGraph& graph, const Vector& x, Rng& rng) {
  std::vector<exact::Point> result;
  exact::Point values = exact::point(x);
  for (const graph::AffineLayer& layer : graph.layers) {
    exact::Point z(static_cast<std::size_t>(layer.units()));
    for (Index i = 0; i < layer.units(); ++i) {
      Rational sum = layer.bias(i);
      sum += (rng.below(2) == 0 ? 1 : -1) * Rational(layer.error(i));
      for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
        sum += Rational(entry.value()) * values[static_cast<std::size_t>(entry.col())];
      }
      z[static_cast<std::size_t>(i)] = sum;
    }
    for (const Rational& v : z) values.push_back(v > 0 ? v : Rational(0));
    result.push_back(std::move(z));
  }
  return result;
}

// Errors far above rounding: whatever the rows are off by within them, the bounds hold.
TEST(Subdivision, HoldsForWhateverTheRowsAreOffBy) {
  Rng rng(139);
  for (int c = 0; c < 60; ++c) {
    Trial t = trial(rng, c);
    t.box.upper = t.box.lower + 0.05 * (t.box.upper - t.box.lower);
    for (auto& layer : t.graph.layers) {
      for (double& error : layer.error) error = 0.02 * rng.uniform();
    }
    t.start = crown(t.graph, t.box);
    const Subdivision result = subdivide(t.graph, t.box, t.start, t.objective, std::numeric_limits<double>::infinity(),
                                         {.tighten = 1, .boxes = 500});
    for (int s = 0; s < 30; ++s) {
      const auto exact = perturbed(t.graph, sample(t.box, rng, s), rng);
      expect_inside(exact, result.bounds);
      ASSERT_GE(combine(t.objective, exact.back()), Rational(result.bound));
    }
  }
}

// On a single point bounds leave no room for a forgotten rounding.
TEST(Subdivision, HoldsOnAPoint) {
  Rng rng(127);
  for (int c = 0; c < 60; ++c) {
    Trial t = trial(rng, c);
    t.box.upper = t.box.lower;
    t.graph = graph::lower(t.network, t.box);
    const NeuronBounds start = interval(t.graph, t.box);
    const auto exact = exact::preactivations(t.network, t.box.lower);
    const Subdivision result = subdivide(t.graph, t.box, start, t.objective, std::numeric_limits<double>::infinity());
    expect_inside(exact, result.bounds);
    const Rational value = combine(t.objective, exact.back());
    ASSERT_GE(value, Rational(result.bound));
    EXPECT_LT(Rational(value - Rational(result.bound)).get_d(), 1e-8 * (1 + std::abs(value.get_d())) * 64);
  }
}

/// Rows of a folded graph, at a point of its box, against the stored network.
TEST(Folded, RowsHoldWithTheirErrors) {
  Rng rng(131);
  Index folded_away = 0;
  for (int c = 0; c < 60; ++c) {
    const Trial t = trial(rng, c);
    // Twice: on the box, then on a part of it.
    Folded folded = fold(t.graph, t.box, t.start, t.objective);
    Box part = t.box;
    for (int halving = 0; halving < 4; ++halving) part.upper = 0.5 * (part.lower + part.upper);
    const NeuronBounds inner = crown(t.graph, part, &t.start);
    Vector all_lower(t.graph.neurons()), all_upper(t.graph.neurons());
    Index place = 0;
    for (int k = 0; k + 1 < t.graph.depth(); ++k) {
      const auto& layer = inner[static_cast<std::size_t>(k)];
      all_lower.segment(place, layer.size()) = layer.lower;
      all_upper.segment(place, layer.size()) = layer.upper;
      place += layer.size();
    }
    Vector lower(folded.units()), upper(folded.units());
    for (Index i = 0; i < folded.units(); ++i) {
      lower(i) = all_lower(folded.unit[static_cast<std::size_t>(i)]);
      upper(i) = all_upper(folded.unit[static_cast<std::size_t>(i)]);
    }
    const Index before = folded.units();
    folded = fold(folded, part, lower, upper);
    folded_away += before - folded.units();
    for (int s = 0; s < 6; ++s) {
      const Vector x = sample(part, rng, s);
      const auto exact = exact::preactivations(t.network, x);
      exact::Point z;
      for (std::size_t k = 0; k + 1 < exact.size(); ++k) z.insert(z.end(), exact[k].begin(), exact[k].end());
      exact::Point values = exact::point(x);
      for (const Index unit : folded.unit) values.push_back(std::max(Rational(0), z[static_cast<std::size_t>(unit)]));
      for (Index r = 0; r < folded.rows(); ++r) {
        Rational sum = folded.bias(r), size = abs(Rational(folded.bias(r))) + Rational(folded.error(r));
        for (Index v = 0; v < folded.values(); ++v) {
          const Rational term = Rational(folded.weight(r, v)) * values[static_cast<std::size_t>(v)];
          sum += term;
          size += abs(term);
        }
        Rational truth;
        if (r < folded.units()) {
          truth = z[static_cast<std::size_t>(folded.unit[static_cast<std::size_t>(r)])];
        } else if (r == folded.units()) {
          truth = combine(t.objective, exact.back());
        } else {
          truth = exact.back()[static_cast<std::size_t>(r - folded.units() - 1)];
        }
        const Rational off = abs(truth - sum);
        ASSERT_LE(off, Rational(folded.error(r)));
        ASSERT_LE(size, Rational(folded.magnitude(r)));
      }
    }
  }
  EXPECT_GT(folded_away, 100);
}

TEST(Subdivision, RefusesWhatDoesNotFit) {
  Rng rng(137);
  const Trial t = trial(rng, 1);
  const double none = std::numeric_limits<double>::infinity();
  EXPECT_THROW(subdivide(t.graph, t.box, t.start, Vector::Ones(3), none), std::invalid_argument);
  EXPECT_THROW(subdivide(t.graph, t.box, {}, t.objective, none), std::invalid_argument);
  EXPECT_THROW(subdivide(t.graph, {t.box.lower, Vector(t.box.upper.array() + 1)}, t.start, t.objective, none),
               std::invalid_argument);
  EXPECT_THROW(subdivide(t.graph, t.box, t.start, t.objective, std::numeric_limits<double>::quiet_NaN()),
               std::invalid_argument);
  SubdivisionSettings settings;
  settings.ranges.push_back({2, 0, 1});
  EXPECT_THROW(subdivide(t.graph, t.box, t.start, t.objective, none, settings), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::bounds
