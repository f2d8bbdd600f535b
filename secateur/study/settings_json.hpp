// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "secateur/core/names.hpp"
#include "secateur/core/options.hpp"
#include "secateur/model/strict_json.hpp"

// Settings structs from and to JSON by their describe() tables: names, ranges and defaults have no other home. Keys are
// the options' names with underscores; an infinite limit is written by leaving it out.
namespace secateur::study {

using Json = nlohmann::json;

inline std::string json_key(std::string_view option) {
  std::string key(option);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

/// Options of a settings struct that a JSON block may set: all but those `without`.
template <class Settings>
std::vector<std::string> json_keys(std::initializer_list<std::string_view> without) {
  std::vector<std::string> keys;
  Settings settings;
  describe(settings, [&](std::string_view name, const auto&...) {
    if (std::find(without.begin(), without.end(), name) == without.end()) keys.push_back(json_key(name));
  });
  return keys;
}

/// One value. Throws InputError for the wrong type or choice, or one that is out of range.
template <class T, class... R>
void read_value(const Json& json, T& target, const model::JsonPlaces& at, const std::string& where, const R&... range) {
  if constexpr (Named<T>) {
    const auto value = from_string<T>(at.text(json, where));
    if (!value) {
      at.refuse(where, "unknown choice " + model::found(json) + "; allowed: " + model::joined(Names<T>::value));
    }
    target = *value;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) at.refuse(where, "has to be true or false, found " + model::found(json));
    target = json.get<bool>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    target = at.text(json, where);
  } else if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::optional<double>>) {
    target = at.number(json, where);
  } else {
    static_assert(std::is_integral_v<T>);
    const bool fits = json.is_number_integer() && (json.is_number_unsigned() || json.get<std::int64_t>() >= 0) &&
                      json.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (!fits) at.refuse(where, "has to be a whole number that is not negative, found " + model::found(json));
    target = json.get<T>();
  }
  const auto check = [&](const auto& allowed, const auto& value) {
    if (contains(allowed, value)) return;
    using V = std::decay_t<decltype(allowed.minimum)>;
    const bool open_ended = allowed.maximum == std::numeric_limits<V>::max() ||
                            (std::is_floating_point_v<V> && !(static_cast<double>(allowed.maximum) < 1e300));
    at.refuse(where, fmt::format("{} is out of range; allowed: {} {}{}", value,
                                 allowed.open_minimum ? "above" : "at least", allowed.minimum,
                                 open_ended ? std::string()
                                            : fmt::format(" and {} {}", allowed.open_maximum ? "below" : "at most",
                                                          allowed.maximum)));
  };
  if constexpr (sizeof...(R) == 1) {
    if constexpr (std::is_same_v<T, std::optional<double>>) {
      (check(range, *target), ...);
    } else {
      (check(range, target), ...);
    }
  }
}

/// Every key of `json` that the settings' table has, but for those `without`; the rest stays at its default.
template <class Settings>
void read_settings(const Json& json, Settings& settings, const model::JsonPlaces& at, const std::string& where,
                   std::initializer_list<std::string_view> without = {}) {
  describe(settings, [&](std::string_view name, auto& member, std::string_view, const auto&... range) {
    const std::string key = json_key(name);
    if (std::find(without.begin(), without.end(), name) != without.end() || !json.contains(key)) return;
    read_value(json[key], member, at, where + "." + key, range...);
  });
}

/// A number that may be missing; JSON has none for infinity either.
inline void put(Json& json, const char* key, const std::optional<double>& value) {
  if (value && std::isfinite(*value)) json[key] = *value;
}

/// The settings that are not at their defaults.
template <class Settings>
Json deviations(Settings settings, std::initializer_list<std::string_view> without = {}) {
  Json json = Json::object();
  Json initial = Json::object();
  const auto write = [&](Json& to) {
    return [&](std::string_view name, const auto& member, const auto&...) {
      if (std::find(without.begin(), without.end(), name) != without.end()) return;
      using T = std::decay_t<decltype(member)>;
      if constexpr (Named<T>) {
        to[json_key(name)] = to_string(member);
      } else if constexpr (std::is_same_v<T, std::optional<double>>) {
        if (member) to[json_key(name)] = *member;
      } else if constexpr (std::is_same_v<T, double>) {
        if (std::isfinite(member)) to[json_key(name)] = member;
      } else {
        to[json_key(name)] = member;
      }
    };
  };
  describe(settings, write(json));
  Settings defaults;
  describe(defaults, write(initial));
  for (const auto& [key, value] : initial.items()) {
    if (json.contains(key) && json[key] == value) json.erase(key);
  }
  return json;
}

}  // namespace secateur::study
