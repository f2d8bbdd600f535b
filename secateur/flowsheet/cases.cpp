// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "secateur/core/error.hpp"
#include "secateur/flowsheet/case.hpp"
#include "secateur/flowsheet/hydrodealkylation.hpp"
#include "secateur/flowsheet/williams_otto.hpp"
#include "secateur/model/strict_json.hpp"

namespace secateur::flowsheet {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Vector vector(std::initializer_list<double> values) {
  Vector result(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

/// A case whose variables are the simulator's inputs and outputs, in the simulator's units and bounds.
Case make(std::string flowsheet, std::string name, std::string title, std::shared_ptr<const Simulator> simulator,
          Box training) {
  Case result;
  result.flowsheet = std::move(flowsheet);
  result.name = std::move(name);
  result.title = std::move(title);
  result.training = std::move(training);
  std::vector<int> inputs, outputs;
  for (std::size_t i = 0; i < simulator->inputs().size(); ++i) {
    const Quantity& quantity = simulator->inputs()[i];
    model::Variable variable;
    variable.name = quantity.name;
    variable.unit = quantity.unit;
    variable.lower = simulator->box().lower(static_cast<Index>(i));
    variable.upper = simulator->box().upper(static_cast<Index>(i));
    inputs.push_back(result.form.add_variable(std::move(variable)));
  }
  for (const Quantity& quantity : simulator->outputs()) {
    model::Variable variable;
    variable.name = quantity.name;
    variable.unit = quantity.unit;
    outputs.push_back(result.form.add_variable(std::move(variable)));
  }
  result.form.add_network("plant", placeholder(names(simulator->inputs()), names(simulator->outputs())), inputs,
                          outputs);
  result.simulator = std::move(simulator);
  return result;
}

// Each reference is what optimize_directly finds (tests/unit/flowsheet/reference_test.cpp computes them again).

// Williams-Otto. The gross profit is a small difference of large flows: 1 % of F_P is about 100 k$/yr, so it is an
// output of its own. With a price lambda of investment the objective gross - 600 lambda V rho is linear in V.

constexpr double most_product = 4.763;

Case williams_otto_case(std::string name, std::string title, double price) {
  Case result = make("williams-otto", std::move(name), std::move(title),
                     std::make_shared<View>(williams_otto(), std::vector<std::string>{"V", "T", "F_A", "F_B", "eta"},
                                            std::vector<std::string>{"gross", "F_P", "F_G"}),
                     {vector({0.03, 6.2, 9, 20, 0.06}), vector({0.1, 6.8, 17, 40, 0.2})});
  result.form.sense = Sense::maximize;
  result.form.objective = {{5, 1}, {0, -600 * price * williams_otto_density}};
  result.form.add_constraint("product", {{6, 1}}, 0, most_product);
  return result;
}

Case base() {
  Case result = williams_otto_case(
      "base", "gross profit less 30 % of the investment a year, at a product flow of at most 4.763", 0.3);
  result.reference = {vector({0.0994287305, 6.39930440, 11.8804954, 26.7950618, 0.107138297}), 1539.70213};
  return result;
}

Case permit() {
  Case result = williams_otto_case("permit", "the same with a permit for at most 2.2 of waste", 0.3);
  result.form.add_constraint("waste permit", {{7, 1}}, -infinity, 2.2);
  result.reference = {vector({0.1, 6.35178613, 11.7531204, 27.2029306, 0.101763901}), 1483.73818};
  return result;
}

Case catalogue() {
  Case result = williams_otto_case(
      "catalogue", "gross profit less 60 % of the investment a year, with a tank from a list of five", 0.6);
  model::Variable& volume = result.form.variables.front();
  volume.type = model::VariableType::discrete;
  volume.values = {0.03, 0.045, 0.06, 0.08, 0.1};
  result.reference = {vector({0.06, 6.54221213, 12.5217392, 28.3581812, 0.104025579}), 872.504383};
  return result;
}

Case roi() {
  Case result = make(
      "williams-otto", "roi", "return on investment of the smallest tank",
      std::make_shared<View>(williams_otto(), std::vector<std::string>{"T", "F_A", "F_B", "eta"},
                             std::vector<std::string>{"ROI", "F_P", "F_G"}, std::map<std::string, double>{{"V", 0.03}}),
      {vector({6.2, 9, 20, 0.06}), vector({6.8, 17, 40, 0.2})});
  result.form.sense = Sense::maximize;
  result.form.objective = {{4, 1}};
  result.form.add_constraint("product", {{5, 1}}, 0, most_product);
  result.reference = {vector({6.74352502, 13.1409079, 29.9489456, 0.100173120}), 121.108767};
  return result;
}

// Hydrodealkylation. The reactor's outlet temperature does not matter for the cost, as both coolers have one price; it
// is held. Half of the whole box has no liquid in F101 and most of it makes no product, so a part of it is sampled.
// Purity is a ratio that jumps where the product vanishes; n_B >= 0.8 (n_B + n_T) is linear in flows.
Case hydrodealkylation_case() {
  Case result = make("hda", "base", "cost of heating and cooling at 0.15 mol/s of benzene of 80 % purity, losing 20 %",
                     std::make_shared<View>(hydrodealkylation(), std::vector<std::string>{"TH", "T1", "T2", "P2"},
                                            std::vector<std::string>{"cost", "n_B", "n_T", "loss"},
                                            std::map<std::string, double>{{"T_R", 600}}),
                     {vector({500, 298, 357, 105000}), vector({600, 320, 372, 110000})});
  result.form.objective = {{4, 1}};
  result.form.add_constraint("benzene", {{5, 1}}, 0.15, infinity);
  result.form.add_constraint("purity", {{5, 0.2}, {6, -0.8}}, 0, infinity);
  result.form.add_constraint("loss", {{7, 1}}, -infinity, 0.2);
  result.reference = {vector({500, 301.881130, 362.934697, 105000}), 312674.139};
  return result;
}

}  // namespace

const std::vector<Case>& cases() {
  static const std::vector<Case> all{base(), permit(), catalogue(), roi(), hydrodealkylation_case()};
  return all;
}

std::shared_ptr<const Simulator> find_simulator(std::string_view flowsheet) {
  std::vector<std::string> known;
  for (const auto& simulator : {williams_otto(), hydrodealkylation()}) {
    if (simulator->name() == flowsheet) return simulator;
    known.push_back(simulator->name());
  }
  throw InputError("unknown flowsheet \"" + std::string(flowsheet) + "\"; allowed: " + model::joined(known) +
                   ", or a file SPEC.json");
}

const Case& find_case(std::string_view flowsheet, std::string_view name) {
  static_cast<void>(find_simulator(flowsheet));
  std::vector<std::string> known;
  for (const Case& one : cases()) {
    if (one.flowsheet != flowsheet) continue;
    if (one.name == name) return one;
    known.push_back(one.name);
  }
  throw InputError("unknown case \"" + std::string(name) + "\" of " + std::string(flowsheet) +
                   "; allowed: " + model::joined(known));
}

}  // namespace secateur::flowsheet
