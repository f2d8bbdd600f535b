// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/team.hpp"

#include "secateur/core/wait.hpp"

namespace secateur::train {

Team::Team(int size) : m_size(size) {
  for (int member = 1; member < size; ++member) m_threads.emplace_back([this, member] { work(member); });
}

Team::~Team() {
  m_job = nullptr;
  m_round.fetch_add(1, std::memory_order_acq_rel);
  m_round.notify_all();
  for (auto& thread : m_threads) thread.join();
}

void Team::run(const std::function<void(int)>& job) {
  m_job = &job;
  m_round.fetch_add(1, std::memory_order_acq_rel);
  m_round.notify_all();
  job(0);
  barrier();
}

void Team::work(int member) {
  for (unsigned round = 0;;) {
    wait_for_change(m_round, round);
    ++round;
    if (m_job == nullptr) return;
    (*m_job)(member);
    barrier();
  }
}

void Team::barrier() {
  if (m_size == 1) return;
  const unsigned phase = m_phase.load(std::memory_order_acquire);
  if (m_arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == m_size) {
    m_arrived.store(0, std::memory_order_relaxed);
    m_phase.fetch_add(1, std::memory_order_acq_rel);
    m_phase.notify_all();
  } else {
    wait_for_change(m_phase, phase);
  }
}

}  // namespace secateur::train
