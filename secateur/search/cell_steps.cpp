// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cell_steps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int most_cells = 20, most_passes = 40, most_exchanges = 500;
constexpr std::size_t most_added = 20;

}  // namespace

/// The graph on the cell of a point.
void CellSteps::linearise(const Vector& x) {
  const Index inputs = m_graph.inputs(), units = m_graph.neurons();
  m_map.setZero(m_graph.values(), inputs);
  m_map.topRows(inputs).setIdentity();
  m_shift.setZero(m_graph.values());
  m_rows.resize(units, inputs);
  m_offset.resize(units);
  const int last = m_graph.depth() - 1;
  for (int k = 0; k < last; ++k) {
    const graph::AffineLayer& layer = m_graph.layers[static_cast<std::size_t>(k)];
    const Index first = m_graph.first_value(k), at = first - inputs;
    m_rows.middleRows(at, layer.units()) = layer.weight * m_map.topRows(first);
    m_offset.segment(at, layer.units()) = layer.weight * m_shift.head(first) + layer.bias;
    for (Index i = 0; i < layer.units(); ++i) {
      const double z = m_rows.row(at + i).dot(x) + m_offset(at + i);
      if (z > 0) {
        m_map.row(first + i) = m_rows.row(at + i);
        m_shift(first + i) = m_offset(at + i);
      } else {
        m_rows.row(at + i) *= -1;
        m_offset(at + i) *= -1;
      }
    }
  }
  const graph::AffineLayer& layer = m_graph.layers.back();
  m_outputs = layer.weight * m_map;
  m_output_offset = layer.weight * m_shift + layer.bias;
}

/// Adds the rows of units that a point is furthest beyond.
bool CellSteps::add_violated(DualSimplex& program, const std::vector<double>& point) {
  const Index inputs = m_graph.inputs();
  const Eigen::Map<const Vector> x(point.data(), inputs);
  std::vector<std::pair<double, Index>> violated;
  const Vector slack = m_rows * x + m_offset;
  for (Index i = 0; i < slack.size(); ++i) {
    const double size = 1e-9 * (std::abs(m_offset(i)) + m_rows.row(i).cwiseAbs().maxCoeff() + 1e-3);
    if (slack(i) < -size && m_in[static_cast<std::size_t>(i)] == 0) violated.emplace_back(slack(i), i);
  }
  std::sort(violated.begin(), violated.end());
  if (violated.size() > most_added) violated.resize(most_added);
  std::vector<int> columns(static_cast<std::size_t>(inputs));
  std::iota(columns.begin(), columns.end(), 0);
  for (const auto& [by, i] : violated) {
    const Vector row = -m_rows.row(i).transpose();
    program.add({columns, std::span(row.data(), static_cast<std::size_t>(inputs)), m_offset(i)}, static_cast<int>(i));
    m_in[static_cast<std::size_t>(i)] = 1;
  }
  return !violated.empty();
}

/// The best point of the cell; the point itself where the program's end is not known.
Vector CellSteps::corner(const Vector& x, const std::vector<bool>& fixed) {
  linearise(x);
  const Index inputs = m_graph.inputs();
  const Box& domain = m_graph.domain;
  const Vector slope = m_outputs.transpose() * m_goal.objective;
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
  for (const mip::Goal::Range& range : m_goal.ranges) {
    for (const double sign : {1.0, -1.0}) {
      const double side = sign > 0 ? range.upper : -range.lower;
      if (std::isinf(side)) continue;
      sides.push_back({range.output, sign, side - sign * m_output_offset(range.output)});
      double worst = -sides.back().limit;
      for (Index j = 0; j < inputs; ++j) {
        const double w = sign * m_outputs(range.output, j);
        worst += std::max(w * domain.lower(j), w * domain.upper(j));
      }
      cost.push_back(range.weight);
      lower.push_back(0);
      upper.push_back(std::max(worst, 0.0) + 1);
    }
  }
  DualSimplex program(cost, lower, upper);
  for (std::size_t s = 0; s < sides.size(); ++s) {
    std::vector<int> columns(static_cast<std::size_t>(inputs) + 1);
    std::iota(columns.begin(), columns.end() - 1, 0);
    columns.back() = static_cast<int>(static_cast<std::size_t>(inputs) + s);
    const Vector row = sides[s].sign * m_outputs.row(sides[s].output).transpose();
    std::vector<double> value(row.begin(), row.end());
    value.push_back(-1);
    program.add({columns, value, sides[s].limit}, static_cast<int>(m_rows.rows()) + static_cast<int>(s));
  }
  m_in.assign(static_cast<std::size_t>(m_rows.rows()), 0);
  std::vector<double> point;
  for (int pass = 0; pass < most_passes; ++pass) {
    if (program.solve(infinity, most_exchanges) != SimplexEnd::optimal) return x;
    program.point(point);
    if (!add_violated(program, point)) return domain.clamp(Eigen::Map<const Vector>(point.data(), inputs));
  }
  return x;
}

Sighting CellSteps::improve(const Vector& x, const std::vector<bool>& fixed, const Stop& stop) {
  const auto value_at = [&](const Vector& at) { return mip::objectives(m_graph, m_goal, at.transpose())(0); };
  Sighting best{x, value_at(x)};
  for (int cell = 0; cell < most_cells && !stop.reason(); ++cell) {
    const Vector corner = this->corner(best.x, fixed);
    Sighting next{corner, value_at(corner)};
    Matrix walk = corner.transpose();
    const double walked = mip::descend(m_graph, m_goal, walk, 20, 1e-2, 1e-6, stop, fixed)(0);
    if (walked < next.value) next = {m_graph.domain.clamp(walk.row(0).transpose()), walked};
    const double least = 1e-9 * std::max(1.0, std::abs(best.value));
    const bool much = next.value < best.value - least;
    if (next.value < best.value) best = std::move(next);
    if (!much) break;
  }
  return best;
}

}  // namespace secateur::search
