// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/prepare.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/rounding.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"

namespace secateur::mip {

namespace {

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

/// A lower bound of c'y over lower <= y <= upper, rounded down.
double interval_objective(const Vector& c, const Box& y) {
  double sum = 0;
  for (Index k = 0; k < c.size(); ++k) {
    if (c(k) != 0) sum = add_down(sum, multiply_down(c(k), c(k) > 0 ? y.lower(k) : y.upper(k)));
  }
  return sum;
}

double lower_bound(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& bounds, const Vector& c) {
  return std::max(interval_objective(c, bounds.back()), bounds::crown_objective(graph, box, bounds, c).lower);
}

}  // namespace

void require_available(const model::Problem& problem, const model::SolveSettings& settings) {
  model::check(problem);
  model::SolveSettings copy = settings;
  describe(copy, RangeCheck{});
  if (settings.engine == model::Engine::native) {
    throw InputError("the native engine has not landed yet; available: auto, milp", {}, "--engine");
  }
  if (settings.formulation != model::Formulation::big_m) {
    throw InputError(
        "the formulation " + std::string(to_string(settings.formulation)) + " has not landed yet; available: big_m", {},
        "--formulation");
  }
  if (settings.solutions > 1) {
    throw InputError("reporting more than one solution has not landed yet; available: 1", {}, "--solutions");
  }
}

Vector minimized(const model::Problem& problem) {
  return problem.sense == Sense::minimize ? problem.objective : Vector(-problem.objective);
}

Prepared prepare(const model::Problem& problem, const model::SolveSettings& settings) {
  const graph::ReluGraph whole = graph::lower(problem.network, problem.box);
  const graph::NeuronBounds bounds = bounds::compute_bounds(whole, problem.box, settings.bounds);
  graph::Reduction reduction = graph::simplify(whole, bounds);
  Prepared prepared;
  prepared.bounds = graph::carry(bounds, reduction);
  prepared.graph = std::move(reduction.graph);
  prepared.origin = std::move(reduction.origin);
  prepared.neurons = whole.neurons();
  prepared.unstable = graph::count_unstable(bounds);
  // Folding active neurons lets the backward pass see through them exactly; either graph may give the better bound.
  const Vector c = minimized(problem);
  const double least = std::max(lower_bound(whole, problem.box, bounds, c),
                                lower_bound(prepared.graph, problem.box, prepared.bounds, c));
  prepared.bound = problem.sense == Sense::minimize ? least : -least;
  return prepared;
}

Formulation formulation_of(const model::Problem& problem, const Prepared& prepared) {
  return big_m(prepared.graph, prepared.bounds, prepared.origin,
               {problem.network.input_names, problem.network.output_names}, problem.objective, problem.sense);
}

}  // namespace secateur::mip
