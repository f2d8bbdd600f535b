// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/separation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "secateur/core/rounding.hpp"

namespace secateur::search {

namespace {

constexpr double least_efficacy = 1e-4;
/// Binaries closer to an integer are none to round at.
constexpr double integral = 1e-3;
constexpr int longest_path = 6;
constexpr double most_parallel = 0.9;

/// Divides a row by a power of two, which is exact, so that its length is near one.
void scale(lp::Inequality& row, double length) {
  const double factor = std::exp2(-std::ilogb(length));
  for (double& value : row.value) value *= factor;
  row.side *= factor;
}

}  // namespace

Separator::Separator(const Form& form)
    : m_form(form), m_mir(form), m_g(static_cast<std::size_t>(form.columns()), 0.0) {}

std::vector<Cut> Separator::run(const std::vector<double>& x, const lp::DualSimplex& simplex, int most) {
  m_cuts.clear();
  m_mir.set_point(x);
  hull_cuts(x);
  path_cuts(x);
  tableau_cuts(x, simplex);
  return choose(static_cast<std::size_t>(most));
}

std::vector<Cut> Separator::run_hulls(const std::vector<double>& x, int most) {
  m_cuts.clear();
  hull_cuts(x);
  return choose(static_cast<std::size_t>(most));
}

/// delta = 0 asks for K >= -sum_I min(w v) on the right of a - sum_I w v - D delta <= K, delta = 1 for K + D >= b +
/// error
/// + sum_not_I max(w v).
void Separator::hull_cuts(const std::vector<double>& x) {
  for (int i = 0; i < m_form.units; ++i) {
    const auto a = static_cast<std::size_t>(m_form.activation(i)), d = static_cast<std::size_t>(m_form.binary(i));
    const double delta = x[d];
    if (delta < integral || delta > 1 - integral) continue;
    const int above = 3 * i;
    const lp::RowView row = m_form.rows[static_cast<std::size_t>(above)];
    double right = 0;
    for (std::size_t k = 0; k + 1 < row.column.size(); ++k) {
      const auto v = static_cast<std::size_t>(row.column[k]);
      const double w = row.value[k];
      const double low = w > 0 ? w * m_form.lower[v] : w * m_form.upper[v];
      const double high = w > 0 ? w * m_form.upper[v] : w * m_form.lower[v];
      right += std::min(w * x[v] - low * (1 - delta), high * delta);
    }
    // The row says w v - a <= -bias + error.
    const bounds::Folded& folded = m_form.network->folded();
    const double bias = folded.bias(i);
    right += bias * delta;
    if (x[a] - right < least_efficacy) continue;
    Cut cut;
    double constant = 0, rest = add_up(bias, folded.error(i)), norm = 1;
    for (std::size_t k = 0; k + 1 < row.column.size(); ++k) {
      const auto v = static_cast<std::size_t>(row.column[k]);
      const double w = row.value[k];
      const double at_low = w > 0 ? m_form.lower[v] : m_form.upper[v];
      const double at_high = w > 0 ? m_form.upper[v] : m_form.lower[v];
      if (w * x[v] - w * at_low * (1 - delta) < w * at_high * delta) {
        cut.row.column.push_back(row.column[k]);
        cut.row.value.push_back(-w);
        constant = add_up(constant, multiply_up(-w, at_low));
        norm += w * w;
      } else {
        rest = add_up(rest, multiply_up(w, at_high));
      }
    }
    const double slope = add_up(rest, -constant);
    cut.row.column.insert(cut.row.column.end(), {m_form.activation(i), m_form.binary(i)});
    cut.row.value.insert(cut.row.value.end(), {1, -slope});
    cut.row.side = constant;
    cut.efficacy = (x[a] - right) / std::sqrt(norm + slope * slope);
    if (cut.efficacy > least_efficacy) m_cuts.push_back(std::move(cut));
  }
}

void Separator::path_cuts(const std::vector<double>& x) {
  std::vector<std::pair<int, double>> path;
  std::vector<int> touched;
  for (int i = 0; i < m_form.units; ++i) {
    path.clear();
    touched.clear();
    const auto extend = [&](int unit, double multiplier) {
      path.emplace_back(3 * unit, multiplier);
      const int above = 3 * unit;
      const lp::RowView row = m_form.rows[static_cast<std::size_t>(above)];
      for (std::size_t k = 0; k < row.column.size(); ++k) {
        m_g[static_cast<std::size_t>(row.column[k])] += multiplier * row.value[k];
        touched.push_back(row.column[k]);
      }
    };
    extend(i, 1);
    // Both signs have the same path; each ends with its first cut.
    std::array<bool, 2> found{};
    for (int length = 0; length < longest_path; ++length) {
      m_mir.aggregate(path);
      for (const int negative : {0, 1}) {
        if (found[static_cast<std::size_t>(negative)]) continue;
        auto cut = m_mir.round(negative == 0 ? 1 : -1);
        if (!cut) continue;
        found[static_cast<std::size_t>(negative)] = true;
        m_cuts.push_back(std::move(*cut));
      }
      if (found[0] && found[1]) break;
      // The activation that is furthest from both of its bounds 0 and u delta gives way to its equation.
      int next = -1;
      double furthest = 1e-6;
      for (const int column : touched) {
        const auto j = static_cast<std::size_t>(column);
        if (column < m_form.inputs || std::abs(m_g[j]) < 1e-9) continue;
        const int unit = column - m_form.inputs;
        if (std::any_of(path.begin(), path.end(), [&](const auto& used) { return used.first == 3 * unit; })) continue;
        const double distance = std::min(x[j], m_mir.slack(3 * unit + 2));
        if (distance <= furthest) continue;
        furthest = distance;
        next = unit;
      }
      if (next < 0) break;
      extend(next, m_g[static_cast<std::size_t>(m_form.activation(next))]);
    }
    for (const int column : touched) m_g[static_cast<std::size_t>(column)] = 0;
  }
}

void Separator::tableau_cuts(const std::vector<double>& x, const lp::DualSimplex& simplex) {
  std::vector<std::pair<int, double>> multipliers;
  for (int i = 0; i < m_form.units; ++i) {
    const int column = m_form.binary(i);
    const double delta = x[static_cast<std::size_t>(column)];
    const int row = simplex.basic_row(column);
    if (row < 0 || delta < integral || delta > 1 - integral) continue;
    simplex.aggregation(row, multipliers);
    m_mir.aggregate(multipliers);
    for (const double sign : {1.0, -1.0}) {
      if (auto cut = m_mir.round(sign)) m_cuts.push_back(std::move(*cut));
    }
  }
}

std::vector<Cut> Separator::choose(std::size_t most) {
  std::stable_sort(m_cuts.begin(), m_cuts.end(), [](const Cut& a, const Cut& b) { return a.efficacy > b.efficacy; });
  std::vector<Cut> chosen;
  std::vector<double> lengths;
  for (Cut& cut : m_cuts) {
    if (chosen.size() >= most) break;
    double norm = 0;
    for (std::size_t k = 0; k < cut.row.column.size(); ++k) {
      m_g[static_cast<std::size_t>(cut.row.column[k])] = cut.row.value[k];
      norm += cut.row.value[k] * cut.row.value[k];
    }
    norm = std::sqrt(norm);
    bool apart = true;
    for (std::size_t c = 0; c < chosen.size() && apart; ++c) {
      const lp::Inequality& other = chosen[c].row;
      double inner = 0;
      for (std::size_t k = 0; k < other.column.size(); ++k) {
        inner += other.value[k] * m_g[static_cast<std::size_t>(other.column[k])];
      }
      apart = inner <= most_parallel * norm * lengths[c];
    }
    for (const int column : cut.row.column) m_g[static_cast<std::size_t>(column)] = 0;
    if (!apart) continue;
    lengths.push_back(norm);
    chosen.push_back(std::move(cut));
    scale(chosen.back().row, norm);
    lengths.back() *= std::exp2(-std::ilogb(norm));
  }
  m_cuts.clear();
  return chosen;
}

}  // namespace secateur::search
