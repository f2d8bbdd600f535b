// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "secateur/core/matrix.hpp"
#include "secateur/core/status.hpp"

namespace secateur::lp {

/// Rows to append to a model that a session holds: lower <= A x <= upper, stored as Model stores its rows.
struct Rows {
  std::vector<double> lower, upper;
  std::vector<int> start{0}, column;
  std::vector<double> value;

  [[nodiscard]] int count() const { return static_cast<int>(lower.size()); }

  /// add_entry calls before close_row fill the row that it closes.
  void add_entry(int column_index, double coefficient);
  void close_row(double row_lower, double row_upper);
};

/// Column `column`, which is binary, implies a row when it has the value `value` (0 or 1): lower <= a'x <= upper.
struct Indicator {
  int column = 0, value = 1;
  double lower = 0, upper = 0;
  std::vector<int> columns;
  std::vector<double> coefficients;
  std::string name;
};

/// At most one of the columns is not zero. Weights order them for branching; they are all different.
struct Sos1 {
  std::vector<int> columns;
  std::vector<double> weights;
  std::string name;
};

/// min or max cost'x + offset subject to row_lower <= A x <= row_upper, column_lower <= x <= column_upper, some x
/// integer. Infinite bounds are IEEE infinities. Indicators and special ordered sets are conditions on top, which not
/// every solver has; a relaxation drops them together with integrality.
struct Model {
  Sense sense = Sense::minimize;
  double offset = 0;
  std::vector<double> cost, column_lower, column_upper;
  std::vector<bool> integer;
  std::vector<std::string> column_names;

  std::vector<double> row_lower, row_upper;
  std::vector<std::string> row_names;
  /// The matrix by rows: row r has entries row_start[r] .. row_start[r + 1] of column and value.
  std::vector<int> row_start{0}, column;
  std::vector<double> value;

  std::vector<Indicator> indicators;
  std::vector<Sos1> sos1;

  [[nodiscard]] int columns() const { return static_cast<int>(cost.size()); }
  [[nodiscard]] int rows() const { return static_cast<int>(row_lower.size()); }

  /// Appends a column and returns its index.
  int add_column(double lower, double upper, double column_cost, bool is_integer, std::string name);
  /// Appends a row; add_entry calls before it fill the row that it closes.
  void add_entry(int column_index, double coefficient);
  int close_row(double lower, double upper, std::string name);
  /// Appends rows without names.
  void append(const Rows& rows);
};

/// The model as text: free MPS, or CPLEX LP. Numbers in their shortest form that reads back to the same bits.
std::string to_mps(const Model& model);
std::string to_lp(const Model& model);

}  // namespace secateur::lp
