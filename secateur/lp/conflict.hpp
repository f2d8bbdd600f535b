// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace secateur::lp {

/// One bound of one column.
struct ColumnBound {
  int column = 0;
  bool upper = false;
  friend bool operator==(const ColumnBound&, const ColumnBound&) = default;
};

/// Rows and column bounds of a model that no point satisfies together, in real arithmetic.
struct Conflict {
  int row = -1;                     ///< the one that failed last; -1 when there is none such
  std::vector<int> rows;            ///< every row that is part of the proof, ascending; `row` among them
  std::vector<ColumnBound> bounds;  ///< and the column bounds that are, ascending
};

}  // namespace secateur::lp
