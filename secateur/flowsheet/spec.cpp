// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/data/table.hpp"
#include "secateur/flowsheet/command.hpp"
#include "secateur/model/problem_json.hpp"
#include "secateur/model/strict_json.hpp"

namespace secateur::flowsheet {

namespace {

using Json = nlohmann::json;
using model::in_quotes;

class Reader : model::JsonPlaces {
 public:
  explicit Reader(std::string file)
      : JsonPlaces(std::move(file)), m_folder(std::filesystem::path(this->file()).parent_path()) {}

  Case read() {
    const Json json = model::parse_json(read_file(file()), file());
    keys(json, "the specification", {"version", "variables", "simulator", "objective"},
         {"constraints", "name", "description"});
    const Json& simulator = json["simulator"];
    keys(simulator, "simulator", {"inputs", "outputs"},
         {"command", "timeout_seconds", "processes", "data", "description"});
    read_wiring(json["variables"], simulator);
    const bool command = simulator.contains("command"), data = simulator.contains("data");
    if (command == data) {
      refuse("simulator",
             std::string(command ? "has both \"command\" and \"data\"" : "has neither \"command\" nor \"data\"") +
                 "; exactly one is needed");
    }
    Case plant;
    plant.form = form(json);
    plant.flowsheet = plant.title = std::filesystem::path(file()).stem().string();
    if (json.contains("name")) plant.flowsheet = json["name"].get<std::string>();
    if (json.contains("description")) plant.title = json["description"].get<std::string>();
    plant.training = box(plant.form, data);
    if (command) {
      plant.simulator =
          std::make_shared<Command>(Simulator::Description{plant.flowsheet, quantities(plant.form, json, m_inputs),
                                                           quantities(plant.form, json, m_outputs), plant.training},
                                    read_command(simulator));
    } else {
      for (const char* key : {"timeout_seconds", "processes"}) {
        if (simulator.contains(key)) refuse("simulator", std::string("\"") + key + "\" goes with \"command\"");
      }
      read_data(plant, text(simulator["data"], "simulator.data"));
    }
    return plant;
  }

 private:
  /// Everything but the simulator is a problem; the simulator stands in it as a network of its inputs and outputs.
  model::Problem form(const Json& json) const {
    Json problem = json;
    problem.erase("simulator");
    problem["networks"] =
        Json::array({{{"name", "simulator"}, {"file", ""}, {"inputs", m_inputs}, {"outputs", m_outputs}}});
    model::Problem result = model::parse_problem(problem.dump(), file(),
                                                 [&](const std::string&) { return placeholder(m_inputs, m_outputs); });
    limits_to_constraints(result);
    return result;
  }

  void read_wiring(const Json& variables, const Json& simulator) {
    if (!variables.is_array()) refuse("variables", "has to be a list, found " + model::found(variables));
    std::set<std::string> declared;
    for (const Json& variable : variables) {
      if (variable.is_object() && variable.contains("name") && variable["name"].is_string()) {
        declared.insert(variable["name"].get<std::string>());
      }
    }
    m_inputs = names(simulator["inputs"], "simulator.inputs");
    m_outputs = names(simulator["outputs"], "simulator.outputs");
    for (const std::string& name : m_inputs) {
      if (std::find(m_outputs.begin(), m_outputs.end(), name) != m_outputs.end()) {
        refuse("simulator.outputs", in_quotes(name) + " is an input as well");
      }
      if (!declared.contains(name)) {
        refuse("simulator.inputs", "there is no variable " + in_quotes(name) +
                                       "; known: " + (declared.empty() ? "none" : model::joined(declared)));
      }
    }
  }

  std::vector<std::string> names(const Json& json, const std::string& where) const {
    if (!json.is_array() || json.empty()) refuse(where, "has to be a list of names, found " + model::found(json));
    std::vector<std::string> result;
    for (const Json& name : json) {
      result.push_back(text(name, where));
      if (result.back().empty()) refuse(where, "a name is empty");
      if (std::count(result.begin(), result.end(), result.back()) > 1) {
        refuse(where, in_quotes(result.back()) + " stands there twice");
      }
    }
    return result;
  }

