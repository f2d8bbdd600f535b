// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/stop.hpp"

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
  struct Description {
    std::string name;
    std::vector<Quantity> inputs, outputs;
    Box box;  ///< how far the inputs may go; simulate() answers outside of it as well, as far as the model goes
  };
  explicit Simulator(Description description) : m_description(std::move(description)) {}
  virtual ~Simulator() = default;
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  [[nodiscard]] const std::string& name() const { return m_description.name; }
  [[nodiscard]] const std::vector<Quantity>& inputs() const { return m_description.inputs; }
  [[nodiscard]] const std::vector<Quantity>& outputs() const { return m_description.outputs; }
  [[nodiscard]] const Box& box() const { return m_description.box; }

  /// Many points, one a row; an answer a row. A point that does not converge is an answer. Throws std::invalid_argument
  /// for a wrong number of columns. Ends with the points answered so far when `stop` says so.
  [[nodiscard]] std::vector<Simulation> simulate(const Matrix& points, const Stop& stop = Stop()) const;
  /// An answer without convergence when it was interrupted.
  [[nodiscard]] Simulation simulate(const Vector& point) const;

  /// How many points a caller had better ask for at once.
  [[nodiscard]] virtual Index batch() const { return 200; }

 private:
  /// One point, of as many values as there are inputs.
  [[nodiscard]] virtual Simulation run(const Vector& point) const = 0;
  /// Many of them; as simulate().
  [[nodiscard]] virtual std::vector<Simulation> run_all(const Matrix& points, const Stop& stop) const;

  Description m_description;
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

  [[nodiscard]] Index batch() const override { return m_base->batch(); }

 private:
  [[nodiscard]] Simulation run(const Vector& point) const override;
  [[nodiscard]] std::vector<Simulation> run_all(const Matrix& points, const Stop& stop) const override;

  std::shared_ptr<const Simulator> m_base;
  std::vector<Index> m_to, m_from;  ///< the base's inputs and outputs that the view's stand for
  Vector m_point;                   ///< of the base, with the fixed values
};

}  // namespace secateur::flowsheet
