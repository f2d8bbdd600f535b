// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "secateur/core/box.hpp"

namespace secateur::flowsheet {

/// What a simulator reads or returns: a name, a unit (for people; nothing is converted) and what it is.
struct Quantity {
  std::string name, unit, description;
};

/// One simulated point. `outputs` are finite when it has converged; `reason` says why it has not.
struct Simulation {
  bool converged = false;
  Vector outputs;
  std::string reason;
};

/// A model of a plant at steady state: inputs -> outputs, in the engineer's units. Deterministic.
class Simulator {
 public:
  Simulator() = default;
  virtual ~Simulator() = default;
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual const std::vector<Quantity>& inputs() const = 0;
  [[nodiscard]] virtual const std::vector<Quantity>& outputs() const = 0;
  /// How far the inputs may go; simulate() answers outside of it as well, as far as the model goes.
  [[nodiscard]] virtual const Box& box() const = 0;
  /// How many points are worth simulating between two looks at the clock.
  [[nodiscard]] virtual Index batch() const { return 200; }

  /// Many points, one a row; an answer a row. A point that does not converge is an answer. Throws std::invalid_argument
  /// for a wrong number of columns, and InputError when the simulator itself cannot be run.
  [[nodiscard]] std::vector<Simulation> simulate(const Matrix& points) const;
  [[nodiscard]] Simulation simulate(const Vector& point) const;

 private:
  [[nodiscard]] virtual std::vector<Simulation> run(const Matrix& points) const = 0;
};

/// Names of quantities, in their order.
std::vector<std::string> names(const std::vector<Quantity>& quantities);

/// A simulator seen through some of its inputs and outputs: the other inputs are held at fixed values.
class View : public Simulator {
 public:
  /// `inputs`, `outputs`: names in the order of the view; `fixed`: a value for every input that is not among them.
  /// Throws std::invalid_argument for names that the simulator does not have, and inputs without a value.
  View(std::shared_ptr<const Simulator> base, const std::vector<std::string>& inputs,
       const std::vector<std::string>& outputs, const std::map<std::string, double>& fixed = {});

  [[nodiscard]] const std::string& name() const override { return m_base->name(); }
  [[nodiscard]] const std::vector<Quantity>& inputs() const override { return m_inputs; }
  [[nodiscard]] const std::vector<Quantity>& outputs() const override { return m_outputs; }
  [[nodiscard]] const Box& box() const override { return m_box; }
  [[nodiscard]] Index batch() const override { return m_base->batch(); }

 private:
  [[nodiscard]] std::vector<Simulation> run(const Matrix& points) const override;

  std::shared_ptr<const Simulator> m_base;
  std::vector<Quantity> m_inputs, m_outputs;
  std::vector<Index> m_from, m_to;  ///< the base's outputs and inputs that the view's stand for
  Vector m_point;                   ///< of the base, with the fixed values
  Box m_box;
};

}  // namespace secateur::flowsheet
