// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/mip/prepare.hpp"
#include "secateur/search/learned.hpp"

namespace secateur::search {

/// Pseudo-costs between what was learned, which knows inputs by their variables and units by where they stand in the
/// networks, and a prepared problem's graph, which numbers what simplification has left of them.
std::vector<KnownCost> known_costs(const Learned& learned, const model::Problem& problem,
                                   const mip::Prepared& prepared);
/// What `learned` is to hold from then on: costs of units that do not take part this time stay.
std::vector<Learned::Cost> learned_costs(const std::vector<KnownCost>& costs, const Learned& learned,
                                         const model::Problem& problem, const mip::Prepared& prepared);

}  // namespace secateur::search
