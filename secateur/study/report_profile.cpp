// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"

namespace secateur::study::report {

namespace {

using Stroke = ChartLine::Stroke;
using Sign = LegendEntry::Sign;

/// Seconds of one competitor on one problem; infinite: not solved, for whatever reason.
using Times = std::map<std::string, double>;

/// What a solve took. None for cells that have not run.
std::optional<double> seconds_or_infinite(const SolveRow& row) {
  if (row.work.outcome == Outcome::pending || row.work.outcome == Outcome::skipped) return std::nullopt;
  if (row.work.outcome != Outcome::done || !proven(row)) {
    return row.status == Status::interrupted ? std::nullopt : std::optional(HUGE_VAL);
  }
  const auto sample = counted(row);
  return sample ? std::optional(sample->value) : std::nullopt;
}

/// One competitor and how it is drawn.
struct Competitor {
  std::string name, label, colour;
  Stroke stroke = Stroke::solid;
};

/// Performance profile, after Dolan and Moré (2002): the fraction of problems that a competitor solved within tau times
/// the best competitor's time, over tau. Problems are those that every competitor has tried and one has solved.
std::optional<ReportFigure> profile(const std::vector<Times>& tried, const std::vector<Competitor>& competitors) {
  std::vector<std::vector<double>> ratios(competitors.size());
  std::size_t problems = 0;
  for (const Times& times : tried) {
    double best = HUGE_VAL;
    bool complete = true;
    for (const Competitor& competitor : competitors) {
      const auto found = times.find(competitor.name);
      complete = complete && found != times.end();
      if (found != times.end()) best = std::min(best, found->second);
    }
    if (!complete || !std::isfinite(best)) continue;
    ++problems;
    for (std::size_t i = 0; i < competitors.size(); ++i) ratios[i].push_back(times.at(competitors[i].name) / best);
  }
  if (problems == 0) return std::nullopt;
  double last = 2;
  for (auto& list : ratios) {
    std::sort(list.begin(), list.end());
    for (const double ratio : list) last = std::isfinite(ratio) ? std::max(last, ratio) : last;
  }
  last *= 1.15;
  ReportFigure figure;
  figure.csv = "competitor,tau,fraction\n";
  Chart chart;
  chart.x = chart_axis("times the best (τ)", 1, last);
  chart.x.log = true;
  chart.y = chart_axis("problems solved (%)", -2, 103);
  std::size_t first = 0, most = 0;
  std::vector<std::string> won, solved;
  for (std::size_t i = 0; i < competitors.size(); ++i) {
    ChartLine line = chart_line(competitors[i].colour, competitors[i].stroke);
    line.steps = true;
    const auto add = [&](double tau, double fraction) {
      line.x.push_back(tau), line.y.push_back(100 * fraction);
      line.text.push_back(
          fmt::format("{}: {} within {} times the best", competitors[i].label, percent(fraction), number(tau, 3)));
      figure.csv += fmt::format("{},{},{}\n", csv_field(competitors[i].label), csv_field(tau), csv_field(fraction));
    };
    const auto& list = ratios[i];
    const double all = static_cast<double>(problems);
    std::size_t at = 0;
    const auto within = [&](double tau) {
      while (at < list.size() && list[at] <= tau) ++at;
      return static_cast<double>(at) / all;
    };
    const double best = within(1);
    add(1, best);
    while (at < list.size() && std::isfinite(list[at])) {
      const double tau = list[at];
      add(tau, within(tau));
    }
    const double end = within(last);
    add(last, end);
    if (best * all > static_cast<double>(first))
      first = static_cast<std::size_t>(std::lround(best * all)), won = {competitors[i].label};
    if (end * all > static_cast<double>(most))
      most = static_cast<std::size_t>(std::lround(end * all)), solved = {competitors[i].label};
    chart.lines.push_back(std::move(line));
    const Sign sign = competitors[i].stroke == Stroke::dashed   ? Sign::dashed
                      : competitors[i].stroke == Stroke::dotted ? Sign::dotted
                                                                : Sign::line;
    figure.legend.push_back({competitors[i].label, competitors[i].colour, sign});
  }
  figure.charts.push_back(std::move(chart));
  figure.description = fmt::format(
      "Of {} problems that all have tried and one has solved, “{}” is the fastest on {}; “{}” solves the most, {}.",
      problems, won.empty() ? "none" : won.front(), first, solved.empty() ? "none" : solved.front(), most);
  return figure;
}

}  // namespace

std::optional<ReportFigure> solver_profile_figure(const Study& study, const Outline& outline) {
  if (outline.solves.size() < 2) return std::nullopt;
  std::map<std::pair<Spot, std::uint64_t>, Times> by_network;
  std::set<std::string> present;
  for (const SolveRow& row : study.solves) {
    if (row.axes.source != outline.source || row.reference) continue;
    const auto seconds = seconds_or_infinite(row);
    if (!seconds) continue;
    by_network[{spot(row.axes), row.axes.seed}][row.solve] = *seconds;
    present.insert(row.solve);
  }
  std::vector<Times> tried;
  for (auto& [network, times] : by_network) tried.push_back(std::move(times));
  static const std::vector<std::string> colours{"solve-a", "solve-b", "solve-c"};
  static const std::vector<Stroke> strokes{Stroke::solid, Stroke::dashed, Stroke::dotted};
  std::vector<Competitor> competitors;
  for (const std::string& solve : outline.solves) {
    if (!present.contains(solve)) continue;
    const std::size_t i = competitors.size();
    competitors.push_back(
        {solve, solve, colours[i % colours.size()], strokes[(i + i / colours.size()) % strokes.size()]});
  }
  if (competitors.size() < 2) return std::nullopt;
  auto figure = profile(tried, competitors);
  if (!figure) return figure;
  figure->name = "profile-solves-" + file_word(outline.source);
  figure->caption =
      "Performance profile of the ways to solve (Dolan and Moré 2002): the fraction of networks, dense and pruned, "
      "that each solved to proven optimality within τ times the fastest one's time.";
  return figure;
}

std::optional<ReportFigure> pruning_profile_figure(const Study& study, const Outline& outline,
                                                   const std::string& solve) {
  // Dense, and of every curve up to three sparsities: all of them would be a thicket.
  const Samples times = time_samples(study, solve);
  std::vector<Competitor> competitors;
  const auto name = [](const Spot& place) {
    return fmt::format("{}\n{}\n{:g}", place.training, place.pruning, place.sparsity);
  };
  for (const Curve& curve : outline.curves) {
    if (curve.baseline) continue;
    if (competitors.empty()) {
      competitors.push_back({name({"", "", curve.training, "dense", 0}), "dense", "dense", Stroke::solid});
    }
    // Sparsities that every architecture has, so that all of them can be compared.
    std::vector<double> common;
    for (const double sparsity : sparsities(times, outline.source, curve)) {
      const bool everywhere =
          std::all_of(outline.architectures.begin(), outline.architectures.end(),
                      [&](const auto& a) { return samples_at(times, outline.source, a, curve, sparsity) != nullptr; });
      if (everywhere) common.push_back(sparsity);
    }
    std::set<std::size_t> chosen;
    for (const std::size_t third : {1, 2, 3}) {
      if (!common.empty()) chosen.insert((common.size() * third + 2) / 3 - 1);
    }
    static const std::vector<Stroke> strokes{Stroke::dotted, Stroke::dashed, Stroke::solid};
    std::size_t k = 3 - chosen.size();
    for (const std::size_t i : chosen) {
      competitors.push_back({name({"", "", curve.training, curve.pruning, common[i]}),
                             fmt::format("{}, {}", curve.label, sparsity_text(common[i])), curve.colour, strokes[k++]});
    }
  }
  if (competitors.size() < 2) return std::nullopt;
  std::map<std::pair<std::string, std::uint64_t>, Times> by_problem;
  for (const SolveRow& row : study.solves) {
    if (row.axes.source != outline.source || row.solve != solve || row.reference) continue;
    const auto seconds = seconds_or_infinite(row);
    if (seconds) by_problem[{row.axes.architecture, row.axes.seed}][name(spot(row.axes))] = *seconds;
  }
  std::vector<Times> tried;
  for (auto& [problem, times_of] : by_problem) tried.push_back(std::move(times_of));
  auto figure = profile(tried, competitors);
  if (!figure) return figure;
  figure->name = fmt::format("profile-pruning-{}-{}", file_word(outline.source), file_word(solve));
  figure->caption = fmt::format(
      "Performance profile over pruning with “{}”: the fraction of problems (an architecture and a seed) that were "
      "solved to proven optimality within τ times the time of the fastest variant.",
      solve);
  return figure;
}

}  // namespace secateur::study::report
