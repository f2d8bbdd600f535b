// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"

namespace secateur::study::report {

namespace {

using Sign = LegendEntry::Sign;

std::string bar_label(const Axes& axes, bool with_training, const std::string& solve) {
  return fmt::format("{}, {} {}{}{}", architecture_text(axes.architecture),
                     axes.method == prune::Method::node ? "nodes" : "weights", sparsity_text(axes.sparsity),
                     with_training ? ", " + axes.training : "", solve.empty() ? "" : ", " + solve);
}

const char* title_of(Measure measure) {
  switch (measure) {
    case Measure::seconds:
      return "Solve time";
    case Measure::nodes:
      return "Nodes of the tree";
    case Measure::root_gap:
      break;
  }
  return "Root gap";
}

const char* words(Known known) {
  switch (known) {
    case Known::equal:
      return "";
    case Known::at_least:
      return "at least ";
    case Known::at_most:
      return "at most ";
    case Known::unclear:
      break;
  }
  return "about ";
}

Chart chart_of(const std::vector<const MeanAttribution*>& means, const std::vector<std::string>& labels,
               Measure measure) {
  Chart chart;
  chart.title = title_of(measure);
  ChartBars size{"size", "size", {}}, integers{"integers", "integers", {}}, big_m{"width", "big-M", {}};
  ChartLine sums = chart_line("dense", ChartLine::Stroke::none);
  std::vector<double> ends{0};
  for (std::size_t i = 0; i < means.size(); ++i) {
    const MeanAttribution& mean = *means[i];
    size.values.push_back(mean.size.log), integers.values.push_back(mean.integers.log),
        big_m.values.push_back(mean.big_m.log);
    double above = 0, below = 0;
    for (const double part : {mean.size.log, mean.integers.log, mean.big_m.log}) (part > 0 ? above : below) += part;
    ends.push_back(above), ends.push_back(below);
    sums.x.push_back(mean.total.log), sums.y.push_back(static_cast<double>(i));
    sums.signs.push_back(mean.total.known == Known::equal ? Sign::circle : Sign::open_triangle);
    sums.text.push_back(fmt::format("{}: {}{}× in all ({} seeds)", labels[i], words(mean.total.known),
                                    number(std::pow(10.0, mean.total.log), 2), mean.seeds));
  }
  chart.y.categories = labels;
  chart.y.lower = static_cast<double>(means.size()) - 0.4, chart.y.upper = -0.6;
  chart.x.title = "powers of ten";
  fit(chart.x, ends, true);
  chart.bars = {std::move(size), std::move(integers), std::move(big_m)};
  chart.lines.push_back(std::move(sums));
  return chart;
}

}  // namespace

std::optional<ReportFigure> attribution_figure(const std::vector<MeanAttribution>& means, const Outline& outline) {
  ReportFigure figure;
  figure.name = "attribution-" + file_word(outline.source);
  std::vector<MeanAttribution> own;
  for (const MeanAttribution& mean : means) {
    if (mean.axes.source == outline.source) own.push_back(mean);
  }
  if (own.empty()) return std::nullopt;
  bool trainings = false, solves = false, stopped = false;
  for (const MeanAttribution& mean : own) {
    trainings = trainings || mean.axes.training != own.front().axes.training;
    solves = solves || mean.solve != own.front().solve;
    stopped = stopped || mean.total.known != Known::equal;
  }
  std::size_t most = 0;
  for (const Measure measure : {Measure::seconds, Measure::nodes, Measure::root_gap}) {
    std::vector<const MeanAttribution*> bars;
    std::vector<std::string> labels;
    for (const MeanAttribution& mean : own) {
      if (mean.measure != measure) continue;
      bars.push_back(&mean), labels.push_back(bar_label(mean.axes, trainings, solves ? mean.solve : ""));
    }
    if (bars.empty()) continue;
    most = std::max(most, bars.size());
    figure.charts.push_back(chart_of(bars, labels, measure));
  }
  figure.csv = to_csv(own);
  figure.rows = 1.1 * static_cast<double>(most) + 1;
  figure.wide = figure.charts.size() == 1;
  figure.legend = {{"size", "size", Sign::square},
                   {"fewer integers", "integers", Sign::square},
                   {"tighter big-M", "width", Sign::square},
                   {"all together", "dense", Sign::circle}};
  if (stopped) figure.legend.push_back({"all together, where a run was stopped", "dense", Sign::open_triangle});
  figure.caption =
      "Where the speed-up comes from: powers of ten that a smaller (and different) network brings, fewer integer "
      "variables, and tighter big-M constants; means over seeds. What lies to the left of zero costs. Time, nodes of "
      "the branch and bound tree, and the distance of the root relaxation from the optimum.";
  const Shares shares = shares_of(own);
  figure.description =
      shares.bars == 0 || shares.total <= 0
          ? "There is no speed-up to attribute."
          : fmt::format(
                "Of the solve time's powers of ten, {} on average over {} pruned networks, the size brings {}, fewer "
                "integers {}, tighter big-M constants {}.{}",
                number(shares.total / shares.bars, 2), shares.bars, percent(shares.size / shares.total),
                percent(shares.integers / shares.total), percent(shares.big_m / shares.total), stopped_text(shares));
  return figure;
}

std::string stopped_text(const Shares& shares) {
  if (shares.stopped == 0) return {};
  return fmt::format(" In {} of them a run was stopped, which counts at its limit.", shares.stopped);
}

Shares shares_of(const std::vector<MeanAttribution>& means) {
  Shares shares;
  for (const MeanAttribution& mean : means) {
    if (mean.measure != Measure::seconds) continue;
    ++shares.bars;
    const auto known = {mean.size.known, mean.integers.known, mean.big_m.known};
    shares.stopped += std::all_of(known.begin(), known.end(), [](Known k) { return k == Known::equal; }) ? 0 : 1;
    shares.total += mean.total.log, shares.size += mean.size.log;
    shares.integers += mean.integers.log, shares.big_m += mean.big_m.log;
  }
  return shares;
}

}  // namespace secateur::study::report
