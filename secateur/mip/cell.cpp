// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/cell.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "secateur/lp/scaling.hpp"
#include "secateur/mip/incumbent.hpp"

namespace secateur::mip {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

int unit_of(double size) { return size > 0x1p-300 && std::isfinite(size) ? std::ilogb(size) : 0; }

/// Inputs measured by their intervals, other columns by what the rows that define them say; rows and objective by their
/// largest coefficient after that. `defining[j]`: the row that defines column j, or -1.
lp::Scaling cell_units(const lp::Model& model, const std::vector<int>& defining) {
  lp::Scaling scaling;
  const auto entries = [&](int row, auto&& visit) {
    for (int e = model.row_start[static_cast<std::size_t>(row)]; e < model.row_start[static_cast<std::size_t>(row) + 1];
         ++e) {
      visit(static_cast<std::size_t>(model.column[static_cast<std::size_t>(e)]),
            model.value[static_cast<std::size_t>(e)]);
    }
  };
  for (std::size_t j = 0; j < model.cost.size(); ++j) {
    scaling.column.push_back(unit_of(model.column_upper[j] - model.column_lower[j]));
  }
  for (std::size_t j = 0; j < defining.size(); ++j) {
    if (defining[j] < 0) continue;
    double largest = 0;
    entries(defining[j], [&](std::size_t column, double value) {
      if (column != j) largest = std::max(largest, std::ldexp(std::abs(value), scaling.column[column]));
    });
    scaling.column[j] = unit_of(largest);
  }
  double steepest = 0;
  for (std::size_t j = 0; j < model.cost.size(); ++j) {
    steepest = std::max(steepest, std::ldexp(std::abs(model.cost[j]), scaling.column[j]));
  }
  scaling.objective = -unit_of(steepest);
  for (int i = 0; i < model.rows(); ++i) {
    double largest = 0;
    entries(i, [&](std::size_t column, double value) {
      largest = std::max(largest, std::ldexp(std::abs(value), scaling.column[column]));
    });
    scaling.row.push_back(-unit_of(largest));
  }
  return scaling;
}

/// Adds sum of row(j) * input column j (and perhaps one more entry) as a row between the sides.
void add_row(lp::Model& model, const std::vector<int>& inputs, const Eigen::Ref<const Vector>& row, double factor,
             double lower, double upper) {
  for (Index j = 0; j < row.size(); ++j) {
    if (row(j) != 0) model.add_entry(inputs[static_cast<std::size_t>(j)], factor * row(j));
  }
  model.close_row(lower, upper, {});
}

/// The row that defines each column: those of the outputs, which begin with it and stand behind the frame's rows.
std::vector<int> defining_rows(const lp::Model& model, const model::Frame& frame) {
  std::vector<int> rows(model.cost.size(), -1);
  int next = frame.model.rows();
  for (const int column : frame.outputs) {
    if (column >= 0) rows[static_cast<std::size_t>(column)] = next++;
  }
  return rows;
}

/// Instead of the objective, the sum of what the frame's rows and the outputs' bounds are violated by.
lp::Model elastic(const lp::Model& model, const model::Frame& frame) {
  lp::Model result;
  result.column_lower = model.column_lower;
  result.column_upper = model.column_upper;
  result.column_names.resize(model.cost.size());
  result.integer = model.integer;
  result.cost.assign(model.cost.size(), 0.0);
  std::vector<bool> output(model.cost.size(), false);
  for (const int column : frame.outputs) {
    if (column >= 0) output[static_cast<std::size_t>(column)] = true;
  }
  const auto with_slack = [&](double lower, double upper, double size) {
    if (std::isfinite(lower)) result.add_entry(result.add_column(0, infinity, 1 / size, false, {}), 1);
    if (std::isfinite(upper)) result.add_entry(result.add_column(0, infinity, 1 / size, false, {}), -1);
  };
  for (int i = 0; i < model.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    double largest = 0;
    for (int e = model.row_start[row]; e < model.row_start[row + 1]; ++e) {
      const auto k = static_cast<std::size_t>(e);
      result.add_entry(model.column[k], model.value[k]);
      largest = std::max(largest, std::abs(model.value[k]));
    }
    if (i < frame.model.rows()) with_slack(model.row_lower[row], model.row_upper[row], largest > 0 ? largest : 1);
    result.close_row(model.row_lower[row], model.row_upper[row], {});
  }
  for (std::size_t j = 0; j < output.size(); ++j) {
    const double lower = model.column_lower[j], upper = model.column_upper[j];
    if (!output[j] || (std::isinf(lower) && std::isinf(upper))) continue;
    result.column_lower[j] = -infinity;
    result.column_upper[j] = infinity;
    result.add_entry(static_cast<int>(j), 1);
    with_slack(lower, upper, 1);
    result.close_row(lower, upper, {});
  }
  return result;
}

}  // namespace

