// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/units.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace secateur::mip {

namespace {

/// The power of two that measures `size`; 0 for a size that says nothing.
int unit_of(double size) {
  if (!std::isfinite(size) || size < 0x1p-300) return 0;
  return std::ilogb(size);
}

}  // namespace

lp::Scaling natural_units(const Formulation& formulation, const graph::ReluGraph& graph, const Matrix& points) {
  const lp::Model& model = formulation.model;
  lp::Scaling scaling;
  scaling.column.assign(static_cast<std::size_t>(model.columns()), 0);
  const auto set = [&](int column, double size) {
    if (column >= 0) scaling.column[static_cast<std::size_t>(column)] = unit_of(size);
  };
  for (Index j = 0; j < graph.inputs(); ++j) {
    set(formulation.inputs[static_cast<std::size_t>(j)], graph.domain.upper(j) - graph.domain.lower(j));
  }
  std::vector<Vector> largest;
  Vector least, most;
  double least_objective = 0, most_objective = 0;
  for (Index p = 0; p < points.rows(); ++p) {
    const std::vector<Vector> z = graph::preactivations(graph, points.row(p).transpose());
    double objective = 0;
    for (std::size_t k = 0; k < formulation.outputs.size(); ++k) {
      objective += model.cost[static_cast<std::size_t>(formulation.outputs[k])] * z.back()(static_cast<Index>(k));
    }
    if (p == 0) {
      for (const Vector& layer : z) largest.push_back(layer.cwiseAbs());
      least = most = z.back();
      least_objective = most_objective = objective;
      continue;
    }
    for (std::size_t k = 0; k < z.size(); ++k) largest[k] = largest[k].cwiseMax(z[k].cwiseAbs());
    least = least.cwiseMin(z.back());
    most = most.cwiseMax(z.back());
    least_objective = std::min(least_objective, objective);
    most_objective = std::max(most_objective, objective);
  }
  for (std::size_t k = 0; k < formulation.neurons.size(); ++k) {
    for (std::size_t i = 0; i < formulation.neurons[k].size(); ++i) {
      set(formulation.neurons[k][i].activation, largest[k](static_cast<Index>(i)));
    }
  }
  for (std::size_t k = 0; k < formulation.outputs.size(); ++k) {
    set(formulation.outputs[k], most(static_cast<Index>(k)) - least(static_cast<Index>(k)));
  }
  scaling.objective = -unit_of(most_objective - least_objective);
  // Every row begins with the column that it defines.
  for (int i = 0; i < model.rows(); ++i) {
    const auto first = static_cast<std::size_t>(model.row_start[static_cast<std::size_t>(i)]);
    scaling.row.push_back(-scaling.column[static_cast<std::size_t>(model.column[first])]);
  }
  return scaling;
}

}  // namespace secateur::mip
