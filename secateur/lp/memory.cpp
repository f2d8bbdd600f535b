// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/memory.hpp"

#include <unistd.h>
#include <fstream>

namespace secateur::lp {

double resident_memory() {
  std::ifstream file("/proc/self/statm");
  double total_pages = 0, resident_pages = 0;
  if (!(file >> total_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

}  // namespace secateur::lp
