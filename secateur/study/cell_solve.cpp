// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/cell_solve.hpp"

#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/error.hpp"
#include "secateur/lp/scaling.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/incumbent.hpp"
#include "secateur/mip/prepare.hpp"
#include "secateur/mip/units.hpp"
#include "secateur/model/compile.hpp"
#include "secateur/search/solve.hpp"
#include "secateur/study/settings_json.hpp"

namespace secateur::study {

namespace {

/// The dense ancestor's bounds by the same method, for the neurons that are left of it.
graph::NeuronBounds reference_bounds(const SolveTask& task) {
  const model::Problem& dense = task.dense.value();
  const model::Compiled compiled = model::compile(dense, model::structure(dense), model::frame_of(dense));
  graph::NeuronBounds bounds =
      bounds::compute_bounds(compiled.graph, compiled.graph.domain, task.settings.bounds, task.settings.threads);
  if (task.kept.size() + 1 != bounds.size()) {
    throw InputError("the attribution needs a problem with one network");
  }
  for (std::size_t k = 0; k < task.kept.size(); ++k) {
    bounds[k] = {Vector(bounds[k].lower(task.kept[k])), Vector(bounds[k].upper(task.kept[k]))};
  }
  return bounds;
}

std::optional<double> root_bound(const SolveTask& task, const graph::NeuronBounds* reference) {
  const Stop stop(task.settings.time_limit);
  const mip::Prepared prepared = mip::prepare(task.problem, model::structure(task.problem), task.settings, reference);
  if (prepared.infeasible) return std::nullopt;
  const mip::Formulation formulation = mip::formulation_of(prepared, task.settings, stop);
  const Matrix sample = mip::uniform_points(prepared.problem.graph.domain, 64, task.settings.seed);
  const lp::Scaling units = mip::natural_units(formulation, prepared.problem, sample);
  const auto session = lp::make_session(to_string(task.settings.solver));
  session->load(lp::scaled(formulation.model, units));
  lp::RunSettings run;
  run.threads = task.settings.threads;
  run.time_limit = stop.seconds_left();
  const lp::Outcome outcome = session->run_relaxation(run);
  if (outcome.status != Status::optimal || !outcome.objective) return std::nullopt;
  return std::ldexp(*outcome.objective, -units.objective);
}

}  // namespace

Solved solve(const SolveTask& task) {
  std::optional<graph::NeuronBounds> reference;
  if (task.dense) reference = reference_bounds(task);
  Solved solved;
  // The switches that a reference is for are those of a formulation.
  solved.search = reference ? mip::solve(task.problem, task.settings, task.options, {}, &*reference)
                            : search::solve(task.problem, task.settings, task.options);
  if (solved.search.engine == model::Engine::milp) {
    solved.root_bound = root_bound(task, reference ? &*reference : nullptr);
  }
  return solved;
}

Json to_json(const Solved& solved, std::size_t events) {
  const model::SolveResult& search = solved.search;
  Json json = {{"status", to_string(search.status)},
               {"proof", to_string(search.proof)},
               {"seconds",
                {{"total", search.seconds.total}, {"bounds", search.seconds.bounds}, {"solve", search.seconds.solve}}},
               {"nodes", search.nodes},
               {"boxes", search.boxes},
               {"engine", to_string(search.engine)},
               {"solver", search.solver},
               {"note", search.note},
               {"neurons",
                {{"total", search.neurons.total},
                 {"unstable", search.neurons.unstable},
                 {"binaries", search.neurons.binaries}}}};
  put(json, "objective", search.objective);
  put(json, "bound", search.bound);
  put(json, "gap", search.gap);
  put(json, "root_bound", solved.root_bound);
  json["x"] = std::vector<double>(search.x.begin(), search.x.end());
  json["y"] = std::vector<double>(search.y.begin(), search.y.end());
  json["trace"] = Json::array();
  const std::size_t count = search.trace.size();
  const std::size_t shown = std::min(count, events);
  for (std::size_t i = 0; i < shown; ++i) {
    // Evenly spread, first and last among them.
    const auto& event = search.trace[shown == 1 ? count - 1 : i * (count - 1) / (shown - 1)];
    Json entry = {{"seconds", event.seconds}, {"nodes", event.nodes}};
    put(entry, "objective", event.objective);
    put(entry, "bound", event.bound);
    json["trace"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace secateur::study
