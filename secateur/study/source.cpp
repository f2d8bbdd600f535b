// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/source.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/data/functions.hpp"
#include "secateur/data/table.hpp"
#include "secateur/flowsheet/case.hpp"
#include "secateur/flowsheet/sample.hpp"
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

void read_sample(const Json& json, Source& source, const model::JsonPlaces& at, const std::string& where) {
  if (json.contains("rows")) {
    read_value(json["rows"], source.rows, at, where + ".rows",
               Range<int>{static_cast<int>(data::minimum_rows), 10000000});
  }
  if (json.contains("sampling")) read_value(json["sampling"], source.sampling, at, where + ".sampling");
}

void read_function(const Json& json, Source& source, const model::JsonPlaces& at, const std::string& where) {
  source.function = at.text(json["function"], where + ".function");
  if (json.contains("inputs")) {
    read_value(json["inputs"], source.inputs, at, where + ".inputs", Range<int>{1, 32});
  }
  read_sample(json, source, at, where);
  try {
    source.inputs = static_cast<int>(data::test_function(source.function, source.inputs).box.size());
  } catch (const InputError& error) {
    at.refuse(where + ".function", error.message());
  }
}

void read_flowsheet(const Json& json, Source& source, const model::JsonPlaces& at, const std::string& where) {
  source.flowsheet = at.text(json["flowsheet"], where + ".flowsheet");
  source.plant = at.text(json["case"], where + ".case");
  read_sample(json, source, at, where);
  try {
    source.sense = flowsheet::find_case(source.flowsheet, source.plant).form.sense;
  } catch (const InputError& error) {
    at.refuse(where, error.message());
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

data::Dataset table_of(const Source& source) {
  return data::dataset(data::read_csv(source.data), source.columns_in, source.columns_out, source.data);
}

/// To the nearest training row, in box widths, root mean square over inputs.
double distance(const Vector& x, const SourceData& data) {
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
  return std::sqrt(nearest / static_cast<double>(std::max<Index>(1, x.size())));
}

}  // namespace

Source read_source(const Json& json, const model::JsonPlaces& at, const std::string& where, const std::string& folder) {
  Source source;
  if (!json.is_object()) at.refuse(where, "has to be an object, found " + model::found(json));
  if (json.contains("function") + json.contains("data") + json.contains("flowsheet") != 1) {
    at.refuse(where, "needs exactly one of the keys \"function\", \"data\" and \"flowsheet\"");
  }
  if (json.contains("function")) {
    at.keys(json, where, {"function"}, {"name", "inputs", "rows", "sampling", "sense", "description"});
    read_function(json, source, at, where);
    source.name = source.function;
  } else if (json.contains("flowsheet")) {
    at.keys(json, where, {"flowsheet", "case"}, {"name", "rows", "sampling", "description"});
    read_flowsheet(json, source, at, where);
    source.name = source.flowsheet + " " + source.plant;
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
  Json json;
  if (source.data.empty()) {
    json["rows"] = source.rows;
    json["sampling"] = to_string(source.sampling);
  }
  if (!source.flowsheet.empty()) {
    json["flowsheet"] = source.flowsheet;
    json["case"] = source.plant;
    return json;
  }
  json["sense"] = to_string(source.sense);
  if (!source.function.empty()) {
    json["function"] = source.function;
    json["inputs"] = source.inputs;
  } else {
    json["data"] = source.data;
    json["hash"] = source.hash;
    json["inputs"] = source.columns_in;
    json["outputs"] = source.columns_out;
    if (!source.output.empty()) json["output"] = source.output;
  }
  return json;
}

Box box_of(const Source& source) {
  if (!source.flowsheet.empty()) return flowsheet::find_case(source.flowsheet, source.plant).training;
  if (!source.function.empty()) return data::test_function(source.function, source.inputs).box;
  return data::bounding_box(table_of(source));
}

SourceData load(const Source& source, std::uint64_t seed) {
  SourceData result;
  data::Dataset all;
  if (!source.flowsheet.empty()) {
    const flowsheet::Case& plant = flowsheet::find_case(source.flowsheet, source.plant);
    flowsheet::Sample sample =
        flowsheet::simulate(*plant.simulator, data::sample(plant.training, source.rows, source.sampling, seed));
    all = std::move(sample.data);
    result.failed = sample.failed.rows();
  } else if (!source.function.empty()) {
    all = data::sample(data::test_function(source.function, source.inputs), source.rows, source.sampling, seed);
  } else {
    all = table_of(source);
  }
  result.box = source.data.empty() ? box_of(source) : data::bounding_box(all);
  result.parts = data::parts(all, seed, source.data);
  return result;
}

model::Problem question(const Source& source, const nn::Network& network, const Box& box) {
  if (!source.flowsheet.empty()) return flowsheet::find_case(source.flowsheet, source.plant).problem(network);
  Vector objective = Vector::Zero(network.outputs());
  objective(output_index(source, network.output_names)) = 1;
  return model::over_box(network, box, objective, source.sense);
}

Truth judge(const Source& source, const SourceData& data, const Vector& x, double objective) {
  Truth truth;
  const Vector inputs =
      source.flowsheet.empty() ? x : flowsheet::find_case(source.flowsheet, source.plant).network_inputs(x);
  truth.data_distance = distance(inputs, data);
  if (!source.data.empty()) return truth;
  double optimum = 0;
  if (!source.flowsheet.empty()) {
    const flowsheet::Case& plant = flowsheet::find_case(source.flowsheet, source.plant);
    const flowsheet::Case::Evaluation found = plant.evaluate(x);
    if (!found.simulation.converged) return truth;
    truth.simulated = found.objective;
    truth.violation = found.violation;
    if (plant.reference) optimum = plant.reference->objective;
  } else {
    const data::TestFunction function = data::test_function(source.function, source.inputs);
    truth.simulated = function.value(x);
    // Of the largest value nothing is known.
    if (source.sense == Sense::minimize) optimum = function.minimum;
  }
  if (*truth.simulated != 0) {
    truth.objective_error = std::abs(objective - *truth.simulated) / std::abs(*truth.simulated);
  }
  if (optimum != 0) truth.regret = flowsheet::regret(*truth.simulated, optimum, source.sense);
  return truth;
}

}  // namespace secateur::study
