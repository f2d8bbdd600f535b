// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace secateur::model {

/// The JSON of a file with every key once: a key given twice is a mistake that JSON readers hide. Throws InputError
/// with `file` and line.
nlohmann::json parse_json(std::string_view bytes, const std::string& file);

/// Foreign text for a message: in double quotes, cut at 60 bytes, without control characters.
std::string in_quotes(const std::string& text);
/// The same of a JSON value.
std::string found(const nlohmann::json& value);

/// "a, b, c".
template <class List>
std::string joined(const List& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// Reads the values of one JSON file and says of each that is not what it has to be, in which place of which file.
class JsonPlaces {
 public:
  explicit JsonPlaces(std::string file) : m_file(std::move(file)) {}

  [[nodiscard]] const std::string& file() const { return m_file; }
  [[noreturn]] void refuse(const std::string& where, const std::string& what) const;
  /// Refuses what is no object, a key that is neither required nor optional, and the lack of a required one.
  void keys(const nlohmann::json& object, const std::string& where, std::initializer_list<std::string> required,
            std::initializer_list<std::string> optional) const;
  [[nodiscard]] std::string text(const nlohmann::json& value, const std::string& where) const;
  /// Finite.
  [[nodiscard]] double number(const nlohmann::json& value, const std::string& where) const;

 private:
  std::string m_file;
};

}  // namespace secateur::model
