// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/to_network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/core/rounding.hpp"
#include "secateur/core/tracked_sum.hpp"

namespace secateur::graph {

namespace {

double plus_up(double a, double b) { return a == 0 ? b : b == 0 ? a : add_up(a, b); }

/// The nearest number of the precision.
double stored(double value, nn::Precision precision) {
  if (precision == nn::Precision::float64) return value;
  if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
    throw InputError("a weight of the smaller network does not fit into float32; write it in float64");
  }
  return static_cast<double>(static_cast<float>(value));
}

/// A number of the precision that is at most `value`, and not above zero.
double shift_below(double value, nn::Precision precision) {
  if (value >= 0) return 0;
  if (precision == nn::Precision::float64) return value;
  auto shift = static_cast<float>(std::max(value, -static_cast<double>(std::numeric_limits<float>::max())));
  if (static_cast<double>(shift) > value) shift = std::nextafter(shift, -std::numeric_limits<float>::infinity());
  if (!std::isfinite(shift)) throw InputError("the box does not fit into float32; write the network in float64");
  return static_cast<double>(shift);
}

/// The last layer that reads each value.
std::vector<int> last_readers(const ReluGraph& graph) {
  std::vector<int> last(static_cast<std::size_t>(graph.values()), -1);
  for (int k = 0; k < graph.depth(); ++k) {
    const SparseMatrix& weight = graph.layers[static_cast<std::size_t>(k)].weight;
    for (Index i = 0; i < weight.rows(); ++i) {
      for (SparseMatrix::InnerIterator entry(weight, i); entry; ++entry)
        last[static_cast<std::size_t>(entry.col())] = k;
    }
  }
  return last;
}

class Writer {
 public:
  Writer(const ReluGraph& graph, const NeuronBounds& bounds, nn::Precision precision, Skips skips)
      : m_graph(graph), m_precision(precision), m_skips(skips), m_last(last_readers(graph)), m_rounded(graph) {
    for (Index j = 0; j < graph.inputs(); ++j) m_state.push_back({j, 0, graph.domain.magnitude()(j)});
    for (int k = 0; k + 1 < graph.depth(); ++k) {
      for (const double upper : bounds[static_cast<std::size_t>(k)].upper) m_upper.push_back(std::max(0.0, upper));
    }
  }

  Written write() {
    Written result;
    for (int k = 0; k < m_graph.depth(); ++k) {
      nn::Dense dense = layer(k);
      nn::Relu relu;
      const Index units = m_graph.layers[static_cast<std::size_t>(k)].units();
      if (m_skips == Skips::masked && dense.bias.size() > units) {
        for (Index i = 0; i < units; ++i) relu.units.push_back(i);
      }
      result.network.layers.emplace_back(std::move(dense));
      if (k + 1 < m_graph.depth()) result.network.layers.emplace_back(std::move(relu));
    }
    result.difference = output_error(m_rounded);
    return result;
  }

 private:
  /// A value in the network's vector: value - shift stands there, and is at most `magnitude` in absolute value.
  struct Carried {
    Index value;
    double shift, magnitude;
  };

  /// The graph's units of layer k, then what later layers read of the values before it.
  nn::Dense layer(int k) {
    AffineLayer& rounded = m_rounded.layers[static_cast<std::size_t>(k)];
    const Index units = rounded.units();
    std::vector<Carried> next;
    std::vector<std::pair<Index, double>> copies;  // where each carried value stands now, and its bias
    if (k + 1 < m_graph.depth()) {
      const Index first = m_graph.first_value(k);
      for (Index i = 0; i < units; ++i) {
        next.push_back({first + i, 0, m_upper[static_cast<std::size_t>(first + i - m_graph.inputs())]});
      }
      for (std::size_t s = 0; s < m_state.size(); ++s) {
        const Carried& now = m_state[s];
        if (m_last[static_cast<std::size_t>(now.value)] <= k) continue;
        Carried later = now;
        // Only inputs in the first layer may be negative: x - 0 becomes x - shift.
        if (k == 0 && m_skips == Skips::relu) {
          later.shift = shift_below(m_graph.domain.lower(now.value), m_precision);
          later.magnitude = plus_up(m_graph.domain.upper(now.value), -later.shift);
        }
        copies.emplace_back(static_cast<Index>(s), now.shift - later.shift);
        next.push_back(later);
      }
    }
    nn::Dense dense{Matrix::Zero(units + static_cast<Index>(copies.size()), static_cast<Index>(m_state.size())),
                    Vector::Zero(units + static_cast<Index>(copies.size()))};
    write_units(rounded, dense);
    for (std::size_t c = 0; c < copies.size(); ++c) {
      const Index row = units + static_cast<Index>(c);
      dense.weight(row, copies[c].first) = 1;
      dense.bias(row) = copies[c].second;
    }
    m_state = std::move(next);
    return dense;
  }

