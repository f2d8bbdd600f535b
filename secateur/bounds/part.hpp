// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "secateur/bounds/box_batch.hpp"
#include "secateur/bounds/folded.hpp"
#include "secateur/bounds/lane_points.hpp"
#include "secateur/bounds/price_ascent.hpp"

namespace secateur::bounds {

/// A part of the box: what is known of the units that `folded` keeps, and a lower bound of the objective on it. All
/// numbers in one piece, since threads that allocate get in each other's way.
struct Part {
  std::shared_ptr<const Folded> folded;
  Matrix ends;  ///< rows: lower and upper bounds; columns: the inputs, then the units before their ReLU
  std::vector<PricedRange> ranges;  ///< those that some point of it may miss
  double bound = -std::numeric_limits<double>::infinity();
  bool shrunk = false;  ///< since it was bounded

  [[nodiscard]] Index units() const { return ends.cols() - folded->inputs; }
  [[nodiscard]] Box box() const { return part(0, folded->inputs); }
  [[nodiscard]] bool unstable_unit(Index i) const {
    return unstable(ends(0, folded->inputs + i), ends(1, folded->inputs + i));
  }
  /// Bounds of the units.
  [[nodiscard]] Box preactivations() const { return part(folded->inputs, units()); }

 private:
  [[nodiscard]] Box part(Index first, Index count) const {
    return {ends.row(0).segment(first, count).transpose(), ends.row(1).segment(first, count).transpose()};
  }
};

/// All of a box on which `folded` holds.
Part whole_part(std::shared_ptr<const Folded> folded, const Box& box, const std::vector<OutputRange>& ranges);

/// What a part takes, with its share of a graph that its siblings have in common.
double part_bytes(const Part& part);

/// Nothing is gained by splitting a part in which the objective is linear, or one too small to be halved, unless it has
/// become that small since it was bounded.
bool settled(const Part& part);

/// What came of a part.
struct PartExpansion {
  std::shared_ptr<const Folded> folded;  ///< the children's, who do not have it yet
  std::vector<Part> children;            ///< none of them above the cut-off
  std::vector<Point> candidates;         ///< corners whose objective is below the cut-off, in plain arithmetic
  std::int64_t boxes = 0;                ///< that were bounded
  double work = 0;                       ///< vector multiplications, about
  double forward_work = 0;               ///< of this, where CROWN was left out
};

/// Halves a part three times, and bounds what comes of it. `forward_only`: see BoxBatch::bound.
PartExpansion expand(Part part, double cutoff, bool forward_only, BoxBatch& space);

}  // namespace secateur::bounds
