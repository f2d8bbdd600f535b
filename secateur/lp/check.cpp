// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace secateur::lp {

namespace {

void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(std::string("lp::Model: ") + message);
}

/// The matrix by rows and the rows' bounds.
void check_rows(const std::vector<double>& lower, const std::vector<double>& upper, const std::vector<int>& start,
                const std::vector<int>& column, const std::vector<double>& value, int columns) {
  const std::size_t rows = lower.size();
  require(upper.size() == rows && start.size() == rows + 1, "rows of different counts");
  require(column.size() == value.size() && start.front() == 0 && start.back() == static_cast<int>(value.size()),
          "a matrix that does not end where its last row does");
  for (std::size_t r = 0; r < rows; ++r) {
    require(start[r] <= start[r + 1], "rows that overlap");
    require(!std::isnan(lower[r]) && !std::isnan(upper[r]), "a row bound that is not a number");
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    require(column[i] >= 0 && column[i] < columns, "an entry of a column that does not exist");
    require(std::isfinite(value[i]), "a coefficient that is not finite");
  }
}

/// Indicators and special ordered sets.
void check_conditions(const Model& model) {
  const auto exists = [&](int c) { return c >= 0 && c < model.columns(); };
  for (const Indicator& indicator : model.indicators) {
    require(exists(indicator.column), "an indicator of a column that does not exist");
    const auto c = static_cast<std::size_t>(indicator.column);
    require(model.integer[c] && model.column_lower[c] >= 0 && model.column_upper[c] <= 1,
            "an indicator of a column that is not binary");
    require(indicator.value == 0 || indicator.value == 1, "an indicator of a value that is not 0 or 1");
    require(indicator.lower < std::numeric_limits<double>::infinity() &&
                indicator.upper > -std::numeric_limits<double>::infinity(),
            "an indicator's bound that no point can meet");
    require(indicator.columns.size() == indicator.coefficients.size(), "an indicator's row of different counts");
    for (std::size_t i = 0; i < indicator.columns.size(); ++i) {
      require(exists(indicator.columns[i]), "an indicator's entry of a column that does not exist");
      require(std::isfinite(indicator.coefficients[i]), "an indicator's coefficient that is not finite");
    }
  }
  for (const Sos1& set : model.sos1) {
    require(!set.columns.empty() && set.columns.size() == set.weights.size(),
            "a special ordered set of different counts");
    for (std::size_t i = 0; i < set.columns.size(); ++i) {
      require(exists(set.columns[i]), "a special ordered set with a column that does not exist");
      require(std::isfinite(set.weights[i]), "a weight of a special ordered set that is not finite");
    }
    std::vector<double> weights = set.weights;
    std::sort(weights.begin(), weights.end());
    require(std::adjacent_find(weights.begin(), weights.end()) == weights.end(),
            "a special ordered set whose weights are not all different");
  }
}

}  // namespace

void check(const Model& model) {
  const std::size_t columns = model.cost.size();
  require(model.column_lower.size() == columns && model.column_upper.size() == columns &&
              model.integer.size() == columns && model.column_names.size() == columns,
          "columns of different counts");
  require(model.row_names.size() == model.row_lower.size(), "rows of different counts");
  check_rows(model.row_lower, model.row_upper, model.row_start, model.column, model.value, model.columns());
  require(std::isfinite(model.offset), "an offset that is not finite");
  for (std::size_t c = 0; c < columns; ++c) {
    require(std::isfinite(model.cost[c]), "a cost that is not finite");
    require(!std::isnan(model.column_lower[c]) && !std::isnan(model.column_upper[c]),
            "a column bound that is not a number");
  }
  check_conditions(model);
}

void check(const Rows& rows, int columns) {
  check_rows(rows.lower, rows.upper, rows.start, rows.column, rows.value, columns);
}

}  // namespace secateur::lp
