// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/part.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "secateur/bounds/shrink.hpp"
#include "secateur/core/kernels.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Index lanes = crown_lanes;

/// The share of kept units that are stable by now.
double stable_share(const Part& cell) {
  Index stable = 0;
  for (Index i = 0; i < cell.units(); ++i) stable += !cell.unstable_unit(i);
  return static_cast<double>(stable) / static_cast<double>(std::max<Index>(1, cell.units()));
}

/// A fold costs about as much as a batch of lines carried forward. It always pays once it makes these ten times as
/// cheap, and earlier beside CROWN, which grows faster with the number of units.
bool pays_to_fold(const Part& cell, bool forward_only) {
  const double share = stable_share(cell);
  const Folded& folded = *cell.folded;
  const double entries = static_cast<double>(folded.rows()) * static_cast<double>(folded.values());
  return share > 0.7 || (!forward_only && share * folded.work() > 8 * entries);
}

bool can_halve(double lower, double upper) {
  const double middle = lower + 0.5 * (upper - lower);
  return middle > lower && middle < upper;
}

/// How much the bounds of the unstable units and of the objective vary with each input: the sum of their weights on it,
/// the objective's as parts of what it weighs a unit with on average, since its scale is the user's.
Vector influence_of(const Folded& folded) {
  const Index inputs = folded.inputs, units = folded.units();
  Vector influence = folded.weight.topLeftCorner(units, inputs).cwiseAbs().colwise().sum();
  const auto objective = folded.weight.row(units);
  const double scale = units > 0 ? objective.tail(units).cwiseAbs().mean() : 1;
  if (scale > 0) influence += objective.head(inputs).cwiseAbs().transpose() / scale;
  // An input that acts through folded-away units only still matters a little.
  influence.array() += 1e-12 * influence.sum() + 1e-300;
  return influence;
}

/// Up to `lanes` parts of a cell's box, by halving it three times where influence times width is largest. Parts share
/// the numbers at their borders, so that they cover the box; lanes that are left over repeat the last one. Returns
/// their number.
Index split(const Part& cell, BoxBatch& space) {
  const Folded& folded = *cell.folded;
  const Index inputs = folded.inputs;
  const auto lower = [&](Index j, Index p) -> double& {
    return space.box_lower[static_cast<std::size_t>(j * lanes + p)];
  };
  const auto upper = [&](Index j, Index p) -> double& {
    return space.box_upper[static_cast<std::size_t>(j * lanes + p)];
  };
  const auto copy = [&](Index from, Index to) {
    for (Index j = 0; j < inputs; ++j) {
      lower(j, to) = lower(j, from);
      upper(j, to) = upper(j, from);
    }
  };
  Vector influence = influence_of(folded);
  for (Index j = 0; j < inputs; ++j) {
    const double low = lower(j, 0) = cell.ends(0, j), high = upper(j, 0) = cell.ends(1, j);
    influence(j) *= can_halve(low, high) ? high - low : 0;
  }
  Index count = 1;
  for (int halving = 0; halving < 3; ++halving) {
    Index widest = 0;
    influence.maxCoeff(&widest);
    Index to = count;
    for (Index p = 0; p < count; ++p) to += can_halve(lower(widest, p), upper(widest, p)) ? 1 : 0;
    const Index all = to;
    for (Index p = count - 1; p >= 0; --p) {
      const double low = lower(widest, p), high = upper(widest, p);
      copy(p, --to);
      if (!can_halve(low, high)) continue;
      lower(widest, to) = low + 0.5 * (high - low);
      copy(p, --to);
      lower(widest, to) = low;
      upper(widest, to) = low + 0.5 * (high - low);
    }
    count = all;
    influence(widest) *= 0.5;
  }
  for (Index p = count; p < lanes; ++p) copy(count - 1, p);
  return count;
}

/// The cell over the units that are still unstable.
void refold(Part& cell) {
  const Box units = cell.preactivations();
  const auto folded = std::make_shared<const Folded>(fold(*cell.folded, cell.box(), units.lower, units.upper));
  const Index inputs = folded->inputs;
  Matrix ends(2, inputs + folded->units());
  ends.leftCols(inputs) = cell.ends.leftCols(inputs);
  for (Index i = 0; i < folded->units(); ++i) {
    const Index place = folded->unit[static_cast<std::size_t>(i)];
    ends(0, inputs + i) = folded->lower(place);
    ends(1, inputs + i) = folded->upper(place);
  }
  cell.folded = folded;
  cell.ends = std::move(ends);
}

/// Memory for the lines of one part after another.
struct PartLines {
  LowerLine objective, plus, minus;
};

/// Shrinks the box of a bounded part of `cell` to where linear bounds allow points of interest, and finds prices for
/// its ranges. Returns a lower bound of the objective, given what prices have added to the first target.
double narrow(Box& box, Part& part, const Part& cell, const BoxBatch& space, Index lane, double shift, double cutoff,
              PartLines& lines) {
  const Index units = cell.folded->units();
  const auto at = [&](const std::vector<double>& array, Index row) {
    return array[static_cast<std::size_t>(row * lanes + lane)];
  };
  double bound = at(space.lower, units);
  space.line(0, lane, lines.objective);
  if (cell.ranges.empty()) {
    part.shrunk = shrink(box, lines.objective.slope, lines.objective.bound, cutoff);
    return bound;
  }
  if (shift != 0) {
    bound = add_down(bound, -shift);
    lines.objective.bound = add_down(lines.objective.bound, -shift);
  }
  PriceAscent ascent(box, lines.objective);
  for (const auto& [range, price] : cell.ranges) {
    const Index row = units + 1 + range.output;
    if (at(space.lower, row) >= range.lower && at(space.upper, row) <= range.upper) continue;
    space.line(2 * range.output + 2, lane, lines.plus);
    space.line(2 * range.output + 3, lane, lines.minus);
    part.shrunk = shrink(box, lines.plus.slope, lines.plus.bound, range.upper) || part.shrunk;
    part.shrunk = shrink(box, lines.minus.slope, lines.minus.bound, -range.lower) || part.shrunk;
    part.ranges.push_back({range, ascent.improve(range, price, lines.plus, lines.minus)});
  }
  const LowerLine& sum = ascent.sum();
  part.shrunk = shrink(box, sum.slope, sum.bound, cutoff) || part.shrunk;
  return std::max(bound, sum.bound);
}

}  // namespace

