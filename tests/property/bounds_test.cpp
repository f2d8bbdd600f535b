// SPDX-License-Identifier: Apache-2.0
// Every bound method against the exact range of every neuron, by brute force over activation patterns on tiny networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "property/brute_force.hpp"
#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/lp_bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/nn/evaluate.hpp"
#include "support/random_network.hpp"

namespace secateur {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
using graph::BoundsMethod;
using graph::NeuronBounds;

/// The network up to the operand of its ReLU layer `layer` (or whole), with all of that as outputs.
nn::Network up_to(const nn::Network& network, int layer) {
  nn::Network prefix = network;
  int relu = 0;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    if (std::holds_alternative<nn::Relu>(network.layers[k]) && relu++ == layer) {
      prefix.layers.resize(k);
      break;
    }
  }
  return prefix;
}

/// Exact ranges of every preactivation and output, up to the tolerance of the oracle's linear programs.
NeuronBounds exact_ranges(const nn::Network& network, const Box& box, const NeuronBounds& like) {
  BruteForce oracle;
  NeuronBounds exact = like;
  for (std::size_t k = 0; k < like.size(); ++k) {
    const nn::Network prefix = up_to(network, static_cast<int>(k));
    for (Index i = 0; i < like[k].size(); ++i) {
      const Vector unit = Vector::Unit(like[k].size(), i);
      exact[k].lower(i) = oracle.solve(prefix, box, unit, Sense::minimize).objective;
      exact[k].upper(i) = oracle.solve(prefix, box, unit, Sense::maximize).objective;
    }
  }
  return exact;
}

bool inside(const NeuronBounds& tight, const NeuronBounds& loose, double slack) {
  for (std::size_t k = 0; k < tight.size(); ++k) {
    const double scale = slack * (1 + loose[k].magnitude().maxCoeff());
    if ((tight[k].lower.array() < loose[k].lower.array() - scale).any()) return false;
    if ((tight[k].upper.array() > loose[k].upper.array() + scale).any()) return false;
  }
  return true;
}

double width(const Box& box) { return (box.upper - box.lower).sum(); }
double width(const NeuronBounds& bounds) {
  double sum = 0;
  for (const Box& layer : bounds) sum += width(layer);
  return sum;
}

nn::Network tiny_network(int c, Rng& rng) {
  return random_network({.widths = {1 + rng.below(3), 2 + rng.below(3), 2 + rng.below(3), 1 + rng.below(2)},
                         .density = c % 3 == 0 ? 0.6 : 1.0,
                         .scaling = c % 2 == 0},
                        rng);
}

TEST(BoundsAgainstBruteForce, EachMethodIsInsideTheOneBeforeAndAroundTheExactRange) {
  Rng rng(211);
  double widths[5] = {};
  for (int c = 0; c < 60; ++c) {
    SCOPED_TRACE(c);
    const nn::Network network = tiny_network(c, rng);
    const Box box = random_box(network.inputs(), 3, rng);
    const graph::ReluGraph graph = graph::lower(network, box);
    std::vector<NeuronBounds> bounds;
    for (const auto method :
         {BoundsMethod::interval, BoundsMethod::crown, BoundsMethod::alpha_crown, BoundsMethod::lp}) {
      bounds.push_back(bounds::compute_bounds(graph, box, method));
    }
    bounds.push_back(exact_ranges(network, box, bounds.front()));
    for (std::size_t m = 1; m < bounds.size(); ++m) {
      ASSERT_TRUE(inside(bounds[m], bounds[m - 1], m + 1 == bounds.size() ? 1e-7 : 0)) << m;
      widths[m] += std::log(std::max(width(bounds[m]), 1e-9)) - std::log(std::max(width(bounds[0]), 1e-9));
    }
  }
  // Each method pays: geometric means of the widths, all neurons.
  for (int m = 1; m < 5; ++m) EXPECT_LT(widths[m], widths[m - 1] - 0.1) << m;
}

/// Variables of the network's inputs and outputs, with the rows as constraints.
model::Frame frame_of(const nn::Network& network, const std::vector<BruteForce::Restrictions::Row>& rows) {
  model::Frame frame;
  for (Index j = 0; j < network.inputs(); ++j) {
    frame.inputs.push_back(frame.model.add_column(-infinity, infinity, 0, false, {}));
  }
  for (Index k = 0; k < network.outputs(); ++k) {
    frame.outputs.push_back(frame.model.add_column(-infinity, infinity, 0, false, {}));
  }
  for (const auto& row : rows) {
    for (Index j = 0; j < network.inputs(); ++j)
      frame.model.add_entry(frame.inputs[static_cast<std::size_t>(j)], row.input(j));
    for (Index k = 0; k < network.outputs(); ++k) {
      frame.model.add_entry(frame.outputs[static_cast<std::size_t>(k)], row.output(k));
    }
    frame.model.close_row(-infinity, row.side, {});
  }
  return frame;
}

