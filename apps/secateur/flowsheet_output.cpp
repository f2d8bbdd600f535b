// SPDX-License-Identifier: Apache-2.0
#include "flowsheet_output.hpp"

#include <cmath>

#include "data_arguments.hpp"
#include "trust_arguments.hpp"
#include "values.hpp"

namespace secateur::app {

namespace {

using flowsheet::Attempt;
using flowsheet::Case;
using flowsheet::LoopResult;
using flowsheet::LoopSettings;
using flowsheet::Round;

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::vector<std::string> decision_names(const Case& plant) {
  std::vector<std::string> names;
  for (const int v : plant.decisions()) names.push_back(plant.form.variables[static_cast<std::size_t>(v)].name);
  return names;
}

std::optional<double> simulated(const Attempt& attempt) {
  const Case::Evaluation* const answer = attempt.answer();
  return answer != nullptr ? std::optional(answer->objective) : std::nullopt;
}
std::optional<double> violation(const Attempt& attempt) {
  const Case::Evaluation* const answer = attempt.answer();
  return answer != nullptr ? std::optional(answer->violation) : std::nullopt;
}
std::optional<double> regret(const Attempt& attempt, const Case& plant) {
  const Case::Evaluation* const answer = attempt.answer();
  if (answer == nullptr || !plant.reference) return std::nullopt;
  return flowsheet::regret(answer->objective, plant.reference->objective, plant.form.sense);
}

Json to_json(const Attempt& attempt, const Case& plant) {
  const bool point = attempt.search.x.size() > 0;
  Json bias = Json::object();
  for (Index c = 0; c < attempt.bias.size(); ++c) {
    bias[plant.form.constraints[static_cast<std::size_t>(c)].name] = attempt.bias(c);
  }
  const Case::Evaluation* const answer = attempt.answer();
  return {{"status", to_string(attempt.search.status)},
          {"objective", or_null(attempt.search.objective)},
          {"bound", or_null(attempt.search.bound)},
          {"gap", or_null(attempt.search.gap)},
          {"simulated", or_null(simulated(attempt))},
          {"objective_error", or_null(attempt.error)},
          {"regret", or_null(regret(attempt, plant))},
          {"violation", or_null(violation(attempt))},
          {"x", point ? named(decision_names(plant), attempt.search.x) : Json()},
          {"predicted", point ? named(plant.outputs(), attempt.predicted) : Json()},
          {"plant", answer != nullptr ? named(plant.outputs(), answer->simulation.outputs) : Json()},
          {"reason", attempt.plant && answer == nullptr ? Json(attempt.plant->simulation.reason) : Json()},
          {"bias", bias},
          {"trust", trust_json({}, attempt.trust)},
          {"seconds", attempt.search.seconds.total},
          {"nodes", attempt.search.nodes},
          {"binaries", attempt.search.neurons.binaries}};
}

Json to_json(const Round& round, const Case& plant) {
  Json attempts = Json::array();
  for (const Attempt& attempt : round.attempts) attempts.push_back(to_json(attempt, plant));
  const auto summary = [](const prune::Summary& s) -> Json {
    return {{"weights", s.weights}, {"neurons", s.neurons}, {"unstable", s.unstable}};
  };
  return {
      {"region",
       {{"lower", named(plant.inputs(), round.region.lower)}, {"upper", named(plant.inputs(), round.region.upper)}}},
      {"simulated", round.simulated},
      {"reused", round.reused},
      {"rows", round.rows},
      {"failures", app::to_json(round.failures)},
      {"test", round.errors},
      {"objective_rmse", round.objective_rmse},
      {"sparsity", round.sparsity},
      {"growth", round.growth},
      {"before", summary(round.dense)},
      {"after", summary(round.pruned)},
      {"accepted", round.accepted},
      {"attempts", attempts},
      {"seconds",
       {{"sample", round.seconds.sample},
        {"train", round.seconds.train},
        {"prune", round.seconds.prune},
        {"solve", round.seconds.solve}}}};
}

std::string percent_or_dash(const std::optional<double>& fraction) { return fraction ? percent(*fraction) : "-"; }

/// "F_P 4.7628 (surrogate 4.7611)" in a table of its own.
std::string outputs_table(const Attempt& attempt, const Case& plant) {
  std::vector<std::vector<std::string>> rows{{"output", "surrogate", "plant", "unit"}};
  const auto& outputs = plant.form.networks.front().outputs;
  const Case::Evaluation* const answer = attempt.answer();
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const model::Variable& variable = plant.form.variables[static_cast<std::size_t>(outputs[k])];
    const auto i = static_cast<Index>(k);
    rows.push_back({variable.name, number(attempt.predicted(i)),
                    answer != nullptr ? number(answer->simulation.outputs(i)) : "-", variable.unit});
  }
  return table(rows);
}

/// ", 12 without an answer (12 the recycle does not settle)"; empty when all have one.
std::string failed_of(const LoopResult& result) {
  std::map<std::string, Index> failures;
  Index count = 0;
  for (const Round& round : result.rounds) {
    for (const auto& [reason, times] : round.failures) {
      failures[reason] += times;
      count += times;
    }
  }
  if (count == 0) return {};
  std::string reasons;
  for (const auto& [reason, times] : failures) {
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", times, reason);
  }
  return fmt::format(", {} without an answer ({})", count, reasons);
}

std::string decisions_table(const Vector& x, const Case& plant) {
  std::vector<std::vector<std::string>> rows{{"input", "value", "lower", "upper", "unit"}};
  const std::vector<int> decisions = plant.decisions();
  for (std::size_t k = 0; k < decisions.size(); ++k) {
    const model::Variable& variable = plant.form.variables[static_cast<std::size_t>(decisions[k])];
    const auto side = [](double bound) { return std::isfinite(bound) ? number(bound) : std::string(); };
    rows.push_back({variable.name, fmt::format("{:.8g}", x(static_cast<Index>(k))), side(variable.lower),
                    side(variable.upper), variable.unit});
  }
  return table(rows);
}

}  // namespace

