// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace secateur::study {

/// A field as RFC 4180 writes it: in double quotes where it has to be.
std::string csv_field(std::string_view text);

/// The records of a file with texts in it (data::read_csv is for numbers). Throws InputError with `file` and line for a
/// quote that is not closed or text behind one.
std::vector<std::vector<std::string>> csv_records(std::string_view bytes, const std::string& file);

}  // namespace secateur::study
