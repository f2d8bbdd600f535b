// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/reference.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <nlopt.hpp>
#include <string>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/data/sampling.hpp"

namespace secateur::flowsheet {

namespace {

constexpr double feasible = 1e-8;  // violation up to which a point counts
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Every value that a decision which is not continuous may take.
std::vector<double> choices(const model::Variable& variable) {
  if (variable.type == model::VariableType::discrete) {
    std::vector<double> inside;
    for (const double value : variable.values) {
      if (value >= variable.lower && value <= variable.upper) inside.push_back(value);
    }
    return inside;
  }
  std::vector<double> all;
  double value = std::ceil(variable.lower);
  while (value <= variable.upper && all.size() <= 1000) {
    all.push_back(value);
    value += 1;
  }
  return all;
}

/// One local search's view of the plant: decisions scaled to [0, 1], the objective minimised and of size 1, each
/// constraint as g <= 0 relative to its side. NLopt asks for objective and constraints one after the other, so the last
/// answer is kept.
class Scaled {
 public:
  Scaled(const Case& plant, DirectOptimum& log, const Stop& stop) : m_plant(plant), m_log(log), m_stop(stop) {
    for (const int v : plant.decisions()) {
      const model::Variable& variable = plant.form.variables[static_cast<std::size_t>(v)];
      const bool finite = std::isfinite(variable.lower) && std::isfinite(variable.upper);
      if (!finite && variable.type != model::VariableType::discrete) {
        throw InputError("the variable \"" + variable.name + "\" needs finite bounds to be searched");
      }
      m_variables.push_back(&variable);
    }
    m_fixed.assign(m_variables.size(), std::nullopt);
    for (const model::Constraint& constraint : plant.form.constraints) {
      for (const auto& [side, sign] : {std::pair{constraint.lower, -1.0}, std::pair{constraint.upper, 1.0}}) {
        if (std::isfinite(side)) m_sides.push_back({&constraint, side, sign});
      }
    }
  }

  [[nodiscard]] const std::vector<const model::Variable*>& variables() const { return m_variables; }
  void fix(std::size_t decision, double value) { m_fixed[decision] = value; }
  void restart() { m_last.reset(); }

  [[nodiscard]] unsigned dimension() const {
    return static_cast<unsigned>(std::count(m_fixed.begin(), m_fixed.end(), std::nullopt));
  }
  [[nodiscard]] unsigned constraints() const { return static_cast<unsigned>(m_sides.size()); }

  [[nodiscard]] Vector decisions(const std::vector<double>& u) const {
    Vector x(static_cast<Index>(m_fixed.size()));
    std::size_t free = 0;
    for (std::size_t i = 0; i < m_fixed.size(); ++i) {
      const double lower = m_variables[i]->lower, upper = m_variables[i]->upper;
      const std::optional<double>& fixed = m_fixed[i];
      x(static_cast<Index>(i)) = fixed ? *fixed : lower + std::clamp(u[free], 0.0, 1.0) * (upper - lower);
      if (!fixed) ++free;
    }
    return x;
  }

  /// Objective first, then every side of a constraint.
  const std::vector<double>& values(const std::vector<double>& u) {
    if (m_last && *m_last == u) return m_values;
    if (m_stop.reason()) throw nlopt::forced_stop();
    const Vector x = decisions(u);
    const Case::Evaluation found = evaluate(x);
    ++m_log.evaluations;
    m_last = u;
    if (!found.simulation.converged) {
      // Worse than everything around it, and no slope that would lead anywhere.
      ++m_log.failures[found.simulation.reason];
      m_values.assign(1 + m_sides.size(), 1.0);
      m_values[0] = 10;
      return m_values;
    }
    const Vector point = m_plant.point(x, found.simulation.outputs);
    const double sign = m_plant.form.sense == Sense::maximize ? -1 : 1;
    if (!m_scale) m_scale = std::max(std::abs(found.objective), 1e-300);
    m_values.assign(1, sign * found.objective / *m_scale);
    for (const Side& side : m_sides) {
      double sum = 0, size = 0;
      for (const model::Term& term : side.constraint->terms) {
        sum += term.coefficient * point(term.variable);
        size += std::abs(term.coefficient * point(term.variable));
      }
      const double scale = side.side != 0 ? std::abs(side.side) : std::max(size, 1e-300);
      m_values.push_back(side.sign * (sum - side.side) / scale);
    }
    if (found.violation <= feasible && sign * found.objective < m_best_value) {
      m_best_value = sign * found.objective;
      m_best = Reference{x, found.objective};
      m_best_violation = found.violation;
    }
    return m_values;
  }

