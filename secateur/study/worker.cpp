// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/worker.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <new>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): glibc declares it for _GNU_SOURCE only

namespace secateur::study {

namespace {

using Json = nlohmann::json;

constexpr int result_descriptor = 3;
constexpr int out_of_memory_code = 77, no_parent_code = 78, internal_code = 79;

/// A line of /proc/self/status, in bytes: VmData is private memory, VmHWM the largest resident size so far.
std::uint64_t memory_of(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stoull(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

std::string read_all(int file) {
  std::string bytes;
  std::array<char, 65536> buffer{};
  lseek(file, 0, SEEK_SET);
  for (;;) {
    const ssize_t count = ::read(file, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw std::runtime_error(fmt::format("a worker's pipe: {}", std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

// Jobs and results travel in memory files: whoever writes never waits for the reader.
Json binary(const std::string& bytes) { return Json::binary({bytes.begin(), bytes.end()}); }
std::string bytes_of(const Json& json) {
  const auto& bytes = json.get_binary();
  return {bytes.begin(), bytes.end()};
}

std::string packed(const Json& json) {
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

std::string pack(const Job& job) {
  return packed({{"spec", job.spec},
                 {"network", binary(job.network)},
                 {"dense", binary(job.dense)},
                 {"kept", job.kept},
                 {"memory_limit", job.memory_limit}});
}

Job unpack_job(const std::string& bytes) {
  const Json json = Json::from_cbor(bytes);
  return {json.at("spec"), bytes_of(json.at("network")), bytes_of(json.at("dense")), json.at("kept"),
          json.at("memory_limit").get<double>()};
}

std::string pack(const JobResult& result) {
  return packed({{"outcome", to_string(result.outcome)},
                 {"reason", result.reason},
                 {"result", result.result},
                 {"network", binary(result.network)},
                 // getrusage() would count what the starting process had.
                 {"memory", static_cast<double>(memory_of("VmHWM")) / (1024 * 1024)}});
}

JobResult unpack_result(const Json& json) {
  return {from_string<Outcome>(json.at("outcome").get<std::string>()).value(), json.at("reason").get<std::string>(),
          json.at("result"), bytes_of(json.at("network"))};
}

template <class T>
T number(const char* text) {
  T value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

/// Never above what this process may have already.
void limit(decltype(RLIMIT_DATA) resource, rlim_t value) {
  rlimit now{};
  bool set = getrlimit(resource, &now) == 0;
  now.rlim_cur = now.rlim_max = std::min(value, now.rlim_max);
  set = set && setrlimit(resource, &now) == 0;
  if (!set) throw std::runtime_error(fmt::format("a worker's limits cannot be set: {}", std::strerror(errno)));
}

int memory_file(const char* name) {
  const int file = memfd_create(name, MFD_CLOEXEC);
  // Well above the descriptors that the worker expects.
  const int high = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, 16);
  if (file >= 0) close(file);
  if (high < 0) throw std::runtime_error(fmt::format("a worker's memory file: {}", std::strerror(errno)));
  return high;
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of("\n\r ");
  if (end == std::string::npos) return {};
  const auto begin = text.find_last_of('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, std::min<std::size_t>(300, end - begin));
}

}  // namespace

int worker_main(int argc, char** argv) noexcept {
  try {
    if (argc < 4) return internal_code;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != number<pid_t>(argv[2])) return no_parent_code;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_IGN);
    limit(RLIMIT_CORE, 0);
    // What the process has and what the solver's threads reserve before they do anything is not the cell's.
    limit(RLIMIT_DATA, memory_of("VmData") + static_cast<rlim_t>(number<double>(argv[3]) * 1024 * 1024));
    write_all(result_descriptor, pack(run_cell(unpack_job(read_all(STDIN_FILENO)))));
    return 0;
  } catch (const std::bad_alloc&) {
    return out_of_memory_code;
  } catch (const std::exception& error) {
    try {
      write_all(STDERR_FILENO, error.what());
    } catch (...) {
      return internal_code;
    }
    return internal_code;
  }
}

Worker::Worker(const std::vector<std::string>& command, const Job& job, double limit, double memory_limit)
    : m_limit(limit) {
  std::vector<std::string> words = command;
  words.insert(words.end(), {worker_argument, std::to_string(getpid()), fmt::format("{}", memory_limit)});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const int input = memory_file("job");
  m_result = memory_file("result");
  m_messages = memory_file("messages");
  write_all(input, pack(job));
  lseek(input, 0, SEEK_SET);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, m_messages, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, m_messages, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, m_result, result_descriptor);
  const int code = posix_spawn(&m_process, words.front().c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(input);
  if (code != 0) {
    close(m_result);
    close(m_messages);
    throw std::runtime_error(fmt::format("a worker process cannot be started: {}", std::strerror(code)));
  }
  // By its number: glibc 2.36 declares pidfd_open() for C alone.
  m_descriptor = static_cast<int>(syscall(SYS_pidfd_open, m_process, 0));
}

Worker::~Worker() {
  if (m_process > 0) {
    kill(m_process, SIGKILL);
    while (waitpid(m_process, nullptr, 0) < 0 && errno == EINTR) continue;
  }
  for (const int file : {m_descriptor, m_result, m_messages}) {
    if (file >= 0) close(file);
  }
}

std::optional<Finished> Worker::poll() {
  if (!m_timed_out && m_watch.seconds() > m_limit) {
    m_timed_out = true;
    kill(m_process, SIGKILL);
  }
  int status = 0;
  rusage used{};
  const pid_t ended = wait4(m_process, &status, WNOHANG, &used);
  if (ended < 0 && errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "the process of a cell cannot be waited for");
  }
  if (ended != m_process) return std::nullopt;
  m_process = -1;
  Finished finished = read(status);
  m_was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !m_timed_out;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  finished.seconds = m_watch.seconds();
  finished.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  if (!finished.memory) finished.memory = static_cast<double>(used.ru_maxrss) / 1024;
  return finished;
}

Finished Worker::read(int status) const {
  Finished finished;
  JobResult& job = finished.job;
  const std::string said = last_line(read_all(m_messages));
  const std::string behind = said.empty() ? "" : ": " + said;
  // One that had ended by itself before it could be killed has a result.
  if (m_timed_out && WIFSIGNALED(status)) {
    job.outcome = Outcome::time_out;
    job.reason = fmt::format("ended after {:g} s, the limit of the cell", m_limit);
  } else if (WIFSIGNALED(status)) {
    const bool memory = said.find("bad_alloc") != std::string::npos;
    job.outcome = memory ? Outcome::out_of_memory : Outcome::crashed;
    job.reason = fmt::format("signal {} ({}){}", WTERMSIG(status), strsignal(WTERMSIG(status)), behind);
  } else if (WEXITSTATUS(status) == 0) {
    try {
      const Json json = Json::from_cbor(read_all(m_result));
      job = unpack_result(json);
      finished.memory = json.at("memory").get<double>();
    } catch (const Json::exception& error) {
      job.outcome = Outcome::crashed;
      job.reason = std::string("its result cannot be read: ") + error.what();
    }
  } else if (WEXITSTATUS(status) == out_of_memory_code) {
    job.outcome = Outcome::out_of_memory;
    job.reason = "more memory than the limit of the study";
  } else {
    job.outcome = Outcome::crashed;
    job.reason = fmt::format("exit code {}{}", WEXITSTATUS(status), behind);
  }
  return finished;
}

}  // namespace secateur::study
