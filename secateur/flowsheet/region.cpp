// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/region.hpp"

#include <algorithm>

namespace secateur::flowsheet {

namespace {

const model::Variable& input(const Case& plant, Index i) {
  const int v = plant.form.networks.front().inputs[static_cast<std::size_t>(i)];
  return plant.form.variables[static_cast<std::size_t>(v)];
}

}  // namespace

Matrix sample_points(const Case& plant, const Box& region, Index count, data::Sampling sampling, std::uint64_t seed) {
  Matrix points = data::sample(region, count, sampling, seed);
  for (Index k = 0; k < points.cols(); ++k) {
    const model::Variable& variable = input(plant, k);
    for (Index i = 0; i < points.rows(); ++i) points(i, k) = model::nearest(variable, points(i, k)) + 0.0;  // no -0
  }
  return points;
}

Box around(const Case& plant, const Vector& inputs, double share) {
  Box region = plant.training;
  for (Index k = 0; k < region.size(); ++k) {
    const model::Variable& variable = input(plant, k);
    if (variable.type != model::VariableType::continuous) continue;
    const double reach = share * (plant.training.upper(k) - plant.training.lower(k));
    region.lower(k) = std::max(variable.lower, inputs(k) - reach);
    region.upper(k) = std::min(variable.upper, inputs(k) + reach);
  }
  return region;
}

bool on_edge(const Case& plant, const Box& region, const Vector& inputs) {
  for (Index k = 0; k < region.size(); ++k) {
    const model::Variable& variable = input(plant, k);
    const double close = 1e-6 * (region.upper(k) - region.lower(k));
    if (region.lower(k) > variable.lower && inputs(k) <= region.lower(k) + close) return true;
    if (region.upper(k) < variable.upper && inputs(k) >= region.upper(k) - close) return true;
  }
  return false;
}

}  // namespace secateur::flowsheet
