// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_external.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <system_error>

#include "onnx.pb.h"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

std::uint64_t parse_count(const std::string& text, const std::string& origin, const char* key) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) {
    refuse(origin + ": external data " + key + " is " + quote(text) + ", not a number of bytes");
  }
  return value;
}

void check_location(const std::string& location, const std::string& origin) {
  const std::filesystem::path path(location);
  const bool leaves = std::any_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; });
  if (location.empty() || location.find('\0') != std::string::npos || path.is_absolute() || leaves) {
    refuse(origin + ": external data location " + quote(location) +
           " is not allowed; it has to be a relative path inside the model's folder");
  }
}

}  // namespace

std::string read_external(const ::onnx::TensorProto& proto, const std::string& origin,
                          const std::filesystem::path& folder, std::int64_t expected) {
  std::string location;
  std::uint64_t offset = 0;
  const auto needed = static_cast<std::uint64_t>(expected);
  std::uint64_t length = needed;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_count(entry.value(), origin, "offset");
    if (entry.key() == "length") length = parse_count(entry.value(), origin, "length");
  }
  check_location(location, origin);
  const auto path = folder / location;
  const std::string file = "external data file " + quote(path.string(), 4096);
  if (length != needed) {
    refuse(origin + ": " + file + ": " + std::to_string(length) + " bytes are stated, but its shape needs " +
           std::to_string(needed));
  }
  std::error_code code;
  if (!std::filesystem::exists(path, code)) refuse(origin + ": " + file + " does not exist");
  if (!std::filesystem::is_regular_file(path, code)) refuse(origin + ": " + file + " is not an ordinary file");
  const std::uint64_t size = std::filesystem::file_size(path, code);
  if (code) refuse(origin + ": " + file + " cannot be read: " + code.message());
  if (offset > size || needed > size - offset) {
    refuse(origin + ": " + file + " is too short: it has " + std::to_string(size) + " bytes, but " +
           std::to_string(needed) + " are needed from byte " + std::to_string(offset) + " on");
  }
  std::ifstream in(path, std::ios::binary);
  std::string bytes(needed, '\0');
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(bytes.data(), static_cast<std::streamsize>(needed));
  if (!in) refuse(origin + ": " + file + " cannot be read");
  return bytes;
}

}  // namespace secateur::nn::detail