CellMap cell_map(const graph::ReluGraph& graph, const Vector& x) {
  const Index inputs = graph.inputs();
  const std::vector<Vector> z = graph::preactivations(graph, x);
  CellMap cell;
  cell.rows.resize(graph.neurons(), inputs);
  cell.offsets.resize(graph.neurons());
  // Values of the graph, zero where units are inactive.
  Matrix map = Matrix::Zero(graph.values(), inputs);
  Vector shift = Vector::Zero(graph.values());
  map.topRows(inputs).setIdentity();
  const int last = graph.depth() - 1;
  for (int k = 0; k < last; ++k) {
    const graph::AffineLayer& layer = graph.layers[static_cast<std::size_t>(k)];
    const Index first = graph.first_value(k), at = first - inputs;
    cell.rows.middleRows(at, layer.units()) = layer.weight * map.topRows(first);
    cell.offsets.segment(at, layer.units()) = layer.weight * shift.head(first) + layer.bias;
    for (Index i = 0; i < layer.units(); ++i) {
      const bool active = z[static_cast<std::size_t>(k)](i) > 0;
      cell.active.push_back(active ? 1 : 0);
      if (!active) continue;
      map.row(first + i) = cell.rows.row(at + i);
      shift(first + i) = cell.offsets(at + i);
    }
  }
  const graph::AffineLayer& layer = graph.layers.back();
  cell.outputs = layer.weight * map;
  cell.output_offsets = layer.weight * shift + layer.bias;
  return cell;
}

Vector inputs_of(const model::Compiled& problem, const Vector& columns) {
  const std::vector<int>& inputs = problem.frame.inputs;
  Vector x(static_cast<Index>(inputs.size()));
  for (std::size_t j = 0; j < inputs.size(); ++j) x(static_cast<Index>(j)) = columns(inputs[j]);
  return x;
}

lp::Model cell_program(const model::Compiled& problem, const Vector& columns) {
  const graph::ReluGraph& graph = problem.graph;
  const model::Frame& frame = problem.frame;
  lp::Model model = frame.model;
  for (std::size_t j = 0; j < model.integer.size(); ++j) {
    if (!model.integer[j]) continue;
    model.integer[j] = false;
    model.column_lower[j] = model.column_upper[j] = std::round(columns(static_cast<Index>(j)));
  }
  const CellMap cell = cell_map(graph, inputs_of(problem, columns));
  for (std::size_t i = 0; i < frame.outputs.size(); ++i) {
    if (frame.outputs[i] < 0) continue;
    const auto unit = static_cast<Index>(i);
    const double offset = cell.output_offsets(unit);
    model.add_entry(frame.outputs[i], 1);
    add_row(model, frame.inputs, cell.outputs.row(unit).transpose(), -1, offset, offset);
  }
  for (Index i = 0; i < cell.rows.rows(); ++i) {
    // Constant on the cell, and on the right side of zero by the choice of the cell.
    if (cell.rows.row(i).isZero(0)) continue;
    const double side = cell.active[static_cast<std::size_t>(i)] != 0 ? 1 : -1;
    add_row(model, frame.inputs, cell.rows.row(i).transpose(), side, -side * cell.offsets(i), infinity);
  }
  return model;
}

Vector CellSearch::with_inputs(Vector columns, const Vector& inputs) const {
  for (std::size_t j = 0; j < m_problem.frame.inputs.size(); ++j) {
    columns(m_problem.frame.inputs[j]) = inputs(static_cast<Index>(j));
  }
  return columns;
}

Vector CellSearch::solve(const lp::Model& model, const Stop& stop) {
  const lp::Scaling units = cell_units(model, defining_rows(model, m_problem.frame));
  m_session.load(lp::scaled(model, units));
  lp::RunSettings settings;
  settings.feasibility = 1e-9;
  settings.optimality = 1e-9;
  settings.time_limit = stop.seconds_left();
  settings.threads = m_threads;
  lp::Callbacks callbacks;
  callbacks.stop = [&] { return stop.reason(); };
  try {
    const lp::Outcome outcome = m_session.run(settings, callbacks);
    if (outcome.status != Status::optimal) return {};
    const Vector columns = lp::from_scaled(outcome.primal, units).head(m_problem.frame.model.columns());
    return with_inputs(columns, m_problem.graph.domain.clamp(inputs_of(m_problem, columns)));
  } catch (const lp::SolverError&) {
    return {};  // the point is a bonus; numerical trouble in it is not the caller's
  }
}

Vector CellSearch::best_of_cell(const Vector& columns, const Stop& stop) {
  const lp::Model model = cell_program(m_problem, columns);
  Vector best = solve(model, stop);
  const bool constrained = m_problem.frame.model.rows() > 0 || !m_goal.ranges.empty();
  if (best.size() == 0 && constrained && !stop.reason()) best = solve(elastic(model, m_problem.frame), stop);
  return best;
}

Vector CellSearch::polish(const Vector& columns, int rounds, const Stop& stop) {
  const graph::ReluGraph& graph = m_problem.graph;
  const auto value_at = [&](const Vector& at) {
    return objectives(graph, m_goal, inputs_of(m_problem, at).transpose())(0);
  };
  Vector best = columns, at = columns;
  double best_value = value_at(columns);
  for (int round = 0; round < rounds && !stop.reason(); ++round) {
    const Vector corner = best_of_cell(at, stop);
    if (corner.size() == 0) break;
    if (m_found) m_found(corner);
    // A corner of the cell: where the neighbouring cell falls further, a few short steps reach it.
    Matrix walk = inputs_of(m_problem, corner).transpose();
    const double walked = descend(graph, m_goal, walk, 20, 1e-2, 1e-6, stop)(0);
    const double stayed = value_at(corner);
    const bool moved = walked < stayed;
    const double value = moved ? walked : stayed;
    if (!(value < best_value)) break;
    const bool much = value < best_value - 1e-9 * std::max(1.0, std::abs(best_value));
    best_value = value;
    best = at = moved ? with_inputs(corner, walk.row(0).transpose()) : corner;
    if (!much) break;
  }
  return best;
}

}  // namespace secateur::mip