Json named(const std::vector<std::string>& names, const Vector& values) {
  Json json = Json::object();
  for (std::size_t i = 0; i < names.size(); ++i) json[names[i]] = values(static_cast<Index>(i));
  return json;
}

Json units(const std::vector<flowsheet::Quantity>& quantities) {
  Json json = Json::object();
  for (const auto& quantity : quantities) json[quantity.name] = quantity.unit;
  return json;
}

Json to_json(const std::map<std::string, Index>& failures) {
  Json json = Json::object();
  for (const auto& [reason, count] : failures) json[reason] = count;
  return json;
}

Json to_json(const LoopResult& result, const Case& plant, const LoopSettings& settings) {
  const Attempt* const best = result.attempt();
  Json history = Json::array();
  Index failed = 0;
  for (const Round& round : result.rounds) {
    history.push_back(to_json(round, plant));
    for (const auto& [reason, count] : round.failures) failed += count;
  }
  Json json{{"objective", best ? or_null(best->search.objective) : Json()},
            {"simulated", best ? or_null(simulated(*best)) : Json()},
            {"objective_error", best ? or_null(best->error) : Json()},
            {"regret", best ? or_null(regret(*best, plant)) : Json()},
            {"violation", best ? or_null(violation(*best)) : Json()},
            {"rounds", result.rounds.size()},
            {"x", best ? named(decision_names(plant), best->search.x) : Json()},
            {"seconds", result.seconds}};
  json["status"] = result.stopped && *result.stopped == Status::interrupted ? Json("interrupted")
                   : best                                                   ? Json(to_string(best->search.status))
                   : !result.rounds.empty() ? Json(to_string(result.rounds.back().attempts.back().search.status))
                                            : Json();
  json["accepted"] = plant.simulator ? Json(result.accepted) : Json();
  json["bound"] = best ? or_null(best->search.bound) : Json();
  json["predicted"] = best ? named(plant.outputs(), best->predicted) : Json();
  const Case::Evaluation* const answer = best != nullptr ? best->answer() : nullptr;
  json["plant"] = answer != nullptr ? named(plant.outputs(), answer->simulation.outputs) : Json();
  json["trust"] = Json();
  if (best != nullptr) {
    const Round& round = result.rounds[result.best.value_or(std::pair<std::size_t, std::size_t>()).first];
    json["trust"] = {{"rows", round.rows}};
    json["trust"].update(trust_json(round.trust, best->trust));
  }
  json["reference"] = plant.reference ? Json(plant.reference->objective) : Json();
  json["simulations"] = result.simulations;
  json["failed"] = failed;
  json["history"] = history;
  json["flowsheet"] = plant.flowsheet;
  json["case"] = plant.name.empty() ? Json() : Json(plant.name);
  json["seed"] = settings.seed;
  return json;
}

std::string line(const Round& round, std::size_t number_of, const LoopSettings& settings) {
  const Attempt& end = round.attempts.back();
  const auto& s = round.seconds;
  std::string text = fmt::format("round {}: ", number_of);
  if (end.search.x.size() == 0) {
    text += fmt::format("the surrogate's problem is {}", to_string(end.search.status));
  } else {
    text += fmt::format("surrogate {}", number(end.search.objective));
    if (end.plant) {
      text += fmt::format(", plant {}, error {}, violation {}", number(simulated(end)), percent_or_dash(end.error),
                          percent_or_dash(violation(end)));
    }
    if (end.plant && !end.plant->simulation.converged) text += ", " + end.plant->simulation.reason;
    if (const Case::Evaluation* const answer = end.answer();
        answer != nullptr && !round.accepted && end.accurate(settings) && end.feasible(settings)) {
      text += fmt::format("; RMSE of the objective {}", percent(round.objective_rmse / std::abs(answer->objective)));
    }
  }
  return text + fmt::format(" ({} points, {} solves; sample {:.1f} s, train {:.1f} s, prune {:.1f} s, solve {:.1f} s)",
                            round.simulated + round.reused, round.attempts.size(), s.sample, s.train, s.prune, s.solve);
}

