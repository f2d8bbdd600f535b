// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "program.hpp"
#include "secateur/study/worker.hpp"

int main(int argc, char** argv) {
  // `secateur study` starts this program again, once a cell.
  if (argc > 1 && std::string_view(argv[1]) == secateur::study::worker_argument) {
    return secateur::study::worker_main(argc, argv);
  }
  return secateur::app::run_program(argc, argv);
}
