// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/graph/substitution.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::graph {

/// Builds one ReluGraph from any number of networks, one behind the other or side by side.
///
/// Everything that is not a ReLU unit is an AffineRow over *all* values so far: the inputs and the units made until
/// now. New units stand behind all others, so rows stay valid while the graph grows. Networks that read the same rows
/// share what is behind them; a network that reads another's outputs is folded into it, without a ReLU between them.
/// What folding rounds is in the rows' errors, and from there in the layers' (`AffineLayer::error`).
class Builder {
 public:
  /// The graph's inputs. Throws std::invalid_argument unless the box is finite with lower <= upper.
  explicit Builder(const Box& domain);

  [[nodiscard]] Index inputs() const { return m_graph.domain.size(); }
  /// Inputs and units so far.
  [[nodiscard]] Index values() const { return m_values.size(); }
  /// Layers of units so far.
  [[nodiscard]] int layers() const { return m_graph.depth(); }

  [[nodiscard]] AffineRow input(Index j) const;
  /// The rows of all inputs, in order.
  [[nodiscard]] std::vector<AffineRow> all_inputs() const;

  /// The network applied to `inputs`, one row an input: its ReLUs become units. Returns one row an output. The final
  /// activation of the network, if it has one, is left out: the rows are what it would be applied to. Throws
  /// std::invalid_argument when the number of rows is not that of the inputs, InputError when numbers overflow.
  std::vector<AffineRow> apply(const nn::Network& network, const std::vector<AffineRow>& inputs);

  /// max(0, z) of each row: one layer of new units, as copies of them. Throws InputError when a row has overflowed.
  std::vector<AffineRow> relu(const std::vector<AffineRow>& rows);

  /// sum of coefficient * row, plus constant, with what that rounds.
  [[nodiscard]] AffineRow combine(const std::vector<std::pair<AffineRow, double>>& terms, double constant) const;

  /// Encloses each row over the domain, in real arithmetic: interval arithmetic on the values before it.
  [[nodiscard]] Box range(const std::vector<AffineRow>& rows) const;

  /// The graph whose output layer has these rows; the builder is used up. Throws std::invalid_argument when there are
  /// none, InputError when a row has overflowed.
  ReluGraph finish(const std::vector<AffineRow>& outputs);

 private:
  /// Throws std::invalid_argument when a row reads a value that does not exist.
  [[nodiscard]] AffineLayer layer_of(const std::vector<AffineRow>& rows) const;
  /// weight * rows + bias.
  [[nodiscard]] std::vector<AffineRow> affine(const SparseMatrix& weight, const Vector& bias,
                                              const std::vector<AffineRow>& rows) const;
  void scale(nn::ElementwiseOp op, double constant, AffineRow& row) const;

  ReluGraph m_graph;
  Box m_values;        ///< range of every value so far
  Vector m_magnitude;  ///< max(|lower|, |upper|) of each
};

}  // namespace secateur::graph
