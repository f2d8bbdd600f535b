// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/prepare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/detail.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/rounding.hpp"
#include "secateur/graph/passes.hpp"
#include "secateur/lp/propagation.hpp"
#include "secateur/mip/conflict.hpp"
#include "secateur/mip/constants.hpp"
#include "secateur/mip/hull.hpp"

namespace secateur::mip {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A visitor of the options table that refuses values outside their range.
struct RangeCheck {
  template <class T>
  void operator()(const char* name, const T& value, const char*, const Range<T>& range) const {
    if (!contains(range, value)) {
      throw InputError("is out of range", {}, std::string("--").append(name));
    }
  }
  template <class T>
  void operator()(const char*, const T&, const char*) const {}
};

/// coefficient * [lower, upper], rounded outwards; an infinite end stays one.
struct Ends {
  double lower = 0, upper = 0;

  void add(double coefficient, double low, double high) {
    if (coefficient == 0) return;
    if (coefficient < 0) std::swap(low, high);
    lower = std::isinf(low) ? -infinity : add_down(lower, multiply_down(coefficient, low));
    upper = std::isinf(high) ? infinity : add_up(upper, multiply_up(coefficient, high));
  }
};

/// Bounds of the objective: what the graph says, and the parts that variables outside it have.
Ends objective_ends(const model::Problem& problem, const model::Structure& structure, const model::Compiled& compiled,
                    double lower, double upper) {
  Ends ends{lower, upper};
  if (compiled.objective.whole) return ends;
  std::vector<bool> inside(problem.variables.size(), false);
  for (const int v : compiled.frame.inputs) inside[static_cast<std::size_t>(v)] = true;
  for (const int v : structure.determined) inside[static_cast<std::size_t>(v)] = true;
  for (const model::Term& term : problem.objective) {
    const auto v = static_cast<std::size_t>(term.variable);
    if (inside[v]) continue;
    ends.add(term.coefficient, compiled.frame.model.column_lower[v], compiled.frame.model.column_upper[v]);
  }
  return ends;
}

/// Lets the frame know what bounds say of the outputs that count; the others stay free, so that a solver's presolve can
/// drop them with their rows. Returns a variable whose bounds contradict the frame's, or -1.
int tighten_outputs(model::Frame& frame, const graph::LayerBounds& outputs) {
  lp::Model& model = frame.model;
  std::vector<bool> counts(model.cost.size(), false);
  for (std::size_t j = 0; j < counts.size(); ++j) {
    counts[j] = model.cost[j] != 0 || std::isfinite(model.column_lower[j]) || std::isfinite(model.column_upper[j]);
  }
  for (const int column : model.column) counts[static_cast<std::size_t>(column)] = true;
  for (std::size_t i = 0; i < frame.outputs.size(); ++i) {
    if (frame.outputs[i] < 0) continue;
    const auto column = static_cast<std::size_t>(frame.outputs[i]);
    if (!counts[column]) continue;
    const auto unit = static_cast<Index>(i);
    model.column_lower[column] = std::max(model.column_lower[column], outputs.lower(unit));
    model.column_upper[column] = std::min(model.column_upper[column], outputs.upper(unit));
    if (model.column_lower[column] > model.column_upper[column]) return frame.outputs[i];
  }
  return -1;
}

/// Tightens the frame's columns through its rows; false when they contradict each other.
bool propagate(const model::Problem& problem, model::Frame& frame, Prepared& prepared) {
  if (frame.model.rows() == 0) return true;
  const lp::Propagation result = lp::propagate(frame.model);
  if (result.conflict) {
    prepared.conflict = names_of(*result.conflict, problem, frame);
    return false;
  }
  for (Index j = 0; j < result.columns.size(); ++j) {
    frame.model.column_lower[static_cast<std::size_t>(j)] = result.columns.lower(j);
    frame.model.column_upper[static_cast<std::size_t>(j)] = result.columns.upper(j);
  }
  return true;
}

/// What the frame now says of the graph's inputs. Never wider than the domain, for which the graph was lowered.
Box input_box(const model::Frame& frame, const Box& domain) {
  Box box = domain;
  for (std::size_t j = 0; j < frame.inputs.size(); ++j) {
    const auto column = static_cast<std::size_t>(frame.inputs[j]);
    const auto input = static_cast<Index>(j);
    box.lower(input) = std::max(box.lower(input), frame.model.column_lower[column]);
    box.upper(input) = std::min(box.upper(input), frame.model.column_upper[column]);
  }
  return box;
}

/// Whether a box is so much smaller that bounds on it are worth computing again.
bool much_smaller(const Box& box, const Box& than) {
  constexpr double share = 0.95;
  return ((box.upper - box.lower).array() < share * (than.upper - than.lower).array()).any();
}

/// A constraint that cannot hold as far as the bounds of its sum tell, or -1.
int impossible_sum(const model::Problem& problem, const model::Compiled& compiled, const graph::LayerBounds& outputs) {
  for (std::size_t i = 0; i < problem.constraints.size(); ++i) {
    const model::Compiled::Combination& sum = compiled.constraints[i];
    if (!sum.whole) continue;
    if (outputs.lower(sum.output) > problem.constraints[i].upper) return static_cast<int>(i);
    if (outputs.upper(sum.output) < problem.constraints[i].lower) return static_cast<int>(i);
  }
  return -1;
}

/// Bounds of every neuron, where the frame's rows and the bounds of the outputs tighten each other and the inputs. What
/// is wrong with the problem, if bounds find that, is left in `prepared`.
graph::NeuronBounds joint_bounds(const model::Problem& problem, const model::SolveSettings& settings,
                                 Prepared& prepared) {
  model::Compiled& compiled = prepared.problem;
  constexpr int most_rounds = 4;
  graph::NeuronBounds bounds;
  for (int round = 0; round < most_rounds; ++round) {
    const Box box = compiled.graph.domain;
    const graph::NeuronBounds now = bounds::compute_bounds(compiled.graph, box, settings.bounds, settings.threads);
    if (round == 0) bounds = now;
    for (std::size_t k = 0; k < bounds.size(); ++k) bounds::intersect(bounds[k], now[k]);
    const int variable = tighten_outputs(compiled.frame, bounds.back());
    const int constraint = impossible_sum(problem, compiled, bounds.back());
    if (variable >= 0 || constraint >= 0) {
      prepared.infeasible = true;
      prepared.conflict = variable >= 0 ? names_of_range(problem, variable, bounds.back(), compiled.frame)
                                        : std::vector{problem.constraints[static_cast<std::size_t>(constraint)].name};
      return bounds;
    }
    if (!propagate(problem, compiled.frame, prepared)) {
      prepared.infeasible = true;
      return bounds;
    }
    const Box smaller = input_box(compiled.frame, box);
    compiled.graph.domain = smaller;
    if (!much_smaller(smaller, box)) break;
  }
  return bounds;
}

}  // namespace

