// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmpxx.h>

#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/nn/network.hpp"

// Exact evaluation in rational arithmetic: the oracle for everything that claims to hold in real arithmetic.
namespace secateur::exact {

using Rational = mpq_class;
using Point = std::vector<Rational>;

inline Point point(const Vector& x) { return {x.begin(), x.end()}; }

/// The stored network's preactivations: the operand of every Relu in turn, then the output.
inline std::vector<Point> preactivations(const nn::Network& network, Point value) {
  std::vector<Point> result;
  for (const nn::Layer& layer : network.layers) {
    if (const auto* dense = std::get_if<nn::Dense>(&layer)) {
      Point next(static_cast<std::size_t>(dense->bias.size()));
      for (Index i = 0; i < dense->bias.size(); ++i) {
        Rational sum = dense->bias(i);
        for (Index j = 0; j < dense->weight.cols(); ++j) {
          sum += Rational(dense->weight(i, j)) * value[static_cast<std::size_t>(j)];
        }
        next[static_cast<std::size_t>(i)] = sum;
      }
      value = next;
    } else if (const auto* scaling = std::get_if<nn::Elementwise>(&layer)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        const Rational c = scaling->constant(static_cast<Index>(i));
        switch (scaling->op) {
          case nn::ElementwiseOp::add:
            value[i] += c;
            break;
          case nn::ElementwiseOp::subtract:
            value[i] -= c;
            break;
          case nn::ElementwiseOp::subtract_from:
            value[i] = c - value[i];
            break;
          case nn::ElementwiseOp::multiply:
            value[i] *= c;
            break;
          case nn::ElementwiseOp::divide:
            value[i] /= c;
            break;
        }
      }
    } else if (const auto* sparse = std::get_if<nn::Sparse>(&layer)) {
      Point next(static_cast<std::size_t>(sparse->bias.size()));
      for (Index i = 0; i < sparse->bias.size(); ++i) {
        Rational sum = sparse->bias(i);
        for (SparseMatrix::InnerIterator entry(sparse->weight, i); entry; ++entry) {
          sum += Rational(entry.value()) * value[static_cast<std::size_t>(entry.col())];
        }
        next[static_cast<std::size_t>(i)] = sum;
      }
      value = next;
    } else {
      const auto& units = std::get<nn::Relu>(layer).units;
      if (units.empty()) {
        result.push_back(value);
        for (Rational& v : value) v = v > 0 ? v : Rational(0);
        continue;
      }
      Point operands;
      for (const Index unit : units) {
        Rational& v = value[static_cast<std::size_t>(unit)];
        operands.push_back(v);
        v = v > 0 ? v : Rational(0);
      }
      result.push_back(std::move(operands));
    }
  }
  result.push_back(value);
  return result;
}
inline std::vector<Point> preactivations(const nn::Network& network, const Vector& x) {
  return preactivations(network, point(x));
}

/// The graph's preactivations with e = 0.
inline std::vector<Point> preactivations(const graph::ReluGraph& graph, const Vector& x) {
  std::vector<Point> result;
  Point values = point(x);
  for (const graph::AffineLayer& layer : graph.layers) {
    Point z(static_cast<std::size_t>(layer.units()));
    for (Index i = 0; i < layer.units(); ++i) {
      Rational sum = layer.bias(i);
      for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
        sum += Rational(entry.value()) * values[static_cast<std::size_t>(entry.col())];
      }
      z[static_cast<std::size_t>(i)] = sum;
    }
    for (const Rational& v : z) values.push_back(v > 0 ? v : Rational(0));
    result.push_back(std::move(z));
  }
  return result;
}

}  // namespace secateur::exact
