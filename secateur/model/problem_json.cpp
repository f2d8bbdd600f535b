// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/problem_json.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "secateur/core/file.hpp"
#include "secateur/model/strict_json.hpp"
#include "secateur/nn/read.hpp"

namespace secateur::model {

namespace {

using Json = nlohmann::json;

class Reader : JsonPlaces {
 public:
  Reader(std::string file, const std::function<nn::Network(const std::string&)>& read_network)
      : JsonPlaces(std::move(file)), m_read_network(read_network) {}

  Problem read(const Json& json) {
    keys(json, "the problem", {"version", "objective"},
         {"variables", "networks", "constraints", "name", "description"});
    const Json& version = json["version"];
    if (version != 1) refuse("version", "has to be 1, found " + found(version));
    const Json none = Json::array();
    const auto list = [&](const char* key) -> const Json& {
      if (!json.contains(key)) return none;
      if (!json[key].is_array()) refuse(key, "has to be a list, found " + found(json[key]));
      return json[key];
    };
    for (const char* key : {"name", "description"}) {
      if (json.contains(key)) static_cast<void>(text(json[key], key));
    }
    std::size_t index = 0;
    for (const Json& variable : list("variables")) add_variable(variable, entry("variables", index++));
    read_networks(list("networks"));
    index = 0;
    std::set<std::string> names;
    for (const Json& constraint : list("constraints")) add_constraint(constraint, entry("constraints", index++), names);
    add_objective(json["objective"]);
    check(m_problem, file());
    return std::move(m_problem);
  }

 private:
  static std::string entry(const char* list, std::size_t index) {
    return std::string(list).append("[").append(std::to_string(index)).append("]");
  }

  /// lower and upper of an object; absent or null: none.
  template <class Bounded>
  void read_sides(const Json& object, const std::string& where, Bounded& target) const {
    if (object.contains("lower") && !object["lower"].is_null())
      target.lower = number(object["lower"], where + ".lower");
    if (object.contains("upper") && !object["upper"].is_null())
      target.upper = number(object["upper"], where + ".upper");
  }

  std::string name_of(const Json& object, const std::string& where) const {
    const std::string name = text(object["name"], where + ".name");
    if (name.empty()) refuse(where + ".name", "is empty");
    return name;
  }

  void declare(Variable variable, const std::string& where) {
    const std::string name = variable.name;
    if (m_variables.contains(name)) refuse(where, "the variable " + in_quotes(name) + " is declared twice");
    m_variables[name] = m_problem.add_variable(std::move(variable));
  }

  void add_variable(const Json& json, const std::string& where) {
    keys(json, where, {"name"}, {"unit", "type", "lower", "upper", "values", "description"});
    Variable variable;
    variable.name = name_of(json, where);
    const std::string place = where + " " + in_quotes(variable.name);
    if (json.contains("unit")) variable.unit = text(json["unit"], place + ".unit");
    if (json.contains("description")) static_cast<void>(text(json["description"], place + ".description"));
    if (json.contains("type")) {
      const auto type = from_string<VariableType>(text(json["type"], place + ".type"));
      if (!type) {
        refuse(place + ".type",
               "unknown type " + found(json["type"]) + "; allowed: " + joined(Names<VariableType>::value));
      }
      variable.type = *type;
    }
    if (variable.type == VariableType::binary) {
      variable.lower = 0;
      variable.upper = 1;
    }
    read_sides(json, place, variable);
    if (json.contains("values")) {
      if (variable.type != VariableType::discrete) refuse(place + ".values", "only a discrete variable has values");
      if (!json["values"].is_array()) refuse(place + ".values", "has to be a list of numbers");
      for (const Json& value : json["values"]) variable.values.push_back(number(value, place + ".values"));
      std::sort(variable.values.begin(), variable.values.end());
    } else if (variable.type == VariableType::discrete) {
      refuse(place, "a discrete variable needs the key \"values\"");
    }
    declare(std::move(variable), where);
  }

  std::vector<std::string> names(const Json& json, const std::string& where) const {
    if (!json.is_array()) refuse(where, "has to be a list of names, found " + found(json));
    std::vector<std::string> result;
    for (const Json& name : json) result.push_back(text(name, where));
    return result;
  }

  static std::string counted(std::size_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  }

  int variable(const std::string& name, const std::string& where) const {
    const auto known = m_variables.find(name);
    if (known != m_variables.end()) return known->second;
    std::vector<std::string> all;
    for (const auto& [declared, index] : m_variables) {
      if (all.size() < 12) all.push_back(declared);
    }
    if (m_variables.size() > all.size()) all.emplace_back("...");
    refuse(where, "there is no variable " + in_quotes(name) + "; known: " + (all.empty() ? "none" : joined(all)));
  }

