// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "secateur/model/problem.hpp"

namespace secateur::model {

/// problem.json, version 1 (docs/problem.schema.json). Network files are relative to the problem's own folder. Outputs
/// of networks that are not declared become free variables.
///
/// Throws InputError for anything that is not such a problem: text that is not JSON, keys that are unknown, missing or
/// given twice, names that are unknown or given twice, counts that do not fit a network, and what check() refuses.
Problem read_problem(const std::string& file);

/// The same from the bytes of such a file, which messages call `file`. `read_network` gets a network's file name as it
/// stands in the problem.
Problem parse_problem(std::string_view bytes, const std::string& file,
                      const std::function<nn::Network(const std::string&)>& read_network);

}  // namespace secateur::model
