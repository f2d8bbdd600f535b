// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "secateur/study/cell.hpp"

namespace secateur::study {

/// Expected seconds of each cell: the mean of the cells that differ from it in the seed alone, else of those of the
/// same kind and block, else a guess by kind.
class Estimate {
 public:
  /// `seconds`: of the cells that are done, by key.
  Estimate(const std::vector<Cell>& cells, const std::map<std::string, double>& seconds);

  [[nodiscard]] double of(std::size_t cell) const;
  void learn(std::size_t cell, double seconds);

 private:
  struct Mean {
    double sum = 0;
    int count = 0;
  };
  /// Groups whose mean may stand for a cell, the closest one first.
  struct Entry {
    std::size_t alike, kind;
    double guess;
  };
  std::vector<Entry> m_entries;
  std::vector<Mean> m_means;
};

/// "45 s", "12 min", "3.4 h".
std::string duration_text(double seconds);

}  // namespace secateur::study
