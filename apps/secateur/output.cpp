// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/data/text.hpp"

namespace secateur::app {

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw InputError(fmt::format("cannot be written: {}", std::strerror(errno)), "standard output");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void print_json(const Json& json) { print(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"); }

Json to_json(const Vector& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(value);
  return json;
}

Json to_json(const Box& box) { return {{"lower", to_json(box.lower)}, {"upper", to_json(box.upper)}}; }

std::filesystem::path output_path(const std::string& text, const std::string& where) {
  std::error_code code;
  std::filesystem::path path = text;
  constexpr int most_links = 40;  // as many as the system itself follows
  for (int i = 0; i < most_links && std::filesystem::is_symlink(path, code); ++i) {
    path = path.parent_path() / std::filesystem::read_symlink(path, code);
  }
  const auto type = std::filesystem::status(path, code).type();
  if (type != std::filesystem::file_type::not_found && type != std::filesystem::file_type::regular &&
      type != std::filesystem::file_type::directory && type != std::filesystem::file_type::none) {
    throw InputError("cannot be written: is not a regular file", text, where);
  }
  try {
    check_writable(path);
  } catch (const InputError& error) {
    throw InputError(error.message(), text, where);
  }
  // Permissions do not tell everything (read-only disks, folders that are no folders): try it.
  std::string probe = path.string() + ".XXXXXX";
  const int file = mkstemp(probe.data());
  if (file < 0) throw InputError(fmt::format("cannot be written: {}", std::strerror(errno)), text, where);
  close(file);
  unlink(probe.c_str());
  return path;
}

std::string number(double value) { return fmt::format("{:.6g}", value); }
std::string number(const std::optional<double>& value) { return value ? number(*value) : "-"; }

std::string percent(double fraction) {
  const double value = 100 * fraction;
  return value >= 1000 && value < 1e6 ? fmt::format("{:.0f} %", value) : fmt::format("{:.3g} %", value);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], data::characters(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - data::characters(row[i]), ' ');
      line += i == 0 ? row[i] + padding : "  " + padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string facts(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::string text;
  for (const auto& [name, value] : lines) text += fmt::format("{:<12}{}\n", name, value);
  return text;
}

}  // namespace secateur::app
