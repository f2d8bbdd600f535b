// SPDX-License-Identifier: Apache-2.0
// problem FOLDER: the problem of examples/two-reactors, written in C++, through the installed library. docs/problems.md
// shows the function.
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>

#include <secateur/secateur.hpp>

using namespace secateur;

model::Problem tank_or_tube(nn::Network tank, nn::Network tube) {
  const double none = std::numeric_limits<double>::infinity();
  model::Problem problem;
  const int feed = problem.add_variable({.name = "feed", .unit = "kmol/h", .lower = 10, .upper = 40});
  const int T = problem.add_variable({.name = "T", .unit = "K", .lower = 340, .upper = 400});
  const int choice =
      problem.add_variable({.name = "tube", .type = model::VariableType::binary, .lower = 0, .upper = 1});
  const int sold = problem.add_variable({.name = "sold", .unit = "kmol/h", .lower = 12, .upper = 40});
  const int cost = problem.add_variable({.name = "cost", .unit = "$/h", .lower = 0, .upper = 50});
  const int tank_product = problem.add_variable({.name = "tank_product"});
  const int tank_cost = problem.add_variable({.name = "tank_cost"});
  const int tube_product = problem.add_variable({.name = "tube_product"});
  const int tube_cost = problem.add_variable({.name = "tube_cost"});
  problem.add_network("tank", std::move(tank), {feed, T}, {tank_product, tank_cost});
  problem.add_network("tube", std::move(tube), {feed, T}, {tube_product, tube_cost});
  problem.add_constraint("tank sells what it makes", {{sold, 1}, {tank_product, -1}, {choice, -40}}, -none, 0);
  problem.add_constraint("tube sells what it makes", {{sold, 1}, {tube_product, -1}, {choice, 40}}, -none, 40);
  problem.add_constraint("tank's cost", {{cost, 1}, {tank_cost, -1}, {choice, 50}}, 0, none);
  problem.add_constraint("tube's cost", {{cost, 1}, {tube_cost, -1}, {choice, -50}}, -50, none);
  problem.sense = Sense::maximize;
  problem.objective = {{sold, 3}, {cost, -1}, {feed, -1}, {choice, -7}};
  problem.constant = -5;
  return problem;
}

int main(int, char** arguments) {
  const std::string folder = arguments[1];
  const auto read = [&](const char* name) { return nn::read_network(folder + "/" + name); };
  const model::SolveResult result = mip::solve(tank_or_tube(read("tank.onnx"), read("tube.onnx")), {});
  std::printf("%s: %.6f $/h\n", std::string(to_string(result.status)).c_str(), result.objective.value_or(0));
  return result.status == Status::optimal && std::abs(*result.objective - 2.609232) < 1e-3 ? 0 : 1;
}
