// SPDX-License-Identifier: Apache-2.0
#include "again.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "secateur/core/rng.hpp"
#include "secateur/search/solve.hpp"

namespace secateur::bench {

namespace {

using Json = nlohmann::ordered_json;

struct Change {
  std::string kind;
  double part = 0;

  explicit Change(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos) throw std::runtime_error("a change is kind:part, not " + text);
    kind = text.substr(0, colon);
    part = std::stod(text.substr(colon + 1));
  }

  /// What the first problem needs.
  void prepare(model::Problem& problem, const model::SolveSettings& settings) const {
    if (kind != "side") return;
    const model::SolveResult free = search::solve(problem, settings);
    std::vector<model::Term> sum;
    const auto decisions = model::structure(problem).decisions;
    for (const int v : decisions) sum.push_back({v, 1});
    problem.add_constraint("sum", sum, -std::numeric_limits<double>::infinity(), free.x.sum());
  }

  void make(model::Problem& problem, const model::SolveResult& first) const {
    Rng rng(1);
    double widths = 0;
    const auto decisions = model::structure(problem).decisions;
    for (const int v : decisions) {
      model::Variable& variable = problem.variables[static_cast<std::size_t>(v)];
      const double width = variable.upper - variable.lower;
      widths += width;
      if (kind == "box") {
        variable.lower -= 0.5 * part * width;
        variable.upper += 0.5 * part * width;
      } else if (kind == "shift") {
        variable.lower += part * width;
        variable.upper += part * width;
      } else if (kind == "costs") {
        const double size =
            part * std::abs(first.objective.value()) / (width * std::sqrt(static_cast<double>(decisions.size())));
        problem.objective.push_back({v, size * rng.normal()});
      }
    }
    if (kind == "side") problem.constraints.back().upper += part * widths;
  }
};

}  // namespace

Json again(model::Problem problem, const model::SolveSettings& settings, const std::string& change,
           const std::vector<std::string>& without, int repeats) {
  const Change how(change);
  how.prepare(problem, settings);
  search::Learned learned;
  search::Continuation continuation;
  continuation.learned = &learned;
  const model::SolveResult first = search::solve(problem, settings, {}, {}, nullptr, continuation);
  if (first.status != Status::optimal) throw std::runtime_error("the first problem was not solved");
  how.make(problem, first);
  for (const std::string& part : without) {
    if (part == "points") learned.points.clear();
    if (part == "bound") learned.proven.clear();
    if (part == "costs") learned.costs.clear();
    if (part == "way") learned.way = search::Way::nobody;
  }
  const search::Learned before = learned;
  struct Side {
    model::SolveResult result;
    double seconds = std::numeric_limits<double>::infinity();
  } fresh, continued;
  for (int i = 0; i < repeats; ++i) {
    for (Side* side : {&fresh, &continued}) {
      learned = before;
      const double start = processor_seconds();
      side->result =
          search::solve(problem, settings, {}, {}, nullptr, side == &continued ? continuation : search::Continuation{});
      side->seconds = std::min(side->seconds, processor_seconds() - start);
    }
  }
  const auto shown = [](const Side& side) {
    return Json{{"status", to_string(side.result.status)},
                {"objective", side.result.objective.value_or(NAN)},
                {"nodes", side.result.nodes},
                {"boxes", side.result.boxes},
                {"processor_seconds", side.seconds},
                {"note", side.result.note}};
  };
  return {{"change", change}, {"fresh", shown(fresh)}, {"again", shown(continued)}};
}

}  // namespace secateur::bench
