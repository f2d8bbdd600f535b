// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/nn/network.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::prune {

/// The least salient hidden nodes: one sorted list of units a hidden layer. A hidden layer never loses all its nodes.
/// `original`: widths of the hidden layers before any pruning, `target`: how many nodes shall be gone of those
/// (fewer when each layer is down to one node). Scope layer: every layer has lost the same fraction, up to one node.
/// Equal saliencies: the first in layer, unit order.
std::vector<std::vector<Index>> choose_nodes(const nn::Network& canonical, const std::vector<Vector>& saliency,
                                             const std::vector<Index>& original, Index target, Scope scope);

/// Takes nodes out: their rows and bias entries, and the columns that read them. With `replacements` (compensate.hpp),
/// w m is added to the biases behind a node, rounded once to the network's precision. Throws std::invalid_argument when
/// a layer would be left without nodes.
void remove_nodes(nn::Network& canonical, const std::vector<std::vector<Index>>& nodes,
                  const std::vector<Vector>* replacements = nullptr);

}  // namespace secateur::prune
