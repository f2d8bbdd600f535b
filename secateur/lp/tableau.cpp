// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/tableau.hpp"

#include <algorithm>
#include <array>

#include "secateur/core/kernels.hpp"

namespace secateur::lp {

namespace {
constexpr std::ptrdiff_t lanes = crown_lanes, spare_height = 64;

std::ptrdiff_t whole(std::ptrdiff_t size) { return (size + lanes - 1) / lanes * lanes; }
}  // namespace

Tableau::Tableau(int columns)
    : m_columns(columns), m_stride(whole(columns)), m_base(std::make_shared<std::vector<double>>()) {}

void Tableau::row(int r, std::vector<double>& entries) const {
  entries.assign(base(r), base(r) + m_stride);
  std::array<double, most_pending> factor{};
  for (int t = 0; t < m_pending; ++t) {
    factor[static_cast<std::size_t>(t)] = m_g[static_cast<std::size_t>(t * m_height + r)];
  }
  bound_kernels().combine({m_pending, m_stride, m_h.data(), factor.data(), entries.data()});
}

void Tableau::column(int slot, std::vector<double>& entries) const {
  entries.resize(static_cast<std::size_t>(m_height));
  const double* from = m_base->data() + slot;
  for (int r = 0; r < m_rows; ++r) entries[static_cast<std::size_t>(r)] = from[r * m_stride];
  std::fill(entries.begin() + m_rows, entries.end(), 0.0);
  std::array<double, most_pending> factor{};
  for (int t = 0; t < m_pending; ++t) {
    factor[static_cast<std::size_t>(t)] = m_h[static_cast<std::size_t>(t * m_stride + slot)];
  }
  bound_kernels().combine({m_pending, m_height, m_g.data(), factor.data(), entries.data()});
}

void Tableau::product(const std::vector<int>& slots, const std::vector<double>& vector,
                      std::vector<double>& result) const {
  result.assign(static_cast<std::size_t>(m_height), 0.0);
  for (int r = 0; r < m_rows; ++r) {
    const double* entries = base(r);
    double sum = 0;
    for (const int slot : slots) sum += entries[slot] * vector[static_cast<std::size_t>(slot)];
    result[static_cast<std::size_t>(r)] = sum;
  }
  std::array<double, most_pending> factor{};
  for (int t = 0; t < m_pending; ++t) {
    double& sum = factor[static_cast<std::size_t>(t)];
    for (const int slot : slots) {
      sum += m_h[static_cast<std::size_t>(t * m_stride + slot)] * vector[static_cast<std::size_t>(slot)];
    }
  }
  bound_kernels().combine({m_pending, m_height, m_g.data(), factor.data(), result.data()});
}

void Tableau::exchange(int r, int slot, const std::vector<double>& row, const std::vector<double>& column) {
  const auto pivot_row = static_cast<std::size_t>(r), pivot_column = static_cast<std::size_t>(slot);
  const double pivot = row[pivot_column], inverse = 1 / pivot;
  ++m_pending;
  m_h.resize(static_cast<std::size_t>(m_pending * m_stride));
  m_g.resize(static_cast<std::size_t>(m_pending * m_height));
  double* h = m_h.data() + (m_pending - 1) * m_stride;
  double* g = m_g.data() + (m_pending - 1) * m_height;
  double norm = 0;
  for (std::ptrdiff_t j = 0; j < m_stride; ++j) {
    h[j] = row[static_cast<std::size_t>(j)] * inverse;
    norm += h[j] * h[j];
  }
  norm += inverse * inverse - 1;
  h[slot] = 1 + inverse;
  std::copy_n(column.begin(), m_height, g);
  g[r] = pivot - 1;
  for (int k = 0; k < m_rows; ++k) {
    const double factor = column[static_cast<std::size_t>(k)];
    double& length = m_norm[static_cast<std::size_t>(k)];
    length = std::max(length, factor * factor * norm);
  }
  m_norm[pivot_row] = norm;
}

void Tableau::apply() {
  if (m_pending == 0) return;
  // What copies share stays as it is.
  const std::shared_ptr<std::vector<double>> before = m_base;
  if (before.use_count() > 2) m_base = std::make_shared<std::vector<double>>(before->size());
  Elimination elimination;
  elimination.rows = m_rows;
  elimination.stride = m_stride;
  elimination.count = m_pending;
  elimination.height = m_height;
  elimination.from = before->data();
  elimination.to = m_base->data();
  elimination.pivots = m_h.data();
  elimination.factors = m_g.data();
  elimination.norm = m_norm.data();
  bound_kernels().eliminate(elimination);
  m_pending = 0;
  m_h.clear();
  m_g.clear();
}

void Tableau::own() {
  if (m_base.use_count() > 1) m_base = std::make_shared<std::vector<double>>(*m_base);
}

void Tableau::append(const std::vector<double>& entries, const std::vector<std::pair<int, double>>& multiples) {
  own();
  const auto stride = static_cast<std::size_t>(m_stride);
  const int added = m_rows++;
  m_base->resize(m_base->size() + stride);
  double* to = m_base->data() + added * m_stride;
  std::copy_n(entries.begin(), m_columns, to);
  std::fill(to + m_columns, to + m_stride, 0.0);
  if (m_rows > m_height) {
    const std::ptrdiff_t height = whole(m_rows) + spare_height;
    std::vector<double> taller(static_cast<std::size_t>(m_pending * height), 0.0);
    for (int t = 0; t < m_pending; ++t) std::copy_n(m_g.begin() + t * m_height, m_height, taller.begin() + t * height);
    m_g = std::move(taller);
    m_height = height;
  }
  // Pending changes take from the new row what they take from those that it is made of.
  for (int t = 0; t < m_pending; ++t) {
    double* g = m_g.data() + t * m_height;
    double sum = 0;
    for (const auto& [r, multiple] : multiples) sum -= multiple * g[r];
    g[added] = sum;
  }
  for (const auto& [r, multiple] : multiples) {
    const double* from = base(r);
    for (std::ptrdiff_t j = 0; j < m_stride; ++j) to[j] -= multiple * from[j];
  }
  std::vector<double> whole_row;
  row(added, whole_row);
  double norm = 0;
  for (const double entry : whole_row) norm += entry * entry;
  m_norm.push_back(norm);
}

void Tableau::keep(const std::vector<char>& keep) {
  apply();
  own();
  int to = 0;
  for (int r = 0; r < m_rows; ++r) {
    if (keep[static_cast<std::size_t>(r)] == 0) continue;
    if (to != r) {
      std::copy_n(base(r), m_stride, m_base->data() + to * m_stride);
      m_norm[static_cast<std::size_t>(to)] = m_norm[static_cast<std::size_t>(r)];
    }
    ++to;
  }
  m_rows = to;
  m_norm.resize(static_cast<std::size_t>(to));
  m_base->resize(static_cast<std::size_t>(to * m_stride));
}

}  // namespace secateur::lp
