// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_metadata.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "secateur/core/error.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

using nlohmann::json;

constexpr const char* inputs_key = "secateur.inputs";
constexpr const char* outputs_key = "secateur.outputs";
constexpr const char* box_key = "secateur.box";

[[noreturn]] void refuse_value(const char* key, const std::string& what) {
  refuse(std::string("metadata ") + key + " " + what);
}

json parse(const char* key, const std::string& text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) refuse_value(key, "is not JSON: " + quote(text));
  return value;
}

void check_count(const char* key, std::size_t found, Index expected, const char* what) {
  if (static_cast<Index>(found) == expected) return;
  refuse_value(
      key, "has " + std::to_string(found) + " entries, but the network has " + std::to_string(expected) + " " + what);
}

std::vector<std::string> names(const Metadata& metadata, const char* key, const char* prefix, Index count) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return default_names(prefix, count);
  const json value = parse(key, found->second);
  if (!value.is_array()) refuse_value(key, "is not a JSON list of names");
  check_count(key, value.size(), count, prefix == std::string("x") ? "inputs" : "outputs");
  std::vector<std::string> result;
  std::set<std::string> seen;
  for (const auto& entry : value) {
    if (!entry.is_string() || entry.get_ref<const std::string&>().empty()) {
      refuse_value(key, "holds something other than non-empty names");
    }
    result.push_back(entry.get<std::string>());
    if (!seen.insert(result.back()).second) refuse_value(key, "holds the name " + quote(result.back()) + " twice");
  }
  return result;
}

Vector numbers(const json& box, const char* side, Index count) {
  const auto found = box.find(side);
  if (found == box.end() || !found->is_array()) refuse_value(box_key, "has no list \"" + std::string(side) + "\"");
  check_count(box_key, found->size(), count, "inputs");
  Vector result(count);
  for (Index i = 0; i < count; ++i) {
    const json& entry = (*found)[static_cast<std::size_t>(i)];
    if (!entry.is_number() || !std::isfinite(entry.get<double>())) {
      refuse_value(box_key, "holds something other than finite numbers");
    }
    result[i] = entry.get<double>();
  }
  return result;
}

json list(const Vector& values) { return json(std::vector<double>(values.begin(), values.end())); }

}  // namespace

Metadata to_metadata(const Network& network) {
  try {
    Metadata result{{inputs_key, json(network.input_names).dump()}, {outputs_key, json(network.output_names).dump()}};
    if (network.box) {
      result[box_key] = json{{"lower", list(network.box->lower)}, {"upper", list(network.box->upper)}}.dump();
    }
    return result;
  } catch (const json::exception&) {
    throw InputError("the name of an input or output is not UTF-8");
  }
}

void from_metadata(const Metadata& metadata, Index inputs, Index outputs, Network& network) {
  network.input_names = names(metadata, inputs_key, "x", inputs);
  network.output_names = names(metadata, outputs_key, "y", outputs);
  const auto found = metadata.find(box_key);
  if (found == metadata.end()) return;
  const json value = parse(box_key, found->second);
  if (!value.is_object()) refuse_value(box_key, R"(is not {"lower": [...], "upper": [...]})");
  Box box{numbers(value, "lower", inputs), numbers(value, "upper", inputs)};
  for (Index i = 0; i < inputs; ++i) {
    if (box.lower[i] > box.upper[i]) refuse_value(box_key, "has lower > upper for input " + std::to_string(i));
  }
  network.box = std::move(box);
}

}  // namespace secateur::nn::detail
