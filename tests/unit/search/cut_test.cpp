// SPDX-License-Identifier: Apache-2.0
// Branch and cut: its bounds, propagation and cuts against sampled points.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/search/cut_node.hpp"
#include "secateur/search/cut_root.hpp"
#include "secateur/search/separation.hpp"
#include "secateur/search/solve.hpp"
#include "support/native_problem.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur::search {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Subject {
  Box box;
  std::shared_ptr<const Network> network;
  Task task;

  Subject(std::uint64_t seed, std::vector<Index> widths, double density = 0.5) {
    Rng rng(seed);
    RandomNetwork how;
    how.widths = std::move(widths);
    how.density = density;
    const nn::Network stored = random_network(how, rng);
    box = random_box(stored.inputs(), 2.0, rng);
    const graph::ReluGraph graph = graph::lower(stored, box);
    task.values.assign(static_cast<std::size_t>(box.size()), Values::continuous());
    Vector objective = Vector::Zero(graph.outputs());
    objective(0) = 1;
    network =
        std::make_shared<const Network>(bounds::fold(graph, box, bounds::crown(graph, box), objective), task.ranges);
  }
  [[nodiscard]] CutRoot root(double cutoff = infinity) const {
    const Stop stop;
    return make_root(task, network, box, cutoff, RootSettings{}, stop);
  }
};

Vector random_point(const std::vector<double>& lower, const std::vector<double>& upper, Rng& rng) {
  Vector x(static_cast<Index>(lower.size()));
  for (Index j = 0; j < x.size(); ++j) {
    const auto i = static_cast<std::size_t>(j);
    // Corners and faces are where a wrong cut shows.
    const double at = rng.below(3) == 0 ? static_cast<double>(rng.below(2)) : rng.uniform();
    x(j) = std::clamp(lower[i] + at * (upper[i] - lower[i]), lower[i], upper[i]);
  }
  return x;
}

void expect_row_holds(const Form& form, const lp::RowView& row, const std::vector<double>& columns) {
  double sum = -row.side, size = std::abs(row.side);
  for (std::size_t n = 0; n < row.column.size(); ++n) {
    const auto j = static_cast<std::size_t>(row.column[n]);
    sum += row.value[n] * columns[j];
    size += std::abs(row.value[n]) * form.size[j];
  }
  EXPECT_LE(sum, 1e-11 * std::max(1.0, size));
}

/// Every row of a root, formulation and cuts, at sampled points; and its bound.
TEST(CutRoot, RowsAndBoundHoldAtEverySampledPoint) {
  std::size_t cuts = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const Subject subject(seed, {4, 12, 10, 8, 1}, seed % 2 == 0 ? 0.4 : 1.0);
    const CutRoot root = subject.root();
    const Form& form = *root.form;
    cuts += form.rows.size() - static_cast<std::size_t>(form.formulation_rows);
    Rng rng(seed);
    std::vector<double> columns;
    for (int k = 0; k < 400; ++k) {
      const Vector x = random_point(root.bounds.input_lower, root.bounds.input_upper, rng);
      const double objective = form.complete(x.data(), columns);
      EXPECT_GE(objective + 1e-10 * std::max(1.0, std::abs(objective)), root.bound);
      for (std::size_t i = 0; i < form.rows.size(); ++i) expect_row_holds(form, form.rows[i], columns);
    }
  }
  EXPECT_GT(cuts, 500u);
}

/// Cuts of both signs of one aggregation are those that its multipliers and their opposites give, and hold.
TEST(Mir, RoundsAnAggregationWithEitherSign) {
  RootSettings none;
  none.rounds = 0;
  const Stop stop;
  int found = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const Subject subject(seed, {3, 10, 8, 1}, 0.6);
    const CutRoot root = make_root(subject.task, subject.network, subject.box, infinity, none, stop);
    const Form& form = *root.form;
    std::vector<double> x;
    root.program.simplex().point(x);
    Mir mir(form), opposite(form);
    mir.set_point(x);
    opposite.set_point(x);
    Rng rng(seed);
    std::vector<std::vector<double>> points;
    for (int k = 0; k < 100; ++k) {
      form.complete(random_point(root.bounds.input_lower, root.bounds.input_upper, rng).data(), points.emplace_back());
    }
    for (int trial = 0; trial < 200 && form.units > 0; ++trial) {
      std::vector<std::pair<int, double>> multipliers, negated;
      for (int k = 0; k < 4; ++k) {
        const auto row = static_cast<int>(rng.below(static_cast<std::uint64_t>(form.formulation_rows)));
        multipliers.emplace_back(row, k == 0 ? 1.0 : rng.normal());
        negated.emplace_back(row, -multipliers.back().second);
      }
      mir.aggregate(multipliers);
      opposite.aggregate(negated);
      for (const double sign : {1.0, -1.0}) {
        const auto cut = mir.round(sign), same = opposite.round(-sign);
        ASSERT_EQ(cut.has_value(), same.has_value());
        if (!cut) continue;
        ++found;
        EXPECT_EQ(cut->row.column, same->row.column);
        EXPECT_EQ(cut->row.value, same->row.value);
        EXPECT_EQ(cut->row.side, same->row.side);
        EXPECT_LT(lp::RowView(cut->row).slack(x), 0);
        for (const auto& point : points) expect_row_holds(form, cut->row, point);
      }
    }
  }
  EXPECT_GT(found, 100);
}

