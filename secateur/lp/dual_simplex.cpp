// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/dual_simplex.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "secateur/core/kernels.hpp"

namespace secateur::lp {

namespace {

/// Violations up to this are none; reduced costs up to this have no sign; entries up to this are round-off.
constexpr double feasible = 1e-8, costless = 1e-9, nothing = 1e-12;
/// How far a reduced cost may have the wrong sign before it counts as zero.
constexpr double shift = 1e-7;
/// Pivots below the first are avoided where there is another one, below the second always.
constexpr double small_pivot = 1e-4, least_pivot = 1e-7;
/// Pending exchanges of the tableau from which on it is changed, unless a run can end before there is no room for more.
constexpr int many_pending = 16;

}  // namespace

DualSimplex::DualSimplex(std::vector<double> cost, std::vector<double> lower, std::vector<double> upper)
    : m_columns(static_cast<int>(cost.size())),
      m_tableau(m_columns),
      m_cost(std::move(cost)),
      m_lower(std::move(lower)),
      m_upper(std::move(upper)) {
  m_wide_lower = m_lower;
  m_wide_upper = m_upper;
  m_reduced = m_cost;
  for (int j = 0; j < m_columns; ++j) {
    m_nonbasic.push_back(j);
    m_place.push_back(j);
    const double c = m_cost[static_cast<std::size_t>(j)];
    m_at_upper.push_back(c < 0 ? 1 : 0);
    m_objective += c * at(j);
  }
}

void DualSimplex::add(const RowView& added, int name) {
  const int r = rows();
  const int variable = m_columns + r;
  m_delta.assign(static_cast<std::size_t>(m_columns), 0.0);
  std::vector<std::pair<int, double>> multiples;
  double value = added.side, most = added.side;
  for (std::size_t k = 0; k < added.column.size(); ++k) {
    const double a = added.value[k];
    const auto v = static_cast<std::size_t>(added.column[k]);
    most -= a > 0 ? a * m_wide_lower[v] : a * m_wide_upper[v];
    const int place = m_place[static_cast<std::size_t>(added.column[k])];
    if (place >= 0) {
      m_delta[static_cast<std::size_t>(place)] += a;
      value -= a * at(place);
    } else {
      const int basic = ~place;
      multiples.emplace_back(basic, a);
      value -= a * m_value[static_cast<std::size_t>(basic)];
    }
  }
  m_tableau.append(m_delta, multiples);
  m_value.push_back(value);
  m_side.push_back(added.side);
  m_name.push_back(name);
  m_slack_upper.push_back(std::max(0.0, most) + 1);
  m_basic.push_back(variable);
  m_place.push_back(~r);
}

void DualSimplex::keep(const std::vector<char>& keep) {
  const int count = rows();
  std::vector<int> name(static_cast<std::size_t>(m_columns) + static_cast<std::size_t>(count));
  for (int j = 0; j < m_columns; ++j) name[static_cast<std::size_t>(j)] = j;
  int next = 0;
  std::vector<double> side;
  std::vector<double> most;
  std::vector<int> names;
  for (int i = 0; i < count; ++i) {
    const bool kept = keep[static_cast<std::size_t>(i)] != 0;
    name[static_cast<std::size_t>(m_columns) + static_cast<std::size_t>(i)] = kept ? m_columns + next++ : -1;
    if (!kept) continue;
    side.push_back(m_side[static_cast<std::size_t>(i)]);
    names.push_back(m_name[static_cast<std::size_t>(i)]);
    most.push_back(m_slack_upper[static_cast<std::size_t>(i)]);
  }
  int to = 0;
  std::vector<char> stays(static_cast<std::size_t>(count), 0);
  for (int r = 0; r < count; ++r) {
    const int renamed = name[static_cast<std::size_t>(m_basic[static_cast<std::size_t>(r)])];
    if (renamed < 0) continue;
    stays[static_cast<std::size_t>(r)] = 1;
    m_value[static_cast<std::size_t>(to)] = m_value[static_cast<std::size_t>(r)];
    m_basic[static_cast<std::size_t>(to)] = renamed;
    ++to;
  }
  const auto left = static_cast<std::size_t>(to);
  m_basic.resize(left);
  m_value.resize(left);
  m_tableau.keep(stays);
  m_side = std::move(side);
  m_name = std::move(names);
  m_slack_upper = std::move(most);
  for (int& variable : m_nonbasic) variable = name[static_cast<std::size_t>(variable)];
  m_place.assign(static_cast<std::size_t>(m_columns) + left, 0);
  for (int j = 0; j < m_columns; ++j) {
    m_place[static_cast<std::size_t>(m_nonbasic[static_cast<std::size_t>(j)])] = j;
  }
  for (int r = 0; r < to; ++r) m_place[static_cast<std::size_t>(m_basic[static_cast<std::size_t>(r)])] = ~r;
}

void DualSimplex::set_bounds(const std::vector<double>& lower, const std::vector<double>& upper) {
  m_delta.assign(static_cast<std::size_t>(m_columns), 0.0);
  m_index.clear();
  for (int slot = 0; slot < m_columns; ++slot) {
    const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
    if (is_slack(variable)) continue;
    const auto v = static_cast<std::size_t>(variable);
    if (m_lower[v] == lower[v] && m_upper[v] == upper[v]) continue;
    const double before = at(slot);
    const double d = m_reduced[static_cast<std::size_t>(slot)];
    char& up = m_at_upper[static_cast<std::size_t>(slot)];
    if (std::abs(d) > costless) up = d < 0 ? 1 : 0;
    const double now = up != 0 ? upper[v] : lower[v];
    if (now == before) continue;
    m_delta[static_cast<std::size_t>(slot)] = now - before;
    m_objective += d * (now - before);
    m_index.push_back(slot);
  }
  m_lower = lower;
  m_upper = upper;
  shift_values();
}

/// The basic variables follow the slots of m_index, which have moved by m_delta.
void DualSimplex::shift_values() {
  if (m_index.empty()) return;
  m_tableau.product(m_index, m_delta, m_column);
  for (std::size_t r = 0; r < m_value.size(); ++r) m_value[r] -= m_column[r];
}

/// What the inner loops read of variables, in the order of slots and rows.
void DualSimplex::prepare() {
  m_turn.resize(m_nonbasic.size());
  m_width.resize(m_nonbasic.size());
  for (int slot = 0; slot < m_columns; ++slot) settle(slot);
  m_low.resize(m_basic.size());
  m_high.resize(m_basic.size());
  for (std::size_t r = 0; r < m_basic.size(); ++r) {
    m_low[r] = lower(m_basic[r]);
    m_high[r] = upper(m_basic[r]);
  }
}

void DualSimplex::settle(int slot) {
  const auto q = static_cast<std::size_t>(slot);
  const int variable = m_nonbasic[q];
  m_width[q] = upper(variable) - lower(variable);
  m_turn[q] = m_width[q] == 0 ? 0 : m_at_upper[q] != 0 ? 1 : -1;
}

int DualSimplex::leaving() const {
  int best = -1;
  double most = 0;
  for (std::size_t i = 0; i < m_basic.size(); ++i) {
    const double violation = std::max(m_low[i] - m_value[i], m_value[i] - m_high[i]);
    if (violation <= feasible) continue;
    const double score = violation * violation / (1 + m_tableau.norm(static_cast<int>(i)));
    if (score > most) {
      most = score;
      best = static_cast<int>(i);
    }
  }
  return best;
}

/// Bound-flipping ratio test: the objective along the ray is concave and piecewise linear; its slope starts at the
/// violation and falls by |alpha_j| (upper_j - lower_j) where column j's reduced cost changes its sign, which moves j
/// to its other bound. The step ends where the slope would turn negative.
int DualSimplex::entering(int r, double sign, double violation) {
  m_candidates.clear();
  m_flips.clear();
  m_tableau.row(r, m_row);
  const double* entries = m_row.data();
  // Those that move off their bounds so that the leaving variable moves towards its own.
  m_index.resize(m_nonbasic.size());
  std::size_t count = 0;
  for (std::size_t slot = 0; slot < m_nonbasic.size(); ++slot) {
    m_index[count] = static_cast<int>(slot);
    count += sign * entries[slot] * m_turn[slot] >= least_pivot ? 1 : 0;
  }
  m_candidates.resize(count);
  // Beyond the ties of one that ends the ray by itself no one counts.
  double limit = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < count; ++k) {
    const auto slot = static_cast<std::size_t>(m_index[k]);
    const double size = std::abs(entries[slot]);
    const double ratio = std::max(0.0, -m_turn[slot] * m_reduced[slot]) / size;
    m_candidates[k] = {ratio, size, m_index[k]};
    if (size * m_width[slot] > violation) limit = std::min(limit, ratio + shift / size);
  }
  std::erase_if(m_candidates, [limit](const Candidate& c) { return c.ratio > limit; });
  const auto range = [&](const Candidate& c) { return m_width[static_cast<std::size_t>(c.slot)]; };
  std::sort(m_candidates.begin(), m_candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.ratio != b.ratio ? a.ratio < b.ratio : a.slot < b.slot;
  });
  double slope = violation;
  int best = -1;
  for (std::size_t begin = 0; begin < m_candidates.size();) {
    // Ties: those that may all be passed with reduced costs of the wrong sign by no more than `shift` (Harris 1973).
    double tie = m_candidates[begin].ratio + shift / m_candidates[begin].size;
    std::size_t end = begin;
    double fall = 0, size = 0;
    int largest = -1;
    for (; end < m_candidates.size() && m_candidates[end].ratio <= tie; ++end) {
      tie = std::min(tie, m_candidates[end].ratio + shift / m_candidates[end].size);
      fall += m_candidates[end].size * range(m_candidates[end]);
      if (m_candidates[end].size > size) {
        size = m_candidates[end].size;
        largest = m_candidates[end].slot;
      }
    }
    const bool last = slope - fall < 0;
    if (last && (size >= small_pivot || best < 0)) return largest;
    if (last) break;
    if (size >= small_pivot) best = static_cast<int>(begin);
    slope -= fall;
    for (std::size_t k = begin; k < end; ++k) m_flips.push_back(m_candidates[k].slot);
    begin = end;
  }
  if (best < 0 || slope > violation * 1e-9) {
    if (!m_candidates.empty() && best >= 0 && m_flips.size() < m_candidates.size()) {
      // The last tie had no decent pivot: back to an earlier one.
      const auto begin = static_cast<std::size_t>(best);
      std::size_t largest = begin;
      for (std::size_t k = begin; k < m_candidates.size() && m_candidates[k].ratio <= m_candidates[begin].ratio + shift;
           ++k) {
        if (m_candidates[k].size > m_candidates[largest].size) largest = k;
      }
      m_flips.resize(begin);
      return m_candidates[largest].slot;
    }
    return -1;
  }
  m_flips.pop_back();
  return m_candidates.back().slot;
}

