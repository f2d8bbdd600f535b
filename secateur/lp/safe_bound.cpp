// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/safe_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "secateur/core/rounding.hpp"
#include "secateur/core/tracked_sum.hpp"
#include "secateur/lp/check.hpp"

namespace secateur::lp {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The side of a row that a multiplier leans on.
double side(const Model& model, int row, double multiplier) {
  const auto r = static_cast<std::size_t>(row);
  return multiplier > 0 ? model.row_lower[r] : model.row_upper[r];
}

/// The multipliers times `sign`, without those that would need an infinite side.
std::vector<double> usable(const Model& model, const Vector& multipliers, double sign) {
  if (multipliers.size() != model.rows()) throw std::invalid_argument("multipliers need one entry a row");
  std::vector<double> y(static_cast<std::size_t>(model.rows()), 0.0);
  for (int i = 0; i < model.rows(); ++i) {
    const double multiplier = sign * multipliers(i);
    if (std::isfinite(multiplier) && std::isfinite(side(model, i, multiplier))) {
      y[static_cast<std::size_t>(i)] = multiplier;
    }
  }
  return y;
}

/// A column's reduced cost: value, off by at most error, and between low and high; a finite column needs the first two
/// only, an unbounded one the last two.
struct ReducedCost {
  double value = 0, error = 0, low = 0, high = 0;
};

bool bounded(const Model& model, std::size_t column) {
  return std::isfinite(model.column_lower[column]) && std::isfinite(model.column_upper[column]);
}

template <class Visit>
void for_each_product(const Model& model, const std::vector<double>& y, Visit visit) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i] == 0) continue;
    for (auto p = static_cast<std::size_t>(model.row_start[i]); p < static_cast<std::size_t>(model.row_start[i + 1]);
         ++p) {
      visit(static_cast<std::size_t>(model.column[p]), y[i], model.value[p]);
    }
  }
}

/// r = sign * cost - A'y; the cost is left out for sign = 0.
///
/// The least r x over an interval with an infinite end needs the sign of r for certain, and often r is exactly zero
/// there: unbounded columns are summed a second time, with the errors that are really made; `all`: every column.
std::vector<ReducedCost> reduced_costs(const Model& model, const std::vector<double>& y, double sign, bool all) {
  const auto columns = static_cast<std::size_t>(model.columns());
  std::vector<ReducedCost> r(columns);
  std::vector<double> magnitude(columns);
  std::vector<int> terms(columns, 0);
  for (std::size_t j = 0; j < columns; ++j) {
    r[j].value = sign * model.cost[j];
    magnitude[j] = std::abs(r[j].value);
  }
  for_each_product(model, y, [&](std::size_t j, double multiplier, double a) {
    const double product = multiplier * a;
    r[j].value -= product;
    magnitude[j] += std::abs(product);
    ++terms[j];
  });
  std::vector<int> which(columns, -1);
  std::vector<TrackedSum> sums;
  for (std::size_t j = 0; j < columns; ++j) {
    r[j].error = terms[j] == 0 ? 0.0 : sum_error(terms[j] + 1, magnitude[j]);
    r[j].low = r[j].high = r[j].value;
    if (terms[j] == 0 || (!all && bounded(model, j))) continue;
    which[j] = static_cast<int>(sums.size());
    sums.emplace_back().add(sign * model.cost[j]);
  }
  if (sums.empty()) return r;
  for_each_product(model, y, [&](std::size_t j, double multiplier, double a) {
    if (which[j] >= 0) sums[static_cast<std::size_t>(which[j])].add(-multiplier, a);
  });
  for (std::size_t j = 0; j < columns; ++j) {
    if (which[j] < 0) continue;
    r[j].low = sums[static_cast<std::size_t>(which[j])].down();
    r[j].high = sums[static_cast<std::size_t>(which[j])].up();
    if (r[j].low != r[j].high) continue;
    r[j].value = r[j].low;
    r[j].error = 0;
  }
  return r;
}

/// A lower bound of sign * cost'x over the model's points (without the offset), or minus infinity.
double weighted_bound(const Model& model, const std::vector<double>& y, const std::vector<ReducedCost>& r) {
  double sum = 0, magnitude = 0;
  std::int64_t terms = 0;
  const auto add = [&](double product) {
    sum += product;
    magnitude += std::abs(product);
    ++terms;
  };
  for (int i = 0; i < model.rows(); ++i) {
    const double multiplier = y[static_cast<std::size_t>(i)];
    if (multiplier != 0 && side(model, i, multiplier) != 0) add(multiplier * side(model, i, multiplier));
  }
  for (std::size_t j = 0; j < r.size(); ++j) {
    const double lower = model.column_lower[j], upper = model.column_upper[j];
    if (bounded(model, j)) {
      const double end = r[j].value > 0 ? lower : upper;
      const double size = std::max(std::abs(lower), std::abs(upper));
      if (r[j].value != 0 && end != 0) add(r[j].value * end);
      if (r[j].error != 0 && size != 0) add(-r[j].error * size);
      continue;
    }
    if ((lower == -infinity && r[j].high > 0) || (upper == infinity && r[j].low < 0)) return -infinity;
    if (r[j].low == 0 && r[j].high == 0) continue;
    // The sign is certain, and the end that it leans on is finite (infinite on the wrong side: no real value at all).
    const double end = r[j].high > 0 ? lower : upper;
    if (!std::isfinite(end)) return -infinity;
    if (end != 0) add((end > 0 ? r[j].low : r[j].high) * end);
  }
  const double bound = terms == 0 ? sum : add_down(sum, -sum_error(terms, magnitude));
  return std::isfinite(bound) ? bound : -infinity;
}

}  // namespace