TEST(CutRoot, CutsRaiseTheBound) {
  const Subject subject(7, {5, 20, 16, 1});
  const Stop stop;
  RootSettings none;
  none.rounds = 0;
  const CutRoot plain = make_root(subject.task, subject.network, subject.box, infinity, none, stop);
  const CutRoot cut = subject.root();
  EXPECT_GT(cut.rounds, 0);
  EXPECT_GT(cut.bound, plain.bound + 0.01 * std::abs(plain.bound));
}

/// A sampled point: its columns, its preactivations and its objective.
struct Sample {
  std::vector<double> columns, z;
  double objective = 0;

  Sample(const Form& form, const Vector& x) {
    objective = form.complete(x.data(), columns);
    const bounds::Folded& folded = form.network->folded();
    for (Index i = 0; i < folded.units(); ++i) {
      z.push_back(folded.bias(i));
      for (Index v = 0; v < folded.values(); ++v) {
        z.back() += folded.weight(i, v) * columns[static_cast<std::size_t>(v)];
      }
    }
  }
  /// By so much, or but for so much if it is negative.
  [[nodiscard]] bool inside(const SignBounds& bounds, double margin) const {
    const auto within = [margin](double at, double lower, double upper) {
      return at >= lower + margin && at <= upper - margin;
    };
    for (std::size_t i = 0; i < z.size(); ++i) {
      if (!within(z[i], bounds.lower[i], bounds.upper[i])) return false;
    }
    for (std::size_t j = 0; j < bounds.input_lower.size(); ++j) {
      if (!within(columns[j], bounds.input_lower[j], bounds.input_upper[j])) return false;
    }
    return true;
  }
};

TEST(CutDiver, CountsWhatTheFormOfADiveTakes) {
  const Subject subject(3, {4, 6, 1}, 1.0);
  const Stop stop;
  RootSettings none;
  none.rounds = 0;
  const CutRoot root = make_root(subject.task, subject.network, subject.box, infinity, none, stop);
  const bounds::Folded& folded = root.form->network->folded();
  ASSERT_GE(folded.units(), 2);
  const CutTask shared{subject.task, *root.form, *root.propagation, root.program, false};
  CutDiver diver(shared, stop);
  const auto work_of_a_start = [&](std::shared_ptr<const lp::Basis> basis) {
    CutNode node;
    node.bounds = root.bounds;
    node.basis = std::move(basis);
    node.cuts = std::make_shared<CutPool>();
    CutDive dive;
    diver.dive(std::move(node), infinity, 0, PseudoCosts(root.form->columns()), dive);
    EXPECT_EQ(dive.open.size(), 1U);
    return dive.work;
  };
  EXPECT_EQ(work_of_a_start(nullptr), 0);
  const double own = work_of_a_start(std::make_shared<const lp::Basis>(root.program.basis()));
  // Its exchanges alone are half of that.
  EXPECT_GT(own, 90 * static_cast<double>(folded.rows()) * static_cast<double>(folded.values()));
}

