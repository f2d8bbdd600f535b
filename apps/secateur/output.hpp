// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/core/box.hpp"

namespace secateur::app {

using Json = nlohmann::ordered_json;

/// Writes to stdout, at once. Throws InputError when that fails (closed, disk full, nobody reads).
void print(std::string_view text);
/// The one JSON object of a run, indented by nothing: one line. Numbers read back to the same bits; NaN and infinities
/// become null.
void print_json(const Json& json);

Json to_json(const Vector& values);
Json to_json(const Box& box);

/// Where a result file will be written: `text` with symbolic links followed. Throws InputError when it cannot be
/// written there, so that this is known before long work; devices and pipes are refused, because a file that appears
/// whole is one that replaces what was there.
std::filesystem::path output_path(const std::string& text, const std::string& where);

/// A number for people: six significant digits, "-" when there is none.
std::string number(double value);
std::string number(const std::optional<double>& value);

/// A fraction in percent, "0.0085 %", "1040 %".
std::string percent(double fraction);

/// Columns aligned for reading: the first to the left, the others to the right, separated by two blanks.
std::string table(const std::vector<std::vector<std::string>>& rows);
/// "name    value" lines.
std::string facts(const std::vector<std::pair<std::string, std::string>>& lines);

}  // namespace secateur::app