  /// Outputs first, all of them: an input may be what a later network determines.
  void read_networks(const Json& list) {
    struct Wiring {
      std::string where;
      std::vector<std::string> inputs;
      std::vector<int> outputs;
      nn::Network network;
      std::string name;
    };
    std::vector<Wiring> wirings;
    std::set<std::string> known;
    std::map<std::string, std::string> owner;
    std::size_t index = 0;
    for (const Json& json : list) {
      Wiring wiring;
      wiring.where = entry("networks", index++);
      keys(json, wiring.where, {"name", "file", "inputs", "outputs"}, {"description"});
      wiring.name = name_of(json, wiring.where);
      wiring.where.append(" ").append(in_quotes(wiring.name));
      if (!known.insert(wiring.name).second) refuse(wiring.where, "the name is given to two networks");
      wiring.inputs = names(json["inputs"], wiring.where + ".inputs");
      const std::vector<std::string> outputs = names(json["outputs"], wiring.where + ".outputs");
      wiring.network = m_read_network(text(json["file"], wiring.where + ".file"));
      expect(wiring.inputs.size(), wiring.network.inputs(), "input", wiring.where + ".inputs");
      expect(outputs.size(), wiring.network.outputs(), "output", wiring.where + ".outputs");
      for (const std::string& name : outputs) {
        if (name.empty()) refuse(wiring.where + ".outputs", "a name is empty");
        const auto [first, fresh] = owner.emplace(name, wiring.name);
        if (!fresh) {
          refuse(wiring.where + ".outputs", in_quotes(name) + " is an output of this network and of " +
                                                in_quotes(first->second) + " (or twice of one)");
        }
        if (!m_variables.contains(name)) {
          Variable free;
          free.name = name;
          declare(std::move(free), wiring.where);
        }
        wiring.outputs.push_back(m_variables[name]);
      }
      wirings.push_back(std::move(wiring));
    }
    for (Wiring& wiring : wirings) {
      std::vector<int> inputs;
      for (const std::string& name : wiring.inputs) inputs.push_back(variable(name, wiring.where + ".inputs"));
      m_problem.add_network(wiring.name, std::move(wiring.network), std::move(inputs), std::move(wiring.outputs));
    }
  }

  void expect(std::size_t count, Index expected, const char* what, const std::string& where) const {
    if (static_cast<Index>(count) == expected) return;
    refuse(where, counted(count, what) + ", but the network has " + counted(static_cast<std::size_t>(expected), what));
  }

  std::vector<Term> terms(const Json& json, const std::string& where) const {
    if (!json.is_object()) refuse(where, "has to be an object of name: coefficient, found " + found(json));
    std::vector<Term> result;
    const std::string inside = where + ".";
    for (const auto& [name, coefficient] : json.items()) {
      result.push_back({variable(name, where), number(coefficient, inside + name)});
    }
    return result;
  }

  void add_constraint(const Json& json, const std::string& where, std::set<std::string>& known) {
    keys(json, where, {"terms"}, {"name", "lower", "upper", "description"});
    Constraint constraint;
    constraint.name = json.contains("name") ? name_of(json, where) : where;
    const std::string place = where + " " + in_quotes(constraint.name);
    if (!known.insert(constraint.name).second) refuse(place, "the name is given to two constraints");
    constraint.terms = terms(json["terms"], place + ".terms");
    read_sides(json, place, constraint);
    if (std::isinf(constraint.lower) && std::isinf(constraint.upper)) {
      refuse(place, "needs lower, upper or both");
    }
    m_problem.constraints.push_back(std::move(constraint));
  }

  void add_objective(const Json& json) {
    keys(json, "objective", {"terms"}, {"sense", "constant"});
    if (json.contains("sense")) {
      const auto sense = from_string<Sense>(text(json["sense"], "objective.sense"));
      if (!sense) {
        refuse("objective.sense",
               "unknown sense " + found(json["sense"]) + "; allowed: " + joined(Names<Sense>::value));
      }
      m_problem.sense = *sense;
    }
    m_problem.objective = terms(json["terms"], "objective.terms");
    if (json.contains("constant")) m_problem.constant = number(json["constant"], "objective.constant");
  }

  const std::function<nn::Network(const std::string&)>& m_read_network;
  Problem m_problem;
  std::map<std::string, int> m_variables;
};

}  // namespace

Problem parse_problem(std::string_view bytes, const std::string& file,
                      const std::function<nn::Network(const std::string&)>& read_network) {
  return Reader(file, read_network).read(parse_json(bytes, file));
}

Problem read_problem(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  return parse_problem(read_file(file), file, [&](const std::string& name) {
    const std::filesystem::path path(name);
    return nn::read_network((path.is_absolute() ? path : folder / path).string());
  });
}

}  // namespace secateur::model