/// Dives from random places of the tree, each with rows and cuts that hold in its part only: what they leave to open
/// nodes holds at every sampled point there, and no point below the cut-off is lost.
TEST(CutDiver, KeepsEverySampledPointThroughDivesFromRandomNodes) {
  constexpr double margin = 1e-9;
  std::size_t cuts = 0, local = 0;
  int held = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    const Subject subject(seed, {4, 12, 10, 8, 1}, seed % 2 == 0 ? 0.5 : 1.0);
    const CutRoot root = subject.root();
    const Form& form = *root.form;
    Rng rng(seed);
    std::vector<Sample> samples;
    for (int k = 0; k < 400; ++k) {
      samples.emplace_back(form, random_point(root.bounds.input_lower, root.bounds.input_upper, rng));
    }
    const double cutoff = seed % 3 == 0 ? infinity : samples.front().objective;
    const Stop stop;
    const CutTask shared{subject.task, form, *root.propagation, root.program, false};
    CutDiver diver(shared, stop);
    const PseudoCosts costs(form.columns());
    std::vector<CutNode> open(1);
    open.front().bounds = root.bounds;
    open.front().bound = root.bound;
    double settled = infinity;
    for (int k = 0; k < 25 && !open.empty(); ++k) {
      std::swap(open[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(open.size())))], open.back());
      CutNode node = std::move(open.back());
      open.pop_back();
      CutDive dive;
      diver.dive(std::move(node), cutoff, 4, costs, dive);
      settled = std::min(settled, dive.settled);
      for (CutNode& each : dive.open) open.push_back(std::move(each));
    }
    for (const CutNode& node : open) {
      const lp::Inequalities& rows = node.cuts->rows;
      cuts += rows.size();
      for (const Sample& sample : samples) {
        bool everywhere = true;
        for (std::size_t i = 0; i < rows.size(); ++i) {
          everywhere = everywhere && rows[i].slack(sample.columns) > -1e-6;
        }
        local += everywhere ? 0 : 1;
        if (sample.objective >= cutoff || !sample.inside(node.bounds, margin)) continue;
        ++held;
        EXPECT_GE(sample.objective + margin * std::max(1.0, std::abs(sample.objective)), node.bound);
        for (std::size_t i = 0; i < rows.size(); ++i) expect_row_holds(form, rows[i], sample.columns);
      }
    }
    for (const Sample& sample : samples) {
      if (sample.objective >= cutoff - margin || sample.objective >= settled - margin) continue;
      EXPECT_TRUE(std::any_of(open.begin(), open.end(),
                              [&](const CutNode& node) { return sample.inside(node.bounds, -margin); }));
    }
  }
  EXPECT_GT(cuts, 1000u);
  EXPECT_GT(local, 100u);  // cuts that hold in their parts only
  EXPECT_GT(held, 500);
}

/// Bounds that are wrong are noticed.
TEST(CutRoot, ThrowsWhenTheKnownPointIsOutside) {
  Subject subject(7, {5, 20, 16, 1});
  const Vector middle = 0.5 * (subject.box.lower + subject.box.upper);
  subject.task.sentinel.emplace(middle);
  EXPECT_NO_THROW(static_cast<void>(subject.root()));
  // With upper bounds that are too low, rows do not hold, or nothing is left.
  const Stop stop;
  bounds::Folded folded = subject.network->folded();
  for (const Index place : folded.unit) folded.upper(place) *= 0.01;
  EXPECT_THROW(make_root(subject.task, std::make_shared<const Network>(std::move(folded), subject.task.ranges),
                         subject.box, infinity, RootSettings{}, stop),
               std::logic_error);
}

/// Bounds of a part hold at every sampled point of it, whatever signs are imposed.
TEST(SignPropagation, KeepsEveryPointOfAPart) {
  int held = 0, closed = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Subject subject(seed, {3, 10, 8, 1}, 0.6);
    const SignPropagation propagation(*subject.network, {});
    const CutRoot root = subject.root();
    const bounds::Folded& folded = root.form->network->folded();
    const SignPropagation inner(*root.form->network, {});
    Rng rng(seed);
    for (int part = 0; part < 20; ++part) {
      SignBounds bounds = root.bounds;
      for (int splits = 0; splits < 3 && folded.units() > 0; ++splits) {
        const auto u = static_cast<std::size_t>(rng.below(folded.units()));
        if (rng.below(2) == 0) {
          bounds.lower[u] = std::max(bounds.lower[u], 0.0);
        } else {
          bounds.upper[u] = std::min(bounds.upper[u], 0.0);
        }
      }
      const SignBounds before = bounds;
      const bool open = inner.run(bounds, infinity, 4);
      closed += open ? 0 : 1;
      for (int k = 0; k < 60; ++k) {
        const Vector x = random_point(root.bounds.input_lower, root.bounds.input_upper, rng);
        std::vector<double> columns;
        root.form->complete(x.data(), columns);
        std::vector<double> z;
        bool inside = true;
        for (Index i = 0; i < folded.units(); ++i) {
          double sum = folded.bias(i);
          for (Index v = 0; v < folded.values(); ++v) sum += folded.weight(i, v) * columns[static_cast<std::size_t>(v)];
          z.push_back(sum);
          const auto u = static_cast<std::size_t>(i);
          inside = inside && sum >= before.lower[u] + 1e-9 && sum <= before.upper[u] - 1e-9;
        }
        if (!inside) continue;
        ++held;
        ASSERT_TRUE(open);
        for (std::size_t u = 0; u < z.size(); ++u) {
          EXPECT_GE(z[u], bounds.lower[u] - 1e-11);
          EXPECT_LE(z[u], bounds.upper[u] + 1e-11);
        }
        for (Index j = 0; j < x.size(); ++j) {
          EXPECT_GE(x(j), bounds.input_lower[static_cast<std::size_t>(j)] - 1e-11);
          EXPECT_LE(x(j), bounds.input_upper[static_cast<std::size_t>(j)] + 1e-11);
        }
      }
    }
  }
  EXPECT_GT(held, 2000);
  EXPECT_GT(closed, 10);
}

