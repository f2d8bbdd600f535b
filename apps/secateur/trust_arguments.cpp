// SPDX-License-Identifier: Apache-2.0
#include "trust_arguments.hpp"

#include "secateur/core/error.hpp"
#include "secateur/data/table.hpp"

namespace secateur::app {

void check_together(const model::TrustSettings& settings) {
  if (settings.radius && settings.region != model::TrustRegion::distance) {
    throw InputError("goes with --trust distance", {}, "--trust-radius");
  }
  if (settings.points && !settings.region) {
    throw InputError("goes with --trust hull or --trust distance", {}, "--trust-points");
  }
}

std::vector<std::pair<std::string, std::string>> trust_facts(const std::optional<model::TrustRestriction>& restriction,
                                                             const std::optional<model::TrustReport>& report,
                                                             Index rows) {
  std::vector<std::pair<std::string, std::string>> lines;
  if (restriction) {
    const auto& region = *restriction;
    const std::string share = fmt::format("{} of the {} rows inside", percent(region.inside), rows);
    lines.emplace_back("trust", region.region == model::TrustRegion::hull
                                    ? fmt::format("hull of {} rows{}, {}", region.points,
                                                  region.exact ? "" : " (an inner approximation)", share)
                                    : fmt::format("at most {} ranges from one of {} rows, {}", number(region.radius),
                                                  region.points, share));
  }
  if (report) {
    lines.emplace_back("data", fmt::format("{} ranges from the nearest row; {:.0f} % of the rows are nearer to another",
                                           number(report->distance), report->percentile));
    const char* where = report->inside_hull  ? "inside the data's hull"
                        : report->inside_box ? "outside the data's hull, inside its box"
                                             : "outside the data's box";
    lines.emplace_back("", report->inside_hull
                               ? where
                               : fmt::format("{}, {} ranges from the hull", where, number(report->hull_distance)));
  }
  return lines;
}

Json trust_json(const std::optional<model::TrustRestriction>& region, const std::optional<model::TrustReport>& report) {
  Json json{{"region", region ? Json(model::to_json(*region)) : Json()}};
  // Without a point every fact about it is null.
  const Json facts = model::to_json(report.value_or(model::TrustReport{}));
  for (const auto& [key, value] : facts.items()) json[key] = report ? value : Json();
  return json;
}

void TrustArguments::declare(Options& options) {
  options
      .add("data", file,
           "the rows that the networks were trained on, columns named as their inputs: where the optimum lies with "
           "respect to them is reported")
      .metavar("FILE.csv");
  options.settings(settings);
}

void TrustArguments::read(model::Problem& problem, std::uint64_t seed) {
  if (file.empty() && settings.region) throw InputError("needs the data; give --data FILE.csv", {}, "--trust");
  check_together(settings);
  if (file.empty()) return;
  const data::Table table = data::read_csv(file);
  m_trust.emplace(problem, table.columns, table.values, file);
  if (settings.region) m_restriction = m_trust->confine(problem, settings, seed);
}

Json TrustArguments::json(const model::Problem& problem, const model::SolveResult& result) const {
  if (!m_trust) return {};
  const auto report = m_trust->report(problem, result);
  Json inputs = Json::array(), networks = Json::array();
  for (const int n : m_trust->networks()) networks.push_back(problem.networks[static_cast<std::size_t>(n)].name);
  for (const int v : m_trust->variables()) inputs.push_back(problem.variables[static_cast<std::size_t>(v)].name);
  Json json{{"data", file}, {"rows", m_trust->rows()}, {"networks", networks}, {"inputs", inputs}};
  json.update(trust_json(m_restriction, report));
  return json;
}

std::string TrustArguments::text(const model::Problem& problem, const model::SolveResult& result) const {
  if (!m_trust) return {};
  return facts(trust_facts(m_restriction, m_trust->report(problem, result), m_trust->rows()));
}

}  // namespace secateur::app