SimplexEnd DualSimplex::solve(double cutoff, int budget) {
  prepare();
  for (int step = 0; step < budget; ++step) {
    if (m_objective > cutoff) return SimplexEnd::above;
    const int r = leaving();
    if (r < 0) return SimplexEnd::optimal;
    const auto i = static_cast<std::size_t>(r);
    const bool below = m_value[i] < m_low[i];
    const double bound = below ? m_low[i] : m_high[i];
    const int slot = entering(r, below ? 1 : -1, std::abs(m_value[i] - bound));
    if (slot < 0) {
      m_ray_row = r;
      m_ray_sign = below ? 1 : -1;
      return SimplexEnd::infeasible;
    }
    flip(m_flips);
    const auto q = static_cast<std::size_t>(slot);
    const double step_length = (m_value[i] - bound) / m_row[q];
    const double entered = at(slot) + step_length;
    m_objective += m_reduced[q] * step_length;
    exchange(r, slot, step_length);
    m_value[i] = entered;
    m_low[i] = lower(m_basic[i]);
    m_high[i] = upper(m_basic[i]);
    m_at_upper[q] = below ? 0 : 1;
    settle(slot);
    // Signs that round-off or the ratio test has turned.
    m_flips.clear();
    for (std::size_t j = 0; j < m_nonbasic.size(); ++j) {
      if (m_turn[j] * m_reduced[j] <= 0) continue;
      if (std::abs(m_reduced[j]) <= 4 * shift) {
        m_reduced[j] = 0;
      } else {
        m_flips.push_back(static_cast<int>(j));
      }
    }
    flip(m_flips);
    const int left = budget - step - 1;
    if (m_tableau.pending() >= many_pending && m_tableau.pending() + left > Tableau::most_pending) m_tableau.apply();
  }
  return SimplexEnd::stalled;
}

