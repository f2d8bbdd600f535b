// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/nn/network.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::prune {

/// Entry (row, column) of a Dense layer's weight.
struct WeightId {
  int layer = 0;
  Index row = 0, column = 0;
  friend bool operator==(const WeightId&, const WeightId&) = default;
};

/// The least salient non-zero weights, so many that `target` weights are zero afterwards (fewer when the layers hold
/// fewer; none when there are that many zeros already). Equal saliencies: the first in layer, row, column order.
/// Scope layer: every layer has the same fraction of zeros, up to one weight.
std::vector<WeightId> choose_weights(const nn::Network& canonical, const std::vector<Matrix>& saliency, Index target,
                                     Scope scope);

/// Sets weights to zero. With `replacements` (compensate.hpp), each adds w m to its row's bias, rounded once to the
/// network's precision.
void remove_weights(nn::Network& canonical, const std::vector<WeightId>& weights,
                    const std::vector<Vector>* replacements = nullptr);

}  // namespace secateur::prune
