// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/network.hpp"

#include <algorithm>
#include <utility>

#include "secateur/core/rounding.hpp"

namespace secateur::search {

namespace {

Index padded(Index count) { return (count + dual_lanes - 1) / dual_lanes * dual_lanes; }

}  // namespace

Network::Network(bounds::Folded folded, const std::vector<Range>& ranges) : m_folded(std::move(folded)) {
  const Index inputs = m_folded.inputs, units = m_folded.units();
  const int layers = static_cast<int>(m_folded.first.size()) - 1;
  m_first.push_back(padded(inputs));
  for (int k = 0; k < layers; ++k) {
    const auto index = static_cast<std::size_t>(k);
    m_first.push_back(m_first.back() + padded(m_folded.first[index + 1] - m_folded.first[index]));
  }
  const Index values = m_first.back();
  const Index targets = 1 + static_cast<Index>(ranges.size());
  m_unit.assign(static_cast<std::size_t>(values), -1);
  std::vector<Index> column(static_cast<std::size_t>(inputs + units));
  for (Index j = 0; j < inputs; ++j) column[static_cast<std::size_t>(j)] = j;
  for (int k = 0; k < layers; ++k) {
    const Index begin = m_folded.first[static_cast<std::size_t>(k)];
    for (Index v = begin; v < m_folded.first[static_cast<std::size_t>(k) + 1]; ++v) {
      const Index value = first(k) + (v - begin);
      column[static_cast<std::size_t>(v)] = value;
      m_unit[static_cast<std::size_t>(value)] = v - inputs;
      m_value.push_back(value);
    }
  }
  const auto rows = static_cast<std::size_t>(values + targets);
  m_weight.assign(rows * static_cast<std::size_t>(values), 0.0);
  m_transposed.assign(static_cast<std::size_t>(values * values), 0.0);
  m_bias.assign(rows, 0.0);
  m_error.assign(rows, 0.0);
  m_magnitude.assign(rows, 0.0);
  const auto take = [&](Index row, Index from) {
    for (Index v = 0; v < inputs + units; ++v) {
      const double weight = m_folded.weight(from, v);
      if (weight == 0) continue;
      const Index to = column[static_cast<std::size_t>(v)];
      m_weight[static_cast<std::size_t>(row * values + to)] = weight;
      if (row < values) m_transposed[static_cast<std::size_t>(to * values + row)] = weight;
    }
    m_bias[static_cast<std::size_t>(row)] = m_folded.bias(from);
    m_error[static_cast<std::size_t>(row)] = m_folded.error(from);
    m_magnitude[static_cast<std::size_t>(row)] = m_folded.magnitude(from);
  };
  for (Index i = 0; i < units; ++i) take(m_value[static_cast<std::size_t>(i)], i);
  take(values, units);
  for (std::size_t r = 0; r < ranges.size(); ++r) {
    take(values + 1 + static_cast<Index>(r), units + 1 + ranges[r].output);
  }
  // Neighbouring blocks that are read make one segment.
  m_segments.push_back(0);
  for (int k = 0; k <= layers; ++k) {
    for (int from = -1; from < k; ++from) {
      if (!reads(k, from)) continue;
      const Index begin = from < 0 ? 0 : first(from), end = first(from + 1);
      if (begin == end) continue;
      if (static_cast<Index>(m_segment.size()) > 2 * m_segments.back() && m_segment.back() == begin) {
        m_segment.back() = end;
      } else {
        m_segment.insert(m_segment.end(), {begin, end});
      }
    }
    m_segments.push_back(static_cast<Index>(m_segment.size()) / 2);
  }
  m_rounding = static_cast<double>(4 * units + 2 * targets + inputs + 64) * unit_roundoff;
  m_dual.layers = layers;
  m_dual.targets = targets;
  m_dual.first = m_first.data();
  m_dual.segments = m_segments.data();
  m_dual.segment = m_segment.data();
  m_dual.weight = m_weight.data();
  m_dual.transposed = m_transposed.data();
  m_dual.bias = m_bias.data();
  m_dual.error = m_error.data();
  m_dual.magnitude = m_magnitude.data();
  const auto rounded = [&](const std::vector<double>& numbers) {
    std::vector<float>& single = m_single.emplace_back(numbers.size());
    std::transform(numbers.begin(), numbers.end(), single.begin(), [](double x) { return static_cast<float>(x); });
    return single.data();
  };
  m_dual.single = {rounded(m_weight), rounded(m_transposed), rounded(m_bias), rounded(m_error), rounded(m_magnitude)};
}

}  // namespace secateur::search
