// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/mir.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/core/rounding.hpp"

namespace secateur::search {

namespace {

/// Fractions of the right-hand side that give usable cuts, and the largest multiple of the grid's unit.
constexpr double least_fraction = 0.02, most_fraction = 0.98, most_quotient = 1000;
constexpr double grid = 0x1p40;
/// Coefficients below this part of the largest one are taken out, at the cost of a little on the right-hand side.
constexpr double negligible = 1e-9;
constexpr double least_efficacy = 1e-4;

double down_to_grid(double x) { return std::floor(x * grid) / grid; }
double up_to_grid(double x) { return std::ceil(x * grid) / grid; }

}  // namespace

Mir::Mir(const Form& form) : m_form(form), m_sum(static_cast<std::size_t>(form.columns())), m_cut(m_sum.size()) {}

void Mir::set_point(const std::vector<double>& x) {
  m_x = &x;
  const std::size_t rows = m_form.rows.size();
  m_slack.resize(rows);
  m_lambda.assign(rows, 0.0);
  m_row_seen.assign(rows, 0);
  for (std::size_t i = 0; i < rows; ++i) {
    m_slack[i] = m_form.rows[i].slack(x);
  }
}

/// Leaves lambda and g with one member of each pair, and their right-hand side.
void Mir::aggregate(const std::vector<std::pair<int, double>>& multipliers) {
  for (const int row : m_rows) {
    const auto i = static_cast<std::size_t>(row);
    m_lambda[i] = 0;
    m_row_seen[i] = 0;
  }
  m_rows.clear();
  for (const int column : m_columns) m_sum[static_cast<std::size_t>(column)] = {};
  m_columns.clear();
  const auto add_row = [&](int row, double multiplier) {
    const auto i = static_cast<std::size_t>(row);
    if (m_row_seen[i] == 0) {
      m_row_seen[i] = 1;
      m_rows.push_back(row);
    }
    m_lambda[i] += multiplier;
  };
  for (const auto& [row, multiplier] : multipliers) add_row(row, multiplier);
  const auto of_unit = [&](int row, int which) { return row < 3 * m_form.units && row % 3 == which; };
  // Slacks n of a >= z and s of a <= z - l (1 - delta).
  for (std::size_t n = 0; n < m_rows.size(); ++n) {
    const int row = m_rows[n];
    if (!of_unit(row, 0) && !of_unit(row, 1)) continue;
    const int above = row - row % 3, active = above + 1;
    const auto p = static_cast<std::size_t>(above), q = static_cast<std::size_t>(active);
    if (m_slack[p] <= m_slack[q]) {
      if (m_lambda[q] != 0) {
        const double multiplier = m_lambda[q];
        m_lambda[q] = 0;
        add_row(above, -multiplier);
      }
    } else if (m_lambda[p] != 0) {
      const double multiplier = m_lambda[p];
      m_lambda[p] = 0;
      add_row(active, -multiplier);
    }
  }
  m_side = 0;
  double magnitude = 0;
  const auto add_entries = [&](int row) {
    const double multiplier = m_lambda[static_cast<std::size_t>(row)];
    if (multiplier == 0) return;
    const lp::RowView entries = m_form.rows[static_cast<std::size_t>(row)];
    for (std::size_t k = 0; k < entries.column.size(); ++k) {
      const double product = multiplier * entries.value[k];
      if (product == 0) continue;  // else the column might be listed twice
      Sum& sum = m_sum[static_cast<std::size_t>(entries.column[k])];
      if (sum.weight == 0) m_columns.push_back(entries.column[k]);
      sum.value += product;
      sum.weight += std::abs(product);
    }
    m_side += multiplier * entries.side;
    magnitude += std::abs(multiplier * entries.side);
  };
  // The slack of a <= u delta has whatever multiplier takes a out, or none, so that these rows come last.
  for (const int row : m_rows) {
    if (!of_unit(row, 2)) add_entries(row);
  }
  for (const int row : m_rows) {
    if (of_unit(row, 2)) m_lambda[static_cast<std::size_t>(row)] = 0;
  }
  const std::size_t touched = m_columns.size();
  for (std::size_t n = 0; n < touched; ++n) {
    const int column = m_columns[n];
    if (column < m_form.inputs || m_form.is_binary(column)) continue;
    const int row = 3 * (column - m_form.inputs) + 2;
    const auto r = static_cast<std::size_t>(row), j = static_cast<std::size_t>(column);
    if ((*m_x)[j] <= m_slack[r] || m_sum[j].value == 0) continue;
    add_row(row, -m_sum[j].value);
    add_entries(row);
  }
  double largest = 0;
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    magnitude += m_sum[j].weight * m_form.size[j];
    largest = std::max(largest, std::abs(m_sum[j].value));
  }
  const auto operations = static_cast<std::int64_t>(2 * m_rows.size() + 2 * m_columns.size() + 16);
  m_error = sum_error(operations, magnitude);
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    double& g = m_sum[j].value;
    if (g == 0 || std::abs(g) > negligible * largest) continue;
    m_error = add_up(m_error, multiply_up(std::abs(g), m_form.size[j]));
    g = 0;
  }
}

