// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/study/records.hpp"

namespace secateur::study {

/// What write_csv wrote. Throws InputError for a folder that lacks a file, and for a file with other columns or values
/// that cannot be.
Study read_csv_folder(const std::filesystem::path& folder);

}  // namespace secateur::study
