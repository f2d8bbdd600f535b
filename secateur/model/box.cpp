// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/box.hpp"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"

namespace secateur::model {

namespace {

constexpr const char* where = "--box";
constexpr const char* allowed =
    "allowed: LOWER:UPPER for every input, LOWER:UPPER,... one for each input, or a .json file with "
    "{\"lower\": [...], \"upper\": [...]}";

/// What was found, short and printable whatever it was.
std::string snippet(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string result = "'";
  for (const char c : text.substr(0, longest)) result += c >= 0x20 && c < 0x7f ? c : '?';
  result += text.size() > longest ? "...'" : "'";
  return result;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The number (perhaps not a finite one) that the whole text is, or nothing.
std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string count_of(Index count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

struct Interval {
  double lower, upper;
};

Interval parse_interval(std::string_view item) {
  const auto colon = item.find(':');
  if (colon == std::string_view::npos) {
    throw InputError(snippet(item) + " is not LOWER:UPPER; " + allowed, {}, where);
  }
  const auto lower = parse_number(item.substr(0, colon)), upper = parse_number(item.substr(colon + 1));
  if (!lower || !upper) {
    throw InputError("in " + snippet(item) + ", " + snippet(lower ? item.substr(colon + 1) : item.substr(0, colon)) +
                         " is not a number; " + allowed,
                     {}, where);
  }
  return {*lower, *upper};
}

/// One interval's rules, for whoever wrote it.
void check_interval(double lower, double upper, const std::string& input, const std::string& file) {
  if (!std::isfinite(lower) || !std::isfinite(upper)) {
    throw InputError("the interval of " + input + " is not finite; both limits have to be finite numbers", file, where);
  }
  if (lower > upper) {
    const auto number = [](double value) { return nlohmann::json(value).dump(); };
    throw InputError("the interval of " + input + " has lower " + number(lower) + " > upper " + number(upper), file,
                     where);
  }
}

std::string input_name(Index i) { return std::string("input ").append(std::to_string(i)); }

Box parse_list(std::string_view text, Index inputs) {
  std::vector<Interval> intervals;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    intervals.push_back(parse_interval(rest.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  const auto found = static_cast<Index>(intervals.size());
  if (found != 1 && found != inputs) {
    throw InputError(count_of(found, "interval") + ", but the network has " + count_of(inputs, "input") +
                         " (one interval alone is taken for every input)",
                     {}, where);
  }
  Box box{Vector(inputs), Vector(inputs)};
  for (Index i = 0; i < inputs; ++i) {
    const Interval& interval = intervals[found == 1 ? 0 : static_cast<std::size_t>(i)];
    check_interval(interval.lower, interval.upper, found == 1 ? "every input" : input_name(i), {});
    box.lower(i) = interval.lower;
    box.upper(i) = interval.upper;
  }
  return box;
}

Vector parse_side(const nlohmann::json& object, const char* key, Index inputs, const std::string& file) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) {
    throw InputError(std::string("the key \"") + key + "\" with a list of numbers is missing; " + allowed, file, where);
  }
  if (static_cast<Index>(found->size()) != inputs) {
    throw InputError(std::string("\"") + key + "\" has " + count_of(static_cast<Index>(found->size()), "number") +
                         ", but the network has " + count_of(inputs, "input"),
                     file, where);
  }
  Vector side(inputs);
  for (Index i = 0; i < inputs; ++i) {
    const nlohmann::json& value = (*found)[static_cast<std::size_t>(i)];
    if (!value.is_number()) {
      throw InputError(std::string("entry ") + std::to_string(i) + " of \"" + key + "\" is not a number", file, where);
    }
    side(i) = value.get<double>();
  }
  return side;
}

}  // namespace

Box parse_box_json(std::string_view bytes, Index inputs, const std::string& file) {
  nlohmann::json object;
  try {
    object = nlohmann::json::parse(bytes);
  } catch (const nlohmann::json::exception&) {
    throw InputError(std::string("is not JSON; ") + allowed, file, where);
  }
  if (!object.is_object()) throw InputError(std::string("is not a JSON object; ") + allowed, file, where);
  for (const auto& [key, value] : object.items()) {
    if (key != "lower" && key != "upper") {
      throw InputError("unknown key " + snippet(key) + "; " + allowed, file, where);
    }
  }
  const Box box{parse_side(object, "lower", inputs, file), parse_side(object, "upper", inputs, file)};
  for (Index i = 0; i < inputs; ++i) check_interval(box.lower(i), box.upper(i), input_name(i), file);
  return box;
}

Box parse_box(std::string_view text, Index inputs) {
  const std::string_view trimmed = trim(text);
  if (trimmed.empty()) throw InputError(std::string("is empty; ") + allowed, {}, where);
  if (trimmed.ends_with(".json")) {
    if (trimmed.find('\0') != std::string_view::npos) {
      throw InputError(snippet(trimmed) + " is not the name of a file", {}, where);
    }
    const std::string name(trimmed);
    return parse_box_json(read_file(name), inputs, name);
  }
  return parse_list(trimmed, inputs);
}

void check_box(const Box& box, const std::vector<std::string>& names) {
  const auto inputs = static_cast<Index>(names.size());
  if (box.lower.size() != inputs || box.upper.size() != inputs) {
    throw InputError("the box has " + count_of(std::max(box.lower.size(), box.upper.size()), "interval") +
                         ", but the network has " + count_of(inputs, "input"),
                     {}, where);
  }
  for (Index i = 0; i < inputs; ++i) {
    check_interval(box.lower(i), box.upper(i), names[static_cast<std::size_t>(i)], {});
  }
}

}  // namespace secateur::model
