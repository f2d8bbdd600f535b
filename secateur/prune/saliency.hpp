// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/nn/network.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::prune {

// How much a weight or node matters; the smallest are pruned first. docs/pruning.md has the table. With a_j the value
// that a weight or node passes on, [a_j.lower, a_j.upper] its CROWN range over the box, m_j what replaces it (0 without
// compensation) and L the loss:
//
//                weight w_ij                           hidden node j
//   magnitude    |w_ij|                                |w_in| |w_out|       (Euclidean norms of its row and column)
//   range        |w_ij| (a_j.upper - a_j.lower)        (a_j.upper - a_j.lower) |w_out|
//   taylor       mean |w_ij dL/dw_ij|                  mean |a_j dL/da_j|
//   activation   |w_ij| rms(a_j - m_j)                 rms(a_j - m_j) |w_out|

/// Of every weight: one matrix a Dense layer, of its shape. `data` may be null for magnitude and range.
std::vector<Matrix> weight_saliency(const nn::Network& canonical, const Box& box, const PruneData* data,
                                    Saliency saliency, bool compensate);

/// Of every hidden node: one vector a hidden layer.
std::vector<Vector> node_saliency(const nn::Network& canonical, const Box& box, const PruneData* data,
                                  Saliency saliency, bool compensate);

}  // namespace secateur::prune
