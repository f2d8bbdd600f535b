// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/source.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/data/functions.hpp"
#include "secateur/data/table.hpp"
#include "secateur/study/hash.hpp"
#include "secateur/study/settings_json.hpp"

namespace secateur::study {

namespace {

std::vector<std::string> names(const Json& json, const model::JsonPlaces& at, const std::string& where) {
  if (!json.is_array() || json.empty()) {
    at.refuse(where, "has to be a list of column names, found " + model::found(json));
  }
  std::vector<std::string> result;
  for (const Json& name : json) result.push_back(at.text(name, where));
  return result;
}

Index output_index(const Source& source, const std::vector<std::string>& names) {
  if (source.output.empty()) return 0;
  const auto at = std::find(names.begin(), names.end(), source.output);
  if (at == names.end()) {
    throw InputError("there is no output \"" + source.output + "\"; there are: " + model::joined(names));
  }
  return at - names.begin();
}

void read_function(const Json& json, Source& source, const model::JsonPlaces& at, const std::string& where) {
  source.function = at.text(json["function"], where + ".function");
  if (json.contains("inputs")) {
    read_value(json["inputs"], source.inputs, at, where + ".inputs", Range<int>{1, 32});
  }
  if (json.contains("rows")) {
    read_value(json["rows"], source.rows, at, where + ".rows",
               Range<int>{static_cast<int>(data::minimum_rows), 10000000});
  }
  if (json.contains("sampling")) read_value(json["sampling"], source.sampling, at, where + ".sampling");
  try {
    source.inputs = static_cast<int>(data::test_function(source.function, source.inputs).box.size());
  } catch (const InputError& error) {
    at.refuse(where + ".function", error.message());
  }
}

void read_data(const Json& json, Source& source, const model::JsonPlaces& at, const std::string& where,
               const std::string& folder) {
  const std::filesystem::path file = at.text(json["data"], where + ".data");
  source.data = (file.is_absolute() ? file : std::filesystem::absolute(folder / file)).lexically_normal().string();
  for (const char* key : {"inputs", "outputs"}) {
    if (!json.contains(key)) at.refuse(where, "the key \"" + std::string(key) + "\" is missing: columns of the table");
  }
  source.columns_in = names(json["inputs"], at, where + ".inputs");
  source.columns_out = names(json["outputs"], at, where + ".outputs");
  const std::string bytes = read_file(source.data);
  source.hash = hash_of(bytes);
  if (json.contains("hash") && json["hash"] != source.hash) {
    throw InputError(
        "is not the file that was meant: its hash is " + source.hash + ", not " + model::found(json["hash"]),
        source.data);
  }
  static_cast<void>(
      data::dataset(data::read_csv_bytes(bytes, source.data), source.columns_in, source.columns_out, source.data));
  if (json.contains("output")) {
    source.output = at.text(json["output"], where + ".output");
    if (std::find(source.columns_out.begin(), source.columns_out.end(), source.output) == source.columns_out.end()) {
      at.refuse(where + ".output", "\"" + source.output + "\" is not among the outputs");
    }
  }
}

}  // namespace

Source read_source(const Json& json, const model::JsonPlaces& at, const std::string& where, const std::string& folder) {
  Source source;
  if (!json.is_object()) at.refuse(where, "has to be an object, found " + model::found(json));
  if (json.contains("function") == json.contains("data")) {
    at.refuse(where, "needs exactly one of the keys \"function\" and \"data\"");
  }
  if (json.contains("function")) {
    at.keys(json, where, {"function"}, {"name", "inputs", "rows", "sampling", "sense", "description"});
    read_function(json, source, at, where);
    source.name = source.function;
  } else {
    at.keys(json, where, {"data"}, {"name", "inputs", "outputs", "output", "sense", "hash", "description"});
    read_data(json, source, at, where, folder);
    source.name = std::filesystem::path(source.data).stem().string();
  }
  if (json.contains("name")) source.name = at.text(json["name"], where + ".name");
  if (json.contains("sense")) read_value(json["sense"], source.sense, at, where + ".sense");
  return source;
}

Json to_json(const Source& source) {
  Json json = {{"sense", to_string(source.sense)}};
  if (source.data.empty()) {
    json["function"] = source.function;
    json["inputs"] = source.inputs;
    json["rows"] = source.rows;
    json["sampling"] = to_string(source.sampling);
  } else {
    json["data"] = source.data;
    json["hash"] = source.hash;
    json["inputs"] = source.columns_in;
    json["outputs"] = source.columns_out;
    if (!source.output.empty()) json["output"] = source.output;
  }
  return json;
}

SourceData load(const Source& source, std::uint64_t seed) {
  SourceData result;
  data::Dataset all;
  if (source.data.empty()) {
    const data::TestFunction function = data::test_function(source.function, source.inputs);
    all = data::sample(function, source.rows, source.sampling, seed);
    result.box = function.box;
  } else {
    all = data::dataset(data::read_csv(source.data), source.columns_in, source.columns_out, source.data);
    result.box = data::bounding_box(all);
  }
  const data::Split parts = data::split(all, seed, source.data);
  result.parts = {data::rows(all, parts.train), data::rows(all, parts.validation), data::rows(all, parts.test)};
  return result;
}

model::Problem question(const Source& source, const nn::Network& network, const Box& box) {
  Vector objective = Vector::Zero(network.outputs());
  objective(output_index(source, network.output_names)) = 1;
  return model::over_box(network, box, objective, source.sense);
}

Truth judge(const Source& source, const SourceData& data, const Vector& x, double objective) {
  Truth truth;
  const Vector width = data.box.upper - data.box.lower;
  double nearest = std::numeric_limits<double>::infinity();
  for (const auto& row : data.parts.training.x.rowwise()) {
    double sum = 0;
    for (Index j = 0; j < x.size(); ++j) {
      const double step = width(j) > 0 ? (x(j) - row(j)) / width(j) : 0;
      sum += step * step;
    }
    nearest = std::min(nearest, sum);
  }
  truth.data_distance = std::sqrt(nearest / static_cast<double>(std::max<Index>(1, x.size())));
  if (!source.data.empty()) return truth;
  const data::TestFunction function = data::test_function(source.function, source.inputs);
  truth.simulated = function.value(x);
  if (*truth.simulated != 0)
    truth.objective_error = std::abs(objective - *truth.simulated) / std::abs(*truth.simulated);
  if (source.sense == Sense::minimize && function.minimum != 0) {
    truth.regret = (*truth.simulated - function.minimum) / std::abs(function.minimum);
  }
  return truth;
}

}  // namespace secateur::study
