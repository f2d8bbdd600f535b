// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "secateur/core/stop.hpp"
#include "secateur/study/cell_run.hpp"
#include "secateur/study/ledger.hpp"

namespace secateur::study {

/// The argument that makes a program call worker_main(), the number of the process that started it, and the MiB that
/// the worker may use: `secateur study-worker 1234 4096`.
inline constexpr const char* worker_argument = "study-worker";

/// The whole of a worker process: reads a job from standard input, runs it, writes the result to descriptor 3. It dies
/// with the process that started it, ignores Ctrl-C (that process decides), and cannot have more than its memory.
int worker_main(int argc, char** argv) noexcept;

/// One cell in a process of its own.
class Worker {
 public:
  /// `command`: the program, and what it needs before worker_argument. Throws std::runtime_error when it cannot be
  /// started.
  Worker(const std::vector<std::string>& command, const Job& job, double limit, double memory_limit);
  /// Ends the process if it still runs.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// What became of it, once it has ended; ends it when its time is over.
  std::optional<Finished> poll();
  /// Whether the signal that ended it says nothing about the cell: SIGKILL, that nobody here has sent.
  [[nodiscard]] bool was_killed() const { return m_was_killed; }
  /// Readable when the process has ended; -1 where the system has no such descriptors.
  [[nodiscard]] int descriptor() const { return m_descriptor; }

 private:
  [[nodiscard]] Finished read(int status) const;

  int m_process = -1, m_descriptor = -1, m_result = -1, m_messages = -1;
  double m_limit;
  bool m_timed_out = false, m_was_killed = false;
  Stopwatch m_watch;
};

}  // namespace secateur::study