/// Nonbasic variables go to their other bounds.
void DualSimplex::flip(const std::vector<int>& slots) {
  if (slots.empty()) return;
  m_delta.assign(static_cast<std::size_t>(m_columns), 0.0);
  m_index.clear();
  for (const int slot : slots) {
    const auto f = static_cast<std::size_t>(slot);
    const double before = at(slot);
    m_at_upper[f] = m_at_upper[f] != 0 ? 0 : 1;
    const double delta = at(slot) - before;
    if (delta == 0) continue;
    m_turn[f] = -m_turn[f];
    m_objective += m_reduced[f] * delta;
    m_delta[f] = delta;
    m_index.push_back(slot);
  }
  shift_values();
}

/// The variable of row r, which is in m_row, and that of the slot change places, after the slot's has moved by `step`.
void DualSimplex::exchange(int r, int slot, double step) {
  ++m_exchanges;
  m_work += static_cast<double>(rows()) * static_cast<double>(m_columns);
  const auto q = static_cast<std::size_t>(slot);
  m_tableau.column(slot, m_column);
  for (std::size_t k = 0; k < m_value.size(); ++k) m_value[k] -= m_column[k] * step;
  m_tableau.exchange(r, slot, m_row, m_column);
  const double rate = m_reduced[q] / m_row[q];
  if (rate != 0) {
    for (std::size_t j = 0; j < m_reduced.size(); ++j) m_reduced[j] -= rate * m_row[j];
    m_reduced[q] = -rate;
  }
  std::swap(m_basic[static_cast<std::size_t>(r)], m_nonbasic[q]);
  m_place[static_cast<std::size_t>(m_basic[static_cast<std::size_t>(r)])] = ~r;
  m_place[static_cast<std::size_t>(m_nonbasic[q])] = slot;
}