void require_available(const model::Problem& problem, const model::SolveSettings& settings) {
  model::check(problem);
  model::SolveSettings copy = settings;
  describe(copy, RangeCheck{});
  if (settings.engine == model::Engine::native) {
    throw InputError("the native engine does not take part in this; available: auto, milp", {}, "--engine");
  }
  if (settings.solutions > 1) {
    throw InputError("more than one solution is not for this; available: 1", {}, "--solutions");
  }
}

Prepared prepare(const model::Problem& problem, const model::Structure& structure, const model::SolveSettings& settings,
                 const graph::NeuronBounds* reference) {
  Prepared prepared;
  model::Compiled& compiled = prepared.problem;
  model::Frame frame = model::frame_of(problem);
  if (!propagate(problem, frame, prepared)) {
    prepared.infeasible = true;
    return prepared;
  }
  compiled = model::compile(problem, structure, std::move(frame));
  const graph::NeuronBounds bounds = joint_bounds(problem, settings, prepared);
  prepared.neurons = compiled.graph.neurons();
  prepared.unstable = graph::count_unstable(bounds);
  if (prepared.infeasible) return prepared;
  prepared.bounds = prepared.constants = bounds;
  if (settings.big_m == model::BigM::loose || settings.binaries == model::Binaries::all) {
    prepared.constants = formulation_bounds(
        bounds, reference != nullptr ? *reference : bounds::interval(compiled.graph, compiled.graph.domain),
        settings.big_m, settings.binaries);
  }
  simplify(prepared);
  // Folding active neurons lets the backward pass see through them exactly; either graph may give the better bound.
  Vector unit = Vector::Zero(compiled.graph.outputs());
  unit(compiled.objective.output) = 1;
  const bounds::Interval folded = bounds::crown_objective(compiled.graph, compiled.graph.domain, prepared.bounds, unit);
  const Index output = compiled.objective.output;
  const Ends ends = objective_ends(problem, structure, compiled, std::max(folded.lower, bounds.back().lower(output)),
                                   std::min(folded.upper, bounds.back().upper(output)));
  const double bound = problem.sense == Sense::minimize ? ends.lower : ends.upper;
  if (std::isfinite(bound)) prepared.bound = bound;
  return prepared;
}

