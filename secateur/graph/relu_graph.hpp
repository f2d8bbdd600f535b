// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/matrix.hpp"
#include "secateur/core/names.hpp"

namespace secateur::graph {

/// One unit of one affine layer: layers count from 0, the last one is the output layer.
struct NeuronId {
  int layer = 0;
  int unit = 0;
  friend bool operator==(const NeuronId&, const NeuronId&) = default;
};

/// z = weight v + bias + e, with |e(i)| <= error(i).
///
/// v is the vector of all *values* before this layer: the inputs, then the units of layer 0 after their ReLU, then
/// those of layer 1, and so on. A layer may read any of them, so skip connections need no special form.
///
/// `error` is what folding has rounded away: on every point of the graph's domain, the stored network's preactivation
/// equals weight v + bias + e in real arithmetic for some such e. It is zero where nothing was folded.
struct AffineLayer {
  SparseMatrix weight;  ///< units x values before the layer, compressed
  Vector bias;
  Vector error;

  [[nodiscard]] Index units() const { return bias.size(); }
};

/// The one intermediate form that bounds, formulations and search work on: affine layers, a ReLU after every layer but
/// the last, sparse, skips allowed. Made by lower() and changed by passes, for one box of inputs.
struct ReluGraph {
  /// Inputs outside this box are not covered by the layers' `error`.
  Box domain;
  std::vector<AffineLayer> layers;

  [[nodiscard]] Index inputs() const { return domain.size(); }
  [[nodiscard]] Index outputs() const { return layers.back().units(); }
  [[nodiscard]] int depth() const { return static_cast<int>(layers.size()); }
  /// Index in v of the first unit of a layer (depth() - 1 hidden layers have one).
  [[nodiscard]] Index first_value(int layer) const;
  /// Length of v: inputs and all hidden units.
  [[nodiscard]] Index values() const { return first_value(depth() - 1); }
  /// Units that have a ReLU.
  [[nodiscard]] Index neurons() const { return values() - inputs(); }
};

/// Bounds of one layer's preactivations: lower <= z <= upper.
using LayerBounds = Box;
/// One entry an affine layer, the last for the outputs.
using NeuronBounds = std::vector<LayerBounds>;

/// How preactivation bounds are computed (room bounds); each is at least as tight as the one before it.
enum class BoundsMethod { interval, crown, alpha_crown, lp };

/// Number of hidden units with lower < 0 < upper. (l >= 0 is active, u <= 0 is inactive.)
Index count_unstable(const NeuronBounds& bounds);

/// Every preactivation at `input`, layer by layer, in float64; `error` is left out. The last entry is the output.
std::vector<Vector> preactivations(const ReluGraph& graph, const Vector& input);

/// Outputs at each row of `points`, in float64.
Matrix evaluate(const ReluGraph& graph, const Matrix& points);

/// Throws std::invalid_argument when sizes do not fit together or a number is not finite (negative errors included).
void check(const ReluGraph& graph);

}  // namespace secateur::graph

namespace secateur {
template <>
struct Names<graph::BoundsMethod> {
  static constexpr std::array<std::string_view, 4> value{"interval", "crown", "alpha_crown", "lp"};
};
}  // namespace secateur
