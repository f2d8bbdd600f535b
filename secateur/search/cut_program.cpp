// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cut_program.hpp"

#include <algorithm>
#include <limits>

#include "secateur/core/rounding.hpp"

namespace secateur::search {

namespace {
constexpr double violated = 1e-7;
constexpr int most_passes = 60;
constexpr std::size_t most_added = 60;
}  // namespace

CutProgram::CutProgram(const Form& form) : m_form(&form), m_simplex(form.cost, form.lower, form.upper) {}

lp::SimplexEnd CutProgram::solve(double cutoff, int budget, bool trial) {
  for (int pass = 0; pass < most_passes; ++pass) {
    const lp::SimplexEnd end = m_simplex.solve(cutoff, budget);
    if (end != lp::SimplexEnd::optimal || trial || !add_violated()) return end;
  }
  return lp::SimplexEnd::stalled;
}

bool CutProgram::add_violated() {
  m_simplex.point(m_x);
  m_in.resize(m_form->rows.size(), 0);
  m_violated.clear();
  for (std::size_t i = 0; i < m_in.size(); ++i) {
    if (m_in[i] != 0) continue;
    const double slack = m_form->rows[i].slack(m_x);
    if (slack < -violated) m_violated.emplace_back(slack, static_cast<int>(i));
  }
  if (m_violated.size() > most_added) {
    std::sort(m_violated.begin(), m_violated.end());
    m_violated.resize(most_added);
  }
  for (const auto& [sum, row] : m_violated) {
    m_simplex.add(m_form->rows[static_cast<std::size_t>(row)], row);
    m_in[static_cast<std::size_t>(row)] = 1;
  }
  return !m_violated.empty();
}

void CutProgram::go_to(const lp::Basis& basis) {
  m_in.resize(m_form->rows.size(), 0);
  for (const int row : basis.rows) {
    if (m_in[static_cast<std::size_t>(row)] != 0) continue;
    m_simplex.add(m_form->rows[static_cast<std::size_t>(row)], row);
    m_in[static_cast<std::size_t>(row)] = 1;
  }
  m_simplex.go_to(basis);
}

void CutProgram::shed(int most) {
  if (m_simplex.rows() <= most) return;
  std::vector<char> keep(static_cast<std::size_t>(m_simplex.rows()), 1);
  for (int r = 0; r < m_simplex.rows(); ++r) {
    if (!m_simplex.slack_is_basic(r)) continue;
    keep[static_cast<std::size_t>(r)] = 0;
    m_in[static_cast<std::size_t>(m_simplex.name(r))] = 0;
  }
  m_simplex.keep(keep);
}

double CutProgram::proven(lp::SimplexEnd end, const std::vector<double>& lower, const std::vector<double>& upper) {
  m_y.resize(m_form->rows.size());
  if (end == lp::SimplexEnd::infeasible) {
    m_simplex.ray(m_y);
    if (proven_bound(*m_form, m_y, lower, upper, false) > 0) return std::numeric_limits<double>::infinity();
  }
  m_simplex.multipliers(m_y);
  return add_down(add_down(proven_bound(*m_form, m_y, lower, upper), m_form->offset), -m_form->objective_error);
}

}  // namespace secateur::search
