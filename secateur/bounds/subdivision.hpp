// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "secateur/bounds/price_ascent.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"

namespace secateur::bounds {

/// How much subdivide may do, and who improves the cut-off while it runs.
struct SubdivisionSettings {
  /// Vector multiplications at most, about: 1e9 take about a second on one thread. A measure that makes the result the
  /// same on every run, as seconds would not.
  double work = 1e9;
  /// Share of the work that may be done once the gap does not look like closing: bounds still tighten then.
  double tighten = 0.1;
  /// Points at which an output is outside of one of these need not be kept. (GCC asks for the initializer where
  /// settings are named one by one.)
  std::vector<OutputRange> ranges = {};                      // NOLINT(readability-redundant-member-init)
  std::int64_t boxes = 1000000;                              ///< sub-boxes at most
  double seconds = std::numeric_limits<double>::infinity();  ///< a limit of time in addition
  int threads = 1;                                           ///< the result does not depend on it, unless time runs out
  /// Offered points of the box whose objective is, in plain arithmetic, below the cut-off; returns the cut-off from
  /// then on. One that is higher than before is not taken. Called from the calling thread only.
  std::function<double(const Vector& x)> probe = nullptr;
  /// Begins with a local search for points to probe (lane_points), for a caller who has not looked for any.
  bool search = false;
  std::uint64_t seed = 1;  ///< of that search
};

/// What is known of the points x of a box with objective'y(x) <= cutoff and y(x) inside the ranges, in real arithmetic,
/// for the stored network. Nothing is lost at the cut-off or a range's side itself: a point that attains it is among
/// them.
struct Subdivision {
  graph::NeuronBounds bounds;  ///< hold at those points; inside the bounds that were given
  Box box;                     ///< contains those points
  /// objective'y >= bound on the *whole* box that was given, where y is inside the ranges. Never above the cut-off.
  double bound = -std::numeric_limits<double>::infinity();
  double cutoff = std::numeric_limits<double>::infinity();  ///< the last one: it may have been lowered on the way
  std::int64_t boxes = 0;                                   ///< sub-boxes that were bounded
  double work = 0;                                          ///< see SubdivisionSettings; without the last pass
  /// There is no such point. Bounds and box are those that were given.
  bool exhausted = false;
};

/// Bounds by subdivision of the box, for networks with few inputs: the box is split again and again; each part gets
/// CROWN bounds, at the price of the neurons that are unstable in it (see Folded); parts whose objective is provably
/// above the cut-off, or an output outside its range, are dropped, and the others shrunk to where linear bounds do not
/// say so. Ranges have prices as well, which every part inherits and improves: it is dropped if the objective plus the
/// priced outputs is above what the cut-off and the ranges' sides add up to. The answer is the union of what is known
/// on the parts that are left. With a cut-off just below the best known objective this is a branch and bound on the
/// inputs, and `exhausted` is a proof of optimality.
///
/// `box`: inside the graph's domain. `start`: bounds valid at every point of the box (at least where the objective is
/// not above the cut-off). `objective`: one entry an output. A cut-off of infinity keeps the whole box. It stops by
/// itself when its parts multiply as fast as ever. Throws std::invalid_argument for sizes that do not fit.
Subdivision subdivide(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& start,
                      const Vector& objective, double cutoff, const SubdivisionSettings& settings = {},
                      const Stop& stop = Stop());

}  // namespace secateur::bounds