/// No row, once propagation has ended, leaves less to a term than the bounds of what the term reads.
TEST(SignPropagation, LeavesNoTermWiderThanItsRowAllows) {
  int rows = 0, narrowed = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const Subject subject(seed, {3, 10, 8, 1}, 0.6);
    const CutRoot root = subject.root();
    const bounds::Folded& folded = root.form->network->folded();
    const SignPropagation propagation(*root.form->network, {});
    Rng rng(seed);
    for (int part = 0; part < 10; ++part) {
      SignBounds bounds = root.bounds;
      for (int splits = 0; splits < 3 && folded.units() > 0; ++splits) {
        const auto u = static_cast<std::size_t>(rng.below(folded.units()));
        (rng.below(2) == 0 ? bounds.lower[u] : bounds.upper[u]) = 0;
      }
      const SignBounds before = bounds;
      if (!propagation.run(bounds, infinity, 100)) continue;
      for (std::size_t j = 0; j < bounds.input_lower.size(); ++j) {
        narrowed += bounds.input_lower[j] > before.input_lower[j] || bounds.input_upper[j] < before.input_upper[j];
      }
      for (Index i = 0; i < folded.units(); ++i) {
        std::vector<Range> terms;
        double low = folded.bias(i), high = low;
        for (Index v = 0; v < folded.values(); ++v) {
          const double w = folded.weight(i, v);
          if (w == 0) continue;
          const bool input = v < folded.inputs;
          const auto k = static_cast<std::size_t>(input ? v : v - folded.inputs);
          const double from = w * (input ? bounds.input_lower[k] : std::max(0.0, bounds.lower[k]));
          const double to = w * (input ? bounds.input_upper[k] : std::max(0.0, bounds.upper[k]));
          terms.push_back({0, std::min(from, to), std::max(from, to)});
          low += terms.back().lower;
          high += terms.back().upper;
        }
        ++rows;
        // Moves by less than a thousandth of a range end the sweeps.
        const double small = 0.02 * (high - low) + 1e-9;
        const auto u = static_cast<std::size_t>(i);
        for (const Range& term : terms) {
          EXPECT_GE(term.lower, bounds.lower[u] - (high - term.upper) - small);
          EXPECT_LE(term.upper, bounds.upper[u] - (low - term.lower) + small);
        }
      }
    }
  }
  EXPECT_GT(rows, 1000);
  EXPECT_GT(narrowed, 100);
}

/// A part's form, made from the whole's, is the one that its bounds give.
TEST(Form, OfAPartIsTheOneThatItsBoundsGive) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    Subject subject(seed, {3, 10, 8, 2}, 0.6);
    const CutRoot root = subject.root();
    const Form& whole = *root.form;
    ASSERT_GT(static_cast<int>(whole.rows.size()), whole.formulation_rows);
    SignBounds bounds = root.bounds;
    for (double& lower : bounds.lower) lower *= 0.75;
    for (double& upper : bounds.upper) upper *= 0.5;
    bounds.input_upper[1] = bounds.input_lower[1];
    const Form part = form_within(whole, bounds), expected = make_form(whole.network, whole.ranges, bounds);
    EXPECT_EQ(part.cost, expected.cost);
    EXPECT_EQ(part.lower, expected.lower);
    EXPECT_EQ(part.upper, expected.upper);
    EXPECT_EQ(part.size, expected.size);
    EXPECT_EQ(part.offset, expected.offset);
    EXPECT_EQ(part.objective_error, expected.objective_error);
    EXPECT_EQ(part.inputs, expected.inputs);
    EXPECT_EQ(part.units, expected.units);
    EXPECT_EQ(part.formulation_rows, expected.formulation_rows);
    ASSERT_EQ(part.rows.size(), expected.rows.size());
    for (std::size_t i = 0; i < part.rows.size(); ++i) {
      EXPECT_TRUE(std::ranges::equal(part.rows[i].column, expected.rows[i].column));
      EXPECT_TRUE(std::ranges::equal(part.rows[i].value, expected.rows[i].value));
      EXPECT_EQ(part.rows[i].side, expected.rows[i].side);
    }
  }
}

