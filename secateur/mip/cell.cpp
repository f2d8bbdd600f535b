// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/cell.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "secateur/lp/scaling.hpp"
#include "secateur/mip/incumbent.hpp"

namespace secateur::mip {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void add_row(lp::Model& model, const Eigen::Ref<const Vector>& row, double lower, double upper) {
  if (row.isZero(0)) return;  // constant on the cell, and on the right side of zero by the choice of the cell
  for (Index j = 0; j < row.size(); ++j) {
    if (row(j) != 0) model.add_entry(static_cast<int>(j), row(j));
  }
  model.close_row(lower, upper, {});
}

int unit_of(double size) { return size > 0x1p-300 && std::isfinite(size) ? std::ilogb(size) : 0; }

/// Inputs measured by their intervals; rows and objective by their largest coefficient after that.
lp::Scaling cell_units(const lp::Model& model) {
  lp::Scaling scaling;
  double steepest = 0;
  for (std::size_t j = 0; j < model.cost.size(); ++j) {
    scaling.column.push_back(unit_of(model.column_upper[j] - model.column_lower[j]));
    steepest = std::max(steepest, std::ldexp(std::abs(model.cost[j]), scaling.column[j]));
  }
  scaling.objective = -unit_of(steepest);
  for (int i = 0; i < model.rows(); ++i) {
    double largest = 0;
    for (int e = model.row_start[static_cast<std::size_t>(i)]; e < model.row_start[static_cast<std::size_t>(i) + 1];
         ++e) {
      const auto k = static_cast<std::size_t>(e);
      largest = std::max(
          largest, std::ldexp(std::abs(model.value[k]), scaling.column[static_cast<std::size_t>(model.column[k])]));
    }
    scaling.row.push_back(-unit_of(largest));
  }
  return scaling;
}

}  // namespace

lp::Model cell_program(const graph::ReluGraph& graph, const Vector& objective, const Vector& input) {
  const std::vector<Vector> z = graph::preactivations(graph, input);
  const Index inputs = graph.inputs();
  // values = map x + shift on the cell.
  Matrix map = Matrix::Zero(graph.values(), inputs);
  Vector shift = Vector::Zero(graph.values());
  map.topRows(inputs).setIdentity();
  lp::Model model;
  for (Index j = 0; j < inputs; ++j) {
    model.add_column(graph.domain.lower(j), graph.domain.upper(j), 0, false, {});
  }
  const int last = graph.depth() - 1;
  for (int k = 0; k <= last; ++k) {
    const graph::AffineLayer& layer = graph.layers[static_cast<std::size_t>(k)];
    const Index first = graph.first_value(k);
    const Matrix rows = layer.weight * map.topRows(first);
    const Vector offsets = layer.weight * shift.head(first) + layer.bias;
    if (k == last) {
      const Vector cost = rows.transpose() * objective;
      model.cost.assign(cost.begin(), cost.end());
      model.offset = offsets.dot(objective);
      break;
    }
    for (Index i = 0; i < layer.units(); ++i) {
      const bool active = z[static_cast<std::size_t>(k)](i) > 0;
      add_row(model, rows.row(i).transpose(), active ? -offsets(i) : -infinity, active ? infinity : -offsets(i));
      if (!active) continue;
      map.row(first + i) = rows.row(i);
      shift(first + i) = offsets(i);
    }
  }
  return model;
}

Vector best_of_cell(lp::Session& session, const graph::ReluGraph& graph, const Vector& objective, const Vector& input,
                    int threads, const Stop& stop) {
  const lp::Model model = cell_program(graph, objective, input);
  const lp::Scaling units = cell_units(model);
  session.load(lp::scaled(model, units));
  lp::RunSettings settings;
  settings.feasibility = 1e-9;
  settings.optimality = 1e-9;
  settings.time_limit = stop.seconds_left();
  settings.threads = threads;
  lp::Callbacks callbacks;
  callbacks.stop = [&] { return stop.reason(); };
  try {
    const lp::Outcome outcome = session.run(settings, callbacks);
    return outcome.status == Status::optimal ? graph.domain.clamp(lp::from_scaled(outcome.primal, units)) : Vector();
  } catch (const lp::SolverError&) {
    return {};  // the point is a bonus; numerical trouble in it is not the caller's
  }
}

Vector polish(lp::Session& session, const graph::ReluGraph& graph, const Vector& objective, const Vector& input,
              int threads, int rounds, const Stop& stop) {
  Matrix best = input.transpose();
  double best_value = objectives(graph, objective, best)(0);
  Vector at = input;
  for (int round = 0; round < rounds && !stop.reason(); ++round) {
    const Vector corner = best_of_cell(session, graph, objective, at, threads, stop);
    if (corner.size() == 0) break;
    Matrix candidates(2, graph.inputs());
    candidates.row(0) = corner.transpose();
    candidates.row(1) = corner.transpose();
    // A corner of the cell: where the neighbouring cell falls further, a few short steps reach it.
    Matrix walk = corner.transpose();
    descend(graph, objective, walk, 20, 1e-2, 1e-6, stop);
    candidates.row(1) = walk.row(0);
    const Vector values = objectives(graph, objective, candidates);
    Index winner = 0;
    const double value = values.minCoeff(&winner);
    if (!(value < best_value)) break;
    const bool much = value < best_value - 1e-9 * std::max(1.0, std::abs(best_value));
    best_value = value;
    best = candidates.row(winner);
    at = candidates.row(winner).transpose();
    if (!much) break;
  }
  return best.row(0).transpose();
}

}  // namespace secateur::mip
