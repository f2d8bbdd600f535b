// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "secateur/core/wait.hpp"

namespace secateur {

/// One task's jobs at a time. A thread first takes a job, by one atomic change of the number that is left, and only
/// then reads what the task is: it stays as it is until that job is done. So threads that come late, or wake in
/// between, find jobs or none.
class Crew::Jobs {
 public:
  /// Whether another task is under way; if not, the caller's is from now on.
  bool busy() { return m_busy.exchange(true, std::memory_order_acquire); }

  void offer(std::size_t jobs, Task task) {
    m_task = task;
    m_jobs = jobs;
    m_unfinished.store(static_cast<unsigned>(jobs), std::memory_order_relaxed);
    m_left.store(static_cast<unsigned>(jobs), std::memory_order_release);
    m_left.notify_all();
  }

  /// Does jobs while there are any.
  void serve(std::size_t thread) {
    while (const auto job = take()) perform(*job, thread);
  }

  /// Waits for those that others have taken.
  void finish() {
    for (unsigned left = unfinished(); left != 0; left = unfinished()) wait_for_change(m_unfinished, left);
    const std::exception_ptr error = std::exchange(m_error, nullptr);
    m_busy.store(false, std::memory_order_release);
    if (error) std::rethrow_exception(error);
  }

  /// A worker's life.
  void stand_by(std::size_t thread) {
    while (m_left.load(std::memory_order_relaxed) != over) {
      serve(thread);
      wait_for_change(m_left, 0);
    }
  }

  /// There will be no jobs any more.
  void end() {
    m_left.store(over, std::memory_order_release);
    m_left.notify_all();
  }

  static constexpr unsigned over = std::numeric_limits<unsigned>::max();

 private:
  [[nodiscard]] unsigned unfinished() const { return m_unfinished.load(std::memory_order_acquire); }

  std::optional<std::size_t> take() {
    unsigned left = m_left.load(std::memory_order_relaxed);
    while (left != 0 && left != over) {
      if (m_left.compare_exchange_weak(left, left - 1, std::memory_order_acquire, std::memory_order_relaxed)) {
        return m_jobs - left;
      }
    }
    return std::nullopt;
  }

  void perform(std::size_t job, std::size_t thread) {
    unsigned done = 1;
    try {
      m_task.call(m_task.what, job, thread);
    } catch (...) {
      done += fail(job);
    }
    if (m_unfinished.fetch_sub(done, std::memory_order_acq_rel) == done) m_unfinished.notify_one();
  }

  /// Returns how many jobs are dropped. Jobs are taken in order, so all that stand before this one have begun.
  unsigned fail(std::size_t job) {
    const std::scoped_lock lock(m_failing);
    if (!m_error || job < m_failed) {
      m_error = std::current_exception();
      m_failed = job;
    }
    return m_left.exchange(0, std::memory_order_acq_rel);
  }

  std::atomic<bool> m_busy{false};
  Task m_task;
  std::size_t m_jobs = 0;
  std::mutex m_failing;
  std::exception_ptr m_error;
  std::size_t m_failed = 0;                           ///< whose error it is
  alignas(64) std::atomic<unsigned> m_left{0};        ///< jobs that nobody has taken, or `over`
  alignas(64) std::atomic<unsigned> m_unfinished{0};  ///< jobs that are neither done nor dropped
};

Crew::Crew(std::size_t threads)
    : m_threads(std::max<std::size_t>(1, threads)), m_jobs(m_threads > 1 ? std::make_shared<Jobs>() : nullptr) {}

Crew::~Crew() {
  if (m_jobs) m_jobs->end();
}

void Crew::run(std::size_t jobs, Task task) {
  if (jobs >= Jobs::over) throw std::length_error("Crew::run: too many jobs");
  if (jobs <= 1 || m_threads == 1 || m_jobs->busy()) {
    for (std::size_t job = 0; job < jobs; ++job) task.call(task.what, job, 0);
    return;
  }
  begin(std::min(jobs, m_threads) - 1);
  m_jobs->offer(jobs, task);
  m_jobs->serve(0);
  m_jobs->finish();
}

/// From now on there are so many workers, or as many as the system grants.
void Crew::begin(std::size_t workers) {
  try {
    for (; m_workers < workers; ++m_workers) {
      std::thread([jobs = m_jobs, thread = m_workers + 1] { jobs->stand_by(thread); }).detach();
    }
  } catch (const std::exception&) {
    return;  // what there is to do is left to those that there are
  }
}

}  // namespace secateur
