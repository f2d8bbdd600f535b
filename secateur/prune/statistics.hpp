// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/data/dataset.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::prune {

// What is known of the values that the Dense layers of a canonical network read: entry k of each list is about the
// inputs of Dense layer k, in that layer's own (scaled) units; entry 0 is about the scaled inputs of the network.

/// Ranges of those values over the box, by CROWN: the box itself in scaled units, then max(0, z).
std::vector<Box> activation_ranges(const nn::Network& canonical, const Box& box);

/// First and second moments over rows of data.
struct Moments {
  std::vector<Vector> mean, mean_square;
  Index rows = 0;
};
/// Over the rows of x (user's units), only those inside `box` when one is given. Without any row: empty lists.
Moments moments(const nn::Network& canonical, const Matrix& x, const Box* box = nullptr);

/// Mean absolute first-order effects on the loss, row by row: with L_r the squared error of row r in units of the
/// outputs' deviations, averaged over the outputs,
///   weight[k](i, j) = mean_r |w_ij dL_r/dw_ij|,     node[k](j) = mean_r |a_j dL_r/da_j|.
/// The absolute value is taken before the mean: at the end of a training the mean gradient is zero for every weight.
struct Effects {
  std::vector<Matrix> weight;
  std::vector<Vector> node;
};
Effects first_order_effects(const nn::Network& canonical, const data::Dataset& data);

}  // namespace secateur::prune
