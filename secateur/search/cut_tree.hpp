// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "secateur/search/tree.hpp"

namespace secateur::search {

/// Branch and cut: the same search as make_tree() by linear programs over the units' binaries, with cuts at the root
/// (docs/engine.md). Best where rows are sparse. The same contract: the result does not depend on the number of
/// threads, unless time runs out.
///
/// `saved`: such a tree of the same network and box to go on with. Cuts are found anew, for the cut-off that is known
/// by now. Throws std::out_of_range for nodes that are no parts of the root.
///
/// Task, listener and stop have to outlive the search.
std::unique_ptr<Search> make_cut_tree(const Task& task, std::shared_ptr<const Network> network, const Box& box,
                                      double cutoff, const TreeLimits& limits, const Listener& listener,
                                      const Stop& stop, const SavedTree* saved = nullptr);

/// What the root of such a search is expected to take; its tree begins to show what is to come after as much again
/// (TreeState::work).
double cut_entry_work(const Network& network);

}  // namespace secateur::search