TEST(Form, CompletesAPointAsTheNetworkDoes) {
  const Subject subject(1, {3, 10, 8, 1}, 0.6);
  const CutRoot root = subject.root();
  const Form& form = *root.form;
  const bounds::Folded& folded = form.network->folded();
  Rng rng(1);
  for (int k = 0; k < 100; ++k) {
    const Vector x = random_point(root.bounds.input_lower, root.bounds.input_upper, rng);
    std::vector<double> columns;
    const double objective = form.complete(x.data(), columns);
    Vector values = Vector::Zero(folded.values());
    values.head(x.size()) = x;
    for (Index i = 0; i < folded.units(); ++i) {
      const double z = folded.bias(i) + folded.weight.row(i).dot(values);
      values(folded.inputs + i) = std::max(0.0, z);
      EXPECT_NEAR(columns[static_cast<std::size_t>(form.activation(static_cast<int>(i)))], std::max(0.0, z), 1e-12);
      EXPECT_EQ(columns[static_cast<std::size_t>(form.binary(static_cast<int>(i)))], z > 0 ? 1 : 0);
    }
    EXPECT_NEAR(objective, folded.bias(folded.units()) + folded.weight.row(folded.units()).dot(values), 1e-12);
  }
}

constexpr double sparse = 0.4;

TEST(SearchCuts, IsTheSameWithAnyNumberOfThreads) {
  const OverBox problem = random_over_box(3, {8, 34, 34, 1}, sparse);
  model::SolveSettings settings = native_settings();
  const auto run = [&] { return solve(problem, settings, {}, {}, nullptr, {}, Method::cut); };
  const model::SolveResult one = run();
  EXPECT_EQ(one.status, Status::optimal);
  EXPECT_EQ(one.proof, Proof::rounding_safe);
  EXPECT_GT(one.nodes, 100);
  for (const int threads : {2, 3}) {
    settings.threads = threads;
    const model::SolveResult more = run();
    EXPECT_EQ(one.nodes, more.nodes);
    EXPECT_EQ(*one.objective, *more.objective);
    EXPECT_EQ(*one.bound, *more.bound);
    EXPECT_EQ(one.x, more.x);
  }
}

TEST(SearchCuts, AgreesWithTheDualMethodAndKeepsItsOptimum) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE(seed);
    const OverBox problem = random_over_box(seed, {6, 18, 14, 1}, sparse);
    const model::SolveResult cut = solve(problem, native_settings(), {}, {}, nullptr, {}, Method::cut);
    const model::SolveResult dual = solve(problem, native_settings(), {}, {}, nullptr, {}, Method::dual);
    ASSERT_EQ(cut.status, Status::optimal);
    EXPECT_NEAR(*cut.objective, *dual.objective, 1e-4 * std::abs(*dual.objective) + 1e-6);
    Vector point(problem.network.inputs() + 1);
    point << dual.x, 0;
    EXPECT_NO_THROW(solve(problem, native_settings(), {}, {}, &point, {}, Method::cut));
  }
}

TEST(SearchCuts, KeepsAValidBoundWhenTimeRunsOut) {
  const OverBox problem = random_over_box(2, {16, 60, 60, 1}, sparse);
  model::SolveSettings settings = native_settings();
  settings.threads = 2;
  settings.time_limit = 0.4;
  const model::SolveResult result = solve(problem, settings, {}, {}, nullptr, {}, Method::cut);
  EXPECT_EQ(result.status, Status::time_limit);
  ASSERT_TRUE(result.objective && result.bound);
  EXPECT_LT(*result.bound, *result.objective);
  EXPECT_LT(result.seconds.total, 5);
}

}  // namespace
}  // namespace secateur::search