/// How much the point violates the cut, without the norm of its coefficients.
double Mir::violation(double divisor, double beta) const {
  const double b = beta / divisor;
  const double floor = std::floor(b), fraction = b - floor;
  if (fraction < least_fraction || fraction > most_fraction || std::abs(b) > most_quotient) return 0;
  const double inverse = 1 / (1 - fraction);
  double sum = -floor - m_rest / divisor * inverse;
  double norm = 0;
  for (const Binary& binary : m_binaries) {
    const double a = binary.coefficient / divisor;
    const double whole = std::floor(a);
    const double rounded = whole + std::max(0.0, a - whole - fraction) * inverse;
    sum += rounded * binary.at;
    norm += rounded * rounded;
  }
  const double scale = inverse / divisor;
  for (const Kept& kept : m_kept) norm += kept.coefficient * kept.coefficient * scale * scale;
  for (const auto& [row, multiplier] : m_kept_slacks) norm += multiplier * multiplier * scale * scale;
  return sum / std::sqrt(norm + 1e-12);
}

std::optional<Cut> Mir::round(double sign) {
  m_binaries.clear();
  m_kept.clear();
  m_kept_slacks.clear();
  m_rest = 0;
  double beta = add_up(sign * m_side, m_error);
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    const double g = sign * m_sum[j].value, x = (*m_x)[j];
    if (g == 0) continue;
    if (m_form.is_binary(column)) {
      const bool complemented = x > 0.5;
      if (complemented) beta = add_up(beta, -g);
      m_binaries.push_back({column, complemented ? -g : g, complemented ? 1 - x : x, complemented});
      continue;
    }
    // The distance to the closer bound takes the column's place.
    const double lower = m_form.lower[j], upper = m_form.upper[j];
    const bool from_upper = upper - x < x - lower;
    beta = add_up(beta, -multiply_down(g, from_upper ? upper : lower));
    const double coefficient = from_upper ? -g : g;
    if (coefficient >= 0) continue;
    m_kept.push_back({column, -coefficient, from_upper});
    m_rest += -coefficient * std::max(0.0, from_upper ? upper - x : x - lower);
  }
  for (const int row : m_rows) {
    const auto i = static_cast<std::size_t>(row);
    const double lambda = sign * m_lambda[i];
    if (!(lambda < 0)) continue;
    m_kept_slacks.emplace_back(row, -lambda);
    m_rest += -lambda * std::max(0.0, m_slack[i]);
  }
  std::optional<Cut> result;
  if (std::isfinite(beta) && !m_binaries.empty()) {
    double best = 0, divisor = 0;
    m_tried.clear();
    const auto attempt = [&](double t) {
      if (!(t > 1e-7)) return;
      const double here = violation(t, beta);
      if (here <= best) return;
      best = here;
      divisor = t;
    };
    for (const Binary& binary : m_binaries) {
      if (binary.at < 1e-6) continue;
      const double t = std::abs(binary.coefficient);
      if (std::any_of(m_tried.begin(), m_tried.end(), [&](double u) { return std::abs(u - t) < 1e-9 * t; })) continue;
      m_tried.push_back(t);
      attempt(t);
      if (m_tried.size() >= 12) break;
    }
    if (divisor > 0) {
      for (const double factor : {0.5, 0.25, 0.125}) attempt(divisor * factor);
      // Complementing others, those in the middle first.
      std::vector<std::size_t>& order = m_order;
      order.clear();
      for (std::size_t k = 0; k < m_binaries.size(); ++k) {
        if (m_binaries[k].at > 1e-6) order.push_back(k);
      }
      std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const double p = std::abs(m_binaries[a].at - 0.5), q = std::abs(m_binaries[b].at - 0.5);
        return p != q ? p < q : a < b;
      });
      if (order.size() > 8) order.resize(8);
      for (const std::size_t k : order) {
        Binary& binary = m_binaries[k];
        const Binary before = binary;
        const double old_beta = beta;
        beta = add_up(beta, -binary.coefficient);
        binary = {before.column, -before.coefficient, 1 - before.at, !before.complemented};
        const double here = violation(divisor, beta);
        if (here > best) {
          best = here;
        } else {
          binary = before;
          beta = old_beta;
        }
      }
      if (best > least_efficacy) result = safe_cut(divisor, beta);
    }
  }
  return result;
}

