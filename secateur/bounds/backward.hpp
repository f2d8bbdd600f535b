// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/bounds/relaxation.hpp"
#include "secateur/graph/relu_graph.hpp"

namespace secateur::bounds {

/// What is chosen row by row: one matrix a hidden layer, rows x units. For an unstable unit the slope alpha of the
/// lower line of its relaxation, in [0, 1]; for a stable one the multiplier beta >= 0 of its sign (Wang et al. 2021,
/// arXiv 2103.06624): -beta z <= 0 for an active unit, beta z <= 0 for an inactive one, is added to the row. Any choice
/// is valid where the bounds are; a multiplier helps where the sign was imposed and cuts the box.
using Multipliers = std::vector<Matrix>;

/// The backward pass of CROWN on a graph and a box, safe against rounding.
///
/// At every moment a row (lambda, c) of the pass claims, in real arithmetic, for every input of the box,
///
///     f(x)  >=  sum_v lambda_v v + c,
///
/// over the values v computed so far. One step takes layer t away. First each of its units' values is replaced by its
/// relaxation: with mu = lambda alpha for lambda >= 0 and mu = lambda slope for lambda < 0,
///
///     lambda max(0, z)  >=  mu z + lambda intercept [lambda < 0],
///
/// (for a stable unit mu = lambda slope - beta or + beta, see Multipliers), then z by its row: lambda' = lambda + mu W,
/// c' = c + mu b + lambda intercept - |mu| error. The claim is about the rounded lambda', so c' has to pay for what was
/// rounded. With M_v >= |v| on the box and N units in the layer, entry v of lambda' is off by at most gamma_{N+1}
/// (|lambda_v| + sum_i |mu_i W_iv|), which costs, summed over v,
///
///     gamma_{N+1} (sum_v |lambda_v| M_v + sum_i |mu_i| R_i),      R_i = sum_v |W_iv| M_v,
///
/// and rounding mu_i itself costs at most u |mu_i| |z_i| <= u |mu_i| (R_i + |b_i| + error_i). R is known once for the
/// whole pass, so the error bound takes one pass over lambda and mu, not a second matrix product.
class BackwardPass {
 public:
  /// `box`: inside the domain of the graph. No layer may be passed through before set_bounds was called for it.
  BackwardPass(const graph::ReluGraph& graph, const Box& box);

  /// The preactivation bounds of hidden layer `layer`, in order from the first.
  void set_bounds(int layer, const graph::LayerBounds& bounds);

  /// Lower and upper bounds of every unit of a layer, by the bounds set for the layers before it.
  [[nodiscard]] graph::LayerBounds layer_bounds(int layer) const;

  /// Lower bounds of rows * z over the preactivations z of a layer: one entry a row. `multipliers`, if given, replace
  /// the adaptive lower slopes of the layers before it.
  [[nodiscard]] Vector lower_bounds(int layer, const Matrix& rows, const Multipliers* multipliers = nullptr) const;

  [[nodiscard]] const Relaxation& relaxation(int layer) const {
    return m_steps[static_cast<std::size_t>(layer)].relaxation;
  }
  /// lambda += mu W and z = v W' for the rows of a layer, in plain arithmetic: the two products of a pass.
  void add_backward(int layer, const Matrix& mu, Matrix& lambda) const;
  void forward(int layer, const Matrix& values, Matrix& z) const;

 private:
  struct Step {
    bool dense = false;
    Matrix block;          ///< the weight's columns first .. first + block.cols(), if dense
    Index first = 0;       ///< first column that is read
    Index span = 0;        ///< columns from there on
    Vector row_magnitude;  ///< R_i + |b_i| + error_i
    double underflow = 0;  ///< what all products of the step may lose to underflow
    Relaxation relaxation;
  };

  [[nodiscard]] Step make_step(int layer) const;
  /// lambda and c after layer `layer`, as derived above. `gain` is what the relaxation has put into c, `gain_magnitude`
  /// the sum of the absolute values of its terms.
  void pass_layer(int layer, const Matrix& mu, Matrix& lambda, Vector& c, const Vector& gain,
                  const Vector& gain_magnitude) const;
  [[nodiscard]] Vector finish(int layer, Matrix lambda, Vector c, const Multipliers* multipliers) const;

  const graph::ReluGraph& m_graph;
  Box m_box;
  Vector m_magnitude;  ///< M_v, as far as set
  std::vector<Index> m_first;
  std::vector<Step> m_steps;
};

}  // namespace secateur::bounds
