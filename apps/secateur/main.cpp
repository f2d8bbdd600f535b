// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "secateur/secateur.hpp"

int main() {
  std::printf("secateur %s\n", secateur::version);
  return 0;
}
