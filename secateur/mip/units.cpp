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

lp::Scaling natural_units(const Formulation& formulation, const model::Compiled& problem, const Matrix& points) {
  const lp::Model& model = formulation.model;
  const model::Frame& frame = problem.frame;
  lp::Scaling scaling;
  scaling.column.assign(static_cast<std::size_t>(model.columns()), 0);
  const auto set = [&](int column, double size) {
    if (column < 0 || model.integer[static_cast<std::size_t>(column)]) return;
    scaling.column[static_cast<std::size_t>(column)] = unit_of(size);
  };
  for (int j = 0; j < formulation.frame_columns; ++j) {
    const auto column = static_cast<std::size_t>(j);
    set(j, model.column_upper[column] - model.column_lower[column]);
  }
  std::vector<Vector> largest;
  Vector least, most;
  for (Index p = 0; p < points.rows(); ++p) {
    const std::vector<Vector> z = graph::preactivations(problem.graph, points.row(p).transpose());
    if (p == 0) {
      for (const Vector& layer : z) largest.push_back(layer.cwiseAbs());
      least = most = z.back();
      continue;
    }
    for (std::size_t k = 0; k < z.size(); ++k) largest[k] = largest[k].cwiseMax(z[k].cwiseAbs());
    least = least.cwiseMin(z.back());
    most = most.cwiseMax(z.back());
  }
  for (std::size_t k = 0; k < formulation.neurons.size(); ++k) {
    for (std::size_t i = 0; i < formulation.neurons[k].size(); ++i) {
      const NeuronColumns& neuron = formulation.neurons[k][i];
      set(neuron.activation, largest[k](static_cast<Index>(i)));
      set(neuron.slack, largest[k](static_cast<Index>(i)));
      for (const PartColumn& part : neuron.parts) set(part.column, largest[k](static_cast<Index>(i)));
    }
  }
  const Vector spread = most - least;
  for (std::size_t i = 0; i < frame.outputs.size(); ++i) set(frame.outputs[i], spread(static_cast<Index>(i)));
  scaling.objective = -unit_of(spread(problem.objective.output));
  for (int i = 0; i < model.rows(); ++i) {
    const auto begin = static_cast<std::size_t>(model.row_start[static_cast<std::size_t>(i)]);
    const auto end = static_cast<std::size_t>(model.row_start[static_cast<std::size_t>(i) + 1]);
    if (i >= formulation.frame_rows) {
      // It begins with the column that it defines.
      scaling.row.push_back(-scaling.column[static_cast<std::size_t>(model.column[begin])]);
      continue;
    }
    double size = 0;
    for (std::size_t e = begin; e < end; ++e) {
      size = std::max(size,
                      std::ldexp(std::abs(model.value[e]), scaling.column[static_cast<std::size_t>(model.column[e])]));
    }
    scaling.row.push_back(-unit_of(size));
  }
  return scaling;
}

}  // namespace secateur::mip