double safe_dual_bound(const Model& model, const Vector& row_dual) {
  const double sign = model.sense == Sense::minimize ? 1.0 : -1.0;
  const std::vector<double> y = usable(model, row_dual, sign);
  const std::vector<ReducedCost> r = reduced_costs(model, y, sign, false);
  const double bound = weighted_bound(model, y, r);
  if (bound == -infinity) return sign * bound;
  return sign * (model.offset == 0 ? bound : add_down(bound, sign * model.offset));
}

std::optional<Conflict> farkas_conflict(const Model& model, const Vector& multipliers) {
  const std::vector<double> y = usable(model, multipliers, 1);
  const std::vector<ReducedCost> r = reduced_costs(model, y, 0, true);
  if (!(weighted_bound(model, y, r) > 0)) return std::nullopt;
  Conflict conflict;
  for (int i = 0; i < model.rows(); ++i) {
    if (y[static_cast<std::size_t>(i)] != 0) conflict.rows.push_back(i);
  }
  for (int j = 0; j < model.columns(); ++j) {
    const ReducedCost& cost = r[static_cast<std::size_t>(j)];
    // Where the sign is not certain, the proof rests on both bounds.
    if (cost.error != 0 && bounded(model, static_cast<std::size_t>(j))) {
      conflict.bounds.insert(conflict.bounds.end(), {{j, false}, {j, true}});
      continue;
    }
    if (cost.high > 0) conflict.bounds.push_back({j, false});
    if (cost.low < 0) conflict.bounds.push_back({j, true});
  }
  return conflict;
}

std::optional<Conflict> find_conflict(const Model& model, const RunSettings& settings, const Callbacks& callbacks) {
  check(model);
  for (int j = 0; j < model.columns(); ++j) {
    const auto column = static_cast<std::size_t>(j);
    if (model.column_lower[column] > model.column_upper[column]) return Conflict{-1, {}, {{j, false}, {j, true}}};
  }
  Model elastic = model;
  elastic.sense = Sense::minimize;
  elastic.offset = 0;
  std::fill(elastic.cost.begin(), elastic.cost.end(), 0.0);
  std::fill(elastic.integer.begin(), elastic.integer.end(), false);
  elastic.row_start = {0};
  elastic.column.clear();
  elastic.value.clear();
  for (int i = 0; i < model.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    if (model.row_lower[row] > model.row_upper[row]) return Conflict{i, {i}, {}};
    double largest = 0;
    for (auto p = static_cast<std::size_t>(model.row_start[row]);
         p < static_cast<std::size_t>(model.row_start[row + 1]); ++p) {
      elastic.add_entry(model.column[p], model.value[p]);
      largest = std::max(largest, std::abs(model.value[p]));
    }
    // Violations are measured in the size of the row's coefficients.
    const double unit = largest > 0 ? largest : 1.0;
    if (model.row_lower[row] > -infinity) elastic.add_entry(elastic.add_column(0, infinity, 1, false, {}), unit);
    if (model.row_upper[row] < infinity) elastic.add_entry(elastic.add_column(0, infinity, 1, false, {}), -unit);
    elastic.row_start.push_back(static_cast<int>(elastic.column.size()));
  }
  if (model.rows() == 0) return std::nullopt;
  const auto session = make_session();
  session->load(elastic);
  const Outcome outcome = session->run_relaxation(settings, callbacks);
  if (outcome.status != Status::optimal || outcome.row_dual.size() != model.rows()) return std::nullopt;
  Vector multipliers = outcome.row_dual;
  // Multipliers of the size of the solver's tolerance are noise that would pull rows into the conflict; should they
  // matter after all, they come back.
  const Vector all = multipliers;
  const double noise = 1e-9 * all.cwiseAbs().maxCoeff();
  for (double& multiplier : multipliers) multiplier = std::abs(multiplier) <= noise ? 0.0 : multiplier;
  const auto conflict = farkas_conflict(model, multipliers);
  return conflict ? conflict : farkas_conflict(model, all);
}

}  // namespace secateur::lp
