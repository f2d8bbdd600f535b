// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

namespace secateur {

/// Threads that stand by for jobs of microseconds: they are created for the first jobs and stay until the crew ends.
/// Whoever has jobs does them as well, and never waits for a thread that has not begun one: where all other processors
/// are taken, it does everything itself.
class Crew {
 public:
  /// `threads`: the caller's among them; 0 counts as 1.
  explicit Crew(std::size_t threads);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Calls work(job, thread) once for each job 0 .. jobs - 1, in that order as threads become free. Threads have
  /// numbers below `threads`, the caller's is 0. After an exception no further job begins; once all that have begun are
  /// done, that of the first job that threw leaves from here. Inside a job, or while another thread's jobs are under
  /// way, the caller does its jobs alone.
  template <class Work>
  void run(std::size_t jobs, const Work& work) {
    const auto call = [](const void* what, std::size_t job, std::size_t thread) {
      (*static_cast<const Work*>(what))(job, thread);
    };
    run(jobs, {&work, call});
  }

 private:
  struct Task {
    const void* what = nullptr;
    void (*call)(const void* what, std::size_t job, std::size_t thread) = nullptr;
  };
  /// What the threads share. They hold it, and nothing else, so that the crew's end need not wait for theirs: where
  /// processors are taken, a thread takes milliseconds to come and to go.
  class Jobs;

  void run(std::size_t jobs, Task task);
  void begin(std::size_t workers);

  const std::size_t m_threads;
  std::shared_ptr<Jobs> m_jobs;
  std::size_t m_workers = 0;
};

/// The same once, with threads of its own.
template <class Work>
void parallel(std::size_t jobs, std::size_t threads, const Work& work) {
  Crew(threads).run(jobs, work);
}

}  // namespace secateur
