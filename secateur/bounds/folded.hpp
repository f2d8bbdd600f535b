// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/kernels/table.hpp"
#include "secateur/graph/relu_graph.hpp"

namespace secateur::bounds {

/// A graph on one box with its stable units folded away: an active unit's row is put into every row that reads it, an
/// inactive unit is left out. What is left are the unstable units and the targets, as dense rows over the inputs and
/// earlier unstable units. In a small box few units are unstable, and everything that happens inside it costs no more
/// than they do. Rounding is carried in each row's error, as in graph::ReluGraph.
///
/// Targets are rows without a ReLU: first the objective c'y, then the outputs y.
struct Folded {
  Index inputs = 0;
  std::vector<std::ptrdiff_t> first;  ///< see CrownBatch; hidden layers + 1 entries
  std::vector<Index> unit;            ///< each kept unit's place among all hidden units of the graph
  Matrix weight;                      ///< rows x values
  Vector bias, error, magnitude;      ///< one entry a row; see CrownBatch
  std::vector<unsigned char> reads;   ///< see CrownBatch
  double underflow = 0;
  Vector lower, upper;  ///< of every hidden unit of the graph on this box, as known at folding

  [[nodiscard]] Index units() const { return static_cast<Index>(unit.size()); }
  [[nodiscard]] Index values() const { return inputs + units(); }
  [[nodiscard]] Index rows() const { return weight.rows(); }
  [[nodiscard]] Index targets() const { return rows() - units(); }
  /// Multiplications that CROWN's pass takes for a row of each layer, the targets last, on one box.
  [[nodiscard]] std::vector<double> row_work() const;
  /// The same for all hidden rows and one target.
  [[nodiscard]] double work() const;
  /// Multiplications that carrying lines forward takes on one box.
  [[nodiscard]] double forward_work() const;
  /// The network of a batch of boxes; the boxes' own arrays are left open.
  [[nodiscard]] CrownBatch batch() const;
};

/// Folds the units that `bounds` (of all hidden layers, on `box`) says are stable. `objective`: one entry an output.
Folded fold(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& bounds, const Vector& objective);

/// Folds further: `lower`, `upper` bound the kept units on `box`, which is part of the one that `from` was folded on.
/// `keep`, if given: one entry a unit; those that are not zero are kept although they are stable.
Folded fold(const Folded& from, const Box& box, const Vector& lower, const Vector& upper,
            const std::vector<unsigned char>* keep = nullptr);

}  // namespace secateur::bounds
