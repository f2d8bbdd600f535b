// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/watch.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/lp/memory.hpp"

namespace secateur::lp {

bool Watch::listens() const {
  return m_callbacks.progress || m_callbacks.improved || m_callbacks.stop || std::isfinite(m_settings.memory_limit);
}

template <class Action>
bool Watch::guarded(const Action& action) {
  const std::lock_guard lock(m_mutex);
  if (m_error) return true;
  try {
    action();
    return asked_to_stop();
  } catch (...) {
    m_error = std::current_exception();
    return true;
  }
}

bool Watch::asked_to_stop() {
  if (m_stopped) return true;
  if (m_callbacks.stop) m_stopped = m_callbacks.stop();
  if (!m_stopped && std::isfinite(m_settings.memory_limit) && m_clock.seconds() >= m_memory_checked + 0.02) {
    m_memory_checked = m_clock.seconds();
    if (resident_memory() > m_settings.memory_limit) m_stopped = Status::memory_limit;
  }
  return m_stopped.has_value();
}

bool Watch::must_stop() {
  return guarded([] {});
}

bool Watch::improved(const double* point, double objective) {
  return guarded([&] {
    if (m_callbacks.improved) m_callbacks.improved(Eigen::Map<const Vector>(point, m_columns), objective);
  });
}

bool Watch::state(double objective, double bound, std::int64_t nodes) {
  return guarded([&] {
    if (!m_callbacks.progress) return;
    SearchState now;
    if (std::isfinite(objective)) now.objective = objective;
    if (std::isfinite(bound)) now.bound = bound;
    now.nodes = std::max<std::int64_t>(nodes, 0);
    now.seconds = m_clock.seconds();
    const bool changed = now.objective != m_last.objective || now.bound != m_last.bound;
    if (!changed && now.seconds < m_reported + 0.05) return;
    m_reported = now.seconds;
    m_last = now;
    m_callbacks.progress(now);
  });
}

}  // namespace secateur::lp
