// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "secateur/data/dataset.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::train {

/// Where the parts of a canonical network stand: layers [0, first) scale the inputs, [first, last] are Dense Relu ...
/// Dense, the rest scales the outputs.
struct Stack {
  std::size_t first = 0, last = 0;
  std::vector<Index> widths;  ///< inputs, hidden widths, outputs
};
Stack stack(const nn::Network& canonical);

/// The inputs (rows x inputs, user's units) as the first Dense layer sees them, in double arithmetic.
Matrix scale_inputs(const nn::Network& canonical, const Matrix& x);

/// The targets (rows x outputs, user's units) as the last Dense layer should give them: the output scaling undone, in
/// double arithmetic. Throws InputError when it multiplies by zero.
Matrix scale_targets(const nn::Network& canonical, const Matrix& y);

/// The box as the first Dense layer sees it.
Box scale_box(const nn::Network& canonical, const Box& box);

/// Throws InputError unless the data has rows, fits the network and is finite; `part` names the data in the message.
void check_fits(const nn::Network& network, const data::Dataset& data, std::string_view part);

}  // namespace secateur::train
