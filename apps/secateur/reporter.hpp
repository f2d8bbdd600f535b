// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <spdlog/logger.h>

#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"

namespace secateur::app {

/// Everything a run says on stderr while it works: warnings, one line about the run, and progress: a bar that is
/// redrawn in place on a terminal, plain lines now and then otherwise. Safe to call from several threads.
class Reporter {
 public:
  Reporter();
  ~Reporter();
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  /// What is run, said with the first report of progress: a run that is refused at once prints its error alone.
  void announce(std::string run);
  void warn(const std::string& message);
  /// Valid as long as the reporter.
  ProgressSink sink();
  /// Takes the bar away and says what was announced, if nothing has yet.
  void finish();

 private:
  void report(const Progress& progress);
  void draw(const Progress& progress);
  [[nodiscard]] bool line_is_due(const Progress& progress);
  void say_announced();
  void clear();

  std::mutex m_mutex;
  std::shared_ptr<spdlog::logger> m_log;
  std::string m_announced;
  bool m_terminal, m_drawn = false;
  Stopwatch m_watch;
  std::optional<double> m_last;  ///< seconds at the last report shown
  std::string m_stage;
  int m_tenth = 0;  ///< of the fraction, at the last line
};

}  // namespace secateur::app
