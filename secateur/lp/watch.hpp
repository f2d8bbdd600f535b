// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <mutex>
#include <optional>

#include "secateur/core/stop.hpp"
#include "secateur/lp/session.hpp"

namespace secateur::lp {

/// What the callbacks of one run share. A solver may call from more than one thread. Nothing that a user's callback
/// throws leaves a member function: exceptions must not pass through a solver, whose C++ runtime need not be ours. The
/// run ends as if a stop had been asked for, and rethrow() throws it where it is ours again.
class Watch {
 public:
  Watch(const RunSettings& settings, const Callbacks& callbacks, Index columns)
      : m_settings(settings), m_callbacks(callbacks), m_columns(columns) {}

  /// Whether a run has anything to tell or to ask.
  [[nodiscard]] bool listens() const;

  /// Reports the state of the search when it changed or the last report is a while ago; values that are not finite
  /// are not known yet. Returns whether the run must end.
  bool state(double objective, double bound, std::int64_t nodes);
  /// Reports a better point of `columns` entries. Returns whether the run must end.
  bool improved(const double* point, double objective);
  /// Whether the run must end: asks the user's callback and looks at the memory.
  bool must_stop();

  /// Status that ended the run, when one did.
  [[nodiscard]] std::optional<Status> stopped() const { return m_stopped; }
  [[nodiscard]] double seconds() const { return m_clock.seconds(); }
  [[nodiscard]] const RunSettings& settings() const { return m_settings; }
  [[nodiscard]] const Callbacks& callbacks() const { return m_callbacks; }
  void set_stopped(std::optional<Status> status) { m_stopped = status; }
  void rethrow() const {
    if (m_error) std::rethrow_exception(m_error);
  }

 private:
  template <class Action>
  bool guarded(const Action& action);
  bool asked_to_stop();

  const RunSettings& m_settings;
  const Callbacks& m_callbacks;
  Index m_columns;
  Stopwatch m_clock;
  std::mutex m_mutex;
  SearchState m_last;
  double m_reported = -1, m_memory_checked = -1;
  std::optional<Status> m_stopped;
  std::exception_ptr m_error;
};

}  // namespace secateur::lp
