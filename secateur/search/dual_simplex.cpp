// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/dual_simplex.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "secateur/core/kernels.hpp"

namespace secateur::search {

namespace {

/// Violations up to this are none; reduced costs up to this have no sign; entries up to this are round-off.
constexpr double feasible = 1e-8, costless = 1e-9, nothing = 1e-12;
/// How far a reduced cost may have the wrong sign before it counts as zero.
constexpr double shift = 1e-7;
/// Pivots below the first are avoided where there is another one, below the second always.
constexpr double small_pivot = 1e-4, least_pivot = 1e-7;
constexpr std::ptrdiff_t lanes = crown_lanes;

}  // namespace

DualSimplex::DualSimplex(std::vector<double> cost, std::vector<double> lower, std::vector<double> upper)
    : m_columns(static_cast<int>(cost.size())),
      m_stride((static_cast<std::ptrdiff_t>(cost.size()) + lanes - 1) / lanes * lanes),
      m_cost(std::move(cost)),
      m_lower(std::move(lower)),
      m_upper(std::move(upper)) {
  m_wide_lower = m_lower;
  m_wide_upper = m_upper;
  m_reduced.assign(static_cast<std::size_t>(m_stride), 0.0);
  std::copy(m_cost.begin(), m_cost.end(), m_reduced.begin());
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
  m_tableau.resize(m_tableau.size() + static_cast<std::size_t>(m_stride), 0.0);
  double* to = row(r);
  double value = added.side, most = added.side;
  for (std::size_t k = 0; k < added.column.size(); ++k) {
    const double a = added.value[k];
    const auto v = static_cast<std::size_t>(added.column[k]);
    most -= a > 0 ? a * m_wide_lower[v] : a * m_wide_upper[v];
    const int place = m_place[static_cast<std::size_t>(added.column[k])];
    if (place >= 0) {
      to[place] += a;
      value -= a * at(place);
    } else {
      const double* from = row(~place);
      for (std::ptrdiff_t j = 0; j < m_stride; ++j) to[j] -= a * from[j];
      const int basic = ~place;
      value -= a * m_value[static_cast<std::size_t>(basic)];
    }
  }
  double norm = 0;
  for (std::ptrdiff_t j = 0; j < m_stride; ++j) norm += to[j] * to[j];
  m_norm.push_back(norm);
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
  for (int r = 0; r < count; ++r) {
    const int renamed = name[static_cast<std::size_t>(m_basic[static_cast<std::size_t>(r)])];
    if (renamed < 0) continue;
    if (to != r) {
      std::copy_n(row(r), m_stride, row(to));
      m_value[static_cast<std::size_t>(to)] = m_value[static_cast<std::size_t>(r)];
      m_norm[static_cast<std::size_t>(to)] = m_norm[static_cast<std::size_t>(r)];
    }
    m_basic[static_cast<std::size_t>(to)] = renamed;
    ++to;
  }
  const auto left = static_cast<std::size_t>(to);
  m_basic.resize(left);
  m_value.resize(left);
  m_norm.resize(left);
  m_tableau.resize(left * static_cast<std::size_t>(m_stride));
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
  m_delta.assign(static_cast<std::size_t>(m_stride), 0.0);
  int moved = 0;
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
    ++moved;
  }
  m_lower = lower;
  m_upper = upper;
  if (moved == 0) return;
  m_index.clear();
  for (int slot = 0; slot < m_columns; ++slot) {
    if (m_delta[static_cast<std::size_t>(slot)] != 0) m_index.push_back(slot);
  }
  for (int r = 0; r < rows(); ++r) {
    const double* entries = row(r);
    double sum = 0;
    for (const int slot : m_index) sum += entries[slot] * m_delta[static_cast<std::size_t>(slot)];
    m_value[static_cast<std::size_t>(r)] -= sum;
  }
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
    const double score = violation * violation / (1 + m_norm[i]);
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
  const double* entries = row(r);
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
    for (const int passed : m_flips) flip(passed);
    const auto q = static_cast<std::size_t>(slot);
    const double step_length = (m_value[i] - bound) / row(r)[slot];
    const double entered = at(slot) + step_length;
    m_objective += m_reduced[q] * step_length;
    exchange(r, slot, step_length);
    m_value[i] = entered;
    m_low[i] = lower(m_basic[i]);
    m_high[i] = upper(m_basic[i]);
    m_at_upper[q] = below ? 0 : 1;
    settle(slot);
    // Signs that round-off or the ratio test has turned.
    for (std::size_t j = 0; j < m_nonbasic.size(); ++j) {
      if (m_turn[j] * m_reduced[j] <= 0) continue;
      if (std::abs(m_reduced[j]) <= 4 * shift) {
        m_reduced[j] = 0;
      } else {
        flip(static_cast<int>(j));
      }
    }
  }
  return SimplexEnd::stalled;
}

/// A nonbasic variable goes to its other bound.
void DualSimplex::flip(int slot) {
  const auto f = static_cast<std::size_t>(slot);
  const double before = at(slot);
  m_at_upper[f] = m_at_upper[f] != 0 ? 0 : 1;
  const double delta = at(slot) - before;
  if (delta == 0) return;
  m_turn[f] = -m_turn[f];
  m_objective += m_reduced[f] * delta;
  for (int r = 0; r < rows(); ++r) m_value[static_cast<std::size_t>(r)] -= row(r)[slot] * delta;
}

