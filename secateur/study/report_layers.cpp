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
/// Rows of bounds by network and seed, layers in order.
using LayerRows = std::map<Spot, std::map<std::uint64_t, std::vector<const BoundsRow*>>>;

/// The method that the figures show: the solves' own where it was measured, else the first that was.
std::optional<graph::BoundsMethod> bounds_method(const Study& study, const std::string& source) {
  std::optional<graph::BoundsMethod> solved, first;
  for (const SolveRow& row : study.solves) {
    if (!solved && row.axes.source == source && counts(row)) solved = row.bounds;
  }
  for (const BoundsRow& row : study.bounds) {
    if (row.axes.source != source || row.work.outcome != Outcome::done || !row.layer) continue;
    if (solved == row.bounds) return solved;
    if (!first) first = row.bounds;
  }
  return first;
}

LayerRows layers_of(const Study& study, const std::string& source) {
  LayerRows found;
  const auto method = bounds_method(study, source);
  for (const BoundsRow& row : study.bounds) {
    if (row.axes.source != source || row.work.outcome != Outcome::done || !row.layer || method != row.bounds) continue;
    found[spot(row.axes)][row.axes.seed].push_back(&row);
  }
  for (auto& [place, seeds] : found) {
    for (auto& [seed, rows] : seeds) {
      std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->layer < b->layer; });
    }
  }
  return found;
}

}  // namespace

std::string method_name(const Study& study, const std::string& source) {
  const auto method = bounds_method(study, source);
  return method ? std::string(to_string(*method)) : "no method";
}

Samples width_samples(const Study& study, const std::string& source) {
  Samples samples;
  for (const auto& [place, seeds] : layers_of(study, source)) {
    for (const auto& [seed, rows] : seeds) {
      double sum = 0, units = 0;
      for (std::size_t i = 0; i + 1 < rows.size(); ++i) {  // the last layer is the outputs
        const auto& width = rows[i]->mean_width;
        const auto units_here = rows[i]->units;
        if (!width || !units_here || !std::isfinite(*width)) continue;
        const auto count = static_cast<double>(*units_here);
        sum += count * *width, units += count;
      }
      if (units > 0) samples[place].push_back({sum / units, false, seed});
    }
  }
  return samples;
}

std::optional<ReportFigure> layer_figure(const Study& study, const Outline& outline) {
  const auto all = layers_of(study, outline.source);
  const Samples errors = error_samples(study);
  ReportFigure figure;
  figure.name = "layers-" + file_word(outline.source);
  figure.csv = "source,architecture,training,pruning,method,sparsity,layer,seeds,mean_width,max_width,unstable\n";
  std::vector<double> shown;
  int narrower = 0, compared = 0;
  for (const std::string& architecture : outline.architectures) {
    Chart chart;
    chart.title = architecture_text(architecture);
    std::size_t deepest = 0;
    std::vector<double> dense;
    const auto add = [&](const Spot& place, const std::string& label, const std::string& colour, Sign sign,
                         Stroke stroke) {
      const auto found = all.find(place);
      if (found == all.end()) return;
      std::map<std::int64_t, std::vector<const BoundsRow*>> by_layer;
      for (const auto& [seed, rows] : found->second) {
        for (const BoundsRow* row : rows) by_layer[*row->layer].push_back(row);
      }
      ChartLine line = chart_line(colour, stroke);
      double place_on_axis = 0;
      for (const auto& [layer, rows] : by_layer) {
        std::vector<double> widths, largest, unstable;
        for (const BoundsRow* row : rows) {
          if (row->mean_width && *row->mean_width > 0) widths.push_back(*row->mean_width);
          if (row->max_width && *row->max_width > 0) largest.push_back(*row->max_width);
          if (row->unstable) unstable.push_back(static_cast<double>(*row->unstable));
        }
        const double width = widths.empty() ? std::nan("") : geometric_mean(widths);
        double sum = 0;
        for (const double n : unstable) sum += n;
        figure.csv +=
            fmt::format("{},{},{},{},{},{:g},{},{},{},{},{}\n", csv_field(place.source), csv_field(architecture),
                        csv_field(place.training), csv_field(place.pruning),
                        place.sparsity == 0     ? ""
                        : sign == Sign::diamond ? "node"
                                                : "weight",
                        place.sparsity, layer, rows.size(), csv_field(width),
                        csv_field(largest.empty() ? std::nan("") : geometric_mean(largest)),
                        csv_field(unstable.empty() ? std::nan("") : sum / static_cast<double>(unstable.size())));
        line.x.push_back(place_on_axis++), line.y.push_back(width), line.signs.push_back(sign);
        const bool output = layer == by_layer.rbegin()->first;
        line.text.push_back(
            fmt::format("{}, {}: {}", label, output ? "output" : fmt::format("layer {}", layer + 1), number(width, 3)));
        shown.push_back(width);
      }
      if (place.sparsity == 0) {
        dense = line.y;
      } else {
        for (std::size_t i = 0; i + 1 < std::min(line.y.size(), dense.size()); ++i) {
          ++compared, narrower += line.y[i] < dense[i] ? 1 : 0;
        }
      }
      deepest = std::max(deepest, by_layer.size());
      chart.lines.push_back(std::move(line));
    };
    for (const Curve& curve : outline.curves) {
      if (curve.baseline) continue;
      if (chart.lines.empty())
        add({outline.source, architecture, curve.training, "dense", 0}, "dense", "dense", Sign::circle, Stroke::solid);
      const auto usable = usable_sparsity(errors, outline.source, architecture, curve);
      if (!usable) continue;
      add({outline.source, architecture, curve.training, curve.pruning, *usable},
          fmt::format("{}, {:g} %", curve.label, 100 * *usable), curve.colour, curve.sign, curve.stroke);
    }
    if (chart.lines.empty()) continue;
    for (std::size_t i = 0; i < deepest; ++i) {
      chart.x.categories.push_back(i + 1 == deepest ? "out" : deepest > 8 && i % 2 == 1 ? "" : std::to_string(i + 1));
    }
    chart.x.title = "layer";
    chart.x.lower = -0.5, chart.x.upper = static_cast<double>(deepest) - 0.5;
    figure.charts.push_back(std::move(chart));
  }
  // A layer that pruning has left all but constant lies far below the others; it would flatten them.
  double widest = 0;
  for (const double width : shown) widest = std::isfinite(width) ? std::max(widest, width) : widest;
  std::erase_if(shown, [&](double width) { return !(width >= 1e-7 * widest); });
  ChartAxis y = chart_axis("mean width", true);
  if (figure.charts.empty() || !fit(y, shown)) return std::nullopt;
  for (Chart& chart : figure.charts) chart.y = y;
  for (const LegendEntry& entry : curve_legend(outline, false)) {
    const auto own = [&](const Curve& c) {
      return c.baseline && (c.label == entry.label || c.training + ": dense" == entry.label);
    };
    if (std::none_of(outline.curves.begin(), outline.curves.end(), own)) figure.legend.push_back(entry);
  }
  figure.caption = fmt::format(
      "Mean width of the preactivations' proven intervals layer by layer (bounds by {}; geometric means over seeds; "
      "logarithmic): the dense network, and each pruning at its largest sparsity with {}.",
      method_name(study, outline.source), usable_text());
  figure.description =
      compared == 0
          ? "No pruned network stays within that error, or none has bounds yet."
          : fmt::format("In {} of {} hidden layers the pruned network's mean width is below the dense network's.",
                        narrower, compared);
  return figure;
}

}  // namespace secateur::study::report
