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

Mir::Mir(const Form& form) : m_form(form) {
  m_g.assign(static_cast<std::size_t>(form.columns()), 0.0);
  m_weight = m_g;
  m_column_seen.assign(m_g.size(), 0);
}

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

void Mir::touch(int column) {
  const auto j = static_cast<std::size_t>(column);
  if (m_column_seen[j] != 0) return;
  m_column_seen[j] = 1;
  m_columns.push_back(column);
}

/// Leaves lambda and g with one member of each pair, and their right-hand side.
void Mir::aggregate(const std::vector<std::pair<int, double>>& multipliers) {
  const auto add_row = [&](int row, double multiplier) {
    const auto i = static_cast<std::size_t>(row);
    if (m_row_seen[i] == 0) {
      m_row_seen[i] = 1;
      m_rows.push_back(row);
    }
    m_lambda[i] += multiplier;
  };
  m_rows.clear();
  m_columns.clear();
  for (const auto& [row, multiplier] : multipliers) add_row(row, multiplier);
  const int unit_rows = 3 * m_form.units;
  // Slacks n of a >= z and s of a <= z - l (1 - delta).
  for (std::size_t n = 0; n < m_rows.size(); ++n) {
    const int row = m_rows[n];
    if (row >= unit_rows || row % 3 == 2) continue;
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
  const auto add_entries = [&](int row, double multiplier) {
    const lp::RowView entries = m_form.rows[static_cast<std::size_t>(row)];
    for (std::size_t k = 0; k < entries.column.size(); ++k) {
      const auto j = static_cast<std::size_t>(entries.column[k]);
      touch(entries.column[k]);
      m_g[j] += multiplier * entries.value[k];
    }
  };
  // The activations' coefficients, and with them the last multipliers.
  for (const int row : m_rows) add_entries(row, m_lambda[static_cast<std::size_t>(row)]);
  const std::size_t touched = m_columns.size();
  for (std::size_t n = 0; n < touched; ++n) {
    const int column = m_columns[n];
    if (column < m_form.inputs || m_form.is_binary(column)) continue;
    const int row = 3 * (column - m_form.inputs) + 2;
    const auto r = static_cast<std::size_t>(row), j = static_cast<std::size_t>(column);
    const double multiplier = (*m_x)[j] <= m_slack[r] ? -m_lambda[r] : -m_g[j];
    if (multiplier == 0) continue;
    add_row(row, multiplier);
    add_entries(row, multiplier);
    // Exactly none of the other member is left; what rounds here counts below.
    if ((*m_x)[j] <= m_slack[r]) m_lambda[r] = 0;
  }
  // Once more, with the multipliers as they are now stored and a bound of all rounding.
  for (const int column : m_columns) m_g[static_cast<std::size_t>(column)] = 0;
  double side = 0, magnitude = 0;
  for (const int row : m_rows) {
    const double multiplier = m_lambda[static_cast<std::size_t>(row)];
    if (multiplier == 0) continue;
    const lp::RowView entries = m_form.rows[static_cast<std::size_t>(row)];
    for (std::size_t k = 0; k < entries.column.size(); ++k) {
      const auto j = static_cast<std::size_t>(entries.column[k]);
      touch(entries.column[k]);
      const double product = multiplier * entries.value[k];
      m_g[j] += product;
      m_weight[j] += std::abs(product);
    }
    side += multiplier * entries.side;
    magnitude += std::abs(multiplier * entries.side);
  }
  double largest = 0;
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    magnitude += m_weight[j] * m_form.size[j];
    largest = std::max(largest, std::abs(m_g[j]));
  }
  const auto operations = static_cast<std::int64_t>(2 * m_rows.size() + 2 * m_columns.size() + 16);
  double beta = add_up(side, sum_error(operations, magnitude));
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    if (m_g[j] == 0 || std::abs(m_g[j]) > negligible * largest) continue;
    beta = add_up(beta, multiply_up(std::abs(m_g[j]), m_form.size[j]));
    m_g[j] = 0;
  }
  m_beta = beta;
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

std::optional<Cut> Mir::round(const std::vector<std::pair<int, double>>& multipliers) {
  aggregate(multipliers);
  m_binaries.clear();
  m_kept.clear();
  m_kept_slacks.clear();
  m_rest = 0;
  double beta = m_beta;
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    const double g = m_g[j], x = (*m_x)[j];
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
    if (!(m_lambda[i] < 0)) continue;
    m_kept_slacks.emplace_back(row, -m_lambda[i]);
    m_rest += -m_lambda[i] * std::max(0.0, m_slack[i]);
  }
  std::optional<Cut> result;
  if (std::isfinite(beta) && !m_binaries.empty()) {
    double best = 0, divisor = 0;
    std::vector<double> tried;
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
      if (std::any_of(tried.begin(), tried.end(), [&](double u) { return std::abs(u - t) < 1e-9 * t; })) continue;
      tried.push_back(t);
      attempt(t);
      if (tried.size() >= 12) break;
    }
    if (divisor > 0) {
      for (const double factor : {0.5, 0.25, 0.125}) attempt(divisor * factor);
      // Complementing others, those in the middle first.
      std::vector<std::size_t> order;
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
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    m_g[j] = m_weight[j] = 0;
    m_column_seen[j] = 0;
  }
  for (const int row : m_rows) {
    const auto i = static_cast<std::size_t>(row);
    m_lambda[i] = 0;
    m_row_seen[i] = 0;
  }
  return result;
}

/// The cut over the form's columns: slacks and distances are written out again, and what that rounds goes to the side.
std::optional<Cut> Mir::safe_cut(double divisor, double beta) {
  const double b = up_to_grid(next_up(beta / divisor));
  const double floor = std::floor(b), fraction = b - floor;
  if (fraction < 0.5 * least_fraction || fraction > most_fraction + 0.01 || std::abs(b) > most_quotient) return {};
  const double rest = 1 - fraction;  // exact on the grid
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    m_g[j] = m_weight[j] = 0;
  }
  double side = floor, magnitude = std::abs(floor);
  std::size_t operations = 16;
  const auto add_side = [&](double term) {
    side += term;
    magnitude += std::abs(term);
    ++operations;
  };
  const auto add_column = [&](int column, double coefficient) {
    touch(column);
    const auto j = static_cast<std::size_t>(column);
    m_g[j] += coefficient;
    m_weight[j] += std::abs(coefficient);
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
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    magnitude += m_weight[j] * m_form.size[j];
    largest = std::max(largest, std::abs(m_g[j]));
  }
  operations += m_columns.size();
  side = add_up(side, sum_error(static_cast<std::int64_t>(2 * operations), magnitude));
  Cut cut;
  double violation = 0, norm = 0;
  for (const int column : m_columns) {
    const auto j = static_cast<std::size_t>(column);
    const double g = m_g[j];
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
