// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/model/frame.hpp"

namespace secateur::bounds {

/// How much work LP bounds may be, and what they may use.
struct LpSettings {
  /// Sessions that work side by side, each on its own neurons. The same number gives the same bits, as long as neither
  /// `seconds` nor the stop cuts the work short.
  int threads = 1;
  /// Also neurons whose sign is known already: all bounds as tight as they get, not only what a formulation needs.
  bool stable_neurons = false;
  /// A session leaves a layer when the last dozens of its programs took less than this share off a range on average;
  /// 0: never.
  double least_gain = 0.02;
  /// With a frame that says something of the outputs, what one round finds in deep layers tightens the first ones in
  /// the next; there is a next one while programs bring `least_gain` on average.
  int rounds = 3;
  double seconds = std::numeric_limits<double>::infinity();
  std::int64_t programs = std::numeric_limits<std::int64_t>::max();
  /// Points whose objective in the frame is worse than this need not be enclosed.
  std::optional<double> cutoff;
};

/// What LP bounds cost and brought.
struct LpReport {
  std::int64_t programs = 0;  ///< linear programs solved
  int rounds = 0;
  Index fixed = 0;    ///< neurons that were unstable by the bounds at the start and are no longer
  double shrunk = 0;  ///< sum over the programs of the share that each took off its range
  double seconds = 0;
  bool complete = true;  ///< nothing was left out for lack of gain, time or programs
};

struct LpBounds {
  graph::NeuronBounds neurons;
  Box inputs;   ///< of the graph, tightened
  Box columns;  ///< of the frame, tightened; empty without a frame
  /// Proven: no point satisfies box, network, frame and cut-off together. The bounds say nothing then.
  bool infeasible = false;
  LpReport report;
};

/// Bounds by linear programming: both ends of each preactivation over the triangle relaxation (Ehlers 2017), layer by
/// layer over the tightened layers before, and of the graph's inputs and outputs; known as optimisation-based bound
/// tightening (Gleixner et al. 2017). With a frame, its rows, the bounds of its columns and the cut-off are part of
/// every program, so that bounds use what couples inputs, outputs and several networks. Every bound is the safe dual
/// bound of its program (lp::safe_dual_bound), intersected with `start`: a program that fails loosens nothing.
///
/// Unstable neurons come first in the order of their relaxations' areas. `start`: valid bounds of the whole graph on
/// `box`, which lies inside the graph's domain. Throws std::invalid_argument when sizes do not fit.
LpBounds lp_bounds(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& start,
                   const model::Frame* frame = nullptr, const LpSettings& settings = {}, const Stop& stop = Stop());

}  // namespace secateur::bounds