std::string text(const LoopResult& result, const Case& plant, const LoopSettings& settings) {
  const Attempt* const best = result.attempt();
  if (best == nullptr) {
    if (result.rounds.empty()) return facts({{"status", "interrupted"}, {"rounds", "0"}});
    const auto& search = result.rounds.back().attempts.back().search;
    std::string out =
        facts({{"status", std::string(to_string(search.status))}, {"rounds", fmt::format("{}", result.rounds.size())}});
    if (!search.conflict.empty()) {
      out += "\ncannot hold together\n";
      for (const std::string& line : search.conflict) out += "  " + line + "\n";
    }
    return out;
  }
  const auto exact = [](const std::optional<double>& v) { return v ? fmt::format("{:.8g}", *v) : std::string("-"); };
  const std::size_t of_round = result.best.value_or(std::pair<std::size_t, std::size_t>()).first;
  const Round& round = result.rounds[of_round];
  std::string out = facts(
      {{"surrogate", fmt::format("{} ({}, bound {})", exact(best->search.objective), to_string(best->search.status),
                                 exact(best->search.bound))},
       {"plant", !best->plant                         ? "not simulated: there is only data"
                 : !best->plant->simulation.converged ? "no answer: " + best->plant->simulation.reason
                                                      : exact(simulated(*best))},
       {"error", percent_or_dash(best->error)},
       {"regret", plant.reference ? fmt::format("{} against {:.8g}", percent_or_dash(regret(*best, plant)),
                                                plant.reference->objective)
                                  : "unknown: no reference"},
       {"violation", best->error ? fmt::format("{} of the plant's limits", percent_or_dash(violation(*best))) : "-"}});
  out += "\n" + decisions_table(best->search.x, plant) + "\n" + outputs_table(*best, plant) + "\n";
  out += facts(trust_facts(round.trust, best->trust, round.rows)) + "\n";
  out +=
      facts({{"rounds", fmt::format("{}; this is the answer of round {}", result.rounds.size(), of_round + 1)},
             {"network", fmt::format("{} of {} weights, {} binaries", round.pruned.weights, round.dense.weights,
                                     best->search.neurons.binaries)},
             {plant.simulator ? "simulations" : "rows",
              fmt::format("{}", plant.simulator ? result.simulations : round.simulated) + failed_of(result)},
             {"seconds", fmt::format("{:.3g}", result.seconds)},
             {"accepted", result.accepted    ? "yes"
                          : !plant.simulator ? "unknown: nothing can simulate this point"
                                             : fmt::format("no: error above {} or violation above {}",
                                                           percent(settings.accuracy), percent(settings.violation))}});
  return out;
}

Json to_json(const flowsheet::DirectOptimum& found, const Case& plant) {
  return {{"status", found.stopped ? Json(to_string(*found.stopped)) : Json("done")},
          {"objective", found.best ? Json(found.best->objective) : Json()},
          {"violation", found.best ? Json(found.violation) : Json()},
          {"x", found.best ? named(decision_names(plant), found.best->x) : Json()},
          {"starts", found.starts},
          {"agreeing", found.agreeing},
          {"simulations", found.evaluations},
          {"failures", to_json(found.failures)}};
}

std::string text(const flowsheet::DirectOptimum& found, const Case& plant) {
  std::string out = facts({{"objective", found.best ? fmt::format("{:.9g}", found.best->objective) : "-"},
                           {"proof", "none: local searches on the simulator"}});
  if (found.best) out += "\n" + decisions_table(found.best->x, plant) + "\n";
  Index failed = 0;
  for (const auto& [reason, count] : found.failures) failed += count;
  return out + facts({{"starts", fmt::format("{}, {} agree", found.starts, found.agreeing)},
                      {"simulations", fmt::format("{}, {} without an answer", found.evaluations, failed)}});
}

Json to_json(const flowsheet::Simulation& simulation, const flowsheet::Simulator& simulator) {
  return {{"converged", simulation.converged},
          {"outputs", simulation.converged ? named(flowsheet::names(simulator.outputs()), simulation.outputs) : Json()},
          {"reason", simulation.converged ? Json() : Json(simulation.reason)}};
}

std::string text(const flowsheet::Simulation& simulation, const flowsheet::Simulator& simulator) {
  if (!simulation.converged) return "no answer: " + simulation.reason + "\n";
  std::vector<std::vector<std::string>> rows{{"output", "value", "unit", ""}};
  for (std::size_t k = 0; k < simulator.outputs().size(); ++k) {
    const auto& quantity = simulator.outputs()[k];
    rows.push_back({quantity.name, fmt::format("{:.10g}", simulation.outputs(static_cast<Index>(k))), quantity.unit,
                    quantity.description});
  }
  return table(rows);
}

}  // namespace secateur::app
