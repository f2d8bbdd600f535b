// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cut_form.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "secateur/core/rounding.hpp"

namespace secateur::search {

void Form::column_bounds(const SignBounds& bounds, std::vector<double>& to_lower, std::vector<double>& to_upper) const {
  to_lower.resize(cost.size());
  to_upper.resize(cost.size());
  std::copy(bounds.input_lower.begin(), bounds.input_lower.end(), to_lower.begin());
  std::copy(bounds.input_upper.begin(), bounds.input_upper.end(), to_upper.begin());
  for (int i = 0; i < units; ++i) {
    const auto u = static_cast<std::size_t>(i);
    const auto a = static_cast<std::size_t>(activation(i)), d = static_cast<std::size_t>(binary(i));
    to_lower[a] = std::max(0.0, bounds.lower[u]);
    to_upper[a] = std::max(0.0, bounds.upper[u]);
    to_lower[d] = bounds.lower[u] >= 0 ? 1 : 0;
    to_upper[d] = bounds.lower[u] >= 0 || bounds.upper[u] > 0 ? 1 : 0;
  }
}

double Form::complete(const double* x, std::vector<double>& columns) const {
  const bounds::Folded& folded = network->folded();
  columns.assign(cost.size(), 0.0);
  std::copy_n(x, inputs, columns.begin());
  for (int i = 0; i < units; ++i) {
    // a >= z says all of z but the bias; its last entry is a.
    const int above = 3 * i;
    const lp::RowView row = rows[static_cast<std::size_t>(above)];
    double z = folded.bias(i);
    for (std::size_t k = 0; k + 1 < row.column.size(); ++k) {
      z += row.value[k] * columns[static_cast<std::size_t>(row.column[k])];
    }
    columns[static_cast<std::size_t>(activation(i))] = std::max(0.0, z);
    columns[static_cast<std::size_t>(binary(i))] = z > 0 ? 1 : 0;
  }
  double objective = offset;
  for (std::size_t j = 0; j < cost.size(); ++j) objective += cost[j] * columns[j];
  return objective;
}

namespace {

void set_bounds(Form& form, const SignBounds& bounds) {
  form.column_bounds(bounds, form.lower, form.upper);
  for (std::size_t j = 0; j < form.cost.size(); ++j) {
    form.size.push_back(std::max(std::abs(form.lower[j]), std::abs(form.upper[j])));
  }
}

/// Of a <= z - l (1 - delta).
double active_side(const bounds::Folded& folded, Index unit, double lower) {
  return add_up(add_up(folded.bias(unit), -lower), folded.error(unit));
}

}  // namespace

Form make_form(std::shared_ptr<const Network> network, const std::vector<Range>& ranges, const SignBounds& bounds) {
  Form form;
  const bounds::Folded& folded = network->folded();
  form.inputs = static_cast<int>(folded.inputs);
  form.units = static_cast<int>(folded.units());
  form.ranges = ranges;
  const auto columns = static_cast<std::size_t>(form.inputs) + 2 * static_cast<std::size_t>(form.units);
  form.cost.assign(columns, 0.0);
  for (Index v = 0; v < folded.values(); ++v) form.cost[static_cast<std::size_t>(v)] = folded.weight(folded.units(), v);
  form.offset = folded.bias(folded.units());
  form.objective_error = folded.error(folded.units());
  set_bounds(form, bounds);
  const auto weights = [&](Index row, double sign) {
    lp::Inequality result;
    for (Index v = 0; v < folded.values(); ++v) {
      if (folded.weight(row, v) == 0) continue;
      result.column.push_back(static_cast<int>(v));
      result.value.push_back(sign * folded.weight(row, v));
    }
    return result;
  };
  for (int i = 0; i < form.units; ++i) {
    const auto u = static_cast<std::size_t>(i);
    const double lower = bounds.lower[u], upper = bounds.upper[u];
    const double bias = folded.bias(i), error = folded.error(i);
    lp::Inequality above = weights(i, 1);
    above.column.push_back(form.activation(i));
    above.value.push_back(-1);
    above.side = add_up(error, -bias);
    lp::Inequality active = weights(i, -1);
    active.column.insert(active.column.end(), {form.activation(i), form.binary(i)});
    active.value.insert(active.value.end(), {1, -lower});
    active.side = active_side(folded, i, lower);
    lp::Inequality inactive;
    inactive.column = {form.activation(i), form.binary(i)};
    inactive.value = {1, -upper};
    for (const lp::Inequality* row : {&above, &active, &inactive}) form.rows.push_back(*row);
  }
  for (const Range& range : ranges) {
    const Index row = folded.units() + 1 + range.output;
    if (std::isfinite(range.upper)) {
      lp::Inequality most = weights(row, 1);
      most.side = add_up(add_up(range.upper, -folded.bias(row)), folded.error(row));
      form.rows.push_back(most);
    }
    if (std::isfinite(range.lower)) {
      lp::Inequality least = weights(row, -1);
      least.side = add_up(add_up(-range.lower, folded.bias(row)), folded.error(row));
      form.rows.push_back(least);
    }
  }
  form.formulation_rows = static_cast<int>(form.rows.size());
  form.network = std::move(network);
  return form;
}

Form form_within(const Form& form, const SignBounds& bounds) {
  Form part;
  part.network = form.network;
  part.ranges = form.ranges;
  part.inputs = form.inputs;
  part.units = form.units;
  part.cost = form.cost;
  part.offset = form.offset;
  part.objective_error = form.objective_error;
  part.formulation_rows = form.formulation_rows;
  set_bounds(part, bounds);
  std::vector<double> value;
  for (int row = 0; row < form.formulation_rows; ++row) {
    const lp::RowView old = form.rows[static_cast<std::size_t>(row)];
    const int unit = row / 3;
    if (unit >= form.units || row % 3 == 0) {
      part.rows.push_back(old);
      continue;
    }
    const auto u = static_cast<std::size_t>(unit);
    const bool active = row % 3 == 1;
    value.assign(old.value.begin(), old.value.end());
    value.back() = active ? -bounds.lower[u] : -bounds.upper[u];
    const double side = active ? active_side(form.network->folded(), unit, bounds.lower[u]) : old.side;
    part.rows.push_back({old.column, value, side});
  }
  return part;
}

double proven_bound(const Form& form, const std::vector<double>& y, const std::vector<double>& lower,
                    const std::vector<double>& upper, bool objective) {
  thread_local std::vector<double> reduced, weight;
  const auto columns = form.cost.size();
  reduced.assign(columns, 0.0);
  weight.assign(columns, 0.0);
  if (objective) {
    for (std::size_t j = 0; j < columns; ++j) {
      reduced[j] = form.cost[j];
      weight[j] = std::abs(form.cost[j]);
    }
  }
  double sum = 0, magnitude = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double multiplier = y[i];
    if (!(multiplier > 0) || !std::isfinite(multiplier)) continue;
    const lp::RowView row = form.rows[i];
    for (std::size_t k = 0; k < row.column.size(); ++k) {
      const auto j = static_cast<std::size_t>(row.column[k]);
      const double product = multiplier * row.value[k];
      reduced[j] += product;
      weight[j] += std::abs(product);
    }
    const double product = multiplier * row.side;
    sum -= product;
    magnitude += std::abs(product);
  }
  for (std::size_t j = 0; j < columns; ++j) {
    sum += reduced[j] * (reduced[j] > 0 ? lower[j] : upper[j]);
    magnitude += weight[j] * form.size[j];
  }
  const auto operations = static_cast<double>(2 * (y.size() + columns) + 16);
  // Far more than all products together lose to underflow.
  constexpr double underflow = 0x1p-1000;
  const double bound = sum - (operations * unit_roundoff * magnitude + underflow * (1 + magnitude));
  return std::isfinite(bound) ? bound : -std::numeric_limits<double>::infinity();
}

}  // namespace secateur::search