bool restrict_frame(Prepared& prepared) {
  model::Frame& frame = prepared.problem.frame;
  const Box& domain = prepared.problem.graph.domain;
  for (std::size_t j = 0; j < frame.inputs.size(); ++j) {
    const auto column = static_cast<std::size_t>(frame.inputs[j]);
    const auto input = static_cast<Index>(j);
    double lower = domain.lower(input), upper = domain.upper(input);
    if (frame.model.integer[column]) {
      lower = std::ceil(lower);
      upper = std::floor(upper);
    }
    frame.model.column_lower[column] = std::max(frame.model.column_lower[column], lower);
    frame.model.column_upper[column] = std::min(frame.model.column_upper[column], upper);
    if (frame.model.column_lower[column] > frame.model.column_upper[column]) return false;
  }
  return tighten_outputs(frame, prepared.bounds.back()) < 0;
}

void simplify(Prepared& prepared) {
  graph::ReluGraph& graph = prepared.problem.graph;
  graph::Reduction reduction = graph::simplify(graph, prepared.constants);
  prepared.bounds = graph::carry(prepared.bounds, reduction);
  prepared.constants = graph::carry(prepared.constants, reduction);
  if (!prepared.origin.empty()) {
    for (auto& layer : reduction.origin) {
      for (graph::NeuronId& id : layer) {
        id = prepared.origin[static_cast<std::size_t>(id.layer)][static_cast<std::size_t>(id.unit)];
      }
    }
  }
  prepared.origin = std::move(reduction.origin);
  graph = std::move(reduction.graph);
}

void add_cutoff(Prepared& prepared, double cutoff) {
  lp::Model& model = prepared.problem.frame.model;
  const bool minimize = model.sense == Sense::minimize;
  std::vector<std::pair<int, double>> terms;
  for (int j = 0; j < model.columns(); ++j) {
    if (model.cost[static_cast<std::size_t>(j)] != 0) terms.emplace_back(j, model.cost[static_cast<std::size_t>(j)]);
  }
  // The columns of outputs are the network's values but for the rows' errors.
  const double error = objective_error(prepared.problem);
  double side = minimize ? add_up(cutoff, -model.offset) : add_down(cutoff, -model.offset);
  if (error > 0) side = minimize ? add_up(side, error) : add_down(side, -error);
  if (terms.size() == 1 && terms[0].second == 1) {
    const auto column = static_cast<std::size_t>(terms[0].first);
    double& bound = minimize ? model.column_upper[column] : model.column_lower[column];
    bound = minimize ? std::min(bound, side) : std::max(bound, side);
    // Where the bounds cross there is nothing to find; a row says so without an empty column.
    if (model.column_lower[column] <= model.column_upper[column]) return;
    bound = minimize ? model.column_lower[column] : model.column_upper[column];
  }
  for (const auto& [column, cost] : terms) model.add_entry(column, cost);
  model.close_row(minimize ? -infinity : side, minimize ? side : infinity, "cutoff");
}

Formulation formulation_of(const Prepared& prepared, const model::SolveSettings& settings, const Stop& stop) {
  const FormulationSettings how{settings.formulation, settings.partitions};
  Formulation formulation = formulate_graph(prepared.problem, prepared.constants, prepared.origin, how);
  if (settings.formulation == model::Formulation::hull) {
    HullSettings hull;
    hull.rounds = settings.hull_rounds;
    hull.threads = settings.threads;
    hull.seed = settings.seed;
    add_hull_cuts(formulation, prepared.problem, prepared.constants, prepared.origin, hull, stop);
  }
  return formulation;
}

Goal goal_of(const model::Problem& problem, const model::Structure& structure, const model::Compiled& compiled,
             const Matrix& sample) {
  const graph::ReluGraph& graph = compiled.graph;
  Goal goal;
  goal.objective = Vector::Zero(graph.outputs());
  goal.objective(compiled.objective.output) = problem.sense == Sense::minimize ? 1 : -1;
  Vector spread;
  const auto add = [&](Index output, double lower, double upper) {
    if (std::isinf(lower) && std::isinf(upper)) return;
    if (spread.size() == 0) {
      const Matrix outputs = graph::evaluate(graph, sample);
      spread = (outputs.colwise().maxCoeff() - outputs.colwise().minCoeff()).transpose();
    }
    const double scale = spread(compiled.objective.output) > 0 ? spread(compiled.objective.output) : 1.0;
    // Large enough, as a rule, that no violation pays.
    constexpr double penalty = 10;
    goal.ranges.push_back({output, lower, upper, spread(output) > 0 ? penalty * scale / spread(output) : 1.0});
  };
  for (std::size_t i = 0; i < structure.determined.size(); ++i) {
    const model::Variable& variable = problem.variables[static_cast<std::size_t>(structure.determined[i])];
    add(static_cast<Index>(i), variable.lower, variable.upper);
  }
  for (std::size_t i = 0; i < problem.constraints.size(); ++i) {
    const model::Compiled::Combination& sum = compiled.constraints[i];
    if (sum.whole) add(sum.output, problem.constraints[i].lower, problem.constraints[i].upper);
  }
  return goal;
}

}  // namespace secateur::mip
