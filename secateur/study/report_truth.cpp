// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"

namespace secateur::study::report {

namespace {

using Stroke = ChartLine::Stroke;

/// Regrets below are drawn here: they are nil for every purpose, and a logarithm has no zero.
constexpr double regret_floor = 1e-4;

/// Solves of a source whose optimum was simulated.
std::vector<const SolveRow*> simulated(const Study& study, const Outline& outline) {
  std::vector<const SolveRow*> rows;
  for (const SolveRow& row : study.solves) {
    if (!counts(row) || row.axes.source != outline.source || !row.objective || !row.simulated) continue;
    if (std::isfinite(*row.objective) && std::isfinite(*row.simulated)) rows.push_back(&row);
  }
  return rows;
}

std::string words(const SolveRow& row) {
  return fmt::format("{}, {}{}, seed {}: predicted {}, true {}", architecture_text(row.axes.architecture),
                     row.axes.method ? row.axes.pruning : "dense",
                     row.axes.method ? fmt::format(" {:g} %", 100 * row.axes.sparsity) : "", row.axes.seed,
                     number(row.objective.value_or(0), 4), number(row.simulated.value_or(0), 4));
}

/// The chart of some solves, one scale for both axes.
Chart scatter(const Outline& outline, const std::vector<const SolveRow*>& rows, const std::string& title) {
  Chart chart;
  chart.title = title;
  chart.diagonal = true;
  std::vector<double> all;
  std::vector<std::string> trainings;
  for (const Curve& curve : outline.curves) {
    ChartLine pruned = chart_line(curve.colour, Stroke::none), dense = chart_line(curve.dense_colour, Stroke::none);
    pruned.opacity = 0.7, pruned.size = 7, dense.opacity = 0.8;
    const bool first = std::find(trainings.begin(), trainings.end(), curve.training) == trainings.end();
    trainings.push_back(curve.training);
    for (const SolveRow* row : rows) {
      if (row->axes.training != curve.training) continue;
      const bool own = row->axes.method ? row->axes.pruning == curve.pruning : first;
      if (!own) continue;
      ChartLine& line = row->axes.method ? pruned : dense;
      line.x.push_back(row->objective.value_or(0)), line.y.push_back(row->simulated.value_or(0));
      line.signs.push_back(row->axes.method ? curve.sign : LegendEntry::Sign::circle);
      line.text.push_back(words(*row));
      all.push_back(line.x.back()), all.push_back(line.y.back());
    }
    for (ChartLine* const line : {&pruned, &dense}) {
      if (!line->x.empty()) chart.lines.push_back(std::move(*line));
    }
  }
  fit(chart.x, all);
  chart.y.lower = chart.x.lower, chart.y.upper = chart.x.upper;
  chart.x.title = "predicted by the network", chart.y.title = "true value there";
  return chart;
}

/// Dense, or of a sparsity that is usable.
bool usable(const SolveRow& row, const Outline& outline, const Samples& errors) {
  if (!row.axes.method) return true;
  for (const Curve& curve : outline.curves) {
    if (curve.training != row.axes.training || curve.pruning != row.axes.pruning) continue;
    const auto usable = usable_sparsities(errors, outline.source, row.axes.architecture, curve);
    return std::find(usable.begin(), usable.end(), row.axes.sparsity) != usable.end();
  }
  return false;
}

}  // namespace

std::optional<ReportFigure> truth_figure(const Study& study, const Outline& outline) {
  const std::vector<const SolveRow*> rows = simulated(study, outline);
  if (rows.empty()) return std::nullopt;
  const Samples error_list = error_samples(study);
  ReportFigure figure;
  figure.name = "truth-" + file_word(outline.source);
  figure.csv =
      "source,architecture,training,pruning,method,sparsity,seed,solve,status,usable,predicted,true,objective_error,"
      "violation\n";
  std::vector<const SolveRow*> good;
  std::vector<double> dense_errors, errors, violations;
  for (const SolveRow* row : rows) {
    const bool fine = usable(*row, outline, error_list);
    if (fine) good.push_back(row);
    if (fine && row->objective_error) (row->axes.method ? errors : dense_errors).push_back(*row->objective_error);
    if (fine && row->violation) violations.push_back(*row->violation);
    const Axes& axes = row->axes;
    figure.csv += fmt::format("{},{},{},{},{},{:g},{},{},{},{:d},{},{},{},{}\n", csv_field(axes.source),
                              csv_field(axes.architecture), csv_field(axes.training), csv_field(axes.pruning),
                              method_text(axes.method), axes.sparsity, axes.seed, csv_field(row->solve),
                              row->status ? to_string(*row->status) : "", fine, csv_field(row->objective),
                              csv_field(row->simulated), csv_field(row->objective_error), csv_field(row->violation));
  }
  figure.charts.push_back(scatter(outline, rows, "All networks"));
  if (!good.empty() && good.size() < rows.size()) {
    figure.charts.push_back(scatter(outline, good, "Dense and usable networks"));
  }
  figure.legend = curve_legend(outline, false);
  figure.square = true;
  figure.caption = fmt::format(
      "What the imitated system really does at the optimum that was found for its network, against what the network "
      "says. On the thin line both agree. Usable: {}.",
      usable_text());
  std::string text;
  const auto say = [&](const std::vector<double>& list, const char* what) {
    if (list.empty()) return;
    const auto close = std::count_if(list.begin(), list.end(), [](double e) { return e <= 0.02; });
    text += fmt::format("{}Objective error of {}: median {}, at most 2\u00a0% in {} of {} solves.",
                        text.empty() ? "" : " ", what, percent(median(list)), close, list.size());
  };
  say(dense_errors, "dense networks");
  say(errors, "usable pruned networks");
  if (!violations.empty()) {
    text += fmt::format("{}The largest violation of a constraint by them is {}.", text.empty() ? "" : " ",
                        number(*std::max_element(violations.begin(), violations.end()), 2));
  }
  figure.description = text.empty() ? fmt::format("{} solves.", rows.size()) : text;
  return figure;
}

std::optional<ReportFigure> regret_figure(const Study& study, const Outline& outline) {
  Samples regrets;
  std::vector<double> dense, pruned;
  int better = 0;
  for (const SolveRow& row : study.solves) {
    if (!counts(row) || !row.regret || row.axes.source != outline.source || !std::isfinite(*row.regret)) continue;
    auto& list = regrets[spot(row.axes)];
    // One regret a network: that of the first solve block that has one. They differ by the gap alone.
    if (std::any_of(list.begin(), list.end(), [&](const Sample& s) { return s.seed == row.axes.seed; })) continue;
    list.push_back({100 * *row.regret, false, row.axes.seed});
    (row.axes.method ? pruned : dense).push_back(*row.regret);
    better += *row.regret < 0 ? 1 : 0;
  }
  FacetPlan plan;
  plan.name = "regret", plan.quantity = "regret (%)";
  plan.centre = FacetPlan::Centre::median;
  plan.floor = 100 * regret_floor;
  plan.show = [](double value) { return percent(value / 100); };
  plan.marks.push_back({false, 2, "2\u00a0%"});
  auto figure = facets(outline, regrets, plan);
  if (!figure) return figure;
  figure->caption = fmt::format(
      "Regret: how much worse the true value at the optimum found is than the true optimum, as a fraction of it. Lines "
      "are medians over seeds; what is below {} is drawn there.",
      percent(regret_floor));
  std::string text;
  const auto say = [&](const std::vector<double>& list, const char* what) {
    if (list.empty()) return;
    const auto close = std::count_if(list.begin(), list.end(), [](double r) { return r <= 0.02; });
    text += fmt::format("{}{}: median {}, at most 2\u00a0% for {} of {}.", text.empty() ? "" : " ", what,
                        percent(median(list)), close, list.size());
  };
  say(dense, "Dense networks");
  say(pruned, "Pruned networks");
  if (better > 0) text += fmt::format(" {} are negative: there the point violates a constraint in truth.", better);
  figure->description = text;
  return figure;
}

}  // namespace secateur::study::report
