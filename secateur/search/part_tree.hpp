// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "secateur/search/tree.hpp"

namespace secateur::search {

/// Subdivision of the inputs (bounds/part.hpp) as a search: the same contract as make_tree(). Its nodes are boxes, with
/// bounds inherited from the box that they come from and prices of the ranges; no unit is split, and nothing but the
/// prices is chosen, so that a node costs little.
///
/// Task, listener and stop have to outlive the search.
std::unique_ptr<Search> make_part_tree(const Task& task, std::shared_ptr<const Network> network, const Box& box,
                                       double cutoff, const TreeLimits& limits, const Listener& listener,
                                       const Stop& stop, const SavedTree* saved = nullptr);

/// What such a search takes until it shows how it gets on (TreeState::work).
double part_entry_work(const Network& network);

}  // namespace secateur::search
