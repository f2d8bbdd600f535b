// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/tolerance.hpp"

#include <algorithm>
#include <cmath>

namespace secateur::prune {

namespace {

/// Bisection ends when what is kept is known to this fraction: the next attempt would hardly be a sparser network, and
/// which of two so close ones succeeds is decided by chance. Without fine-tuning attempts are cheap and it goes on to
/// single weights.
constexpr double resolution = 0.03;
/// A network whose error exceeds the limit by at most this factor is fine-tuned once more before it counts as a
/// failure.
constexpr double second_chance = 2;
/// Attempts expected, for the progress only.
constexpr double expected_attempts = 12;

}  // namespace

Candidate search_tolerance(Descent& descent, double tolerance) {
  const Candidate& original = descent.original();
  const double limit = (1 + tolerance) * original.error;
  Candidate best = original;
  const auto seen = [&](const Candidate& found) {
    if (found.error > limit || found.removed < best.removed) return;
    if (found.removed > best.removed || found.error < best.error) best = found;
  };

  Index failed = 0;  // the largest number kept that has not succeeded
  while (!descent.stopped()) {
    const Index kept = descent.count() - best.removed;
    const double narrow = descent.finetunes() ? resolution * static_cast<double>(kept) : 0.0;
    if (static_cast<double>(kept - failed) <= std::max(1.0, narrow)) break;
    const double middle = std::sqrt(static_cast<double>(kept) * static_cast<double>(failed));
    const Index next =
        failed == 0 ? kept / 2 : std::clamp(static_cast<Index>(std::lround(middle)), failed + 1, kept - 1);
    const Candidate start = descent.finetunes() ? best : original;
    Candidate reached = descent.run(start, descent.count() - next, 1 / expected_attempts, seen);
    if (descent.finetunes() && reached.error > limit && reached.error <= second_chance * limit) {
      reached = descent.run(reached, reached.removed, 0, seen);
    }
    // A node method may not be able to remove so many: then this number has failed as well.
    if (reached.error > limit || reached.removed < descent.count() - next) failed = next;
  }
  return best;
}

}  // namespace secateur::prune
