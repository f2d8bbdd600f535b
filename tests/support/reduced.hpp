// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "secateur/graph/affine_range.hpp"
#include "secateur/graph/rebuild.hpp"
#include "support/exact.hpp"

namespace secateur {

/// Bounds of every layer by interval arithmetic.
inline graph::NeuronBounds interval_bounds(const graph::ReluGraph& graph) {
  Box values = graph.domain;
  graph::NeuronBounds bounds;
  for (const graph::AffineLayer& layer : graph.layers) {
    bounds.push_back(graph::affine_range(layer, values));
    const Box activation = graph::relu_range(bounds.back());
    const Box before = values;
    values.lower.resize(before.size() + activation.size());
    values.upper.resize(before.size() + activation.size());
    values.lower << before.lower, activation.lower;
    values.upper << before.upper, activation.upper;
  }
  return bounds;
}

/// The reduced graph's rows over the true values, found through `origin`, give the true preactivations up to the errors
/// that they state: in exact arithmetic, at the point at which the graph before has preactivations `truth`.
inline void expect_within_errors(const graph::Reduction& reduction, const std::vector<exact::Point>& truth,
                                 const Vector& x, double largest_error) {
  using exact::Rational;
  exact::Point values = exact::point(x);
  for (std::size_t k = 0; k < reduction.graph.layers.size(); ++k) {
    const graph::AffineLayer& layer = reduction.graph.layers[k];
    exact::Point next;
    for (Index i = 0; i < layer.units(); ++i) {
      const graph::NeuronId origin = reduction.origin[k][static_cast<std::size_t>(i)];
      const Rational& stored = truth[static_cast<std::size_t>(origin.layer)][static_cast<std::size_t>(origin.unit)];
      Rational z = layer.bias(i);
      for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
        z += Rational(entry.value()) * values[static_cast<std::size_t>(entry.col())];
      }
      ASSERT_LE(abs(z - stored), Rational(layer.error(i))) << "layer " << k << " unit " << i;
      ASSERT_LE(layer.error(i), largest_error);
      next.push_back(stored > 0 ? stored : Rational(0));
    }
    values.insert(values.end(), next.begin(), next.end());
  }
}

}  // namespace secateur
