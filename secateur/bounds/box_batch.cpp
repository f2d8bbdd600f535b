// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/box_batch.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

constexpr Index lanes = crown_lanes;
/// What a row and a batch cost besides their multiplications.
constexpr double row_overhead = 300, batch_overhead = 30000;

}  // namespace

CrownBatch BoxBatch::prepare(const Folded& folded) {
  const auto rows = static_cast<std::size_t>(folded.rows() * lanes);
  const auto inputs = static_cast<std::size_t>(folded.inputs * lanes);
  lower.resize(rows);
  upper.resize(rows);
  wanted.assign(static_cast<std::size_t>(folded.rows()), 0);
  const auto targets = static_cast<std::size_t>(folded.targets());
  for (auto* array : {&box_lower, &box_upper, &point}) array->resize(inputs);
  slope.resize(2 * targets * inputs);
  limit.resize(2 * targets * static_cast<std::size_t>(lanes));
  work.resize(static_cast<std::size_t>(5 * folded.values() * lanes));
  CrownBatch batch = folded.batch();
  batch.wanted = wanted.data();
  batch.box_lower = box_lower.data();
  batch.box_upper = box_upper.data();
  batch.lower = lower.data();
  batch.upper = upper.data();
  batch.slope = slope.data();
  batch.bound = limit.data();
  batch.work = work.data();
  return batch;
}

void BoxBatch::set_box(Index lane, const Box& box) {
  for (Index j = 0; j < box.size(); ++j) {
    box_lower[static_cast<std::size_t>(j * lanes + lane)] = box.lower(j);
    box_upper[static_cast<std::size_t>(j * lanes + lane)] = box.upper(j);
  }
}

double batch_work(const Folded& folded) {
  return folded.work() + row_overhead * static_cast<double>(folded.rows()) + batch_overhead;
}

/// Wants the rows of units that are unstable in some lane, of layer `from` and those behind; returns CROWN's work for
/// them. Lanes that are not in use repeat one that is.
double BoxBatch::want(const Folded& folded, const std::vector<double>& row_work, std::size_t from) {
  double total = 0;
  const Index begin = folded.first[std::min(from, folded.first.size() - 1)] - folded.inputs;
  std::fill_n(wanted.begin(), begin, 0);
  for (std::size_t k = from; k + 1 < row_work.size(); ++k) {
    Index rows = 0;
    for (Index i = folded.first[k] - folded.inputs; i < folded.first[k + 1] - folded.inputs; ++i) {
      unsigned some = 0;
      const double *low = lower.data() + i * lanes, *high = upper.data() + i * lanes;
      for (Index p = 0; p < lanes; ++p) some |= static_cast<unsigned>(low[p] < 0) & static_cast<unsigned>(high[p] > 0);
      wanted[static_cast<std::size_t>(i)] = static_cast<unsigned char>(some);
      rows += some;
    }
    total += static_cast<double>(rows) * (row_work[k] + row_overhead);
  }
  return total;
}

/// Each number of the row is a sum of up to n = 1 + ranges products, off by at most gamma_n times the sum of their
/// absolute values; times the magnitudes of the values they stand for, over all of them, that is gamma_n times the sum
/// of |price_k| times the rows' own magnitudes.
double BoxBatch::set_prices(const Folded& folded, CrownBatch& batch, const std::vector<PricedRange>& ranges) {
  const Index objective = folded.units();
  batch.first_target = {};
  if (std::ranges::all_of(ranges, [](const PricedRange& each) { return each.price == 0; })) return 0;
  CrownRow target{nullptr, folded.bias(objective), folded.error(objective), folded.magnitude(objective)};
  Eigen::RowVectorXd row = folded.weight.row(objective);
  double shift = 0;
  for (const auto& [range, price] : ranges) {
    if (price == 0) continue;
    const Index at = objective + 1 + range.output;
    row += price * folded.weight.row(at);
    target.bias += price * folded.bias(at);
    target.error = add_up(target.error, multiply_up(std::abs(price), folded.error(at)));
    target.magnitude = add_up(target.magnitude, multiply_up(std::abs(price), folded.magnitude(at)));
    shift = add_up(shift, multiply_up(price, price > 0 ? range.upper : range.lower));
  }
  const double rounding =
      sum_error(2 * static_cast<std::int64_t>(ranges.size() + 2), target.magnitude) + folded.underflow;
  target.error = add_up(target.error, rounding);
  target.magnitude = add_up(target.magnitude, 2 * rounding);
  priced.assign(row.begin(), row.end());
  target.weight = priced.data();
  batch.first_target = target;
  return shift;
}

void BoxBatch::line(Index number, Index lane, LowerLine& to) const {
  const auto inputs = static_cast<Index>(box_lower.size()) / lanes;
  to.bound = limit[static_cast<std::size_t>(number * lanes + lane)];
  to.slope.resize(inputs);
  for (Index j = 0; j < inputs; ++j) {
    to.slope(j) = slope[static_cast<std::size_t>((number * inputs + j) * lanes + lane)];
  }
}

bool BoxBatch::settled(const CrownBatch& batch, Index lane, const std::vector<PricedRange>& ranges) const {
  const auto at = [&](const std::vector<double>& array, Index row) {
    return array[static_cast<std::size_t>(row * lanes + lane)];
  };
  const Index objective = batch.first[batch.layers] - batch.inputs;
  if (at(lower, objective) > batch.cutoff) return true;
  return std::ranges::any_of(ranges, [&](const PricedRange& each) {
    const Index row = objective + 1 + each.range.output;
    return at(lower, row) > each.range.upper || at(upper, row) < each.range.lower;
  });
}

BoxBatch::Effort BoxBatch::bound(const Folded& folded, CrownBatch& batch, const std::vector<PricedRange>& ranges,
                                 bool forward_only) {
  const BoundKernels& run = bound_kernels();
  const std::vector<double> row_work = folded.row_work();
  const Index units = folded.units();
  const double targets = (row_work.back() + row_overhead) * static_cast<double>(1 + ranges.size());
  const double forward = folded.forward_work() + row_overhead * static_cast<double>(units);
  wanted[static_cast<std::size_t>(units)] = 1;
  for (const PricedRange& each : ranges) wanted[static_cast<std::size_t>(units + 1 + each.range.output)] = 1;
  double spent = batch_overhead + targets, crown = want(folded, row_work, 0);
  if (folded.inputs <= forward_inputs && crown > forward) {
    lines.resize(static_cast<std::size_t>(folded.values() * (2 * folded.inputs + 3) * lanes));
    batch.lines = lines.data();
    run.forward(batch);
    spent += forward;
    crown = want(folded, row_work, 2);
    if (crown > targets) {
      // The targets alone may settle the boxes.
      std::fill_n(wanted.begin(), units, 0);
      run.crown(batch);
      spent += targets;
      double left = 0;
      for (Index p = 0; p < batch.lanes; ++p) left += settled(batch, p, ranges) ? 0 : 1;
      if (left == 0) return {spent, false};
      if (forward_only && crown > left * (forward + targets)) return {spent, true};
      want(folded, row_work, 2);
    }
  }
  run.crown(batch);
  return {spent + crown, false};
}

}  // namespace secateur::bounds
