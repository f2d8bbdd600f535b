// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/model.hpp"

#include <utility>

namespace secateur::lp {

int Model::add_column(double lower, double upper, double column_cost, bool is_integer, std::string name) {
  cost.push_back(column_cost);
  column_lower.push_back(lower);
  column_upper.push_back(upper);
  integer.push_back(is_integer);
  column_names.push_back(std::move(name));
  return columns() - 1;
}

void Model::add_entry(int column_index, double coefficient) {
  column.push_back(column_index);
  value.push_back(coefficient);
}

int Model::close_row(double lower, double upper, std::string name) {
  row_lower.push_back(lower);
  row_upper.push_back(upper);
  row_names.push_back(std::move(name));
  row_start.push_back(static_cast<int>(column.size()));
  return rows() - 1;
}

void Model::append(const Rows& rows) {
  const int before = row_start.back();
  column.insert(column.end(), rows.column.begin(), rows.column.end());
  value.insert(value.end(), rows.value.begin(), rows.value.end());
  for (std::size_t i = 0; i < rows.lower.size(); ++i) row_start.push_back(before + rows.start[i + 1]);
  row_lower.insert(row_lower.end(), rows.lower.begin(), rows.lower.end());
  row_upper.insert(row_upper.end(), rows.upper.begin(), rows.upper.end());
  row_names.resize(row_lower.size());
}

void Rows::add_entry(int column_index, double coefficient) {
  column.push_back(column_index);
  value.push_back(coefficient);
}

void Rows::close_row(double row_lower, double row_upper) {
  lower.push_back(row_lower);
  upper.push_back(row_upper);
  start.push_back(static_cast<int>(column.size()));
}

}  // namespace secateur::lp
