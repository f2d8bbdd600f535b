// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace secateur {

/// The bytes of a file. Throws InputError when it is missing, a directory or unreadable.
std::string read_file(const std::filesystem::path& path);

/// Writes the file whole or not at all: a temporary file beside it, fsync, rename. Throws InputError when the place
/// cannot be written to (missing folder, no permission, disk full); whatever was at `path` before is then still there.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Makes a folder and those above it, unless it is there. Throws InputError when that cannot be.
void make_folder(const std::filesystem::path& folder);

/// Throws the InputError that write_file would throw for a missing or unwritable folder, before long work is done.
void check_writable(const std::filesystem::path& path);

}  // namespace secateur
