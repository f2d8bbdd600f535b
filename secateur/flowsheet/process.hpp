// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/core/stop.hpp"

namespace secateur::flowsheet {

/// How a program has ended.
struct ProcessEnd {
  enum class How {
    code,          ///< by itself; `number` is its exit code
    signal,        ///< by a signal; `number` says which
    time_limit,    ///< ended here, as its time was over
    output_limit,  ///< ended here, as it wrote more than it may
    interrupted    ///< ended here, as `stop` said so
  };
  How how = How::code;
  int number = 0;
  std::string output, messages;  ///< what it wrote to standard output and standard error
};

/// A program in a process group of its own, without a shell: started in the constructor, fed and read through memory
/// files, so that neither side waits for the other. The group is ended with it, and by the destructor.
class Process {
 public:
  /// `command`: the program (found as a shell finds it; relative to `folder` when it has a slash) and its arguments.
  /// Throws std::system_error when it cannot be started.
  Process(const std::vector<std::string>& command, const std::filesystem::path& folder, std::string_view input);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Waits for its end, at most `seconds` from its start. Call once.
  ProcessEnd wait(double seconds, std::uint64_t most_bytes, const Stop& stop);

 private:
  [[nodiscard]] bool has_ended() const;
  void end_group() const;
  int reap();

  int m_process = -1, m_descriptor = -1, m_output = -1, m_messages = -1;
  Stopwatch m_watch;
};

}  // namespace secateur::flowsheet
