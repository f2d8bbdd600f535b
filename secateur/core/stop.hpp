// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <limits>
#include <optional>

#include "secateur/core/status.hpp"

namespace secateur {

/// Set by Ctrl-C (after install_interrupt_handler) or by a host program; long work polls it through Stop.
std::atomic<bool>& interrupt_flag();

/// From now on SIGINT and SIGTERM set interrupt_flag(); a second signal ends the process at once with status 130.
void install_interrupt_handler();

/// Wall-clock time since construction.
class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
  }

 private:
  std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

/// When long work has to end: a time limit in seconds (infinite by default) counted from construction, or Ctrl-C.
class Stop {
 public:
  explicit Stop(double time_limit = std::numeric_limits<double>::infinity()) : m_time_limit(time_limit) {}

  [[nodiscard]] double seconds() const { return m_watch.seconds(); }
  [[nodiscard]] double seconds_left() const { return m_time_limit - m_watch.seconds(); }
  /// `interrupted` or `time_limit` once that has happened.
  [[nodiscard]] std::optional<Status> reason() const {
    if (interrupt_flag().load(std::memory_order_relaxed)) return Status::interrupted;
    if (seconds_left() <= 0) return Status::time_limit;
    return std::nullopt;
  }

 private:
  Stopwatch m_watch;
  double m_time_limit;
};

}  // namespace secateur