  /// Central differences; a step of 1e-6 of a range leaves about ten digits.
  void gradients(const std::vector<double>& u, std::vector<std::vector<double>>& result) {
    const std::vector<double> middle = values(u);
    result.assign(middle.size(), std::vector<double>(u.size()));
    for (std::size_t i = 0; i < u.size(); ++i) {
      constexpr double step = 1e-6;
      std::vector<double> low = u, high = u;
      low[i] = std::max(0.0, u[i] - step);
      high[i] = std::min(1.0, u[i] + step);
      const std::vector<double> below = values(low), above = values(high);
      for (std::size_t k = 0; k < middle.size(); ++k) result[k][i] = (above[k] - below[k]) / (high[i] - low[i]);
    }
  }

  /// Best feasible point since the last call.
  std::optional<Reference> take_best(double& violation) {
    m_best_value = infinity;
    violation = m_best_violation;
    return std::exchange(m_best, std::nullopt);
  }

  /// What the simulator threw; NLopt does not let it through.
  void rethrow() const {
    if (m_thrown) std::rethrow_exception(m_thrown);
  }

 private:
  [[nodiscard]] Case::Evaluation evaluate(const Vector& x) {
    try {
      return m_plant.evaluate(x);
    } catch (...) {
      m_thrown = std::current_exception();
      throw nlopt::forced_stop();
    }
  }

  struct Side {
    const model::Constraint* constraint;
    double side, sign;
  };
  const Case& m_plant;
  DirectOptimum& m_log;
  const Stop& m_stop;
  std::exception_ptr m_thrown;
  std::vector<const model::Variable*> m_variables;
  std::vector<std::optional<double>> m_fixed;
  std::vector<Side> m_sides;
  std::optional<double> m_scale;
  std::optional<std::vector<double>> m_last;
  std::vector<double> m_values;
  std::optional<Reference> m_best;
  double m_best_value = infinity, m_best_violation = 0;
};

double objective(const std::vector<double>& u, std::vector<double>& gradient, void* data) {
  auto& scaled = *static_cast<Scaled*>(data);
  if (!gradient.empty()) {
    std::vector<std::vector<double>> slopes;
    scaled.gradients(u, slopes);
    gradient = slopes[0];
  }
  return scaled.values(u)[0];
}

void constraints(unsigned count, double* result, unsigned dimension, const double* u, double* gradient, void* data) {
  auto& scaled = *static_cast<Scaled*>(data);
  const std::vector<double> at(u, u + dimension);
  if (gradient != nullptr) {
    std::vector<std::vector<double>> slopes;
    scaled.gradients(at, slopes);
    for (unsigned k = 0; k < count; ++k)
      std::copy(slopes[k + 1].begin(), slopes[k + 1].end(), gradient + k * dimension);
  }
  const std::vector<double>& values = scaled.values(at);
  std::copy_n(values.begin() + 1, count, result);
}

/// One algorithm of NLopt from u on; u becomes where it ended.
void search(nlopt::algorithm algorithm, Scaled& scaled, std::vector<double>& u, int evaluations) {
  nlopt::opt optimizer(algorithm, scaled.dimension());
  optimizer.set_lower_bounds(0.0);
  optimizer.set_upper_bounds(1.0);
  optimizer.set_min_objective(objective, &scaled);
  if (scaled.constraints() > 0) {
    optimizer.add_inequality_mconstraint(constraints, &scaled, std::vector<double>(scaled.constraints(), 0.0));
  }
  optimizer.set_initial_step(0.1);
  optimizer.set_xtol_abs(1e-9);
  optimizer.set_maxeval(evaluations);
  double value = 0;
  try {
    static_cast<void>(optimizer.optimize(u, value));
  } catch (const nlopt::forced_stop&) {
    throw;
  } catch (const std::runtime_error&) {  // NOLINT(bugprone-empty-catch)
    // Round-off: as close as differences let it come. SLSQP gives up where its linearisation has no feasible point;
    // what was seen on the way counts.
  }
}

}  // namespace

DirectOptimum optimize_directly(const Case& plant, const ReferenceSettings& settings, const ProgressSink& progress,
                                const Stop& stop) {
  if (!plant.simulator) throw InputError("there is no simulator to search on, only data");
  DirectOptimum result;
  Scaled scaled(plant, result, stop);
  const auto& variables = scaled.variables();

  // Every combination of what is not continuous.
  std::vector<std::vector<double>> combinations{{}};
  std::vector<std::size_t> listed;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    if (variables[i]->type == model::VariableType::continuous) continue;
    listed.push_back(i);
    std::vector<std::vector<double>> longer;
    for (const auto& combination : combinations) {
      for (const double value : choices(*variables[i])) {
        longer.push_back(combination);
        longer.back().push_back(value);
      }
    }
    combinations = std::move(longer);
    if (combinations.size() > 1000) throw InputError("more than 1000 combinations of choices; this search lists them");
  }

