// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "secateur/nn/network.hpp"

namespace secateur::nn::detail {

/// Names and box in the metadata of a model file: secateur.inputs and secateur.outputs, JSON lists of names;
/// secateur.box, {"lower": [...], "upper": [...]}.
using Metadata = std::map<std::string, std::string>;

/// Throws InputError when a name is not UTF-8.
Metadata to_metadata(const Network& network);

/// Fills names and box; x[i] and y[i] where the file states no names. Refuses (Refusal) malformed values and counts
/// that are not those of the network.
void from_metadata(const Metadata& metadata, Index inputs, Index outputs, Network& network);

}  // namespace secateur::nn::detail
