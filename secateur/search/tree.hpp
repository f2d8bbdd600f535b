// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "secateur/core/stop.hpp"
#include "secateur/search/expansion.hpp"
#include "secateur/search/scout.hpp"

namespace secateur::search {

/// How far a search is.
struct TreeState {
  double bound = 0;
  std::int64_t nodes = 0;
  /// Share of the tree that is open: 2^-depth of every open node, added up. nodes / (1 - open) estimates the size of
  /// the whole tree (Knuth 1975).
  double open = 1;
  /// What it has taken: microseconds of a processor core, but counted by operations (docs/engine.md, "Which of the
  /// two"), so that it is the same on any machine and for any number of threads.
  double work = 0;
};

/// An open node between two rounds, of either search, with all that does not follow from the root: the points of a box
/// at which units have imposed signs.
struct SavedNode {
  std::vector<double> lower, upper;  ///< of each input
  std::vector<Split> splits;         ///< `value`: the unit's place in the graph (bounds::Folded::unit)
  std::vector<double> price;         ///< of dual ascent
  double bound = 0;                  ///< no feasible point of the node has an objective below
  std::int64_t depth = 0;
};

/// A tree between two rounds: no feasible point below `cutoff` and `settled` is outside the open nodes.
struct SavedTree {
  double cutoff = 0, settled = 0;
  std::int64_t nodes = 0;
  double work = 0;               ///< TreeState::work
  std::vector<SavedNode> open;   ///< best first
  std::vector<KnownCost> costs;  ///< of branch and cut; here `gain` is the objective's
  /// No feasible point has an objective below.
  [[nodiscard]] double bound() const;
};

/// Who listens to a search, on the thread that runs it.
struct Listener {
  /// A point whose objective may be below the cut-off; returns the cut-off from then on.
  std::function<double(const Vector& x)> probe;
  /// No feasible point has an objective below this, in real arithmetic.
  std::function<void(double bound, std::int64_t nodes)> prove;
  /// Asked between rounds: the search is to end although parts are open.
  std::function<bool(const TreeState& state)> enough;
  /// Asked between rounds whether it is time to save; and then, and where it ends with parts open, told to save what
  /// Search::saved() is. May be empty.
  std::function<bool()> due;
  std::function<void()> save;
  /// What branch and cut has learned of its binaries, when it ends. May be empty.
  std::function<void(const std::vector<KnownCost>& costs)> learned;
  /// Asked before a round, with the work so far (TreeState::work) and the boxes of the nodes that are next: what else
  /// is to be done meanwhile, if anything. Afterwards it is told what came of it and returns the cut-off from then on.
  /// May be empty.
  std::function<Errand(double work, const std::vector<Box>& parts)> errand;
  std::function<double(const std::vector<mip::Sighting>& sightings)> returned;
};

/// How much a search may take.
struct TreeLimits {
  int threads = 1;
  double memory = 1e9;  ///< bytes of open nodes; from half of that on it goes deep instead of wide
};

/// How a search ended.
struct TreeResult {
  bool exhausted = false;  ///< no part is open
  /// Why it ended before; none: the listener had enough.
  std::optional<Status> stopped;
  /// No feasible point has an objective below; infinite: there is none below the cut-off. Below the cut-off although no
  /// part is open: splitting does not improve some part, and its linear program proves no more.
  double bound = 0;
  double cutoff = 0;  ///< the last one
  std::int64_t nodes = 0;
};

/// A branch and bound that can be left, and gone on with.
class Search {
 public:
  Search() = default;
  virtual ~Search() = default;
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  /// Goes on until no part is open, until it is stopped, or until the listener has enough.
  virtual TreeResult run() = 0;
  /// A better point is known from elsewhere: its objective is the cut-off from now on.
  virtual void lower_cutoff(double cutoff) = 0;
  /// The tree, between two rounds.
  [[nodiscard]] virtual SavedTree saved() const = 0;
};

/// Branch and bound over parts of the inputs and signs of units, best first with dives. It goes in rounds: the best
/// open nodes are dealt out, each thread dives into a few of them (the better child next, the other one stays open)
/// with the cut-off of the round's start, and what comes of it is gathered in the order of the nodes. The result
/// therefore does not depend on the number of threads, unless time runs out.
///
/// `saved`: a tree of the same root to go on with, instead of the root. Its nodes are bounded anew from the root's
/// bounds when their turn comes. Throws std::out_of_range for nodes that are no parts of the root.
///
/// Task, listener and stop have to outlive the search.
std::unique_ptr<Search> make_tree(const Task& task, std::shared_ptr<const Network> network, const Box& box,
                                  double cutoff, const TreeLimits& limits, const Listener& listener, const Stop& stop,
                                  const SavedTree* saved = nullptr);

/// TreeState::work of one node: what was measured on networks of 50 to 150 units with 3 to 36 non-zeros in a row
/// (30 to 130 microseconds), within 40 %.
double node_work(const Network& network);

/// What such a search is expected to take (TreeState::work) until it shows what is to come.
double tree_entry_work(const Network& network);

}  // namespace secateur::search
