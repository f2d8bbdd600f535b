// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/propagation.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <stdexcept>

#include "secateur/core/rounding.hpp"
#include "secateur/core/tracked_sum.hpp"
#include "secateur/lp/check.hpp"

namespace secateur::lp {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// At least (side - residual) / a for a > 0.
double quotient_up(double side, double residual, double a) {
  double rest = side - residual;
  if (!(add_residual(side, -residual) == 0)) rest = next_up(rest);
  const double quotient = rest / a;
  return divide_residual(rest, a) == 0 ? quotient : next_up(quotient);
}

class Propagator {
 public:
  Propagator(const Model& model, const Box& start, const PropagationSettings& settings)
      : m_model(model), m_settings(settings), m_queued(static_cast<std::size_t>(model.rows()), true) {
    m_result.columns = start;
    m_rows_of.resize(static_cast<std::size_t>(model.columns()));
    for (int r = 0; r < model.rows(); ++r) {
      m_queue.push_back(r);
      for (int p = begin(r); p < end(r); ++p) {
        if (value(p) != 0) m_rows_of[static_cast<std::size_t>(column(p))].push_back(r);
      }
    }
  }

  Propagation run() {
    const Box start = m_result.columns;
    if (round_integers()) {
      const std::int64_t most = static_cast<std::int64_t>(m_settings.rounds) * m_model.rows();
      while (!m_queue.empty() && m_result.visits < most) {
        const int row = m_queue.front();
        m_queue.pop_front();
        m_queued[static_cast<std::size_t>(row)] = false;
        ++m_result.visits;
        if (!visit(row)) break;
      }
    }
    const Box& now = m_result.columns;
    m_result.tightened = static_cast<int>((now.lower.array() > start.lower.array()).count() +
                                          (now.upper.array() < start.upper.array()).count());
    return std::move(m_result);
  }

 private:
  /// A bound that moved, and the row's entry that moved it.
  struct Move {
    ColumnBound bound;
    int row, entry;
    bool by_upper;  ///< by the row's upper side
  };

  [[nodiscard]] int begin(int row) const { return m_model.row_start[static_cast<std::size_t>(row)]; }
  [[nodiscard]] int end(int row) const { return m_model.row_start[static_cast<std::size_t>(row) + 1]; }
  [[nodiscard]] int column(int entry) const { return m_model.column[static_cast<std::size_t>(entry)]; }
  [[nodiscard]] double value(int entry) const { return m_model.value[static_cast<std::size_t>(entry)]; }
  [[nodiscard]] bool integer(int j) const { return m_model.integer[static_cast<std::size_t>(j)]; }

  bool round_integers() {
    Box& box = m_result.columns;
    for (int j = 0; j < m_model.columns(); ++j) {
      if (integer(j)) {
        box.lower(j) = std::ceil(box.lower(j));
        box.upper(j) = std::floor(box.upper(j));
      }
      if (box.lower(j) > box.upper(j) || box.lower(j) == infinity || box.upper(j) == -infinity) {
        m_result.conflict = Conflict{-1, {}, {{j, false}, {j, true}}};
        return false;
      }
    }
    return true;
  }

  bool visit(int row) {
    const double upper = m_model.row_upper[static_cast<std::size_t>(row)];
    const double lower = m_model.row_lower[static_cast<std::size_t>(row)];
    if (lower > upper) {
      fail(row, {});
      return false;
    }
    return visit_side(row, true, upper) && visit_side(row, false, -lower);
  }

  /// sum s a_j x_j <= side with s = 1 for the upper side, -1 for the lower one; false on a conflict.
  bool visit_side(int row, bool by_upper, double side) {
    if (side == infinity) return true;
    const int first = begin(row), count = end(row) - first;
    const double sign = by_upper ? 1.0 : -1.0;
    // The least value of every term, and sums of those behind each; infinite ones are counted instead.
    const auto least = [&](int k) {
      const double a = sign * value(first + k);
      return a > 0 ? m_result.columns.lower(column(first + k)) : m_result.columns.upper(column(first + k));
    };
    int infinite = 0, where = -1;
    for (int k = 0; k < count && infinite < 2; ++k) {
      if (value(first + k) == 0 || std::isfinite(least(k))) continue;
      ++infinite;
      where = k;
    }
    if (infinite > 1) return true;
    m_behind.assign(static_cast<std::size_t>(count) + 1, TrackedSum());
    for (int k = count - 1; k >= 0; --k) {
      TrackedSum& sum = m_behind[static_cast<std::size_t>(k)];
      sum = m_behind[static_cast<std::size_t>(k) + 1];
      if (value(first + k) != 0 && k != where) sum.add(sign * value(first + k), least(k));
    }
    if (infinite == 1) return bound_entry(row, where, by_upper, side, m_behind[0].down());
    if (m_behind[0].down() > side) {
      fail(row, needs(row, by_upper, -1));
      return false;
    }
    // What stands before k is summed with the bounds as they were at the start of the visit or tighter; both hold.
    TrackedSum before;
    for (int k = 0; k < count; ++k) {
      if (value(first + k) == 0) continue;
      const double at = least(k);
      TrackedSum others = before;
      others.add(m_behind[static_cast<std::size_t>(k) + 1]);
      if (!bound_entry(row, k, by_upper, side, others.down())) return false;
      before.add(sign * value(first + k), at);
    }
    return true;
  }

