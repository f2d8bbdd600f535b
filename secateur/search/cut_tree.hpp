// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "secateur/search/tree.hpp"

namespace secateur::search {

/// Branch and cut: the same search as search_tree() by linear programs over the units' binaries, with cuts at the root
/// (docs/engine.md). Best where rows are sparse. The same contract: the result does not depend on the number of
/// threads, unless time runs out.
TreeResult search_cuts(const Task& task, std::shared_ptr<const Network> network, const Box& box, double cutoff,
                       const TreeLimits& limits, const Listener& listener, const Stop& stop);

}  // namespace secateur::search
