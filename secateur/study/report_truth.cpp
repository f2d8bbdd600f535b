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

}  // namespace

std::optional<ReportFigure> truth_figure(const Study& study, const Outline& outline) {
  ReportFigure figure;
  figure.name = "truth-" + file_word(outline.source);
  figure.csv =
      "source,architecture,training,pruning,method,sparsity,seed,solve,status,predicted,true,objective_error,"
      "violation\n";
  Chart chart;
  chart.diagonal = true;
  std::vector<double> all, errors, dense_errors, violations;
  const auto add = [&](ChartLine& line, const SolveRow& row) {
    if (!counts(row) || !row.objective || !row.simulated || row.axes.source != outline.source) return;
    if (!std::isfinite(*row.objective) || !std::isfinite(*row.simulated)) return;
    line.x.push_back(*row.objective), line.y.push_back(*row.simulated);
    line.text.push_back(fmt::format("{}, {}{}, seed {}: predicted {}, true {}",
                                    architecture_text(row.axes.architecture),
                                    row.axes.method ? row.axes.pruning : "dense",
                                    row.axes.method ? fmt::format(" {:g} %", 100 * row.axes.sparsity) : "",
                                    row.axes.seed, number(*row.objective, 4), number(*row.simulated, 4)));
    all.push_back(*row.objective), all.push_back(*row.simulated);
    if (row.objective_error) (row.axes.method ? errors : dense_errors).push_back(*row.objective_error);
    if (row.violation) violations.push_back(*row.violation);
    figure.csv += fmt::format(
        "{},{},{},{},{},{:g},{},{},{},{},{},{},{}\n", csv_field(row.axes.source), csv_field(row.axes.architecture),
        csv_field(row.axes.training), csv_field(row.axes.pruning), method_text(row.axes.method), row.axes.sparsity,
        row.axes.seed, csv_field(row.solve), row.status ? to_string(*row.status) : "", csv_field(row.objective),
        csv_field(row.simulated), csv_field(row.objective_error), csv_field(row.violation));
  };
  std::vector<std::string> trainings;
  for (const Curve& curve : outline.curves) {
    ChartLine pruned = chart_line(curve.colour, Stroke::none);
    pruned.opacity = 0.7, pruned.size = 7;
    ChartLine dense = chart_line(curve.dense_colour, Stroke::none);
    dense.opacity = 0.8;
    const bool first = std::find(trainings.begin(), trainings.end(), curve.training) == trainings.end();
    trainings.push_back(curve.training);
    for (const SolveRow& row : study.solves) {
      if (row.axes.training != curve.training) continue;
      if (!row.axes.method && first) add(dense, row);
      if (row.axes.method && row.axes.pruning == curve.pruning) add(pruned, row);
    }
    pruned.signs.assign(pruned.x.size(), curve.sign);
    dense.signs.assign(dense.x.size(), LegendEntry::Sign::circle);
    for (ChartLine* const line : {&pruned, &dense}) {
      if (!line->x.empty()) chart.lines.push_back(std::move(*line));
    }
  }
  chart.x.title = "predicted by the network", chart.y.title = "true value there";
  if (chart.lines.empty() || !fit(chart.x, all)) return std::nullopt;
  chart.y.lower = chart.x.lower, chart.y.upper = chart.x.upper;
  figure.charts.push_back(std::move(chart));
  figure.legend = curve_legend(outline, false);
  figure.square = true;
  figure.caption =
      "What the imitated system really does at the optimum that was found for its network, against what the network "
      "says; "
      "every solve of the study. On the thin line both agree.";
  std::string text;
  const auto say = [&](const std::vector<double>& list, const char* what) {
    if (list.empty()) return;
    const auto close = std::count_if(list.begin(), list.end(), [](double e) { return e <= 0.02; });
    text += fmt::format("{}Objective error of {}: median {}, at most 2\u00a0% in {} of {} solves.",
                        text.empty() ? "" : " ", what, percent(median(list)), close, list.size());
  };
  say(dense_errors, "dense networks");
  say(errors, "pruned networks");
  if (!violations.empty()) {
    text += fmt::format("{}The largest violation of a constraint is {}.", text.empty() ? "" : " ",
                        number(*std::max_element(violations.begin(), violations.end()), 2));
  }
  figure.description = text.empty() ? fmt::format("{} solves.", all.size() / 2) : text;
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
      "are "
      "medians over seeds; what is below {} is drawn there.",
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
