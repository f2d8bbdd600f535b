// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "secateur/nn/network.hpp"

namespace secateur::nn {

/// Reads the text format .nnet of Stanford's ACAS Xu networks (docs/vnnlib.md): dense layers with ReLUs between them,
/// and the normalisation of inputs and outputs, which becomes layers at both ends:
///
///     y = range_y * dense(...relu(dense((x - mean) / range))) + mean_y,
///
/// so that inputs and outputs are in the user's units. The box is the file's minima and maxima. Precision float64.
///
/// Throws InputError with file and line when the file is missing, truncated, longer than it says, ragged, holds what is
/// no finite number, has a range of zero or minimum > maximum, or is marked symmetric.
Network read_nnet(const std::filesystem::path& path);

/// The same from bytes; `name` stands for the file in messages.
Network read_nnet_bytes(std::string_view bytes, const std::string& name);

}  // namespace secateur::nn
