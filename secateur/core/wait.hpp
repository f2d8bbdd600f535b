// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace secateur {

/// Returns once `value` differs from `old`. Spins for some 50 microseconds, since what it waits for is often nearer
/// than the time it takes to wake a thread; only then it sleeps, until somebody notifies.
void wait_for_change(const std::atomic<unsigned>& value, unsigned old);

}  // namespace secateur
