// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/simulator.hpp"

#include <algorithm>
#include <stdexcept>

namespace secateur::flowsheet {

namespace {

Index position(const std::vector<Quantity>& quantities, const std::string& name) {
  const auto found =
      std::find_if(quantities.begin(), quantities.end(), [&](const Quantity& q) { return q.name == name; });
  if (found == quantities.end()) throw std::invalid_argument("the simulator has no quantity " + name);
  return found - quantities.begin();
}

std::vector<Index> positions(const std::vector<Quantity>& quantities, const std::vector<std::string>& names) {
  std::vector<Index> result;
  for (const std::string& name : names) result.push_back(position(quantities, name));
  return result;
}

Simulator::Description restricted(const Simulator& base, const std::vector<Index>& inputs,
                                  const std::vector<Index>& outputs) {
  Simulator::Description part{base.name(), {}, {}, {base.box().lower(inputs), base.box().upper(inputs)}};
  for (const Index k : inputs) part.inputs.push_back(base.inputs()[static_cast<std::size_t>(k)]);
  for (const Index k : outputs) part.outputs.push_back(base.outputs()[static_cast<std::size_t>(k)]);
  return part;
}

}  // namespace

std::vector<Simulation> Simulator::simulate(const Matrix& points, const Stop& stop) const {
  if (points.cols() != static_cast<Index>(inputs().size())) {
    throw std::invalid_argument("a point of " + std::to_string(points.cols()) + " values for " +
                                std::to_string(inputs().size()) + " inputs");
  }
  return run_all(points, stop);
}

Simulation Simulator::simulate(const Vector& point) const {
  const std::vector<Simulation> answers = simulate(Matrix(point.transpose()));
  return answers.empty() ? Simulation{false, {}, "interrupted"} : answers.front();
}

std::vector<Simulation> Simulator::run_all(const Matrix& points, const Stop& stop) const {
  std::vector<Simulation> answers;
  for (Index i = 0; i < points.rows() && !stop.reason(); ++i) answers.push_back(run(points.row(i).transpose()));
  return answers;
}

std::vector<std::string> names(const std::vector<Quantity>& quantities) {
  std::vector<std::string> result;
  for (const Quantity& quantity : quantities) result.push_back(quantity.name);
  return result;
}

View::View(std::shared_ptr<const Simulator> base, const std::vector<std::string>& inputs,
           const std::vector<std::string>& outputs, const std::map<std::string, double>& fixed)
    : Simulator(restricted(*base, positions(base->inputs(), inputs), positions(base->outputs(), outputs))),
      m_base(std::move(base)),
      m_to(positions(m_base->inputs(), inputs)),
      m_from(positions(m_base->outputs(), outputs)) {
  std::vector<bool> known(m_base->inputs().size());
  m_point = Vector::Zero(static_cast<Index>(known.size()));
  for (const auto& [name, value] : fixed) {
    const Index k = position(m_base->inputs(), name);
    known[static_cast<std::size_t>(k)] = true;
    m_point(k) = value;
  }
  for (const Index k : m_to) known[static_cast<std::size_t>(k)] = true;
  if (std::find(known.begin(), known.end(), false) != known.end()) {
    throw std::invalid_argument("an input is neither free nor fixed");
  }
}

Simulation View::run(const Vector& point) const { return simulate(point); }

std::vector<Simulation> View::run_all(const Matrix& points, const Stop& stop) const {
  Matrix full = m_point.transpose().replicate(points.rows(), 1);
  full(Eigen::all, m_to) = points;
  std::vector<Simulation> answers = m_base->simulate(full, stop);
  for (Simulation& simulation : answers) {
    if (simulation.converged) simulation.outputs = Vector(simulation.outputs(m_from));
  }
  return answers;
}

}  // namespace secateur::flowsheet
