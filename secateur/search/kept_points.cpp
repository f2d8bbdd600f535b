// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/kept_points.hpp"

#include <cmath>
#include <stdexcept>

#include "secateur/core/rng.hpp"

namespace secateur::search {

namespace {

/// How much of a row's side a point lacks, relative to the size of what the row adds up; negative: it keeps the row.
double lacking(const Form& form, const std::vector<double>& point, const lp::RowView& row) {
  double sum = -row.side, size = std::abs(row.side) + 1;
  for (std::size_t k = 0; k < row.column.size(); ++k) {
    const auto j = static_cast<std::size_t>(row.column[k]);
    sum += row.value[k] * point[j];
    size += std::abs(row.value[k]) * form.size[j];
  }
  return sum / size;
}

}  // namespace

KeptPoints::KeptPoints(const Form& form, const std::vector<Values>& values, int samples) {
#ifdef NDEBUG
  samples = 0;
#endif
  Rng rng(1);
  std::vector<double> x(static_cast<std::size_t>(form.inputs)), columns;
  for (int k = 0; k < samples; ++k) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      x[j] = rng.uniform(form.lower[j], form.upper[j]);
      if (!values[j].any()) x[j] = values[j].down(x[j]) >= form.lower[j] ? values[j].down(x[j]) : values[j].up(x[j]);
    }
    form.complete(x.data(), columns);
    bool inside = true;
    for (std::size_t j = 0; j < columns.size(); ++j) {
      inside = inside && columns[j] >= form.lower[j] && columns[j] <= form.upper[j];
    }
    for (std::size_t i = 0; i < form.rows.size() && inside; ++i) inside = lacking(form, columns, form.rows[i]) <= 1e-12;
    if (inside) m_points.push_back(columns);
  }
}

void KeptPoints::check(const Form& form, const lp::RowView& row) const {
  for (const std::vector<double>& point : m_points) {
    if (lacking(form, point, row) > 1e-9) throw std::logic_error("a cut loses a point of the form");
  }
}

}  // namespace secateur::search
