// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/mip/cell_steps.hpp"
#include "secateur/mip/goal.hpp"
#include "secateur/search/values.hpp"

namespace secateur::search {

/// What is to be done beside a round of a search, on any thread: sightings, the best first.
using Errand = std::function<std::vector<mip::Sighting>()>;

/// Local search beside a tree (docs/engine.md, "Points beside the search"): batches of descents from anywhere in the
/// box, from where the tree looks next, and from points of its relaxations, for a share of the tree's work. All is
/// counted, not timed, so that it goes the same way on every machine and for any number of threads.
///
/// Graph, goal, values and stop have to outlive it and its errands.
class Scout {
 public:
  /// `values`: what each input may be.
  Scout(const graph::ReluGraph& graph, const mip::Goal& goal, const std::vector<Values>& values, std::uint64_t seed,
        const Stop& stop);

  /// A point of a relaxation that is no point of the problem, but may be close to one.
  void suggest(const Vector& x);
  /// A batch, if one is due after so much work of trees (TreeState::work). `parts`: of the graph's domain; none: only
  /// from anywhere.
  [[nodiscard]] Errand errand(double work, const std::vector<Box>& parts);

 private:
  struct Batch {
    std::vector<Box> parts;
    std::vector<Vector> suggested;
    std::uint64_t seed;
  };
  [[nodiscard]] std::vector<mip::Sighting> search(const Batch& batch) const;
  [[nodiscard]] std::vector<mip::Sighting> descents(const Batch& batch) const;
  [[nodiscard]] std::vector<mip::Sighting> values_of(const std::vector<Vector>& points) const;
  [[nodiscard]] Vector admissible(Vector x) const;

  const graph::ReluGraph& m_graph;
  const mip::Goal& m_goal;
  const std::vector<Values>& m_values;
  const std::uint64_t m_seed;
  const Stop& m_stop;
  std::vector<bool> m_isolated;     ///< inputs that may not be any number; empty: all may
  std::vector<Vector> m_suggested;  ///< since the last batch
  double m_price = 0;               ///< of a batch, as TreeState::work
  int m_starts = 0;                 ///< descents in a batch
  double m_spent = 0, m_share = 0;
  std::uint64_t m_batches = 0;
};

}  // namespace secateur::search