  /// s a_k x_k <= side - others.
  bool bound_entry(int row, int k, bool by_upper, double side, double others) {
    if (others == -infinity) return true;
    const int entry = begin(row) + k, j = column(entry);
    const double a = by_upper ? value(entry) : -value(entry);
    const bool upper = a > 0;
    // x <= quotient, or -x <= quotient.
    double bound = quotient_up(side, others, std::abs(a));
    if (std::isnan(bound)) return true;
    if (integer(j)) bound = std::floor(bound);
    double& lower_now = m_result.columns.lower(j);
    double& upper_now = m_result.columns.upper(j);
    const double old = upper ? upper_now : -lower_now;
    if (!(bound < old)) return true;
    m_trail.push_back({{j, upper}, row, entry, by_upper});
    const double width = upper_now - lower_now;
    (upper ? upper_now : lower_now) = upper ? bound : -bound;
    if (lower_now > upper_now || bound == -infinity) {
      m_trail.pop_back();
      std::vector<ColumnBound> why = needs(row, by_upper, entry);
      why.push_back({j, !upper});
      fail(row, why);
      return false;
    }
    const bool worthwhile = integer(j) || !std::isfinite(width) || old - bound >= m_settings.least_gain * width;
    // A row gains nothing from its own moves, unless they were rounded to integers.
    if (worthwhile) requeue(j, integer(j) ? -1 : row);
    return true;
  }

  void requeue(int j, int except) {
    for (const int row : m_rows_of[static_cast<std::size_t>(j)]) {
      if (row == except || m_queued[static_cast<std::size_t>(row)]) continue;
      m_queued[static_cast<std::size_t>(row)] = true;
      m_queue.push_back(row);
    }
  }

  /// The bounds that the least value of a row's side is made of, without one entry.
  [[nodiscard]] std::vector<ColumnBound> needs(int row, bool by_upper, int except) const {
    std::vector<ColumnBound> bounds;
    for (int p = begin(row); p < end(row); ++p) {
      if (p != except && value(p) != 0) bounds.push_back({column(p), (value(p) > 0) != by_upper});
    }
    return bounds;
  }

  /// The failed row's reasons, followed back through every move that they rest on. A moved bound rests on the row that
  /// moved it last and on the bounds which that row read, as they were then: older moves, met later on the way back.
  void fail(int row, const std::vector<ColumnBound>& why) {
    Conflict conflict{row, {row}, {}};
    std::vector<char> needed(2 * static_cast<std::size_t>(m_model.columns()), 0);
    const auto flag = [&](const ColumnBound& bound) -> char& {
      return needed[2 * static_cast<std::size_t>(bound.column) + (bound.upper ? 1 : 0)];
    };
    for (const ColumnBound& bound : why) flag(bound) = 1;
    for (auto move = m_trail.rbegin(); move != m_trail.rend(); ++move) {
      if (flag(move->bound) == 0) continue;
      flag(move->bound) = 0;
      conflict.rows.push_back(move->row);
      for (const ColumnBound& bound : needs(move->row, move->by_upper, move->entry)) flag(bound) = 1;
    }
    std::sort(conflict.rows.begin(), conflict.rows.end());
    conflict.rows.erase(std::unique(conflict.rows.begin(), conflict.rows.end()), conflict.rows.end());
    for (int j = 0; j < m_model.columns(); ++j) {
      for (const bool upper : {false, true}) {
        if (flag({j, upper}) != 0) conflict.bounds.push_back({j, upper});
      }
    }
    m_result.conflict = std::move(conflict);
  }

  const Model& m_model;
  const PropagationSettings& m_settings;
  Propagation m_result;
  std::vector<std::vector<int>> m_rows_of;
  std::deque<int> m_queue;
  std::vector<bool> m_queued;
  std::vector<Move> m_trail;
  std::vector<TrackedSum> m_behind;
};

}  // namespace

Propagation propagate(const Model& model, const PropagationSettings& settings) {
  check(model);
  const auto columns = static_cast<Index>(model.columns());
  return propagate(model,
                   {Eigen::Map<const Vector>(model.column_lower.data(), columns),
                    Eigen::Map<const Vector>(model.column_upper.data(), columns)},
                   settings);
}

Propagation propagate(const Model& model, const Box& start, const PropagationSettings& settings) {
  check(model);
  if (start.lower.size() != model.columns() || start.upper.size() != model.columns()) {
    throw std::invalid_argument("propagate: bounds need one entry a column");
  }
  if (start.lower.array().isNaN().any() || start.upper.array().isNaN().any()) {
    throw std::invalid_argument("propagate: a bound that is not a number");
  }
  return Propagator(model, start, settings).run();
}

}  // namespace secateur::lp
