// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <memory>

#include "secateur/flowsheet/case.hpp"

namespace secateur::flowsheet {

/// (x - 1)^2 + (y - 2)^2 over x in [-3, 3], y in [-3, 3]; there is no answer for x + y below -4.
class Paraboloid : public Simulator {
 public:
  Paraboloid()
      : Simulator({"paraboloid",
                   {{"x", "", ""}, {"y", "", ""}},
                   {{"f", "", ""}},
                   {Vector::Constant(2, -3), Vector::Constant(2, 3)}}) {}

 private:
  [[nodiscard]] Simulation run(const Vector& at) const override {
    const double x = at(0), y = at(1);
    if (x + y < -4) return {false, {}, "too low"};
    return {true, Vector::Constant(1, (x - 1) * (x - 1) + (y - 2) * (y - 2)), {}};
  }
};

/// min f.
inline Case paraboloid() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Case plant;
  plant.simulator = std::make_shared<Paraboloid>();
  plant.training = plant.simulator->box();
  for (const char* name : {"x", "y"}) {
    plant.form.add_variable({name, "", model::VariableType::continuous, -3, 3, {}});
  }
  plant.form.add_variable({"f", "", model::VariableType::continuous, -infinity, infinity, {}});
  plant.form.add_network("n", placeholder({"x", "y"}, {"f"}), {0, 1}, {2});
  plant.form.objective = {{2, 1}};
  return plant;
}

}  // namespace secateur::flowsheet