std::vector<BruteForce::Restrictions::Row> random_rows(const nn::Network& network, const Box& box, double slack,
                                                       Rng& rng) {
  const Vector x = random_point(box, rng);
  const Vector y = nn::evaluate(network, Matrix(x.transpose())).row(0).transpose();
  std::vector<BruteForce::Restrictions::Row> rows;
  for (int r = 0; r < 2; ++r) {
    Vector input(network.inputs()), output(network.outputs());
    for (double& v : input) v = rng.normal();
    for (double& v : output) v = rng.normal();
    const double at = input.dot(x) + output.dot(y);
    rows.push_back({input, output, at + slack * (1 + std::abs(at))});
  }
  return rows;
}

TEST(BoundsAgainstBruteForce, JointConstraintsTightenButNeverBeyondTheExactRange) {
  Rng rng(223);
  BruteForce oracle;
  double joint = 0, alone = 0, exact_width = 0;
  int empty = 0, proven = 0;
  for (int c = 0; c < 100; ++c) {
    SCOPED_TRACE(c);
    const nn::Network network = tiny_network(c, rng);
    const Box box = random_box(network.inputs(), 2, rng);
    const graph::ReluGraph graph = graph::lower(network, box);
    // A negative slack may leave no point at all.
    BruteForce::Restrictions restrictions;
    restrictions.rows = random_rows(network, box, c % 4 == 3 ? -0.5 : 0.05, rng);
    const model::Frame frame = frame_of(network, restrictions.rows);
    bounds::LpSettings settings;
    settings.stable_neurons = true;
    settings.least_gain = 0;
    const NeuronBounds start = bounds::crown(graph, box);
    const bounds::LpBounds found = bounds::lp_bounds(graph, box, start, &frame, settings);
    const NeuronBounds without = bounds::lp_bounds(graph, box, start, nullptr, settings).neurons;
    bool any = false;
    for (Index k = 0; k < network.outputs(); ++k) {
      const Vector unit = Vector::Unit(network.outputs(), k);
      const auto least = oracle.solve(network, box, unit, Sense::minimize, restrictions);
      const auto most = oracle.solve(network, box, unit, Sense::maximize, restrictions);
      if (least.x.size() == 0) continue;
      any = true;
      ASSERT_FALSE(found.infeasible);
      const double slack = 1e-6 * (1 + std::abs(least.objective) + std::abs(most.objective));
      EXPECT_LE(found.neurons.back().lower(k), least.objective + slack);
      EXPECT_GE(found.neurons.back().upper(k), most.objective - slack);
      EXPECT_TRUE(found.inputs.contains(least.x) ||
                  (found.inputs.clamp(least.x) - least.x).norm() < 1e-6 * (1 + least.x.norm()));
      exact_width += most.objective - least.objective;
      joint += found.neurons.back().upper(k) - found.neurons.back().lower(k);
      alone += without.back().upper(k) - without.back().lower(k);
    }
    empty += !any;
    proven += found.infeasible;
    if (any) {
      ASSERT_TRUE(inside(found.neurons, without, 1e-7));
    }
  }
  EXPECT_LT(joint, 0.7 * alone);
  EXPECT_GT(joint, exact_width);
  EXPECT_LE(proven, empty);
  EXPECT_GT(proven, 5);
}

