// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "secateur/bounds/folded.hpp"
#include "secateur/bounds/price_ascent.hpp"
#include "secateur/core/kernels.hpp"

namespace secateur::bounds {

inline bool unstable(double lower, double upper) { return lower < 0 && upper > 0; }

/// Vector multiplications of CROWN for all rows on a batch of boxes, with what a row and a batch cost besides.
double batch_work(const Folded& folded);

/// A range of an output and its price, see PriceAscent.
struct PricedRange {
  OutputRange range;
  double price = 0;
};

/// Memory for the bounds of crown_lanes boxes at once, number by number, a lane a box; one a thread.
struct BoxBatch {
  std::vector<double> lower, upper, box_lower, box_upper, slope, limit, work, lines, point, priced;
  std::vector<unsigned char> wanted;
  std::array<double, crown_lanes> value{};

  struct Effort {
    double work;        ///< vector multiplications, about
    bool forward_only;  ///< CROWN's bounds of units were left out
  };

  /// A batch of `folded`'s kernels on this memory; boxes, bounds known before and what is wanted are left open.
  CrownBatch prepare(const Folded& folded);
  void set_box(Index lane, const Box& box);

  /// Makes the first target f into f + sum_k price_k y_k. Where all outputs are inside their ranges, that is at most f
  /// + the returned number, sum_k price_k side_k rounded up.
  double set_prices(const Folded& folded, CrownBatch& batch, const std::vector<PricedRange>& ranges);
  /// The lower line of the first target (number 0), of output o (2 o + 2) or of its negative (2 o + 3), once bounded.
  void line(Index number, Index lane, LowerLine& to) const;

  /// Tightens the bounds of all units that are unstable in some lane in use, of the first target and of the ranges'
  /// outputs: from lines carried forward where CROWN would cost more, and from CROWN behind the second layer (up to
  /// there both say the same). With `forward_only` CROWN's bounds of units are left out where halving all boxes that
  /// are left three times costs less.
  Effort bound(const Folded& folded, CrownBatch& batch, const std::vector<PricedRange>& ranges, bool forward_only);

  /// Whether nothing in the box of a lane is of interest: the first target is above the cut-off, or an output outside
  /// its range.
  [[nodiscard]] bool settled(const CrownBatch& batch, Index lane, const std::vector<PricedRange>& ranges) const;

 private:
  double want(const Folded& folded, const std::vector<double>& row_work, std::size_t from);
};

}  // namespace secateur::bounds
