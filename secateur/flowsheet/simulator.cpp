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

}  // namespace

std::vector<Simulation> Simulator::simulate(const Matrix& points) const {
  if (points.cols() != static_cast<Index>(inputs().size())) {
    throw std::invalid_argument("a point of " + std::to_string(points.cols()) + " values for " +
                                std::to_string(inputs().size()) + " inputs");
  }
  if (points.rows() == 0) return {};
  return run(points);
}

Simulation Simulator::simulate(const Vector& point) const { return simulate(Matrix(point.transpose())).front(); }

std::vector<std::string> names(const std::vector<Quantity>& quantities) {
  std::vector<std::string> result;
  for (const Quantity& quantity : quantities) result.push_back(quantity.name);
  return result;
}

View::View(std::shared_ptr<const Simulator> base, const std::vector<std::string>& inputs,
           const std::vector<std::string>& outputs, const std::map<std::string, double>& fixed)
    : m_base(std::move(base)) {
  const auto& all = m_base->inputs();
  std::vector<bool> known(all.size());
  m_point = Vector::Zero(static_cast<Index>(all.size()));
  for (const auto& [name, value] : fixed) {
    const Index k = position(all, name);
    known[static_cast<std::size_t>(k)] = true;
    m_point(k) = value;
  }
  m_box = {Vector(static_cast<Index>(inputs.size())), Vector(static_cast<Index>(inputs.size()))};
  for (const std::string& name : inputs) {
    const Index k = position(all, name);
    known[static_cast<std::size_t>(k)] = true;
    const auto i = static_cast<Index>(m_to.size());
    m_box.lower(i) = m_base->box().lower(k);
    m_box.upper(i) = m_base->box().upper(k);
    m_to.push_back(k);
    m_inputs.push_back(all[static_cast<std::size_t>(k)]);
  }
  if (std::find(known.begin(), known.end(), false) != known.end()) {
    throw std::invalid_argument("an input is neither free nor fixed");
  }
  for (const std::string& name : outputs) {
    m_from.push_back(position(m_base->outputs(), name));
    m_outputs.push_back(m_base->outputs()[static_cast<std::size_t>(m_from.back())]);
  }
}

std::vector<Simulation> View::run(const Matrix& points) const {
  Matrix full = m_point.transpose().replicate(points.rows(), 1);
  for (std::size_t i = 0; i < m_to.size(); ++i) full.col(m_to[i]) = points.col(static_cast<Index>(i));
  std::vector<Simulation> simulations = m_base->simulate(full);
  for (Simulation& simulation : simulations) {
    if (simulation.converged) simulation.outputs = Vector(simulation.outputs(m_from));
  }
  return simulations;
}

}  // namespace secateur::flowsheet
