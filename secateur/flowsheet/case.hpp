// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/flowsheet/sample.hpp"
#include "secateur/flowsheet/simulator.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::flowsheet {

/// The best operating point known of the plant itself: decisions and objective.
struct Reference {
  Vector x;
  double objective = 0;
};

/// What is asked of a plant: a problem in which the plant stands as one network that has yet to be trained. The same
/// problem is solved with a surrogate in its place and judged with the simulator in its place.
struct Case {
  std::string flowsheet, name, title;
  /// From the network's inputs to its outputs, in the order of both; empty when there is only data.
  std::shared_ptr<const Simulator> simulator;
  /// What there is instead of a simulator: points of the training box, in the order of the network's inputs and
  /// outputs.
  std::shared_ptr<const Sample> data;
  /// Its only network is a placeholder (all weights zero) of the right inputs and outputs. Bounds of variables are how
  /// far the plant may go; limits of outputs stand as constraints.
  model::Problem form;
  Box training;  ///< where the network's inputs are sampled at first
  std::optional<Reference> reference;

  /// Names of the network's inputs and outputs.
  [[nodiscard]] std::vector<std::string> inputs() const;
  [[nodiscard]] std::vector<std::string> outputs() const;
  /// Indices into form.variables of what is free to choose, in the order of a solve's x.
  [[nodiscard]] std::vector<int> decisions() const;

  /// The problem with the network in its place. Its inputs stay inside `region` (default: the training box) and the
  /// variables' own bounds. `bias`, an entry a constraint, is added to the constraint's sum (default: zero).
  [[nodiscard]] model::Problem problem(const nn::Network& network) const { return problem(network, training, {}); }
  [[nodiscard]] model::Problem problem(const nn::Network& network, const Box& region, const Vector& bias) const;

  /// One entry a variable, from the decisions and the outputs of plant or network.
  [[nodiscard]] Vector point(const Vector& decisions, const Vector& outputs) const;
  /// The network's inputs, from the decisions.
  [[nodiscard]] Vector network_inputs(const Vector& decisions) const;
  /// By how much constraints and bounds are violated at such a point, at most: each divided by the size of the side
  /// that it violates, or if that is zero by the sum of its terms' sizes.
  [[nodiscard]] double violation(const Vector& point) const;

  /// What the plant itself does at given decisions. Throws std::logic_error without a simulator.
  struct Evaluation {
    Simulation simulation;
    double objective = 0, violation = 0;  ///< of a simulation that has converged
  };
  [[nodiscard]] Evaluation evaluate(const Vector& decisions) const;
};

/// A network of these inputs and outputs whose weights are zero.
nn::Network placeholder(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs);

/// Limits of the network's outputs become constraints, so that each can be corrected by itself.
void limits_to_constraints(model::Problem& form);

/// The case studies: williams-otto base, permit, catalogue, roi; hda base.
const std::vector<Case>& cases();
/// Throws InputError naming what is there.
const Case& find_case(std::string_view flowsheet, std::string_view name);
/// The whole simulator of a case study. Throws InputError naming what is there.
std::shared_ptr<const Simulator> find_simulator(std::string_view flowsheet);

/// (reference - simulated) / |reference| when maximising, the negative of it when minimising.
double regret(double simulated, double reference, Sense sense);

}  // namespace secateur::flowsheet
