// SPDX-License-Identifier: Apache-2.0
// The kernels of dual ascent: what one instruction set says, single precision and the value in double against a plain
// backward pass.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/kernels.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/search/network.hpp"
#include "secateur/search/tightening.hpp"
#include "support/random_network.hpp"

namespace secateur::search {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A pass over a random network with a range on its second output and some units split at random.
struct Pass {
  std::unique_ptr<Network> network;
  Vector box_lower, box_upper, slope, intercept, open, sign, width, alpha, beta, price, side_lower, side_upper, step,
      work, lambda, mu;

  Pass(std::uint64_t seed, double scale) {
    Rng rng(seed);
    RandomNetwork how;
    how.widths = {3 + static_cast<Index>(seed % 3), 20, 7, 18, 2};
    how.density = seed % 2 == 0 ? 1.0 : 0.5;
    nn::Network stored = random_network(how, rng);
    auto& last = std::get<nn::Dense>(stored.layers.back());
    last.weight.row(0) *= scale;
    last.bias(0) *= scale;
    const Box box = random_box(stored.inputs(), 2.0, rng);
    const graph::ReluGraph graph = graph::lower(stored, box);
    const graph::NeuronBounds bounds = bounds::crown(graph, box);
    Vector objective = Vector::Zero(2);
    objective(0) = 1;
    network = std::make_unique<Network>(bounds::fold(graph, box, bounds, objective), std::vector<Range>{{1, -1, 1, 1}});
    const Index values = network->values();
    box_lower = box_upper = Vector::Zero(network->first(0));
    box_lower.head(box.size()) = box.lower;
    box_upper.head(box.size()) = box.upper;
    for (Vector* each : {&slope, &intercept, &open, &sign, &width, &alpha, &beta, &lambda, &mu}) each->setZero(values);
    const bounds::Folded& folded = network->folded();
    for (Index value = network->first(0); value < values; ++value) {
      const Index unit = network->unit_at(value);
      if (unit < 0) continue;
      const Index place = folded.unit[static_cast<std::size_t>(unit)];
      const double lower = folded.lower(place), upper = folded.upper(place);
      const UpperLine line = upper_line(lower, upper);
      slope(value) = line.slope;
      intercept(value) = line.intercept;
      width(value) = upper - lower;
      open(value) = 1;
      alpha(value) = upper > -lower ? 1 : 0;
      if (rng.below(3) == 0) sign(value) = rng.below(2) == 0 ? 1 : -1;
    }
    price = Vector{{0, 0}};
    side_lower = Vector{{0, -1}};
    side_upper = Vector{{0, seed % 2 == 0 ? infinity : 1}};
    step = Vector{{0, 1}};
    work.resize(dual_work(values, 2));
  }
  [[nodiscard]] DualPass pass() {
    DualPass of;
    of.network = &network->dual();
    of.box_lower = box_lower.data();
    of.box_upper = box_upper.data();
    of.slope = slope.data();
    of.intercept = intercept.data();
    of.open = open.data();
    of.sign = sign.data();
    of.width = width.data();
    of.side_lower = side_lower.data();
    of.side_upper = side_upper.data();
    of.price_step = step.data();
    of.alpha = alpha.data();
    of.beta = beta.data();
    of.price = price.data();
    of.work = work.data();
    of.lambda = lambda.data();
    of.mu = mu.data();
    return of;
  }
  /// The Lagrangian bound of the multipliers as they are, and the size of its terms.
  [[nodiscard]] DualValue plain() const {
    const Network& net = *network;
    DualValue result{0, 0};
    const auto add = [&](double term) {
      result.value += term;
      result.magnitude += std::abs(term);
    };
    std::vector<double> coefficient(static_cast<std::size_t>(net.values()));
    const auto take = [&](Index row, double factor) {
      add(factor * net.bias(row));
      add(-std::abs(factor) * net.error(row));
      for (Index v = 0; v < net.values(); ++v) coefficient[static_cast<std::size_t>(v)] += factor * net.row(row)[v];
    };
    take(net.values(), 1);
    if (price(1) != 0) {
      take(net.values() + 1, price(1));
      add(-price(1) * (price(1) > 0 ? side_upper(1) : side_lower(1)));
    }
    for (Index v = net.values() - 1; v >= net.first(0); --v) {
      const double c = coefficient[static_cast<std::size_t>(v)];
      if (c < 0) add(c * intercept(v));
      take(v, c * (c > 0 ? alpha(v) : slope(v)) - beta(v) * sign(v));
    }
    for (Index j = 0; j < net.first(0); ++j) {
      const double c = coefficient[static_cast<std::size_t>(j)];
      add(c * (c >= 0 ? box_lower(j) : box_upper(j)));
    }
    return result;
  }
};

class DualKernels : public testing::TestWithParam<Isa> {};

TEST_P(DualKernels, AscendInSinglePrecisionToWhatDoubleConfirms) {
  const BoundKernels& kernels = bound_kernels(GetParam());
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Pass pass(seed, 1);
    const DualPass of = pass.pass();
    const double before = kernels.dual_value(of).value;
    EXPECT_NEAR(before, pass.plain().value, 1e-11 * pass.plain().magnitude);
    DualAscent how;
    how.steps = 30;
    how.target = infinity;
    const double said = kernels.dual_ascend(of, how);
    const DualValue after = kernels.dual_value(of);
    const DualValue plain = pass.plain();
    EXPECT_GT(after.value, before);
    EXPECT_NEAR(said, after.value, 1e-5 * after.magnitude);
    EXPECT_NEAR(after.value, plain.value, 1e-11 * plain.magnitude);
    EXPECT_GE(after.magnitude, 0.999 * std::abs(after.value));
    EXPECT_TRUE((pass.alpha.array() >= 0).all() && (pass.alpha.array() <= 1).all());
    EXPECT_TRUE((pass.beta.array() >= 0).all());
    EXPECT_TRUE((pass.beta.array() == 0 || pass.sign.array() != 0).all());
    EXPECT_TRUE(pass.price(1) <= 0 || std::isfinite(pass.side_upper(1)));
  }
}

