// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace secateur::train {

/// Threads that do one job together, again and again, with barriers in between. A step of training lasts tens of
/// microseconds, so members wait by spinning for about as long, and only then sleep.
class Team {
 public:
  /// `size` members, the calling thread among them; size >= 1.
  explicit Team(int size);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] int size() const { return m_size; }

  /// Calls job(0), ..., job(size - 1), each on its own thread (0 on the caller's), and returns when all are done. The
  /// job must not throw.
  void run(const std::function<void(int)>& job);

  /// Inside a job: waits until all members are here. What one wrote before it, the others see behind it.
  void barrier();

 private:
  void work(int member);

  int m_size;
  const std::function<void(int)>* m_job = nullptr;
  alignas(64) std::atomic<unsigned> m_round{0};
  alignas(64) std::atomic<int> m_arrived{0};
  alignas(64) std::atomic<unsigned> m_phase{0};
  std::vector<std::thread> m_threads;
};

}  // namespace secateur::train