Part whole_part(std::shared_ptr<const Folded> folded, const Box& box, const std::vector<OutputRange>& ranges) {
  const Index inputs = folded->inputs, units = folded->units();
  Part part;
  part.ends.resize(2, inputs + units);
  part.ends.row(0).head(inputs) = box.lower.transpose();
  part.ends.row(1).head(inputs) = box.upper.transpose();
  for (Index i = 0; i < units; ++i) {
    const Index place = folded->unit[static_cast<std::size_t>(i)];
    part.ends(0, inputs + i) = folded->lower(place);
    part.ends(1, inputs + i) = folded->upper(place);
  }
  for (const OutputRange& range : ranges) part.ranges.push_back({range});
  part.folded = std::move(folded);
  return part;
}

double part_bytes(const Part& cell) {
  const auto folded =
      static_cast<double>(cell.folded->weight.size()) + 2.0 * static_cast<double>(cell.folded->lower.size());
  return sizeof(double) * (folded / static_cast<double>(lanes) + 2.0 * static_cast<double>(cell.units()));
}
bool settled(const Part& cell) {
  bool splits = false;
  for (Index j = 0; j < cell.folded->inputs; ++j) splits = splits || can_halve(cell.ends(0, j), cell.ends(1, j));
  if (!splits && !cell.shrunk) return true;
  for (Index i = 0; i < cell.units(); ++i) {
    if (cell.unstable_unit(i)) return false;
  }
  return cell.folded->units() == 0 && cell.ranges.empty();
}

PartExpansion expand(Part cell, double cutoff, bool forward_only, BoxBatch& space) {
  PartExpansion result;
  if (cell.bound > cutoff) return result;
  if (pays_to_fold(cell, forward_only)) {
    result.work = 0.125 * static_cast<double>(cell.folded->rows()) * static_cast<double>(cell.folded->values());
    refold(cell);
  }
  const Folded& folded = *cell.folded;
  CrownBatch batch = space.prepare(folded);
  const Index inputs = folded.inputs, units = folded.units(), count = split(cell, space);
  for (Index i = 0; i < units; ++i) {
    std::fill_n(space.lower.begin() + i * lanes, lanes, cell.ends(0, inputs + i));
    std::fill_n(space.upper.begin() + i * lanes, lanes, cell.ends(1, inputs + i));
  }
  std::fill_n(space.lower.begin() + units * lanes, lanes, -infinity);
  std::fill_n(space.upper.begin() + units * lanes, lanes, infinity);
  for (const auto& [range, price] : cell.ranges) {
    std::fill_n(space.lower.begin() + (units + 1 + range.output) * lanes, lanes, -infinity);
    std::fill_n(space.upper.begin() + (units + 1 + range.output) * lanes, lanes, infinity);
  }
  const double shift = space.set_prices(folded, batch, cell.ranges);
  batch.lanes = count;
  batch.cutoff = shift == 0 ? cutoff : add_up(cutoff, shift);
  const BoundKernels& run = bound_kernels();
  const BoxBatch::Effort effort = space.bound(folded, batch, cell.ranges, forward_only);
  result.work += effort.work;
  if (effort.forward_only) result.forward_work = effort.work;

  // The corner where the linear lower bound is smallest is the best guess at where the objective is.
  for (Index at = 0; at < inputs * lanes; ++at) {
    const auto i = static_cast<std::size_t>(at);
    space.point[i] = space.slope[i] >= 0 ? space.box_lower[i] : space.box_upper[i];
  }
  run.evaluate({&batch, space.point.data(), space.value.data(), nullptr});

  result.boxes = count;
  PartLines lines;
  result.children.reserve(static_cast<std::size_t>(count));
  Box box{Vector(inputs), Vector(inputs)};
  for (Index p = 0; p < count; ++p) {
    const auto lane = static_cast<std::size_t>(p);
    const auto at = [&](const std::vector<double>& array, Index i) {
      return array[static_cast<std::size_t>(i * lanes + p)];
    };
    if (space.settled(batch, p, cell.ranges)) continue;
    if (space.value[lane] < cutoff) {
      Point candidate{Vector(inputs), space.value[lane]};
      for (Index j = 0; j < inputs; ++j) candidate.x(j) = at(space.point, j);
      result.candidates.push_back(std::move(candidate));
    }
    for (Index j = 0; j < inputs; ++j) {
      box.lower(j) = at(space.box_lower, j);
      box.upper(j) = at(space.box_upper, j);
    }
    Part child;
    child.bound = std::max(cell.bound, narrow(box, child, cell, space, p, shift, cutoff, lines));
    if (child.bound > cutoff) continue;
    child.ends.resize(2, inputs + units);
    child.ends.row(0).head(inputs) = box.lower.transpose();
    child.ends.row(1).head(inputs) = box.upper.transpose();
    for (Index i = 0; i < units; ++i) {
      child.ends(0, inputs + i) = at(space.lower, i);
      child.ends(1, inputs + i) = at(space.upper, i);
    }
    result.children.push_back(std::move(child));
  }
  result.folded = std::move(cell.folded);
  return result;
}

}  // namespace secateur::bounds