  /// Where the inputs are sampled: their bounds. With data infinite ones are narrowed later.
  Box box(const model::Problem& form, bool data) const {
    const auto& inputs = form.networks.front().inputs;
    Box result{Vector(static_cast<Index>(inputs.size())), Vector(static_cast<Index>(inputs.size()))};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const model::Variable& variable = form.variables[static_cast<std::size_t>(inputs[i])];
      double lower = variable.lower, upper = variable.upper;
      if (variable.type == model::VariableType::discrete) {
        lower = std::max(lower, variable.values.front());
        upper = std::min(upper, variable.values.back());
      }
      if (!data && !(std::isfinite(lower) && std::isfinite(upper))) {
        refuse("variable " + in_quotes(variable.name),
               "needs finite lower and upper bounds: the simulator is sampled between them");
      }
      result.lower(static_cast<Index>(i)) = lower;
      result.upper(static_cast<Index>(i)) = upper;
    }
    return result;
  }

  static std::vector<Quantity> quantities(const model::Problem& form, const Json& json,
                                          const std::vector<std::string>& names) {
    std::map<std::string, Quantity> known;
    for (const model::Variable& variable : form.variables) known[variable.name] = {variable.name, variable.unit, {}};
    for (const Json& variable : json["variables"]) {
      if (variable.contains("description")) {
        known[variable["name"].get<std::string>()].description = variable["description"].get<std::string>();
      }
    }
    std::vector<Quantity> result;
    for (const std::string& name : names) result.push_back(known[name]);
    return result;
  }

  Command::Settings read_command(const Json& simulator) const {
    const Json& words = simulator["command"];
    if (!words.is_array() || words.empty()) {
      refuse("simulator.command", "has to be a list: the program, then its arguments; found " + model::found(words));
    }
    Command::Settings settings;
    settings.file = file();
    settings.folder = m_folder;
    for (const Json& word : words) {
      settings.words.push_back(text(word, "simulator.command"));
      // What the operating system takes ends at a zero.
      if (settings.words.back().find('\0') != std::string::npos)
        refuse("simulator.command", "a word holds a zero byte");
    }
    if (settings.words.front().empty()) refuse("simulator.command", "the name of the program is empty");
    if (simulator.contains("timeout_seconds")) {
      const Json& timeout = simulator["timeout_seconds"];
      settings.timeout_seconds = number(timeout, "simulator.timeout_seconds");
      if (!(settings.timeout_seconds > 0 && settings.timeout_seconds <= 1e7)) {
        refuse("simulator.timeout_seconds", "has to be above 0 and at most 1e7, found " + model::found(timeout));
      }
    }
    if (simulator.contains("processes")) {
      const Json& processes = simulator["processes"];
      if (!processes.is_number_integer() || processes < 1 || processes > 256) {
        refuse("simulator.processes", "has to be a whole number from 1 to 256, found " + model::found(processes));
      }
      settings.processes = processes.get<int>();
    }
    return settings;
  }

  void read_data(Case& plant, const std::string& name) const {
    const std::filesystem::path given(name), path = given.is_absolute() ? given : m_folder / given;
    const data::Table table = data::read_answers(read_file(path), path.string());
    const Matrix x = data::select(table, m_inputs, path.string()), y = data::select(table, m_outputs, path.string());
    for (Index i = 0; i < x.rows(); ++i) {
      for (Index k = 0; k < x.cols(); ++k) {
        if (std::isfinite(x(i, k))) continue;
        throw InputError(fmt::format("the input {} is missing or not finite; only outputs may be",
                                     in_quotes(m_inputs[static_cast<std::size_t>(k)])),
                         path.string(), fmt::format("row {} behind the header", i + 1));
      }
    }
    std::vector<Simulation> answers;
    for (Index i = 0; i < x.rows(); ++i) {
      answers.push_back(plant.training.contains(x.row(i).transpose())
                            ? answer(y.row(i).transpose())
                            : Simulation{false, {}, "outside the bounds of the variables"});
    }
    auto sample = std::make_shared<Sample>(sorted(m_inputs, m_outputs, x, std::move(answers)));
    if (sample->data.rows() == 0) {
      throw InputError("there is nothing to learn from: " + describe_failures(*sample), path.string());
    }
    // The surrogate knows nothing beyond its data.
    plant.training = data::bounding_box(sample->data);
    plant.data = std::move(sample);
  }

  std::filesystem::path m_folder;
  std::vector<std::string> m_inputs, m_outputs;
};

}  // namespace

Case read_spec(const std::string& file) { return Reader(file).read(); }

}  // namespace secateur::flowsheet
