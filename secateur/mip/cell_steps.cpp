// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/cell_steps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace secateur::mip {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int most_cells = 20, most_passes = 40, most_exchanges = 500;
constexpr std::size_t most_added = 20;

}  // namespace

/// Adds the rows of units that a point is furthest beyond.
bool CellSteps::add_violated(lp::DualSimplex& program, const std::vector<double>& point) {
  const Index inputs = m_graph.inputs();
  const Eigen::Map<const Vector> x(point.data(), inputs);
  std::vector<std::pair<double, Index>> violated;
  const Vector z = m_cell.rows * x + m_cell.offsets;
  for (Index i = 0; i < z.size(); ++i) {
    const double slack = side(i) * z(i);
    const double size = 1e-9 * (std::abs(m_cell.offsets(i)) + m_cell.rows.row(i).cwiseAbs().maxCoeff() + 1e-3);
    if (slack < -size && m_in[static_cast<std::size_t>(i)] == 0) violated.emplace_back(slack, i);
  }
  std::sort(violated.begin(), violated.end());
  if (violated.size() > most_added) violated.resize(most_added);
  std::vector<int> columns(static_cast<std::size_t>(inputs));
  std::iota(columns.begin(), columns.end(), 0);
  for (const auto& [by, i] : violated) {
    const Vector row = -side(i) * m_cell.rows.row(i).transpose();
    program.add({columns, std::span(row.data(), static_cast<std::size_t>(inputs)), side(i) * m_cell.offsets(i)},
                static_cast<int>(i));
    m_in[static_cast<std::size_t>(i)] = 1;
  }
  return !violated.empty();
}

/// The best point of the cell; the point itself where the program's end is not known.
Vector CellSteps::corner(const Vector& x, const std::vector<bool>& fixed) {
  m_cell = cell_map(m_graph, x);
  const Index inputs = m_graph.inputs();
  const Box& domain = m_graph.domain;
  const Vector slope = m_cell.outputs.transpose() * m_goal.objective;
  std::vector<double> cost(slope.begin(), slope.end()), lower(domain.lower.begin(), domain.lower.end()),
      upper(domain.upper.begin(), domain.upper.end());
  for (std::size_t j = 0; j < fixed.size(); ++j) {
    if (fixed[j]) lower[j] = upper[j] = x(static_cast<Index>(j));
  }
  struct Side {
    Index output;
    double sign, limit;
  };
  std::vector<Side> sides;  // sign * output <= limit + a violation of its own
  for (const Goal::Range& range : m_goal.ranges) {
    for (const double sign : {1.0, -1.0}) {
      const double side = sign > 0 ? range.upper : -range.lower;
      if (std::isinf(side)) continue;
      sides.push_back({range.output, sign, side - sign * m_cell.output_offsets(range.output)});
      double worst = -sides.back().limit;
      for (Index j = 0; j < inputs; ++j) {
        const double w = sign * m_cell.outputs(range.output, j);
        worst += std::max(w * domain.lower(j), w * domain.upper(j));
      }
      cost.push_back(range.weight);
      lower.push_back(0);
      upper.push_back(std::max(worst, 0.0) + 1);
    }
  }
  lp::DualSimplex program(cost, lower, upper);
  for (std::size_t s = 0; s < sides.size(); ++s) {
    std::vector<int> columns(static_cast<std::size_t>(inputs) + 1);
    std::iota(columns.begin(), columns.end() - 1, 0);
    columns.back() = static_cast<int>(static_cast<std::size_t>(inputs) + s);
    const Vector row = sides[s].sign * m_cell.outputs.row(sides[s].output).transpose();
    std::vector<double> value(row.begin(), row.end());
    value.push_back(-1);
    program.add({columns, value, sides[s].limit}, static_cast<int>(m_cell.rows.rows()) + static_cast<int>(s));
  }
  m_in.assign(static_cast<std::size_t>(m_cell.rows.rows()), 0);
  std::vector<double> point;
  for (int pass = 0; pass < most_passes; ++pass) {
    if (program.solve(infinity, most_exchanges) != lp::SimplexEnd::optimal) return x;
    program.point(point);
    if (!add_violated(program, point)) return domain.clamp(Eigen::Map<const Vector>(point.data(), inputs));
  }
  return x;
}

Sighting CellSteps::improve(const Vector& x, const std::vector<bool>& fixed, const Stop& stop) {
  const auto value_at = [&](const Vector& at) { return objectives(m_graph, m_goal, at.transpose())(0); };
  Sighting best{x, value_at(x)};
  for (int cell = 0; cell < most_cells && !stop.reason(); ++cell) {
    const Vector corner = this->corner(best.x, fixed);
    Sighting next{corner, value_at(corner)};
    Matrix walk = corner.transpose();
    const double walked = descend(m_graph, m_goal, walk, 20, 1e-2, 1e-6, stop, fixed)(0);
    if (walked < next.value) next = {m_graph.domain.clamp(walk.row(0).transpose()), walked};
    const double least = 1e-9 * std::max(1.0, std::abs(best.value));
    const bool much = next.value < best.value - least;
    if (next.value < best.value) best = std::move(next);
    if (!much) break;
  }
  return best;
}

}  // namespace secateur::mip