/// The slot's variable enters the basis for that of one of the rows with the largest pivot, which is no longer among
/// them; unless all pivots are tiny.
void DualSimplex::enter(int slot, std::vector<int>& rows) {
  m_tableau.column(slot, m_column);
  std::size_t best = rows.size();
  double most = least_pivot;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const double size = std::abs(m_column[static_cast<std::size_t>(rows[k])]);
    if (size > most) {
      most = size;
      best = k;
    }
  }
  if (best == rows.size()) return;
  m_tableau.row(rows[best], m_row);
  exchange(rows[best], slot, 0);
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(best));
  if (m_tableau.pending() >= many_pending) m_tableau.apply();
}

void DualSimplex::refactor(const Inequalities& named) {
  std::vector<int> wanted;
  for (const int variable : m_basic) {
    if (!is_slack(variable)) wanted.push_back(variable);
  }
  std::vector<char> slack_basic(m_basic.size(), 0);
  for (const int variable : m_basic) {
    if (is_slack(variable)) slack_basic[static_cast<std::size_t>(variable - m_columns)] = 1;
  }
  std::vector<char> at_upper(m_place.size(), 0);
  for (int slot = 0; slot < m_columns; ++slot) {
    at_upper[static_cast<std::size_t>(m_nonbasic[static_cast<std::size_t>(slot)])] =
        m_at_upper[static_cast<std::size_t>(slot)];
  }
  const std::int64_t exchanges = m_exchanges;
  DualSimplex fresh(m_cost, m_lower, m_upper);
  fresh.m_wide_lower = m_wide_lower;
  fresh.m_wide_upper = m_wide_upper;
  for (const int name : m_name) fresh.add(named[static_cast<std::size_t>(name)], name);
  std::sort(wanted.begin(), wanted.end());
  std::vector<int> leave;
  for (int r = 0; r < fresh.rows(); ++r) {
    if (slack_basic[static_cast<std::size_t>(r)] == 0) leave.push_back(r);
  }
  // Where a basis has become singular in plain arithmetic a column stays nonbasic.
  for (const int variable : wanted) fresh.enter(fresh.m_place[static_cast<std::size_t>(variable)], leave);
  for (int slot = 0; slot < m_columns; ++slot) {
    const auto q = static_cast<std::size_t>(slot);
    const int variable = fresh.m_nonbasic[q];
    const double d = fresh.m_reduced[q];
    fresh.m_at_upper[q] = std::abs(d) > costless ? (d < 0 ? 1 : 0) : at_upper[static_cast<std::size_t>(variable)];
  }
  fresh.recompute_values();
  fresh.m_exchanges = exchanges;
  fresh.m_work += m_work;
  *this = std::move(fresh);
}

Basis DualSimplex::basis() const {
  Basis result;
  for (int j = 0; j < m_columns; ++j) {
    if (m_place[static_cast<std::size_t>(j)] < 0) result.columns.push_back(j);
  }
  for (int r = 0; r < rows(); ++r) {
    if (!slack_is_basic(r)) result.rows.push_back(name(r));
  }
  std::sort(result.rows.begin(), result.rows.end());
  return result;
}

