// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"

namespace secateur::study::report {

namespace {

/// The limit of the solves of a block on a source, if it is one.
std::optional<double> time_limit(const Study& study, const Outline& outline, const std::string& solve) {
  std::optional<double> limit;
  for (const SolveRow& row : study.solves) {
    if (row.solve != solve || row.axes.source != outline.source || row.reference) continue;
    if (!std::isfinite(row.time_limit) || row.time_limit <= 0) return std::nullopt;
    if (limit && *limit != row.time_limit) return std::nullopt;
    limit = row.time_limit;
  }
  return limit;
}

std::string file_name(const char* what, const Outline& outline, const std::string& solve) {
  return fmt::format("{}-{}-{}", what, file_word(outline.source), file_word(solve));
}

/// A cell of the map, and where it stands.
struct Cell {
  std::string architecture;
  const Curve* curve = nullptr;
  double sparsity = 0;
  MeanSpeedUp speed_up;
};

std::vector<Cell> cells(const Outline& outline, const Samples& times) {
  std::vector<Cell> found;
  for (const Curve& curve : outline.curves) {
    for (const std::string& architecture : outline.architectures) {
      for (const double sparsity : sparsities(times, outline.source, architecture, curve)) {
        const auto mean = mean_speed_up(pairs(times, outline.source, architecture, curve, sparsity));
        if (mean) found.push_back({architecture, &curve, sparsity, *mean});
      }
    }
  }
  return found;
}

Chart map_chart(const Outline& outline, const Curve& curve, const std::vector<Cell>& all, double low, double high) {
  Chart chart;
  chart.title = curve.label;
  // All maps have the same columns, so that they can be compared along them.
  std::set<double> places;
  for (const Cell& cell : all) places.insert(cell.sparsity);
  const std::vector<double> columns(places.begin(), places.end());
  for (const double sparsity : columns) chart.x.categories.push_back(sparsity_text(sparsity));
  for (const std::string& architecture : outline.architectures)
    chart.y.categories.push_back(architecture_text(architecture));
  chart.x.lower = -0.5, chart.x.upper = static_cast<double>(columns.size()) - 0.5;
  // The first architecture stands on top.
  chart.y.lower = static_cast<double>(outline.architectures.size()) - 0.5, chart.y.upper = -0.5;
  ChartMap map;
  map.low = low, map.high = high;
  for (const std::string& architecture : outline.architectures) {
    std::vector<double> values(columns.size(), std::nan(""));
    std::vector<std::string> texts(columns.size());
    for (const Cell& cell : all) {
      if (cell.curve != &curve || cell.architecture != architecture) continue;
      const auto column =
          static_cast<std::size_t>(std::find(columns.begin(), columns.end(), cell.sparsity) - columns.begin());
      values[column] = std::log10(cell.speed_up.factor);
      texts[column] = short_text(cell.speed_up);
    }
    map.values.push_back(std::move(values));
    map.text.push_back(std::move(texts));
  }
  chart.map = std::move(map);
  return chart;
}

}  // namespace

std::optional<ReportFigure> time_figure(const Study& study, const Outline& outline, const std::string& solve) {
  const Samples times = time_samples(study, solve);
  FacetPlan plan;
  plan.name = "time", plan.quantity = "solve time (s)";
  plan.show = [](double value) { return duration(value); };
  const auto limit = time_limit(study, outline, solve);
  if (limit) plan.marks.push_back({false, *limit, "limit " + duration(*limit)});
  auto figure = facets(outline, times, plan);
  if (!figure) return figure;
  figure->name = file_name("time", outline, solve);
  figure->caption = fmt::format(
      "Time to proven optimality with “{}” against the fraction removed; lines are geometric means over seeds, faint "
      "points the seeds. A run that was stopped counts at its limit and makes the mean an “at least” (open triangle).",
      solve);
  int dense = 0, stopped = 0;
  for (const std::string& architecture : outline.architectures) {
    if (outline.curves.empty()) break;
    const auto* const list = samples_at(times, outline.source, architecture, outline.curves.front(), 0);
    if (list == nullptr) continue;
    dense += static_cast<int>(list->size());
    stopped += static_cast<int>(std::count_if(list->begin(), list->end(), [](const Sample& s) { return s.limit; }));
  }
  std::string text;
  if (dense > 0) {
    text = fmt::format("{} of {} dense networks were stopped at {}.", stopped == 0 ? "None" : std::to_string(stopped),
                       dense, limit ? "the limit of " + duration(*limit) : "their limit");
  }
  for (const Curve& curve : outline.curves) {
    const std::vector<double> places = sparsities(times, outline.source, curve);
    if (places.empty()) continue;
    std::vector<double> seconds;
    int all = 0, solved = 0;
    for (const std::string& architecture : outline.architectures) {
      const auto* const list = samples_at(times, outline.source, architecture, curve, places.back());
      if (list == nullptr) continue;
      for (const Sample& sample : *list) {
        ++all, seconds.push_back(sample.value);
        solved += sample.limit ? 0 : 1;
      }
    }
    // With half of the runs stopped, the middle one would have taken longer.
    text += fmt::format(" {}, {}: {} of {} solved, median {}{}.", sentence(curve), sparsity_text(places.back()), solved,
                        all, 2 * solved > all ? "" : "at least ", duration(median(seconds)));
  }
  figure->description = text;
  return figure;
}

std::optional<ReportFigure> speed_up_figure(const Study& study, const Outline& outline, const std::string& solve) {
  const Samples times = time_samples(study, solve);
  const std::vector<Cell> all = cells(outline, times);
  if (all.empty()) return std::nullopt;
  ReportFigure figure;
  figure.name = file_name("speed-up", outline, solve);
  figure.csv =
      "source,solve,architecture,training,pruning,method,sparsity,pairs,dense_stopped,pruned_stopped,factor,relation\n";
  // One scale for all maps, from no speed-up to the largest.
  double high = 0.3;
  for (const Cell& cell : all) high = std::max(high, std::log10(cell.speed_up.factor));
  for (const Curve& curve : outline.curves) {
    const bool any = std::any_of(all.begin(), all.end(), [&](const Cell& cell) { return cell.curve == &curve; });
    if (any) figure.charts.push_back(map_chart(outline, curve, all, 0, high));
  }
  figure.wide = true;
  figure.min_width = 7 + 4 * static_cast<double>(figure.charts.front().x.categories.size());
  figure.rows = 1.35 * static_cast<double>(outline.architectures.size());
  // Runs that were stopped leave some means without a lower bound, some without an upper one.
  const auto at_least = [](const Cell& cell) {
    return cell.speed_up.relation && cell.speed_up.relation != Relation::at_most;
  };
  const auto at_most = [](const Cell& cell) {
    return cell.speed_up.relation && cell.speed_up.relation != Relation::at_least;
  };
  const Cell* best = nullptr;
  int slower = 0, thousand = 0;
  for (const Cell& cell : all) {
    if (at_least(cell) && (best == nullptr || cell.speed_up.factor > best->speed_up.factor)) best = &cell;
    slower += cell.speed_up.factor < 1 && at_most(cell) ? 1 : 0;
    thousand += cell.speed_up.factor >= 1e3 && at_least(cell) ? 1 : 0;
    figure.csv +=
        fmt::format("{},{},{},{},{},{},{:g},{},{},{},{},{}\n", csv_field(outline.source), csv_field(solve),
                    csv_field(cell.architecture), csv_field(cell.curve->training), csv_field(cell.curve->pruning),
                    method_text(cell.curve->method), cell.sparsity, cell.speed_up.pairs, cell.speed_up.dense_stopped,
                    cell.speed_up.pruned_stopped, csv_field(cell.speed_up.factor),
                    cell.speed_up.relation ? to_string(*cell.speed_up.relation) : "stopped_both");
  }
  figure.caption = fmt::format(
      "Speed-up with “{}” against the dense network of the same training and seed, geometric means over seeds. A run "
      "that was stopped counts at its limit: ≥ where that was a dense one, ≤ a pruned one, ≈ both (then the number "
      "bounds nothing).",
      solve);
  figure.description = best == nullptr ? "Every mean has runs of pruned networks that were stopped."
                                       : fmt::format("The largest mean speed-up is {}, for {} with {} removed ({}).",
                                                     short_text(best->speed_up), architecture_text(best->architecture),
                                                     removed_text(*best->curve, best->sparsity), best->curve->training);
  if (thousand > 0) figure.description += fmt::format(" {} of {} cells reach 1000×.", thousand, all.size());
  if (slower > 0)
    figure.description += fmt::format(" In {} of {} cells pruning makes the solve slower.", slower, all.size());
  return figure;
}

}  // namespace secateur::study::report
