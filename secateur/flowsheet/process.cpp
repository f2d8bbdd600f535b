// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

extern char** environ;  // NOLINT(readability-redundant-declaration): glibc declares it for _GNU_SOURCE only

namespace secateur::flowsheet {

namespace {

[[noreturn]] void fail(int code, const char* what) { throw std::system_error(code, std::generic_category(), what); }

/// Closed when it goes out of scope, unless released.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : m_file(memfd_create(name, MFD_CLOEXEC)) {
    // Above the descriptors of a program's own streams, so that moving one there never loses another.
    const int high = m_file < 0 ? -1 : fcntl(m_file, F_DUPFD_CLOEXEC, 16);
    if (m_file >= 0) close(m_file);
    m_file = high;
    if (m_file < 0) fail(errno, "a memory file");
  }
  ~MemoryFile() {
    if (m_file >= 0) close(m_file);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] int get() const { return m_file; }
  [[nodiscard]] int release() { return std::exchange(m_file, -1); }

 private:
  int m_file;
};

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail(errno, "a memory file");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// The program may share the file's position; pread has its own.
std::string read_all(int file) {
  std::string bytes;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t count = ::pread(file, buffer.data(), buffer.size(), static_cast<off_t>(bytes.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::uint64_t size_of(int file) {
  struct stat facts{};
  return fstat(file, &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const std::filesystem::path& folder, std::string_view input) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  MemoryFile in("input"), out("output"), messages("messages");
  write_all(in.get(), input);
  lseek(in.get(), 0, SEEK_SET);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, messages.get(), STDERR_FILENO);
  // A group of its own: Ctrl-C is this program's to handle, and everything that the program starts ends with it.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int code = posix_spawnp(&m_process, words.front().c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) {
    m_process = -1;
    fail(code, "a program cannot be started");
  }
  m_output = out.release();
  m_messages = messages.release();
  // By its number: glibc 2.36 declares pidfd_open() for C alone.
  m_descriptor = static_cast<int>(syscall(SYS_pidfd_open, m_process, 0));
}

Process::~Process() {
  if (m_process > 0) {
    end_group();
    reap();
  }
  for (const int file : {m_descriptor, m_output, m_messages}) {
    if (file >= 0) close(file);
  }
}

bool Process::has_ended() const {
  siginfo_t facts{};
  // The process stays until the group has been ended: its number cannot become another group's before.
  if (waitid(P_PID, static_cast<id_t>(m_process), &facts, WEXITED | WNOHANG | WNOWAIT) != 0) {
    if (errno == EINTR) return false;
    fail(errno, "a program cannot be waited for");
  }
  return facts.si_pid == m_process;
}

void Process::end_group() const { kill(-m_process, SIGKILL); }

int Process::reap() {
  int status = 0;
  while (waitpid(m_process, &status, 0) < 0 && errno == EINTR) continue;
  m_process = -1;
  return status;
}

ProcessEnd Process::wait(double seconds, std::uint64_t most_bytes, const Stop& stop) {
  using How = ProcessEnd::How;
  constexpr double longest_pause = 0.05;
  std::optional<How> ended_here;
  while (!has_ended()) {
    const double left = seconds - m_watch.seconds();
    if (stop.reason())
      ended_here = How::interrupted;
    else if (left <= 0)
      ended_here = How::time_limit;
    else if (size_of(m_output) > most_bytes || size_of(m_messages) > most_bytes)
      ended_here = How::output_limit;
    if (ended_here) break;
    pollfd ends{m_descriptor, POLLIN, 0};
    poll(&ends, 1, std::max(1, static_cast<int>(1e3 * std::min(longest_pause, left))));
  }
  end_group();
  const int status = reap();
  ProcessEnd result;
  if (ended_here) {
    result.how = *ended_here;
  } else if (WIFSIGNALED(status)) {
    result.how = How::signal;
    result.number = WTERMSIG(status);
  } else {
    result.number = WEXITSTATUS(status);
  }
  if (size_of(m_output) <= most_bytes)
    result.output = read_all(m_output);
  else
    result.how = How::output_limit;
  if (size_of(m_messages) <= most_bytes) result.messages = read_all(m_messages);
  return result;
}

}  // namespace secateur::flowsheet
