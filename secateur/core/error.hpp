// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace secateur {

/// Something the user gave cannot be used. Reported as one line and exit code 2; every other exception that reaches the
/// top is an internal failure (exit code 1).
class InputError : public std::runtime_error {
 public:
  /// `message` says what was found and what is allowed; `file` and `where` (a line, a node, an option) say where. The
  /// last two may be empty. what() is "file: where: message".
  explicit InputError(std::string message, std::string file = {}, std::string where = {});

  [[nodiscard]] const std::string& message() const { return m_message; }
  [[nodiscard]] const std::string& file() const { return m_file; }
  [[nodiscard]] const std::string& where() const { return m_where; }

 private:
  std::string m_message, m_file, m_where;
};

}  // namespace secateur
