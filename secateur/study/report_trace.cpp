// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"

namespace secateur::study::report {

namespace {

using Stroke = ChartLine::Stroke;
using Sign = LegendEntry::Sign;
using Traces = std::map<std::string, std::vector<const TraceRow*>>;

/// No more charts than can be taken in.
constexpr std::size_t most_charts = 6;
/// Nothing of interest happens before.
constexpr double first_instant = 1e-3;

const SolveRow* solve_at(const std::vector<const SolveRow*>& rows, const Spot& place, std::uint64_t seed) {
  for (const SolveRow* row : rows) {
    if (spot(row->axes) == place && row->axes.seed == seed) return row;
  }
  return nullptr;
}

/// Distances of incumbent and bound from the best point that the solve found in the end, so that both ends of a
/// search that spans many powers of ten can be seen; nearer than a tenth of the usual gap is drawn there.
void add_solve(Chart& chart, const SolveRow& row, const std::vector<const TraceRow*>& trace, const std::string& label,
               const std::string& colour, std::vector<double>& seconds, std::vector<double>& distances,
               std::string& csv) {
  ChartLine incumbent = chart_line(colour), bound = chart_line(colour, Stroke::dashed);
  incumbent.steps = bound.steps = true;
  if (!row.objective) return;
  const double best = *row.objective, nearest = 1e-5 * std::max(std::abs(best), 1e-6);
  const auto add = [&](double at, const std::optional<double>& objective, const std::optional<double>& proven_bound) {
    const double place = std::max(at, first_instant);
    seconds.push_back(place);
    const auto one = [&](ChartLine& line, const std::optional<double>& value, const char* what) {
      if (!value || !std::isfinite(*value)) return;
      line.x.push_back(place), line.y.push_back(std::max(std::abs(*value - best), nearest));
      line.text.push_back(fmt::format("{}, {} {} after {}", label, what, number(*value, 5), duration(at)));
      distances.push_back(line.y.back());
    };
    one(incumbent, objective, "incumbent");
    one(bound, proven_bound, "bound");
    csv +=
        fmt::format("{},{},{},{},{:g},{},{},{},{},{}\n", csv_field(row.axes.source), csv_field(row.axes.architecture),
                    csv_field(row.axes.training), csv_field(row.axes.pruning), row.axes.sparsity, row.axes.seed,
                    csv_field(row.solve), csv_field(at), csv_field(objective), csv_field(proven_bound));
  };
  for (const TraceRow* event : trace) add(event->seconds, event->objective, event->bound);
  if (row.total_seconds) add(*row.total_seconds, row.objective, row.bound);
  ChartLine end = chart_line(colour, Stroke::none);
  end.size = 10;
  if (row.status == Status::optimal && row.total_seconds && !bound.y.empty()) {
    end.x = {std::max(*row.total_seconds, first_instant)}, end.y = {bound.y.back()}, end.signs = {Sign::star};
    end.text = {label + ": optimal after " + duration(*row.total_seconds)};
  }
  for (ChartLine* const line : {&incumbent, &bound, &end}) {
    if (!line->x.empty()) chart.lines.push_back(std::move(*line));
  }
}

}  // namespace

std::optional<ReportFigure> trace_figure(const Study& study, const Outline& outline, const std::string& solve) {
  Traces traces;
  for (const TraceRow& row : study.traces) traces[row.key].push_back(&row);
  const Samples errors = error_samples(study);
  std::map<std::string, std::vector<const SolveRow*>> by_architecture;
  for (const SolveRow& row : study.solves) {
    if (row.axes.source == outline.source && row.solve == solve && counts(row) && traces.contains(row.work.key)) {
      by_architecture[row.axes.architecture].push_back(&row);
    }
  }
  ReportFigure figure;
  figure.name = fmt::format("convergence-{}-{}", file_word(outline.source), file_word(solve));
  figure.csv = "source,architecture,training,pruning,sparsity,seed,solve,seconds,objective,bound\n";
  struct Found {
    Chart chart;
    double hardest = 0;
    std::vector<double> after;
    std::string csv, text;
  };
  std::vector<Found> found;
  std::vector<double> found_after;  // fraction of its time at which a solve had its best point
  for (const std::string& architecture : outline.architectures) {
    const std::vector<const SolveRow*>& rows = by_architecture[architecture];
    Found one;
    std::vector<double> seconds, distances;
    std::optional<std::uint64_t> seed;
    const auto add = [&](const SolveRow& row, const std::string& label, const std::string& colour) {
      add_solve(one.chart, row, traces.at(row.work.key), label, colour, seconds, distances, one.csv);
      const double whole = row.total_seconds.value_or(0);
      std::optional<double> first_best;
      for (const TraceRow* event : traces.at(row.work.key)) {
        if (!event->objective || !row.objective) continue;
        const bool same = std::abs(*event->objective - *row.objective) <= 1e-9 * std::abs(*row.objective);
        if (!same) first_best.reset();
        if (same && !first_best) first_best = event->seconds;
      }
      if (whole > 0) one.after.push_back(std::min(1.0, first_best.value_or(whole) / whole));
      one.hardest = std::max(one.hardest, row.total_seconds.value_or(0));
    };
    for (const Curve& curve : outline.curves) {
      if (curve.baseline) continue;
      const Spot dense{outline.source, architecture, curve.training, "dense", 0};
      if (!seed) {
        for (const SolveRow* row : rows) {
          if (spot(row->axes) == dense && (!seed || row->axes.seed < *seed)) seed = row->axes.seed;
        }
        if (!seed) break;
        add(*solve_at(rows, dense, *seed), "dense", "dense");
      }
      const auto usable = usable_sparsity(errors, outline.source, architecture, curve);
      if (!usable) continue;
      const SolveRow* const row =
          solve_at(rows, {outline.source, architecture, curve.training, curve.pruning, *usable}, *seed);
      if (row == nullptr) continue;
      add(*row, fmt::format("{}, {:g} %", curve.label, 100 * *usable), curve.colour);
      one.text += fmt::format("{}{} {}", one.text.empty() ? "" : ", ",
                              curve.method == prune::Method::node ? "nodes" : "weights", sparsity_text(*usable));
    }
    if (one.chart.lines.empty()) continue;
    one.chart.title = architecture_text(architecture);
    one.chart.x = chart_axis("time (s)", true);
    one.chart.y = chart_axis("distance to the optimum", true);
    if (!fit(one.chart.x, seconds) || !fit(one.chart.y, distances)) continue;
    one.text = architecture_text(architecture) + (one.text.empty() ? "" : " (" + one.text + ")");
    found.push_back(std::move(one));
  }
  // The hardest ones, in the order of the plan.
  std::vector<double> hardest;
  for (const Found& one : found) hardest.push_back(one.hardest);
  std::sort(hardest.rbegin(), hardest.rend());
  std::vector<std::string> names;
  for (Found& one : found) {
    const bool among = hardest.size() <= most_charts || one.hardest >= hardest[most_charts - 1];
    if (!among || figure.charts.size() == most_charts) continue;
    found_after.insert(found_after.end(), one.after.begin(), one.after.end());
    figure.charts.push_back(std::move(one.chart)), figure.csv += one.csv, names.push_back(one.text);
  }
  if (figure.charts.empty()) return std::nullopt;
  figure.legend = {
      {"incumbent", "muted", Sign::line}, {"bound", "muted", Sign::dashed}, {"proven optimal", "muted", Sign::star}};
  for (const Curve& curve : outline.curves) {
    if (curve.baseline || !curve.method) continue;
    figure.legend.push_back({curve.label, curve.colour, Sign::line});
  }
  figure.legend.insert(figure.legend.begin() + 3, {"dense", "dense", Sign::line});
  figure.caption = fmt::format(
      "Distance of the incumbent (best point so far) and of the proven bound from the best point found in the end, "
      "over "
      "time, with “{}”, the first seed of {}; each pruning at its largest sparsity with {}. Distances are in the "
      "objective's "
      "unit; below 1e-5 of the objective they are drawn there.",
      solve,
      found.size() > figure.charts.size() ? fmt::format("the {} hardest architectures", figure.charts.size())
                                          : "each architecture",
      usable_text());
  figure.description =
      fmt::format("Half of the runs shown had their best point after {} of their time or earlier. Shown: {}.",
                  percent(median(found_after)), enumerated(names));
  return figure;
}

}  // namespace secateur::study::report
