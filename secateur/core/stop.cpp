// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/stop.hpp"

#include <unistd.h>
#include <csignal>

namespace secateur {

std::atomic<bool>& interrupt_flag() {
  static std::atomic<bool> flag{false};
  return flag;
}

namespace {

extern "C" void on_signal(int) {
  if (interrupt_flag().exchange(true)) _exit(130);
}

}  // namespace

void install_interrupt_handler() {
  interrupt_flag() = false;
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace secateur
