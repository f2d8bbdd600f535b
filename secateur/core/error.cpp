// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/error.hpp"

#include <utility>

namespace secateur {

namespace {

std::string one_line(const std::string& message, const std::string& file, const std::string& where) {
  std::string line;
  for (const std::string* part : {&file, &where}) {
    if (!part->empty()) line += *part + ": ";
  }
  line += message;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line;
}

}  // namespace

InputError::InputError(std::string message, std::string file, std::string where)
    : std::runtime_error(one_line(message, file, where)),
      m_message(std::move(message)),
      m_file(std::move(file)),
      m_where(std::move(where)) {}

}  // namespace secateur
