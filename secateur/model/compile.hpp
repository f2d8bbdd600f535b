// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/model/frame.hpp"
#include "secateur/model/problem.hpp"

namespace secateur::model {

/// The problem without its networks: see Frame. `inputs` and `outputs` are left empty (compile() fills them).
Frame frame_of(const Problem& problem);

/// Every column of the frame at a point of the problem: the variables, and which value each discrete one has.
Vector frame_point(const Problem& problem, const Frame& frame, const Vector& point);

/// A problem as the algorithms see it: all its networks as one graph, and the frame around it.
///
/// The graph's inputs are the decisions with finite bounds that are not auxiliary, in ascending order; its domain are
/// their bounds in the frame. Its outputs are every determined variable and, where that is more than one of these, the
/// objective and the sums of the constraints.
struct Compiled {
  /// A linear function of the problem's variables as an output of the graph.
  struct Combination {
    Index output = 0;
    /// Whether the output says all: no variable outside the graph has a part in it.
    bool whole = true;
  };
  graph::ReluGraph graph;
  Frame frame;
  Combination objective;  ///< with its constant, in the user's sense
  std::vector<Combination> constraints;
};

/// `frame`: of this problem, perhaps with tighter column bounds than the problem's own. Throws InputError for a network
/// input without finite bounds, and when numbers overflow.
Compiled compile(const Problem& problem, const Structure& structure, Frame frame);

}  // namespace secateur::model
