// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/scaling.hpp"

#include <cmath>
#include <stdexcept>

namespace secateur::lp {

Model scaled(const Model& model, const Scaling& scaling) {
  if (static_cast<int>(scaling.column.size()) != model.columns() ||
      static_cast<int>(scaling.row.size()) != model.rows()) {
    throw std::invalid_argument("lp::scaled: the scaling is not that of the model");
  }
  Model result = model;
  result.offset = std::ldexp(model.offset, scaling.objective);
  for (std::size_t j = 0; j < model.cost.size(); ++j) {
    const int unit = scaling.column[j];
    if (unit != 0 && model.integer[j]) throw std::invalid_argument("lp::scaled: an integer column cannot be scaled");
    result.cost[j] = std::ldexp(model.cost[j], unit + scaling.objective);
    result.column_lower[j] = std::ldexp(model.column_lower[j], -unit);
    result.column_upper[j] = std::ldexp(model.column_upper[j], -unit);
  }
  for (std::size_t i = 0; i < model.row_lower.size(); ++i) {
    const int factor = scaling.row[i];
    result.row_lower[i] = std::ldexp(model.row_lower[i], factor);
    result.row_upper[i] = std::ldexp(model.row_upper[i], factor);
    for (int e = model.row_start[i]; e < model.row_start[i + 1]; ++e) {
      const auto k = static_cast<std::size_t>(e);
      result.value[k] = std::ldexp(model.value[k], factor + scaling.column[static_cast<std::size_t>(model.column[k])]);
    }
  }
  // Sets are about zeros, which no unit changes.
  for (Indicator& indicator : result.indicators) {
    const int factor = indicator.columns.empty() ? 0 : -scaling.column[static_cast<std::size_t>(indicator.columns[0])];
    indicator.lower = std::ldexp(indicator.lower, factor);
    indicator.upper = std::ldexp(indicator.upper, factor);
    for (std::size_t i = 0; i < indicator.columns.size(); ++i) {
      const int unit = scaling.column[static_cast<std::size_t>(indicator.columns[i])];
      indicator.coefficients[i] = std::ldexp(indicator.coefficients[i], factor + unit);
    }
  }
  return result;
}

Vector to_scaled(const Vector& point, const Scaling& scaling) {
  Vector result(point.size());
  for (Index j = 0; j < point.size(); ++j) {
    result(j) = std::ldexp(point(j), -scaling.column[static_cast<std::size_t>(j)]);
  }
  return result;
}

Vector from_scaled(const Vector& point, const Scaling& scaling) {
  Vector result(point.size());
  for (Index j = 0; j < point.size(); ++j) {
    result(j) = std::ldexp(point(j), scaling.column[static_cast<std::size_t>(j)]);
  }
  return result;
}

}  // namespace secateur::lp
