// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "secateur/study/csv_text.hpp"
#include "secateur/study/format.hpp"
#include "secateur/study/guidance.hpp"

namespace secateur::study {

namespace {

using nlohmann::json;

std::optional<double> probe_gap(const GuidanceCandidate& candidate) {
  if (!candidate.probe || !candidate.probe->gap || !std::isfinite(*candidate.probe->gap)) return std::nullopt;
  return candidate.probe->gap;
}

std::string text(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::to_string(*value) : std::string();
}

/// "1.2 s", "stopped at 10 s", "infeasible after 0.1 s".
std::string took(const model::SolveResult& probe) {
  std::string seconds = duration(probe.seconds.total);
  switch (probe.status) {
    case Status::optimal:
      return seconds;
    case Status::infeasible:
    case Status::unbounded:
      return fmt::format("{} after {}", to_string(probe.status), seconds);
    default:
      return "stopped at " + seconds;
  }
}

/// seconds, status, gap, objective of a row, each behind a comma.
std::string probe_columns(const GuidanceCandidate& candidate) {
  if (!candidate.probe) return ",,,,";
  const model::SolveResult& probe = *candidate.probe;
  return fmt::format(",{},{},{},{}", probe.seconds.total, to_string(probe.status), text(probe_gap(candidate)),
                     text(probe.objective));
}

bool stopped(const GuidanceCandidate& candidate) {
  return !candidate.probe || candidate.probe->status != Status::optimal;
}

std::string colour_of(const GuidanceCandidate& candidate) {
  if (!candidate.method) return "dense";
  return *candidate.method == prune::Method::weight ? "weight" : "node";
}

/// Solve time and error of every candidate; the front as a line; the tolerance as another one.
Figure front_figure(const Guidance& guidance) {
  Figure figure;
  Plot plot;
  const double dense = guidance.candidates.front().error;
  double fastest = HUGE_VAL, slowest = 0;  // of what has a probe
  json front_x = json::array(), front_y = json::array();
  for (const std::size_t i : guidance.front()) {
    const GuidanceCandidate& member = guidance.candidates[i];
    if (!member.probe || stopped(member)) continue;  // a limit is no value: no line leads to it
    front_x.push_back(member.probe->seconds.total), front_y.push_back(member.error);
  }
  plot.data.push_back({{"type", "scatter"},
                       {"mode", "lines"},
                       {"x", front_x},
                       {"y", front_y},
                       {"hoverinfo", "skip"},
                       {"line", {{"color", "--muted"}, {"width", 1.5}, {"shape", "hv"}}}});
  for (const GuidanceCandidate& candidate : guidance.candidates) {
    if (!candidate.probe) continue;
    constexpr double clock_resolution = 1e-6;  // the axis is logarithmic
    const double seconds = std::max(clock_resolution, candidate.probe->seconds.total);
    fastest = std::min(fastest, seconds), slowest = std::max(slowest, seconds);
    const char* symbol = stopped(candidate)                 ? "triangle-right-open"
                         : !candidate.method                ? "circle"
                         : colour_of(candidate) == "weight" ? "square"
                                                            : "diamond";
    const std::string text =
        fmt::format("{}: {}, error {}", name_of(candidate), took(*candidate.probe), number(candidate.error, 3));
    plot.data.push_back({{"type", "scatter"},
                         {"mode", "markers"},
                         {"x", {seconds}},
                         {"y", {candidate.error}},
                         {"text", {text}},
                         {"hovertemplate", "%{text}<extra></extra>"},
                         {"marker",
                          {{"symbol", symbol},
                           {"size", candidate.recommended ? 15 : 9},
                           {"opacity", candidate.front ? 1.0 : 0.45},
                           {"color", fmt::format("--{}", colour_of(candidate))}}},
                         {"cliponaxis", false}});
  }
  const double limit = (1 + guidance.settings.tolerance) * dense;
  plot.layout = {{"xaxis",
                  {{"title", {{"text", "solve time (s)"}}},
                   {"type", "log"},
                   {"range", {std::log10(fastest / 1.6), std::log10(std::max(slowest, fastest) * 1.6)}},
                   {"dtick", slowest > 50 * fastest ? json(1) : json("D2")}}},
                 {"yaxis", {{"title", {{"text", "validation error (RMSE / deviation)"}}}, {"rangemode", "tozero"}}},
                 {"shapes", json::array({{{"type", "line"},
                                          {"xref", "x domain"},
                                          {"x0", 0},
                                          {"x1", 1},
                                          {"y0", limit},
                                          {"y1", limit},
                                          {"layer", "below"},
                                          {"line", {{"color", "--muted"}, {"width", 1}, {"dash", "dot"}}}}})}};
  figure.plots.push_back(std::move(plot));
  using Sign = LegendEntry::Sign;
  figure.legend = {{"not pruned", "dense", Sign::circle},   {"weights pruned", "weight", Sign::square},
                   {"nodes pruned", "node", Sign::diamond}, {"stopped at the limit", "muted", Sign::open_triangle},
                   {"front", "muted", Sign::line},          {"tolerance", "muted", Sign::dotted}};
  figure.caption =
      "Validation error against the time to the proven optimum. Pale marks are beaten by another one in both; the "
      "large "
      "mark is recommended.";
  figure.description =
      "error of every candidate against its solve time, on a logarithmic time axis; Table 1 has the numbers.";
  return figure;
}

}  // namespace

nlohmann::ordered_json to_json(const GuidanceCandidate& candidate) {
  using Json = nlohmann::ordered_json;
  const auto number = [](std::optional<double> value) {
    return value && std::isfinite(*value) ? Json(*value) : Json();
  };
  Json out;
  out["method"] = candidate.method ? Json(to_string(*candidate.method)) : Json();
  out["sparsity"] = candidate.sparsity;
  out["weights"] = candidate.summary.weights;
  out["neurons"] = candidate.summary.neurons;
  out["unstable"] = candidate.summary.unstable;
  out["binaries"] = candidate.probe ? Json(candidate.probe->neurons.binaries) : Json();
  out["rmse"] = candidate.summary.validation ? Json(candidate.summary.validation->rmse) : Json();
  out["growth"] = number(candidate.growth);
  out["seconds"] = candidate.probe ? Json(candidate.probe->seconds.total) : Json();
  out["status"] = candidate.probe ? Json(to_string(candidate.probe->status)) : Json();
  out["gap"] = number(probe_gap(candidate));
  out["objective"] = candidate.probe ? number(candidate.probe->objective) : Json();
  out["file"] = candidate.file.empty() ? Json() : Json(candidate.file);
  out["front"] = candidate.front;
  out["recommended"] = candidate.recommended;
  return out;
}

std::string to_csv(const Guidance& guidance) {
  std::string csv = "method,sparsity,weights,neurons,unstable";
  for (const std::string& name : guidance.output_names) csv += fmt::format(",{}", csv_field("rmse " + name));
  csv += ",growth,seconds,status,gap,objective,front,recommended,file\n";
  for (const GuidanceCandidate& c : guidance.candidates) {
    const std::string_view method = c.method ? to_string(*c.method) : std::string_view("none");
    csv += fmt::format("{},{},{},{},{}", method, c.sparsity, c.summary.weights, c.summary.neurons, c.summary.unstable);
    const train::Errors* errors = c.summary.validation ? &*c.summary.validation : nullptr;
    for (std::size_t k = 0; k < guidance.output_names.size(); ++k) {
      csv += errors != nullptr ? fmt::format(",{}", errors->rmse[k]) : ",";
    }
    csv += fmt::format(",{}", text(c.growth));
    csv += probe_columns(c);
    csv += fmt::format(",{},{},{}\n", c.front ? 1 : 0, c.recommended ? 1 : 0, csv_field(c.file));
  }
  return csv;
}

std::string to_html(const Guidance& guidance, const std::string& subtitle) {
  Page page("Which pruned network to optimise over", subtitle);
  page.colour("dense", "#3d3d3d", "#c9c9c9");
  page.colour("weight", "#0067a8", "#5cb4ea");
  page.colour("node", "#c65102", "#f09a4a");
  const GuidanceCandidate* recommended = guidance.recommended();
  if (recommended != nullptr) {
    page.paragraph(fmt::format("Recommended: {} ({}).", name_of(*recommended), guidance.reason));
  }
  page.figure(front_figure(guidance));
  PageTable table{fmt::format("Every candidate; solves were given {} each.", duration(guidance.settings.time_limit)),
                  {"network", "weights", "neurons", "unstable", "error", "growth", "solve", "gap", "front"},
                  {}};
  for (const GuidanceCandidate& c : guidance.candidates) {
    const auto gap = probe_gap(c);
    table.rows.push_back({name_of(c), count(c.summary.weights), count(c.summary.neurons), count(c.summary.unstable),
                          number(c.error, 3), c.method ? percent(c.growth) : "-", c.probe ? took(*c.probe) : "-",
                          gap ? percent(*gap) : "-",
                          c.recommended ? "recommended"
                          : c.front     ? "yes"
                                        : ""});
  }
  page.table(table);
  page.links({{"front.csv", "the numbers as CSV"}});
  return page.html();
}

}  // namespace secateur::study
