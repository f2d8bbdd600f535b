// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/sign_propagation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/core/rounding.hpp"

namespace secateur::search {

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
/// A bound has to move by so much of its range to be worth another sweep.
constexpr double worthwhile = 1e-3;
}  // namespace

SignPropagation::SignPropagation(const Network& network, const std::vector<Range>& ranges) : m_ranges(ranges) {
  const bounds::Folded& folded = network.folded();
  m_inputs = static_cast<int>(folded.inputs);
  m_units = static_cast<int>(folded.units());
  m_start.push_back(0);
  const auto take = [&](Index row) {
    for (Index v = 0; v < folded.values(); ++v) {
      if (folded.weight(row, v) != 0) m_entry.push_back({static_cast<int>(v), folded.weight(row, v)});
    }
    const auto terms = static_cast<double>(m_entry.size() - static_cast<std::size_t>(m_start.back()));
    m_start.push_back(static_cast<int>(m_entry.size()));
    m_bias.push_back(folded.bias(row));
    m_slack.push_back(next_up(next_up((2 * terms + 16) * unit_roundoff * folded.magnitude(row) + folded.error(row)) +
                              folded.underflow));
  };
  for (Index i = 0; i < folded.units(); ++i) take(i);
  take(folded.units());
  for (const Range& range : ranges) take(folded.units() + 1 + range.output);
}

/// One row in both directions: its bounds from the values that it reads, and theirs from its bounds.
bool SignPropagation::visit(int row, double& lower, double& upper, SignBounds& bounds, bool& moved) const {
  const auto r = static_cast<std::size_t>(row);
  const Entry* begin = m_entry.data() + m_start[r];
  const Entry* end = m_entry.data() + m_start[r + 1];
  const auto range = [&](const Entry& entry) {
    const auto v = static_cast<std::size_t>(entry.value);
    double from = 0, to = 0;
    if (entry.value < m_inputs) {
      from = bounds.input_lower[v];
      to = bounds.input_upper[v];
    } else {
      const std::size_t unit = v - static_cast<std::size_t>(m_inputs);
      from = std::max(0.0, bounds.lower[unit]);
      to = std::max(0.0, bounds.upper[unit]);
    }
    return entry.weight > 0 ? std::pair{entry.weight * from, entry.weight * to}
                            : std::pair{entry.weight * to, entry.weight * from};
  };
  double low = m_bias[r], high = m_bias[r], widest = 0;
  for (const Entry* entry = begin; entry != end; ++entry) {
    const auto [from, to] = range(*entry);
    low += from;
    high += to;
    widest = std::max(widest, to - from);
  }
  const double slack = m_slack[r];
  const bool above = lower > low - slack, below = upper < high + slack;
  if (!above) lower = low - slack;
  if (!below) upper = high + slack;
  if (lower > upper) return false;
  // A term is narrowed only if it is wider than what its row's bounds leave to it.
  if (!(above && widest > high - lower + slack) && !(below && widest > upper - low + slack)) return true;
  for (const Entry* entry = begin; entry != end; ++entry) {
    const auto [from, to] = range(*entry);
    const auto v = static_cast<std::size_t>(entry->value);
    const bool input = entry->value < m_inputs;
    const std::size_t unit = input ? 0 : v - static_cast<std::size_t>(m_inputs);
    double& value_lower = input ? bounds.input_lower[v] : bounds.lower[unit];
    double& value_upper = input ? bounds.input_upper[v] : bounds.upper[unit];
    const double width = value_upper - value_lower;
    // w v >= lower - (high - to) and w v <= upper - (low - from), each within the slack.
    const double w = entry->weight;
    const double least = above ? (lower - (high - to) - slack) / w : -std::copysign(infinity, w);
    const double most = below ? (upper - (low - from) + slack) / w : std::copysign(infinity, w);
    double down = w > 0 ? least : most, up = w > 0 ? most : least;
    down = next_down(down);
    up = next_up(up);
    // Of a unit this is the activation's range: below zero it says nothing of the preactivation.
    if (!input && down <= 0) down = -infinity;
    if (!input && up < 0) return false;
    if (down > value_lower) {
      moved = moved || down > value_lower + worthwhile * width || (!input && value_lower < 0);
      value_lower = down;
    }
    if (up < value_upper) {
      moved = moved || up < value_upper - worthwhile * width;
      value_upper = up;
    }
    if (value_lower > value_upper) return false;
  }
  return true;
}

bool SignPropagation::run(SignBounds& bounds, double cutoff, int sweeps) const {
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    bool moved = false;
    for (int i = 0; i < m_units; ++i) {
      const auto u = static_cast<std::size_t>(i);
      double lower = bounds.lower[u], upper = bounds.upper[u];
      if (!visit(i, lower, upper, bounds, moved)) return false;
      moved = moved || (bounds.lower[u] < 0 && lower >= 0) || (bounds.upper[u] > 0 && upper <= 0);
      bounds.lower[u] = std::max(bounds.lower[u], lower);
      bounds.upper[u] = std::min(bounds.upper[u], upper);
    }
    for (std::size_t o = 0; o <= m_ranges.size(); ++o) {
      double lower = o == 0 ? -infinity : m_ranges[o - 1].lower;
      double upper = o == 0 ? cutoff : m_ranges[o - 1].upper;
      if (!visit(m_units + static_cast<int>(o), lower, upper, bounds, moved)) return false;
    }
    if (!moved) break;
  }
  return true;
}

}  // namespace secateur::search