  // With r the rounding to the precision and a = v - s what stands in the vector:
  //   w v + b = sum r(w) a + r(b + sum w s) + what is added to the row's error.
  void write_units(AffineLayer& rounded, nn::Dense& dense) const {
    std::vector<Index> place(static_cast<std::size_t>(m_graph.values()), -1);
    for (std::size_t s = 0; s < m_state.size(); ++s) {
      place[static_cast<std::size_t>(m_state[s].value)] = static_cast<Index>(s);
    }
    for (Index i = 0; i < rounded.units(); ++i) {
      TrackedSum exact_bias;
      exact_bias.add(rounded.bias(i));
      for (SparseMatrix::InnerIterator entry(rounded.weight, i); entry; ++entry) {
        const Index at = place[static_cast<std::size_t>(entry.col())];
        const Carried& read = m_state[static_cast<std::size_t>(at)];
        const double exact = entry.value();
        exact_bias.add(exact, read.shift);
        entry.valueRef() = stored(exact, m_precision);
        dense.weight(i, at) = entry.value();
        // The difference of a number and its rounding is representable.
        grow(rounded.error(i), multiply_up(std::abs(exact - entry.value()), read.magnitude));
      }
      const double low = exact_bias.down(), high = exact_bias.up();
      if (!std::isfinite(low) || !std::isfinite(high)) {
        throw InputError("a bias of the smaller network overflows double precision on this box");
      }
      const double bias = stored(low == high ? low : 0.5 * low + 0.5 * high, m_precision);
      rounded.bias(i) = dense.bias(i) = bias;
      if (high != bias || low != bias) grow(rounded.error(i), std::max(add_up(high, -bias), add_up(bias, -low)));
    }
  }

  static void grow(double& error, double by) { error = plus_up(error, by); }

  const ReluGraph& m_graph;
  nn::Precision m_precision;
  Skips m_skips;
  std::vector<int> m_last;
  std::vector<double> m_upper;   ///< of each hidden value
  std::vector<Carried> m_state;  ///< what the next layer can read
  ReluGraph m_rounded;           ///< the graph with the numbers as they are written, and errors to match
};

}  // namespace

Vector output_error(const ReluGraph& graph) {
  Vector off = Vector::Zero(graph.values());
  Index first = graph.inputs();
  for (const AffineLayer& layer : graph.layers) {
    Vector sums = layer.error;
    for (Index i = 0; i < layer.units(); ++i) {
      for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
        sums(i) = plus_up(sums(i), multiply_up(std::abs(entry.value()), off(entry.col())));
      }
    }
    if (&layer == &graph.layers.back()) return sums;
    off.segment(first, layer.units()) = sums;
    first += layer.units();
  }
  throw std::invalid_argument("output_error: the graph has no layers");
}

Written to_network(const ReluGraph& graph, const NeuronBounds& bounds, const nn::Network& like, nn::Precision precision,
                   Skips skips) {
  check(graph);
  bool fits =
      bounds.size() == graph.layers.size() && like.inputs() == graph.inputs() && like.outputs() == graph.outputs();
  for (std::size_t k = 0; fits && k < bounds.size(); ++k) fits = bounds[k].size() == graph.layers[k].units();
  if (!fits) throw std::invalid_argument("to_network: the bounds or the names are not those of the graph");
  Written result = Writer(graph, bounds, precision, skips).write();
  result.network.precision = precision;
  result.network.input_names = like.input_names;
  result.network.output_names = like.output_names;
  result.network.box = graph.domain;
  nn::check(result.network);
  return result;
}

}  // namespace secateur::graph
