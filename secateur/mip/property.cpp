// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/property.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/mip/final_activation.hpp"
#include "secateur/mip/prepare.hpp"
#include "secateur/nn/evaluate.hpp"

namespace secateur::mip {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double side_of(const model::LinearConstraint& constraint, const Vector& x, const Vector& y) {
  double sum = 0;
  for (const auto& [index, coefficient] : constraint.x) sum += coefficient * x(index);
  for (const auto& [index, coefficient] : constraint.y) sum += coefficient * y(index);
  return sum;
}

bool holds(const model::Conjunction& disjunct, const Vector& x, const Vector& y) {
  return disjunct.box.contains(x) && y.allFinite() &&
         std::all_of(disjunct.constraints.begin(), disjunct.constraints.end(), [&](const auto& constraint) {
           const double side = side_of(constraint, x, y);
           return constraint.strict ? side < constraint.upper : side <= constraint.upper;
         });
}

/// One disjunct as a problem: minimise the left-hand side of one constraint subject to the others.
struct Question {
  model::Problem problem;
  Target target;
};

Question question(const nn::Network& network, const model::Conjunction& disjunct, std::size_t objective) {
  // Any objective will do here: it is replaced below.
  Question result{model::over_box(network, disjunct.box, Vector::Ones(network.outputs())), {}};
  const auto inputs = static_cast<int>(network.inputs());
  result.problem.objective.clear();
  for (std::size_t i = 0; i < disjunct.constraints.size(); ++i) {
    const model::LinearConstraint& constraint = disjunct.constraints[i];
    std::vector<model::Term> terms;
    for (const auto& [index, coefficient] : constraint.x) terms.push_back({index, coefficient});
    for (const auto& [index, coefficient] : constraint.y) terms.push_back({inputs + index, coefficient});
    if (i == objective) {
      result.problem.objective = std::move(terms);
      result.target = {constraint.upper, constraint.strict};
    } else {
      result.problem.add_constraint("assertion " + std::to_string(i), std::move(terms), -infinity, constraint.upper);
    }
  }
  return result;
}

/// The constraint that bounds say is the hardest to satisfy: the one with the least part of its range on the right
/// side.
std::size_t hardest(const nn::Network& network, const model::Conjunction& disjunct,
                    const model::SolveSettings& settings) {
  if (disjunct.constraints.size() < 2) return 0;
  model::Problem problem = question(network, disjunct, disjunct.constraints.size()).problem;
  const model::Structure structure = model::structure(problem);
  const model::Compiled compiled = model::compile(problem, structure, model::frame_of(problem));
  const graph::NeuronBounds bounds =
      bounds::compute_bounds(compiled.graph, compiled.graph.domain, graph::BoundsMethod::crown, settings.threads);
  std::size_t best = 0;
  double least = infinity;
  for (std::size_t i = 0; i < disjunct.constraints.size(); ++i) {
    const Index output = compiled.constraints[i].output;
    const double lower = bounds.back().lower(output), upper = bounds.back().upper(output);
    const double share = upper > lower ? (disjunct.constraints[i].upper - lower) / (upper - lower) : 0.0;
    if (share >= least) continue;
    least = share;
    best = i;
  }
  return best;
}

Verdict limit(Status status) {
  switch (status) {
    case Status::time_limit:
      return Verdict::time_limit;
    case Status::memory_limit:
      return Verdict::memory_limit;
    case Status::interrupted:
      return Verdict::interrupted;
    default:
      return Verdict::node_limit;
  }
}

void add_work(model::SolveResult& total, const model::SolveResult& part) {
  total.engine = part.engine;
  total.solver = part.solver;
  total.nodes += part.nodes;
  total.boxes += part.boxes;
  total.seconds.bounds += part.seconds.bounds;
  total.seconds.solve += part.seconds.solve;
  total.neurons.total = std::max(total.neurons.total, part.neurons.total);
  total.neurons.unstable = std::max(total.neurons.unstable, part.neurons.unstable);
  total.neurons.binaries = std::max(total.neurons.binaries, part.neurons.binaries);
}

}  // namespace

PropertyResult decide(const nn::Network& network, const model::Property& property, const model::SolveSettings& settings,
                      const SolverOptions& options, const ProgressSink& progress) {
  if (property.disjuncts.empty()) throw std::invalid_argument("a property has at least one disjunct");
  require_preserved(network, property);
  nn::Network searched = network;
  searched.activation = nn::Activation::none;
  const Stop stop(settings.time_limit);
  PropertyResult result;
  result.proof = Proof::rounding_safe;
  std::optional<Verdict> undecided;
  for (std::size_t d = 0; d < property.disjuncts.size(); ++d) {
    if (const auto reason = stop.reason()) {
      undecided = limit(*reason);
      break;
    }
    const model::Conjunction& disjunct = property.disjuncts[d];
    Question asked = question(searched, disjunct, hardest(searched, disjunct, settings));
    model::SolveSettings left = settings;
    left.time_limit = std::max(1e-9, stop.seconds_left());
    const TargetResult found = reach(asked.problem, asked.target, left, options, progress);
    add_work(result.work, found.search);
    const Vector& x = found.search.x;
    if (x.size() > 0) {
      const Vector y = nn::evaluate(network, x);
      if (holds(disjunct, x, y)) {
        result.verdict = Verdict::sat;
        result.x = x;
        result.y = y;
        result.disjunct = d;
        result.work.seconds.total = stop.seconds();
        return result;
      }
    }
    if (found.beyond) {
      if (*found.beyond == Proof::solver_tolerance) result.proof = Proof::solver_tolerance;
      continue;
    }
    // A point that reaches the target but misses a strict side, or neither a point nor a proof.
    if (!undecided || *undecided == Verdict::node_limit) undecided = limit(found.search.status);
    if (found.search.status == Status::interrupted) break;
  }
  result.verdict = undecided.value_or(Verdict::unsat);
  result.work.seconds.total = stop.seconds();
  return result;
}

}  // namespace secateur::mip
