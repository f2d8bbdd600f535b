// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/nn/network.hpp"
#include "secateur/train/train.hpp"

namespace secateur::prune {

// A canonical network is Elementwise* (Dense Relu)* Dense Elementwise*. Pruning sees its Dense layers only, counted
// from 0: hidden layer k is the output of Dense layer k, and the input of Dense layer k + 1.

/// The Dense layers of a canonical network, in order; the pointers live as long as the network is not changed.
std::vector<nn::Dense*> dense_layers(nn::Network& canonical);
std::vector<const nn::Dense*> dense_layers(const nn::Network& canonical);

/// All weights, zero or not; those that are exactly zero.
Index total_weights(const nn::Network& canonical);
Index zero_weights(const nn::Network& canonical);

/// Widths of the hidden layers.
std::vector<Index> hidden_widths(const nn::Network& canonical);
Index hidden_nodes(const nn::Network& canonical);

/// 1 where a weight is not zero.
train::Masks masks(const nn::Network& canonical);

/// The nearest number that the network's file can hold.
double stored(nn::Precision precision, double value);

}  // namespace secateur::prune
