// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/check.hpp"

#include <cmath>
#include <stdexcept>

namespace secateur::lp {

namespace {

void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(std::string("lp::Model: ") + message);
}

}  // namespace

void check(const Model& model) {
  const std::size_t columns = model.cost.size(), rows = model.row_lower.size();
  require(model.column_lower.size() == columns && model.column_upper.size() == columns &&
              model.integer.size() == columns && model.column_names.size() == columns,
          "columns of different counts");
  require(model.row_upper.size() == rows && model.row_names.size() == rows && model.row_start.size() == rows + 1,
          "rows of different counts");
  require(model.column.size() == model.value.size() && model.row_start.front() == 0 &&
              model.row_start.back() == static_cast<int>(model.value.size()),
          "a matrix that does not end where its last row does");
  for (std::size_t r = 0; r < rows; ++r) {
    require(model.row_start[r] <= model.row_start[r + 1], "rows that overlap");
    require(!std::isnan(model.row_lower[r]) && !std::isnan(model.row_upper[r]), "a row bound that is not a number");
  }
  require(std::isfinite(model.offset), "an offset that is not finite");
  for (std::size_t c = 0; c < columns; ++c) {
    require(std::isfinite(model.cost[c]), "a cost that is not finite");
    require(!std::isnan(model.column_lower[c]) && !std::isnan(model.column_upper[c]),
            "a column bound that is not a number");
  }
  for (std::size_t i = 0; i < model.value.size(); ++i) {
    require(model.column[i] >= 0 && model.column[i] < model.columns(), "an entry of a column that does not exist");
    require(std::isfinite(model.value[i]), "a coefficient that is not finite");
  }
}

}  // namespace secateur::lp