/// What is to become basic enters one after the other, each for the variable that has to leave with the largest pivot.
void DualSimplex::go_to(const Basis& basis) {
  std::vector<char> wanted(m_place.size(), 0);
  for (const int column : basis.columns) wanted[static_cast<std::size_t>(column)] = 1;
  for (int r = 0; r < rows(); ++r) {
    const bool nonbasic = std::binary_search(basis.rows.begin(), basis.rows.end(), name(r));
    wanted[static_cast<std::size_t>(m_columns) + static_cast<std::size_t>(r)] = nonbasic ? 0 : 1;
  }
  std::vector<int> leave;
  for (int r = 0; r < rows(); ++r) {
    if (wanted[static_cast<std::size_t>(m_basic[static_cast<std::size_t>(r)])] == 0) leave.push_back(r);
  }
  for (int slot = 0; slot < m_columns; ++slot) {
    if (wanted[static_cast<std::size_t>(m_nonbasic[static_cast<std::size_t>(slot)])] == 0) continue;
    enter(slot, leave);
  }
  for (std::size_t q = 0; q < m_at_upper.size(); ++q) m_at_upper[q] = m_reduced[q] < -costless ? 1 : 0;
  recompute_values();
}

/// Values of the basic variables from the tableau: a slack's own side, and what nonbasic slacks' sides and values of
/// nonbasic variables add to it.
void DualSimplex::recompute_values() {
  m_delta.assign(static_cast<std::size_t>(m_columns), 0.0);
  m_index.clear();
  for (int slot = 0; slot < m_columns; ++slot) {
    const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
    const double side = is_slack(variable) ? m_side[static_cast<std::size_t>(variable - m_columns)] : 0.0;
    const double moved = at(slot) - side;
    if (moved == 0) continue;
    m_delta[static_cast<std::size_t>(slot)] = moved;
    m_index.push_back(slot);
  }
  for (std::size_t r = 0; r < m_value.size(); ++r) {
    m_value[r] = is_slack(m_basic[r]) ? m_side[static_cast<std::size_t>(m_basic[r] - m_columns)] : 0.0;
  }
  shift_values();
  m_objective = 0;
  std::vector<double> x;
  point(x);
  for (std::size_t j = 0; j < x.size(); ++j) m_objective += m_cost[j] * x[j];
}

void DualSimplex::point(std::vector<double>& x) const {
  x.resize(static_cast<std::size_t>(m_columns));
  for (int j = 0; j < m_columns; ++j) {
    const int place = m_place[static_cast<std::size_t>(j)];
    const int basic = ~place;
    x[static_cast<std::size_t>(j)] = place >= 0 ? at(place) : m_value[static_cast<std::size_t>(basic)];
  }
}

void DualSimplex::multipliers(std::vector<double>& y) const {
  std::fill(y.begin(), y.end(), 0.0);
  for (int slot = 0; slot < m_columns; ++slot) {
    const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
    if (!is_slack(variable)) continue;
    y[static_cast<std::size_t>(name(variable - m_columns))] = std::max(0.0, m_reduced[static_cast<std::size_t>(slot)]);
  }
}

void DualSimplex::ray(std::vector<double>& y) const {
  std::fill(y.begin(), y.end(), 0.0);
  if (m_ray_row < 0) return;
  const int own = m_basic[static_cast<std::size_t>(m_ray_row)];
  if (is_slack(own)) y[static_cast<std::size_t>(name(own - m_columns))] = std::max(0.0, m_ray_sign);
  std::vector<double> entries;
  m_tableau.row(m_ray_row, entries);
  for (int slot = 0; slot < m_columns; ++slot) {
    const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
    if (!is_slack(variable)) continue;
    y[static_cast<std::size_t>(name(variable - m_columns))] =
        std::max(0.0, m_ray_sign * entries[static_cast<std::size_t>(slot)]);
  }
}

void DualSimplex::aggregation(int tableau_row, std::vector<std::pair<int, double>>& multipliers) const {
  multipliers.clear();
  std::vector<double> entries;
  m_tableau.row(tableau_row, entries);
  for (int slot = 0; slot < m_columns; ++slot) {
    const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
    if (is_slack(variable) && std::abs(entries[static_cast<std::size_t>(slot)]) > nothing) {
      multipliers.emplace_back(name(variable - m_columns), entries[static_cast<std::size_t>(slot)]);
    }
  }
}

}  // namespace secateur::lp
