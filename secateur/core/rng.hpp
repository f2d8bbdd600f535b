// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace secateur {

/// Random numbers with the same bits on every platform: the standard fixes the Mersenne Twister but not its
/// distributions, so those are written here.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : m_engine(seed) {}

  std::uint64_t next() { return m_engine(); }
  /// Uniform on [0, 1), 53 bits.
  double uniform() { return static_cast<double>(m_engine() >> 11) * 0x1p-53; }
  double uniform(double lower, double upper) { return lower + (upper - lower) * uniform(); }
  /// Uniform on {0, ..., count - 1}; count >= 1.
  std::int64_t below(std::int64_t count);
  /// Standard normal (Box-Muller).
  double normal();

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::int64_t i = static_cast<std::int64_t>(items.size()) - 1; i > 0; --i) {
      std::swap(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(below(i + 1))]);
    }
  }

 private:
  std::mt19937_64 m_engine;
};

}  // namespace secateur
