// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "secateur/bounds/folded.hpp"
#include "secateur/core/kernels.hpp"

namespace secateur::bounds {

inline bool unstable(double lower, double upper) { return lower < 0 && upper > 0; }

/// Vector multiplications of CROWN for all rows on a batch of boxes, with what a row and a batch cost besides.
double batch_work(const Folded& folded);

/// Memory for the bounds of crown_lanes boxes at once, number by number, a lane a box; one a thread.
struct BoxBatch {
  std::vector<double> lower, upper, box_lower, box_upper, slope, work, lines, point;
  std::vector<unsigned char> wanted;
  std::array<double, crown_lanes> limit{}, value{};

  struct Effort {
    double work;        ///< vector multiplications, about
    bool forward_only;  ///< CROWN's bounds of units were left out
  };

  /// A batch of `folded`'s kernels on this memory; boxes, bounds known before and what is wanted are left open.
  CrownBatch prepare(const Folded& folded);
  void set_box(Index lane, const Box& box);

  /// Tightens the bounds of all units that are unstable in some lane in use, and of the first target: from lines
  /// carried forward where CROWN would cost more, and from CROWN behind the second layer (up to there both say the
  /// same). With `forward_only` CROWN's bounds of units are left out where halving all boxes that are left three times
  /// costs less.
  Effort bound(const Folded& folded, CrownBatch& batch, bool forward_only);

 private:
  double want(const Folded& folded, const std::vector<double>& row_work, std::size_t from);
};

}  // namespace secateur::bounds
