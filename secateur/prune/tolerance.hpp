// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/prune/descent.hpp"

namespace secateur::prune {

/// The sparsest network found whose error is at most (1 + tolerance) times the original's; of equally sparse ones the
/// best. The original itself when there is none.
///
/// First the number of weights (or nodes) kept is halved for as long as that succeeds, then the gap between the last
/// success and the first failure is closed by bisection in the logarithm of the number kept. Each attempt starts from
/// the best network so far and is pruned and fine-tuned by the schedule, once more when it has nearly succeeded;
/// networks that it passes on the way count. Without fine-tuning every attempt starts from the original.
Candidate search_tolerance(Descent& descent, double tolerance);

}  // namespace secateur::prune
