// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/wait.hpp"

#include <thread>

namespace secateur {

namespace {

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

void wait_for_change(const std::atomic<unsigned>& value, unsigned old) {
  constexpr int spins = 2000;  // about 50 microseconds
  for (int i = 0; i < spins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace secateur