/// With a target, the value that double confirms is above it: what an ascent stops for is proven.
TEST_P(DualKernels, ReachTheTargetThatTheyStopAt) {
  const BoundKernels& kernels = bound_kernels(GetParam());
  int sooner = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Pass whole(seed, 1), part(seed, 1);
    DualAscent how;
    how.steps = 30;
    how.target = infinity;
    const double before = kernels.dual_value(whole.pass()).value;
    kernels.dual_ascend(whole.pass(), how);
    const double most = kernels.dual_value(whole.pass()).value;
    how.target = before + 0.5 * (most - before);
    kernels.dual_ascend(part.pass(), how);
    const double reached = kernels.dual_value(part.pass()).value;
    EXPECT_GT(reached, how.target);
    sooner += reached < most ? 1 : 0;
  }
  EXPECT_GT(sooner, 20);
}

TEST_P(DualKernels, GoOnInDoubleBeyondSinglePrecision) {
  const BoundKernels& kernels = bound_kernels(GetParam());
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    Pass pass(seed, 1e60);
    const DualPass of = pass.pass();
    const double before = kernels.dual_value(of).value;
    DualAscent how;
    how.steps = 30;
    how.target = infinity;
    const double said = kernels.dual_ascend(of, how);
    const DualValue after = kernels.dual_value(of);
    EXPECT_GT(after.value, before);
    EXPECT_NEAR(said, after.value, 1e-10 * after.magnitude);
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, DualKernels, testing::ValuesIn(available_isas()),
                         [](const auto& isa) { return std::string(to_string(isa.param)); });

}  // namespace
}  // namespace secateur::search
