// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/relaxation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/core/rounding.hpp"
#include "secateur/lp/safe_bound.hpp"
#include "secateur/search/tightening.hpp"

namespace secateur::search {

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
}  // namespace

Program relaxation_program(const Node& node, const std::vector<Range>& ranges) {
  const Network& net = *node.network;
  Program program;
  lp::Model& model = program.model;
  const auto bounds = [&](Index v) {
    return std::pair{node.lower[static_cast<std::size_t>(v)], node.upper[static_cast<std::size_t>(v)]};
  };
  program.value.assign(static_cast<std::size_t>(net.values()), -1);
  program.preactivation = program.value;
  const double* objective = net.row(net.values());
  const auto add_value = [&](Index v, double lower, double upper) {
    program.value[static_cast<std::size_t>(v)] = model.add_column(lower, upper, objective[v], false, {});
    return program.value[static_cast<std::size_t>(v)];
  };
  for (Index j = 0; j < net.inputs(); ++j) add_value(j, bounds(j).first, bounds(j).second);
  const auto add_row = [&](Index row) {
    const double* weight = net.row(row);
    for (Index v = 0; v < net.values(); ++v) {
      const int to = program.value[static_cast<std::size_t>(v)];
      if (to >= 0 && weight[v] != 0) model.add_entry(to, weight[v]);
    }
  };
  // Sides of a row's weights from those of the row itself.
  const auto below = [&](Index row, double side) { return add_up(add_up(side, -net.bias(row)), net.error(row)); };
  const auto above = [&](Index row, double side) { return add_down(add_down(side, -net.bias(row)), -net.error(row)); };
  for (int k = 0; k < net.layers(); ++k) {
    for (Index v = net.first(k); v < net.first(k + 1); ++v) {
      if (net.unit_at(v) < 0) continue;
      const auto [lower, upper] = bounds(v);
      if (upper <= 0) {
        const bool split =
            std::any_of(node.splits.begin(), node.splits.end(), [&](const Split& s) { return s.value == v; });
        if (!split) continue;
        add_row(v);
        model.close_row(-infinity, below(v, 0), {});
        continue;
      }
      add_row(v);
      if (lower >= 0) {
        model.add_entry(add_value(v, lower, upper), -1);
        model.close_row(above(v, 0), below(v, 0), {});
        continue;
      }
      const int z = program.preactivation[static_cast<std::size_t>(v)] = model.add_column(lower, upper, 0, false, {});
      model.add_entry(z, -1);
      model.close_row(above(v, 0), below(v, 0), {});
      const int a = add_value(v, 0, upper);
      model.add_entry(a, 1);
      model.add_entry(z, -1);
      model.close_row(0, infinity, {});
      const UpperLine line = upper_line(lower, upper);
      model.add_entry(a, 1);
      model.add_entry(z, -line.slope);
      model.close_row(-infinity, line.intercept, {});
    }
  }
  program.first_range = model.rows();
  for (std::size_t o = 0; o < ranges.size(); ++o) {
    const Index row = net.values() + 1 + static_cast<Index>(o);
    add_row(row);
    const double lower = std::isinf(ranges[o].lower) ? -infinity : above(row, ranges[o].lower);
    const double upper = std::isinf(ranges[o].upper) ? infinity : below(row, ranges[o].upper);
    model.close_row(lower, upper, {});
  }
  model.offset = net.bias(net.values());
  program.error = net.error(net.values());
  return program;
}

namespace {

/// A program takes about so many microseconds a non-zero: what was measured, within a factor of 1.5, on programs of 130
/// to 430 rows and 900 to 6000 non-zeros.
constexpr double program_work = 2;

/// The unit whose value in the solution is furthest from its ReLU, weighted by what its layer's rows differ by.
Index most_relaxed(const Program& program, const Vector& primal) {
  Index unit = -1;
  double most = 1e-9;
  for (std::size_t v = 0; v < program.value.size(); ++v) {
    if (program.preactivation[v] < 0) continue;
    const double off = primal(program.value[v]) - std::max(0.0, primal(program.preactivation[v]));
    if (off <= most) continue;
    most = off;
    unit = static_cast<Index>(v);
  }
  return unit;
}

}  // namespace

Solved solve_relaxation(Node& node, const std::vector<Range>& ranges, lp::Session& session, const Stop& stop) {
  const Program program = relaxation_program(node, ranges);
  Solved solved;
  solved.work = program_work * static_cast<double>(program.model.value.size());
  session.load(program.model);
  lp::RunSettings settings;
  settings.feasibility = settings.optimality = 1e-9;
  settings.time_limit = stop.seconds_left();
  lp::Callbacks callbacks;
  callbacks.stop = [&] { return stop.reason(); };
  lp::Outcome outcome;
  try {
    outcome = session.run(settings, callbacks);
    if (outcome.status == Status::infeasible) {
      solved.final = lp::find_conflict(program.model, settings, callbacks).has_value();
      if (solved.final) node.bound = infinity;
      return solved;
    }
  } catch (const lp::SolverError&) {
    return solved;
  }
  if (outcome.status != Status::optimal) return solved;
  const double bound = add_down(lp::safe_dual_bound(program.model, outcome.row_dual), -program.error);
  if (bound > node.bound) node.bound = bound;
  // d objective / d side: a price of the opposite sign pays for leaning on it.
  node.price.assign(static_cast<std::size_t>(node.network->targets()), 0.0);
  for (std::size_t o = 0; o < ranges.size(); ++o) {
    const double price = -outcome.row_dual(program.first_range + static_cast<Index>(o));
    const double side = price > 0 ? ranges[o].upper : ranges[o].lower;
    if (std::isfinite(price) && std::isfinite(side)) node.price[o + 1] = price;
  }
  solved.point = outcome.primal.head(node.network->inputs());
  solved.unit = most_relaxed(program, outcome.primal);
  solved.final = true;
  return solved;
}

}  // namespace secateur::search