/// The variable of row r and that of the slot change places, after the slot's has moved by `step`.
void DualSimplex::exchange(int r, int slot, double step) {
  ++m_exchanges;
  double* pivot_row = row(r);
  const double pivot = pivot_row[slot];
  const double inverse = 1 / pivot;
  m_pivot.resize(static_cast<std::size_t>(m_stride));
  double norm = 0;
  for (std::ptrdiff_t j = 0; j < m_stride; ++j) m_pivot[static_cast<std::size_t>(j)] = pivot_row[j] * inverse;
  m_pivot[static_cast<std::size_t>(slot)] = inverse;
  for (const double entry : m_pivot) norm += entry * entry;
  m_index.clear();
  m_factor.clear();
  for (int k = 0; k < rows(); ++k) {
    double& entry = row(k)[slot];
    if (k == r || entry == 0) continue;
    m_value[static_cast<std::size_t>(k)] -= entry * step;
    if (std::abs(entry) > nothing) {
      m_index.push_back(k);
      m_factor.push_back(entry);
    }
    entry = 0;
  }
  Elimination elimination;
  elimination.count = static_cast<std::ptrdiff_t>(m_index.size());
  elimination.stride = m_stride;
  m_work += static_cast<double>(elimination.count) * static_cast<double>(m_stride);
  elimination.matrix = m_tableau.data();
  elimination.pivot = m_pivot.data();
  elimination.index = m_index.data();
  elimination.factor = m_factor.data();
  elimination.norm = m_norm.data();
  bound_kernels().eliminate(elimination);
  std::copy(m_pivot.begin(), m_pivot.end(), pivot_row);
  m_norm[static_cast<std::size_t>(r)] = norm;
  const double d = m_reduced[static_cast<std::size_t>(slot)];
  if (d != 0) {
    m_reduced[static_cast<std::size_t>(slot)] = 0;
    for (std::ptrdiff_t j = 0; j < m_stride; ++j) {
      m_reduced[static_cast<std::size_t>(j)] -= d * m_pivot[static_cast<std::size_t>(j)];
    }
  }
  std::swap(m_basic[static_cast<std::size_t>(r)], m_nonbasic[static_cast<std::size_t>(slot)]);
  m_place[static_cast<std::size_t>(m_basic[static_cast<std::size_t>(r)])] = ~r;
  m_place[static_cast<std::size_t>(m_nonbasic[static_cast<std::size_t>(slot)])] = slot;
}

void DualSimplex::refactor(const Rows& named) {
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
  for (const int variable : wanted) {
    const int slot = fresh.m_place[static_cast<std::size_t>(variable)];
    int best = -1;
    double most = least_pivot;
    for (int r = 0; r < fresh.rows(); ++r) {
      const int basic = fresh.m_basic[static_cast<std::size_t>(r)];
      if (!is_slack(basic) || slack_basic[static_cast<std::size_t>(basic - m_columns)] != 0) continue;
      const double size = std::abs(fresh.row(r)[slot]);
      if (size > most) {
        most = size;
        best = r;
      }
    }
    // A basis that has become singular in plain arithmetic: the column stays nonbasic.
    if (best >= 0) fresh.exchange(best, slot, 0);
  }
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
    std::size_t best = leave.size();
    double most = least_pivot;
    for (std::size_t k = 0; k < leave.size(); ++k) {
      const double size = std::abs(row(leave[k])[slot]);
      if (size > most) {
        most = size;
        best = k;
      }
    }
    if (best == leave.size()) continue;
    exchange(leave[best], slot, 0);
    leave.erase(leave.begin() + static_cast<std::ptrdiff_t>(best));
  }
  for (std::size_t q = 0; q < m_at_upper.size(); ++q) m_at_upper[q] = m_reduced[q] < 0 ? 1 : 0;
  recompute_values();
}

/// Values of the basic variables from the tableau: the basis itself applied to sides and nonbasic values.
void DualSimplex::recompute_values() {
  // Value of the basic variable of row r: sum over slacks of coefficient * side, less what nonbasic columns take.
  for (int r = 0; r < rows(); ++r) {
    double value = 0;
    const int own = m_basic[static_cast<std::size_t>(r)];
    if (is_slack(own)) value += m_side[static_cast<std::size_t>(own - m_columns)];
    const double* entries = row(r);
    for (int slot = 0; slot < m_columns; ++slot) {
      const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
      if (is_slack(variable)) value += entries[slot] * m_side[static_cast<std::size_t>(variable - m_columns)];
      value -= entries[slot] * at(slot);
    }
    m_value[static_cast<std::size_t>(r)] = value;
  }
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
  const double* entries = row(m_ray_row);
  for (int slot = 0; slot < m_columns; ++slot) {
    const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
    if (!is_slack(variable)) continue;
    y[static_cast<std::size_t>(name(variable - m_columns))] = std::max(0.0, m_ray_sign * entries[slot]);
  }
}

void DualSimplex::aggregation(int tableau_row, std::vector<std::pair<int, double>>& multipliers) const {
  multipliers.clear();
  const double* entries = row(tableau_row);
  for (int slot = 0; slot < m_columns; ++slot) {
    const int variable = m_nonbasic[static_cast<std::size_t>(slot)];
    if (is_slack(variable) && std::abs(entries[slot]) > nothing) {
      multipliers.emplace_back(name(variable - m_columns), entries[slot]);
    }
  }
}

}  // namespace secateur::search
