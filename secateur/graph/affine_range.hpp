// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/box.hpp"
#include "secateur/graph/relu_graph.hpp"

namespace secateur::graph {

/// Encloses z = weight v + bias + e over lower <= v <= upper, |e| <= error, in real arithmetic: interval arithmetic
/// with the a-priori error of core/rounding.hpp on each row. `values` holds bounds for (at least) the columns of the
/// layer.
LayerBounds affine_range(const AffineLayer& layer, const Box& values);

/// Bounds of max(0, z).
Box relu_range(const LayerBounds& preactivation);

}  // namespace secateur::graph
