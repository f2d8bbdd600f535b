// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/strict_json.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "secateur/core/error.hpp"

namespace secateur::model {

using Json = nlohmann::json;

std::string in_quotes(const std::string& text) {
  constexpr std::size_t longest = 60;
  std::string result = "\"";
  for (const char c : text.substr(0, longest)) result += c >= 0x20 && c != 0x7f ? c : '?';
  return result + (text.size() > longest ? "...\"" : "\"");
}

std::string found(const Json& value) { return in_quotes(value.dump(-1, ' ', false, Json::error_handler_t::replace)); }

Json parse_json(std::string_view bytes, const std::string& file) {
  std::vector<std::set<std::string>> keys;
  const auto callback = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      throw InputError("the key " + in_quotes(parsed.get<std::string>()) + " is given twice in one object", file);
    }
    return true;
  };
  try {
    return Json::parse(bytes, callback);
  } catch (const Json::parse_error& error) {
    std::size_t line = 1, column = 1;
    for (std::size_t i = 0; i + 1 < std::min(error.byte, bytes.size() + 1); ++i) {
      column = bytes[i] == '\n' ? 1 : column + 1;
      line += bytes[i] == '\n' ? 1 : 0;
    }
    throw InputError("is not JSON at column " + std::to_string(column), file, "line " + std::to_string(line));
  } catch (const Json::out_of_range&) {
    throw InputError("holds a number that is too large for double precision", file);
  }
}

void JsonPlaces::refuse(const std::string& where, const std::string& what) const {
  throw InputError(what, m_file, where);
}

void JsonPlaces::keys(const Json& object, const std::string& where, std::initializer_list<std::string> required,
                      std::initializer_list<std::string> optional) const {
  if (!object.is_object()) refuse(where, "has to be an object, found " + found(object));
  for (const auto& [key, value] : object.items()) {
    const bool known = std::find(required.begin(), required.end(), key) != required.end() ||
                       std::find(optional.begin(), optional.end(), key) != optional.end();
    if (known) continue;
    std::vector<std::string> all(required);
    all.insert(all.end(), optional.begin(), optional.end());
    refuse(where, "unknown key " + in_quotes(key) + "; allowed: " + joined(all));
  }
  for (const std::string& key : required) {
    if (!object.contains(key)) refuse(where, "the key \"" + key + "\" is missing");
  }
}

std::string JsonPlaces::text(const Json& value, const std::string& where) const {
  if (!value.is_string()) refuse(where, "has to be a text, found " + found(value));
  return value.get<std::string>();
}

double JsonPlaces::number(const Json& value, const std::string& where) const {
  if (!value.is_number()) refuse(where, "has to be a number, found " + found(value));
  const double result = value.get<double>();
  if (!std::isfinite(result)) refuse(where, "has to be a finite number, found " + found(value));
  return result;
}

}  // namespace secateur::model