  const auto total = static_cast<double>(combinations.size()) * settings.starts;
  const bool maximize = plant.form.sense == Sense::maximize;
  const auto better = [&](double a, double b) { return maximize ? a > b : a < b; };
  for (const auto& combination : combinations) {
    for (std::size_t k = 0; k < listed.size(); ++k) scaled.fix(listed[k], combination[k]);
    const unsigned dimension = scaled.dimension();
    const int starts = dimension == 0 ? 1 : settings.starts;
    Matrix points = Matrix::Zero(starts, 0);
    if (dimension > 0) {
      points = data::sample({Vector::Zero(dimension), Vector::Ones(dimension)}, starts, data::Sampling::sobol,
                            settings.seed);
    }
    std::vector<double> found;
    bool holds_best = false;
    for (int start = 0; start < starts && !result.stopped; ++start) {
      std::vector<double> u(points.row(start).begin(), points.row(start).end());
      scaled.restart();
      try {
        if (dimension == 0) {
          static_cast<void>(scaled.values(u));
        } else {
          search(nlopt::LN_COBYLA, scaled, u, settings.evaluations);
          search(nlopt::LD_SLSQP, scaled, u, 100);
        }
      } catch (const nlopt::forced_stop&) {
        scaled.rethrow();
        result.stopped = stop.reason();
      }
      ++result.starts;
      double violation = 0;
      const std::optional<Reference> best = scaled.take_best(violation);
      if (best) {
        found.push_back(best->objective);
        if (!result.best || better(best->objective, result.best->objective)) {
          result.best = best;
          result.violation = violation;
          holds_best = true;
        }
      }
      if (progress) {
        const std::string note = std::to_string(result.evaluations) + " simulations";
        progress({"search",
                  static_cast<double>(result.starts) / total,
                  result.best ? std::optional(result.best->objective) : std::nullopt,
                  {},
                  {},
                  {},
                  note,
                  stop.seconds()});
      }
    }
    if (holds_best && result.best) {
      const double best = result.best->objective;
      result.agreeing = std::count_if(found.begin(), found.end(),
                                      [&](double value) { return std::abs(value - best) <= 1e-6 * std::abs(best); });
    }
    if (result.stopped) break;
  }
  return result;
}

}  // namespace secateur::flowsheet
