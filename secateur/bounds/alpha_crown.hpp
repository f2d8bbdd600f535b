// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/bounds/backward.hpp"
#include "secateur/bounds/bounds.hpp"

namespace secateur::bounds {

/// Multipliers that make lower_bounds(layer, rows, multipliers) large: projected Adam ascent from the adaptive slopes
/// (Xu et al. 2021, arXiv 2011.13824) and beta = 0 (Wang et al. 2021, arXiv 2103.06624). A row's bound is a minimum
/// over the box of functions that are linear in each multiplier, so that by the envelope theorem
///
///     d bound / d alpha = lambda z*   (lambda >= 0, unstable units),      d bound / d beta = -s z*   (s = 1 active,
///     -1),
///
/// where z* is the unit's preactivation when the minimiser x* over the box is carried forward through the same linear
/// pieces. Slopes are of size one; multipliers have the size of the coefficients lambda that they compete with, and so
/// have their steps. The ascent is plain arithmetic: whatever it ends at is valid, and the proof is the rigorous pass
/// after it. The best multipliers met are returned row by row, so the bound is never below the adaptive one but for
/// round-off. `splits`: the units whose sign was imposed, and has gone into the pass's bounds.
///
/// `sides`: known ranges of the layer's own z, which let the rows move (MovingRows); the bound of the original rows is
/// that of the returned ones less their price.
struct Ascended {
  Multipliers multipliers;
  Matrix rows;
};
Ascended ascend(const BackwardPass& pass, const graph::ReluGraph& graph, const Box& box, int layer, const Matrix& rows,
                const AlphaSettings& settings = {}, const std::vector<Split>& splits = {},
                const graph::LayerBounds* sides = nullptr);

}  // namespace secateur::bounds
