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
/// A pass bounds a row f(x) = sum_v s_v v + s_0 + e from below, over the values v computed before it. Layers are taken
/// away from the last to the first. Once nothing behind value v is left, let lambda_v be its coefficient. The value of
/// unit i is replaced by its relaxation,
///
///     lambda_i max(0, z_i) >= mu_i z_i + lambda_i intercept_i [lambda_i < 0],
///     mu_i = lambda_i alpha_i for lambda_i >= 0, lambda_i slope_i for lambda_i < 0,
///
/// then z_i by its row, so that lambda_v = s_v + sum_i mu_i W_iv. With z_i = sum_v W_iv v + b_i + e_i put in, whatever
/// floating-point numbers lambda and mu are, in real arithmetic
///
///     f >= s_0 - error + sum_j min(lambda_j x_j) + sum_i (mu_i b_i - |mu_i| error_i + lambda_i intercept_i [lambda_i <
///     0])
///          - sum_v |lambda_v - (s_v + sum_i mu_i W_iv)| M_v - sum_i |mu_i - (lambda_i alpha_i or slope_i)| |z_i|,
///
/// with M_v >= |v| on the box. The last two sums are what computing lambda and mu has rounded: with N units and R_i =
/// sum_v |W_iv| M_v + |b_i| + error_i, at most gamma_{N+1} (sum_v |s_v| M_v + sum_i |mu_i| R_i) + u sum_i |mu_i| R_i. R
/// is known once for the whole pass, so the error bound takes one more number a row and unit, not a second matrix
/// product. The terms of the line above are added unit by unit: none goes through more than N + J + 6 roundings with J
/// inputs, which costs gamma_{N+J+6} times the sum of their absolute values. Together, with
///
///     A = |s_0| + error + sum_v |s_v| M_v + sum_i (|mu_i| R_i + |lambda_i intercept_i|) + sum_j |lambda_j| M_j,
///
/// that is less than (2 N + J + 9) u A; (2 N + J + 16) u A also pays for rounding A and for the final subtraction.
///
/// Units that are inactive are left out of everything: mu is zero there. A multiplier beta adds one more term mu_i =
/// -beta or beta of a stable unit's z_i, as if there were a second unit.
class BackwardPass {
 public:
  /// `box`: inside the domain of the graph. No layer may be passed through before set_bounds was called for it.
  BackwardPass(const graph::ReluGraph& graph, const Box& box);

  /// The preactivation bounds of hidden layer `layer`, in order from the first.
  void set_bounds(int layer, const graph::LayerBounds& bounds);

  /// Lower and upper bounds of every unit of a layer, by the bounds set for the layers before it.
  [[nodiscard]] graph::LayerBounds layer_bounds(int layer) const;
  /// The same for some of its units, in the order given. Costs as much as there are units.
  [[nodiscard]] graph::LayerBounds layer_bounds(int layer, const std::vector<Index>& units) const;

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
  /// What is known of a layer. Values are counted twice over: all of them, and the *live* ones, which are the inputs
  /// and the units that are not inactive.
  struct Step {
    Vector row_magnitude;  ///< R_i
    Relaxation relaxation;
    bool dense = false;
    Index first = 0, span = 0;  ///< columns first .. first + span are read
    Matrix block;               ///< these columns of the weight, if dense and bounds are set
    // Of the live units, once bounds are set.
    Vector alpha, slope, intercept, bias, error, magnitude;
    std::vector<Index> live;
    Index live_first = 0, live_span = 0;
    Matrix live_block;             ///< live rows and columns of the block, if that is less
    std::vector<int> begin, unit;  ///< the weight by live columns (see SparseRows), if not dense
    std::vector<double> weight;
  };
  struct Rows;

  [[nodiscard]] Step make_step(int layer) const;
  void make_block(int layer, Step& step) const;
  void make_columns(int layer, Step& step) const;
  void add(const Step& step, Rows& rows) const;
  void add_row(const graph::AffineLayer& affine, Index unit, double mu, double magnitude, Index r, Rows& rows) const;
  void add_multipliers(int layer, const Matrix& beta, Rows& rows) const;
  void finish(int layer, Rows& rows, const Multipliers* multipliers) const;
  [[nodiscard]] Vector close(Rows& rows, Index units) const;

  const graph::ReluGraph& m_graph;
  Box m_box;
  Vector m_magnitude;             ///< M_v, as far as set
  std::vector<Index> m_first;     ///< of each layer's units among all values
  std::vector<int> m_live;        ///< each value's place among the live ones, or -1
  std::vector<Index> m_live_end;  ///< live values before each layer
  double m_total = 0;             ///< sum of all M and R so far
  std::vector<Step> m_steps;
};

}  // namespace secateur::bounds
