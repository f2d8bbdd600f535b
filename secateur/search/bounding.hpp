// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/search/node.hpp"
#include "secateur/search/tightening.hpp"

namespace secateur::search {

/// How a node is bounded.
struct BoundingSettings {
  int steps = 12;       ///< of ascent
  int root_steps = 60;  ///< where no multipliers are known yet
  double rate = 0.25;
  double decay = 0.9;
};

/// Bounds nodes: tightens the units behind what has changed, ascends from the parent's multipliers, and proves the
/// bound of the best ones (alpha-beta-CROWN, Wang et al. 2021, arXiv 2103.06624, with prices for linear constraints).
/// One a thread.
class Bounding {
 public:
  Bounding(const std::vector<Range>& ranges, const BoundingSettings& settings)
      : m_ranges(ranges), m_settings(settings) {}

  /// `layer`: the first whose bounds may have become tighter. The node's bound never falls; infinite where there is no
  /// feasible point. Points whose objective is not below the cut-off are not needed: the box is shrunk to the others.
  /// Leaves what to branch on in the node.
  void run(Node& node, int layer, double cutoff);

  /// The inputs at which the last node's linear lower bound is smallest: a guess at where the objective is.
  [[nodiscard]] const Vector& point() const { return m_point; }

 private:
  void load(const Node& node);
  void ascend(Node& node, double cutoff);
  [[nodiscard]] bool infeasible(Node& node);
  [[nodiscard]] DualPass pass(double objective);
  [[nodiscard]] double proven(const Network& net, double objective);
  void shrink(Node& node, double bound, double cutoff);
  void choose(Node& node);

  const std::vector<Range>& m_ranges;
  const BoundingSettings m_settings;
  Tightening m_tightening;
  const Network* m_network = nullptr;
  std::vector<double> m_box_lower, m_box_upper, m_slope, m_intercept, m_open, m_sign, m_width, m_alpha, m_beta, m_price,
      m_lambda, m_mu, m_work, m_side_lower, m_side_upper, m_step;
  std::vector<std::pair<double, Index>> m_scores;
  Vector m_point;
};

}  // namespace secateur::search
