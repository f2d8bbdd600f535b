// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "secateur/data/table.hpp"

namespace secateur::study {

using data::csv_field;

/// The records of a file with texts in it (data::read_csv is for numbers). Throws InputError with `file` and line for a
/// quote that is not closed or text behind one.
std::vector<std::vector<std::string>> csv_records(std::string_view bytes, const std::string& file);

}  // namespace secateur::study
