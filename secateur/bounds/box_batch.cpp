// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/box_batch.hpp"

#include <algorithm>

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
  for (auto* array : {&box_lower, &box_upper, &slope, &point}) array->resize(inputs);
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

BoxBatch::Effort BoxBatch::bound(const Folded& folded, CrownBatch& batch, bool forward_only) {
  const BoundKernels& run = bound_kernels();
  const std::vector<double> row_work = folded.row_work();
  const Index units = folded.units();
  const double objective = row_work.back() + row_overhead;
  const double forward = folded.forward_work() + row_overhead * static_cast<double>(units);
  wanted[static_cast<std::size_t>(units)] = 1;
  double spent = batch_overhead + objective, crown = want(folded, row_work, 0);
  if (folded.inputs <= forward_inputs && crown > forward) {
    lines.resize(static_cast<std::size_t>(folded.values() * (2 * folded.inputs + 3) * lanes));
    batch.lines = lines.data();
    run.forward(batch);
    spent += forward;
    crown = want(folded, row_work, 2);
    if (crown > objective) {
      // The objective alone may settle the boxes.
      std::fill_n(wanted.begin(), units, 0);
      run.crown(batch);
      spent += objective;
      double left = 0;
      for (Index p = 0; p < batch.lanes; ++p) {
        left += lower[static_cast<std::size_t>(units * lanes + p)] > batch.cutoff ? 0 : 1;
      }
      if (left == 0 || (forward_only && crown > left * (forward + objective))) return {spent, true};
      want(folded, row_work, 2);
    }
  }
  run.crown(batch);
  return {spent + crown, false};
}

}  // namespace secateur::bounds