TEST(BoundsAgainstBruteForce, ImposedPhasesTightenButNeverBeyondTheExactRange) {
  Rng rng(227);
  BruteForce oracle;
  int feasible = 0, empty = 0, proven = 0;
  double split_width = 0, whole_width = 0;
  for (int c = 0; c < 150; ++c) {
    SCOPED_TRACE(c);
    const nn::Network network = tiny_network(c, rng);
    const Box box = random_box(network.inputs(), 3, rng);
    const graph::ReluGraph graph = graph::lower(network, box);
    const NeuronBounds whole = bounds::alpha_crown(graph, box);
    std::vector<bounds::Split> splits;
    BruteForce::Restrictions restrictions;
    for (int k = 0; k < 2; ++k) {
      const auto& layer = whole[static_cast<std::size_t>(k)];
      for (int i = 0; i < layer.size(); ++i) {
        if (layer.lower(i) >= 0 || layer.upper(i) <= 0 || rng.below(3) == 0) continue;
        const bool active = rng.below(2) == 0;
        splits.push_back({{k, i}, active});
        restrictions.phases.push_back({k, i, active});
      }
    }
    if (splits.empty()) continue;
    const NeuronBounds bounds = bounds::alpha_crown(graph, box, {.steps = 40}, splits);
    const bool crossed = std::any_of(bounds.begin(), bounds.end(), [](const Box& layer) {
      return (layer.lower.array() > layer.upper.array()).any();
    });
    proven += crossed;
    bool any = false;
    for (Index k = 0; k < network.outputs(); ++k) {
      const Vector unit = Vector::Unit(network.outputs(), k);
      const auto least = oracle.solve(network, box, unit, Sense::minimize, restrictions);
      const auto most = oracle.solve(network, box, unit, Sense::maximize, restrictions);
      if (least.x.size() == 0) continue;
      any = true;
      // The oracle's own tolerance lets it step over a boundary: only clearly feasible regions contradict a proof.
      const double slack = 1e-6 * (1 + std::abs(least.objective) + std::abs(most.objective));
      if (most.objective - least.objective > 10 * slack) {
        ASSERT_FALSE(crossed);
      }
      if (crossed) continue;
      EXPECT_LE(bounds.back().lower(k), least.objective + slack);
      EXPECT_GE(bounds.back().upper(k), most.objective - slack);
      const bounds::Interval objective = bounds::alpha_crown_objective(graph, box, bounds, unit, {}, splits);
      EXPECT_LE(objective.lower, least.objective + slack);
      EXPECT_GE(objective.upper, most.objective - slack);
      split_width += bounds.back().upper(k) - bounds.back().lower(k);
      whole_width += whole.back().upper(k) - whole.back().lower(k);
    }
    feasible += any;
    empty += !any;
  }
  EXPECT_GT(feasible, 50);
  EXPECT_GT(empty, 10);
  EXPECT_GT(2 * proven, empty);
  EXPECT_LE(proven, empty + 2);
  EXPECT_LT(split_width, 0.7 * whole_width);
}

// Triangles over nested ranges are nested, so that LP bounds are monotone in the box when the ranges they start from
// are; CROWN's are not, hence the intersection with the parent's.
TEST(LpBoundsProperty, ASmallerBoxNeverLoosens) {
  Rng rng(229);
  for (int c = 0; c < 40; ++c) {
    const nn::Network network = tiny_network(c, rng);
    const Box box = random_box(network.inputs(), 3, rng);
    const graph::ReluGraph graph = graph::lower(network, box);
    bounds::LpSettings settings;
    settings.stable_neurons = true;
    settings.least_gain = 0;
    const NeuronBounds outer = bounds::lp_bounds(graph, box, bounds::crown(graph, box), nullptr, settings).neurons;
    Box half = box;
    const Index j = rng.below(box.size());
    half.upper(j) = 0.5 * (box.lower(j) + box.upper(j));
    const NeuronBounds free = bounds::lp_bounds(graph, half, bounds::crown(graph, half), nullptr, settings).neurons;
    EXPECT_TRUE(inside(free, outer, 1e-7)) << c;
    const NeuronBounds child = bounds::lp_bounds(graph, half, bounds::crown(graph, half, &outer)).neurons;
    EXPECT_TRUE(inside(child, outer, 0)) << c;
  }
}

TEST(LpBoundsProperty, OrderAndUnitsOfNeuronsDoNotMatter) {
  Rng rng(233);
  for (int c = 0; c < 30; ++c) {
    const nn::Network network = random_network({.widths = {2, 4, 3, 1}}, rng);
    nn::Network other = network;
    auto& first = std::get<nn::Dense>(other.layers[0]);
    auto& second = std::get<nn::Dense>(other.layers[2]);
    first.weight.row(0).swap(first.weight.row(2));
    std::swap(first.bias(0), first.bias(2));
    second.weight.col(0).swap(second.weight.col(2));
    first.weight.row(1) *= 1024;
    first.bias(1) *= 1024;
    second.weight.col(1) /= 1024;
    const Box box = random_box(2, 3, rng);
    const NeuronBounds a = bounds::compute_bounds(graph::lower(network, box), box, BoundsMethod::lp);
    const NeuronBounds b = bounds::compute_bounds(graph::lower(other, box), box, BoundsMethod::lp);
    EXPECT_NEAR(a[0].lower(0), b[0].lower(2), 1e-9);
    EXPECT_NEAR(1024 * a[0].upper(1), b[0].upper(1), 1e-6);
    for (const std::size_t k : {std::size_t{1}, std::size_t{2}}) {
      EXPECT_TRUE(a[k].lower.isApprox(b[k].lower, 1e-6)) << c;
      EXPECT_TRUE(a[k].upper.isApprox(b[k].upper, 1e-6)) << c;
    }
  }
}

}  // namespace
}  // namespace secateur
