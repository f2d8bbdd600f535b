// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "secateur/lp/session.hpp"
#include "secateur/search/bounding.hpp"
#include "secateur/search/node.hpp"
#include "secateur/search/pseudo_costs.hpp"
#include "secateur/search/relaxation.hpp"
#include "secateur/search/sentinel.hpp"
#include "secateur/search/values.hpp"

namespace secateur::search {

/// What does not change during a search.
struct Task {
  std::vector<Range> ranges;
  std::vector<Values> values;  ///< of each input
  BoundingSettings bounding;
  std::optional<Sentinel> sentinel;  ///< a known point that must never be lost
  std::vector<KnownCost> costs;      ///< of an earlier search
};

/// The root of a search: multipliers are not known, bounds of the units are those of folding.
Node root_node(std::shared_ptr<const Network> network, const Box& box);

/// What came of a node.
struct Expansion {
  std::vector<Node> children;      ///< none of them above the cut-off
  std::vector<Vector> candidates;  ///< points whose objective may be below the cut-off
  /// The least bound of parts that splitting does not improve any more; infinite if there are none.
  double settled;
  double work = 0;  ///< of linear programs, as TreeState::work
};

/// Splits nodes. One a thread.
class Expander {
 public:
  Expander(const Task& task, const Stop& stop) : m_task(task), m_stop(stop), m_bounding(task.ranges, task.bounding) {}

  /// Bounds a node from its first layer on; false: it is above the cut-off.
  bool bound(Node& node, double cutoff);
  /// Splits a node where a look ahead promises most: every candidate's two children are bounded, and the better pair is
  /// kept. A node without unstable units is a linear program, and so is a root with ranges, whose prices it finds. So
  /// is one of few unstable units that every candidate leaves nearly as it was: ascent is slow to find the multipliers
  /// of many splits that a linear program hands out.
  Expansion expand(Node node, double cutoff);

 private:
  struct Pair {
    std::vector<Node> children;
    double score = -1;
  };
  void refold(Node& node);
  Solved solve(Node& node, Expansion& result);
  void finish(Node node, double cutoff, Expansion& result);
  [[nodiscard]] Pair try_unit(const Node& node, Index value, double cutoff, Expansion& result);
  [[nodiscard]] Pair try_input(const Node& node, Index input, double cutoff, Expansion& result);
  void try_child(Node child, int layer, double cutoff, double parent, Pair& pair, double& score, Expansion& result);
  [[nodiscard]] bool can_split(const Node& node, Index input) const;
  bool round_inwards(Node& node) const;
  [[nodiscard]] Index widest_isolated(const Node& node) const;
  [[nodiscard]] Index most_fractional(const Node& node, const Vector& x) const;
  void bound_watched(Node& node, int layer, double cutoff);
  void offer(const Node& node, double cutoff, Expansion& result);

  const Task& m_task;
  const Stop& m_stop;
  Bounding m_bounding;
  std::unique_ptr<lp::Session> m_session;
  std::vector<double> m_value;
};

}  // namespace secateur::search
