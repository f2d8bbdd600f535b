// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmpxx.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/mip/neuron.hpp"

namespace secateur {

/// Largest violation of a row, a column bound or integrality at a point, in absolute numbers.
inline double violation(const lp::Model& model, const Vector& point) {
  double worst = 0;
  for (int j = 0; j < model.columns(); ++j) {
    const auto c = static_cast<std::size_t>(j);
    worst = std::max({worst, model.column_lower[c] - point(j), point(j) - model.column_upper[c]});
    if (model.integer[c]) worst = std::max(worst, std::abs(point(j) - std::round(point(j))));
  }
  for (int r = 0; r < model.rows(); ++r) {
    const auto i = static_cast<std::size_t>(r);
    double activity = 0;
    for (int e = model.row_start[i]; e < model.row_start[i + 1]; ++e) {
      activity += model.value[static_cast<std::size_t>(e)] * point(model.column[static_cast<std::size_t>(e)]);
    }
    worst = std::max({worst, model.row_lower[i] - activity, activity - model.row_upper[i]});
  }
  for (const lp::Indicator& indicator : model.indicators) {
    if (point(indicator.column) != indicator.value) continue;
    double activity = 0;
    for (std::size_t e = 0; e < indicator.columns.size(); ++e) {
      activity += indicator.coefficients[e] * point(indicator.columns[e]);
    }
    worst = std::max({worst, indicator.lower - activity, activity - indicator.upper});
  }
  for (const lp::Sos1& set : model.sos1) {
    std::vector<double> sizes;
    for (const int column : set.columns) sizes.push_back(std::abs(point(column)));
    std::sort(sizes.begin(), sizes.end());
    if (sizes.size() > 1) worst = std::max(worst, sizes[sizes.size() - 2]);
  }
  return worst;
}

/// Whether every row, column bound and condition holds at a rational point, exactly.
inline bool holds_exactly(const lp::Model& model, const std::vector<mpq_class>& point) {
  const auto inside = [](const mpq_class& value, double lower, double upper) {
    return (std::isinf(lower) || value >= lower) && (std::isinf(upper) || value <= upper);
  };
  for (std::size_t j = 0; j < point.size(); ++j) {
    if (!inside(point[j], model.column_lower[j], model.column_upper[j])) return false;
  }
  for (std::size_t r = 0; r < model.row_lower.size(); ++r) {
    mpq_class activity = 0;
    for (int e = model.row_start[r]; e < model.row_start[r + 1]; ++e) {
      const auto k = static_cast<std::size_t>(e);
      activity += mpq_class(model.value[k]) * point[static_cast<std::size_t>(model.column[k])];
    }
    if (!inside(activity, model.row_lower[r], model.row_upper[r])) return false;
  }
  for (const lp::Indicator& indicator : model.indicators) {
    if (point[static_cast<std::size_t>(indicator.column)] != indicator.value) continue;
    mpq_class activity = 0;
    for (std::size_t e = 0; e < indicator.columns.size(); ++e) {
      activity += mpq_class(indicator.coefficients[e]) * point[static_cast<std::size_t>(indicator.columns[e])];
    }
    if (!inside(activity, indicator.lower, indicator.upper)) return false;
  }
  for (const lp::Sos1& set : model.sos1) {
    const auto nonzero = std::count_if(set.columns.begin(), set.columns.end(),
                                       [&](int column) { return point[static_cast<std::size_t>(column)] != 0; });
    if (nonzero > 1) return false;
  }
  return true;
}

/// Origins of a graph that no pass has touched.
inline std::vector<std::vector<graph::NeuronId>> own_origin(const graph::ReluGraph& graph) {
  std::vector<std::vector<graph::NeuronId>> origin;
  for (int k = 0; k < graph.depth(); ++k) {
    origin.emplace_back();
    for (int i = 0; i < static_cast<int>(graph.layers[static_cast<std::size_t>(k)].units()); ++i) {
      origin.back().push_back({k, i});
    }
  }
  return origin;
}

/// The graph of one neuron over its own inputs, y = a, as a compiled problem: columns of the inputs first, then y.
inline model::Compiled one_neuron(const std::vector<double>& weights, double bias, double error, const Box& box) {
  const auto inputs = static_cast<Index>(weights.size());
  model::Compiled problem;
  graph::AffineLayer hidden{SparseMatrix(1, inputs), Vector::Constant(1, bias), Vector::Constant(1, error)};
  graph::AffineLayer output{SparseMatrix(1, inputs + 1), Vector::Zero(1), Vector::Zero(1)};
  for (Index j = 0; j < inputs; ++j) {
    hidden.weight.insert(0, j) = weights[static_cast<std::size_t>(j)];
    problem.frame.inputs.push_back(problem.frame.model.add_column(box.lower(j), box.upper(j), 0, false,
                                                                  std::string("x").append(std::to_string(j))));
  }
  output.weight.insert(0, inputs) = 1;
  hidden.weight.makeCompressed();
  output.weight.makeCompressed();
  problem.frame.outputs.push_back(problem.frame.model.add_column(-mip::no_side, mip::no_side, 1, false, "y"));
  problem.graph.domain = box;
  problem.graph.layers = {hidden, output};
  return problem;
}

}  // namespace secateur