/// The cut over the form's columns: slacks and distances are written out again, and what that rounds goes to the side.
std::optional<Cut> Mir::safe_cut(double divisor, double beta) {
  const double b = up_to_grid(next_up(beta / divisor));
  const double floor = std::floor(b), fraction = b - floor;
  if (fraction < 0.5 * least_fraction || fraction > most_fraction + 0.01 || std::abs(b) > most_quotient) return {};
  const double rest = 1 - fraction;  // exact on the grid
  for (const int column : m_cut_columns) m_cut[static_cast<std::size_t>(column)] = {};
  m_cut_columns.clear();
  double side = floor, magnitude = std::abs(floor);
  std::size_t operations = 16;
  const auto add_side = [&](double term) {
    side += term;
    magnitude += std::abs(term);
    ++operations;
  };
  const auto add_column = [&](int column, double coefficient) {
    if (coefficient == 0) return;
    Sum& sum = m_cut[static_cast<std::size_t>(column)];
    if (sum.weight == 0) m_cut_columns.push_back(column);
    sum.value += coefficient;
    sum.weight += std::abs(coefficient);
    ++operations;
  };
  for (const Binary& binary : m_binaries) {
    if (std::abs(binary.coefficient / divisor) > most_quotient) return {};
    const double a = down_to_grid(next_down(binary.coefficient / divisor));
    const double whole = std::floor(a), over = (a - whole) - fraction;
    const double rounded = over > 0 ? add_down(whole, next_down(over / rest)) : whole;
    if (rounded == 0) continue;
    // F (1 - delta) for a complemented one.
    if (binary.complemented) {
      add_column(binary.column, -rounded);
      add_side(-rounded);
    } else {
      add_column(binary.column, rounded);
    }
  }
  const double scale = next_up(next_up(1 / rest) / divisor);
  for (const Kept& kept : m_kept) {
    const double multiplier = next_up(kept.coefficient * scale);
    const auto j = static_cast<std::size_t>(kept.column);
    // - m (upper - x) or - m (x - lower).
    if (kept.from_upper) {
      add_column(kept.column, multiplier);
      add_side(multiplier * m_form.upper[j]);
    } else {
      add_column(kept.column, -multiplier);
      add_side(-(multiplier * m_form.lower[j]));
    }
  }
  for (const auto& [row, lambda] : m_kept_slacks) {
    // - m (side - A x).
    const double multiplier = next_up(lambda * scale);
    const lp::RowView entries = m_form.rows[static_cast<std::size_t>(row)];
    for (std::size_t k = 0; k < entries.column.size(); ++k) {
      add_column(entries.column[k], multiplier * entries.value[k]);
    }
    add_side(multiplier * entries.side);
  }
  double largest = 0;
  for (const int column : m_cut_columns) {
    const auto j = static_cast<std::size_t>(column);
    magnitude += m_cut[j].weight * m_form.size[j];
    largest = std::max(largest, std::abs(m_cut[j].value));
  }
  operations += m_cut_columns.size();
  side = add_up(side, sum_error(static_cast<std::int64_t>(2 * operations), magnitude));
  Cut cut;
  double violation = 0, norm = 0;
  for (const int column : m_cut_columns) {
    const auto j = static_cast<std::size_t>(column);
    const double g = m_cut[j].value;
    if (g == 0) continue;
    if (std::abs(g) <= negligible * largest) {
      side = add_up(side, multiply_up(std::abs(g), m_form.size[j]));
      continue;
    }
    cut.row.column.push_back(column);
    cut.row.value.push_back(g);
    violation += g * (*m_x)[j];
    norm += g * g;
  }
  if (cut.row.column.empty() || !std::isfinite(side)) return {};
  cut.row.side = side;
  cut.efficacy = (violation - side) / std::sqrt(norm);
  if (cut.efficacy < least_efficacy) return {};
  return cut;
}

}  // namespace secateur::search
