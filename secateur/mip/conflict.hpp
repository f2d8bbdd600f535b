// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/lp/propagation.hpp"
#include "secateur/model/frame.hpp"
#include "secateur/model/problem.hpp"

namespace secateur::mip {

/// What a conflict that propagation found means to the user: names of constraints, bounds as "V >= 0.03", networks
/// whose ranges are part of it.
std::vector<std::string> names_of(const lp::Conflict& conflict, const model::Problem& problem,
                                  const model::Frame& frame);

/// The same where a network cannot reach the bounds of one of its outputs.
std::vector<std::string> names_of_range(const model::Problem& problem, int variable, const graph::LayerBounds& outputs,
                                        const model::Frame& frame);

/// A small part of an infeasible problem that is infeasible by itself (an irreducible one when time suffices): its
/// constraints and bounds are taken away one at a time, and stay away as long as what is left is still proven
/// infeasible (deletion filter, Chinneck & Dravnieks 1991). Bounds of network inputs always stay, since without them a
/// network has no formulation; they are not named.
///
/// `is_infeasible(problem, seconds)`: whether that is proven within the time.
std::vector<std::string> smallest_conflict(
    const model::Problem& problem, const std::function<bool(const model::Problem&, double seconds)>& is_infeasible,
    double seconds);

}  // namespace secateur::mip
