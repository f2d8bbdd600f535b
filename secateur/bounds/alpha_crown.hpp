// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/bounds/backward.hpp"
#include "secateur/bounds/bounds.hpp"

namespace secateur::bounds {

/// Lower slopes that make lower_bounds(layer, rows, slopes) large: projected Adam ascent from the adaptive slopes (Xu
/// et al. 2021, arXiv 2011.13824). For a row with coefficient lambda >= 0 on an unstable unit the bound's derivative
/// is, by the envelope theorem,
///
///     d bound / d alpha = lambda z*,
///
/// where z* is the unit's preactivation when the minimiser x* over the box is carried forward through the same linear
/// pieces. The ascent is plain arithmetic: whatever slopes it ends at are valid, and the proof is the rigorous pass
/// after it. The best slopes met are returned row by row, so the bound is never below the adaptive one but for
/// round-off.
LowerSlopes ascend(const BackwardPass& pass, const graph::ReluGraph& graph, const Box& box, int layer,
                   const Matrix& rows, const AlphaSettings& settings = {});

}  // namespace secateur::bounds
