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

}  // namespace

Samples binary_samples(const Study& study) {
  Samples samples;
  for (const SolveRow& row : study.solves) {
    // Every solve of the same network with the usual binaries has the same number of them, or fewer by tightening;
    // what counts is the formulation before the search, so the largest.
    if (!counts(row) || !row.binary_count || row.binaries != model::Binaries::unstable) continue;
    auto& list = samples[spot(row.axes)];
    const auto same = std::find_if(list.begin(), list.end(), [&](const Sample& s) { return s.seed == row.axes.seed; });
    const auto value = static_cast<double>(*row.binary_count);
    if (same == list.end()) {
      list.push_back({value, false, row.axes.seed});
    } else {
      same->value = std::max(same->value, value);
    }
  }
  return samples;
}

namespace {

/// What is shown of a network, relative to its dense ancestor.
struct Quantity {
  std::string name, title;
  Samples samples;
  bool log = false;
};

/// The chart of one quantity: a thin line an architecture, a thick one their mean.
class Relative {
 public:
  Relative(const Outline& outline, const Quantity& quantity, ReportFigure& figure)
      : m_outline(outline), m_quantity(quantity), m_figure(figure) {}

  bool add() {
    Chart chart;
    chart.title = m_quantity.title;
    chart.x = chart_axis("removed (%)", -4, 102);
    chart.y = chart_axis("% of dense", m_quantity.log);
    std::vector<double> all{100};
    for (const Curve& curve : m_outline.curves) {
      if (!curve.method) continue;
      std::map<double, std::vector<double>> by_sparsity;
      for (const std::string& architecture : m_outline.architectures) {
        ChartLine thin = chart_line(curve.colour, curve.stroke);
        thin.width = 1, thin.opacity = 0.4;
        thin.x.push_back(0), thin.y.push_back(100), thin.text.push_back(architecture_text(architecture) + ", dense");
        for (const double sparsity : sparsities(m_quantity.samples, m_outline.source, architecture, curve)) {
          const auto ratio = mean(architecture, curve, sparsity);
          if (!ratio) continue;
          thin.x.push_back(100 * sparsity), thin.y.push_back(100 * *ratio);
          thin.text.push_back(fmt::format("{}, {}, {:g} %: {} of the dense network's", architecture_text(architecture),
                                          curve.label, 100 * sparsity, percent(*ratio)));
          by_sparsity[sparsity].push_back(*ratio), all.push_back(100 * *ratio);
        }
        if (thin.x.size() > 1) chart.lines.push_back(std::move(thin));
      }
      ChartLine thick = chart_line(curve.colour, curve.stroke);
      thick.width = 2.5, thick.size = 7;
      thick.x = {0}, thick.y = {100}, thick.signs = {curve.sign}, thick.text = {"dense"};
      for (const auto& [sparsity, ratios] : by_sparsity) {
        const double middle = middle_of(ratios);
        thick.x.push_back(100 * sparsity), thick.y.push_back(100 * middle), thick.signs.push_back(curve.sign);
        thick.text.push_back(fmt::format("{}, {:g} %: mean {}", curve.label, 100 * sparsity, percent(middle)));
        m_last = {curve.label, sparsity, middle};
      }
      if (thick.x.size() < 2) continue;
      ends.push_back(m_last);
      chart.lines.push_back(std::move(thick));
    }
    ChartLine dense = chart_line("dense", Stroke::none);
    dense.x = {0}, dense.y = {100}, dense.signs = {Sign::circle}, dense.text = {"dense"}, dense.size = 9;
    if (!chart.lines.empty()) chart.lines.push_back(std::move(dense));
    if (chart.lines.empty() || !fit(chart.y, all, !m_quantity.log)) return false;
    m_figure.charts.push_back(std::move(chart));
    return true;
  }

  struct End {
    std::string label;
    double sparsity = 0, ratio = 1;
  };
  std::vector<End> ends;

 private:
  [[nodiscard]] double middle_of(const std::vector<double>& ratios) const {
    const bool positive = std::all_of(ratios.begin(), ratios.end(), [](double r) { return r > 0; });
    if (m_quantity.log && positive) return geometric_mean(ratios);
    double sum = 0;
    for (const double ratio : ratios) sum += ratio;
    return sum / static_cast<double>(ratios.size());
  }

  std::optional<double> mean(const std::string& architecture, const Curve& curve, double sparsity) {
    std::vector<double> ratios, before, after;
    for (const Pair& pair : pairs(m_quantity.samples, m_outline.source, architecture, curve, sparsity)) {
      if (!(pair.dense.value > 0)) continue;
      before.push_back(pair.dense.value), after.push_back(pair.pruned.value);
      ratios.push_back(pair.pruned.value / pair.dense.value);
    }
    if (ratios.empty()) return std::nullopt;
    const double ratio = middle_of(ratios);
    m_figure.csv += fmt::format("{},{},{},{},{},{},{:g},{},{},{},{}\n", csv_field(m_outline.source), m_quantity.name,
                                csv_field(architecture), csv_field(curve.training), csv_field(curve.pruning),
                                method_text(curve.method), sparsity, ratios.size(), csv_field(middle_of(before)),
                                csv_field(middle_of(after)), csv_field(ratio));
    return ratio;
  }

  const Outline& m_outline;
  const Quantity& m_quantity;
  ReportFigure& m_figure;
  End m_last;
};

}  // namespace

std::optional<ReportFigure> size_figure(const Study& study, const Outline& outline) {
  const auto of = [](const std::optional<std::int64_t>& value) {
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
  };
  std::vector<Quantity> quantities;
  quantities.push_back({"binaries", "Binaries", binary_samples(study)});
  quantities.push_back(
      {"unstable", "Unstable neurons", network_samples(study, [&](const NetworkRow& r) { return of(r.unstable); })});
  quantities.push_back(
      {"weights", "Non-zero weights", network_samples(study, [&](const NetworkRow& r) { return of(r.weights); })});
  quantities.push_back({"width", "Mean width (big-M)", width_samples(study, outline.source), true});
  ReportFigure figure;
  figure.name = "size-" + file_word(outline.source);
  figure.csv = "source,quantity,architecture,training,pruning,method,sparsity,pairs,dense,pruned,ratio\n";
  std::string text;
  for (const Quantity& quantity : quantities) {
    Relative relative(outline, quantity, figure);
    if (!relative.add()) continue;
    std::vector<std::string> ends;
    for (const auto& end : relative.ends) {
      ends.push_back(fmt::format("{} ({}, {})", percent(end.ratio), end.label, sparsity_text(end.sparsity)));
    }
    text += fmt::format("{}{}: {} of the dense network's.", text.empty() ? "" : " ", quantity.title, enumerated(ends));
  }
  if (figure.charts.empty()) return std::nullopt;
  figure.legend = curve_legend(outline, false);
  std::erase_if(figure.legend, [&](const LegendEntry& entry) {
    return std::any_of(outline.curves.begin(), outline.curves.end(),
                       [&](const Curve& c) { return !c.method && c.label == entry.label; });
  });
  figure.caption = fmt::format(
      "What pruning leaves, as a fraction of the dense network of the same seed: thin lines are architectures (means "
      "over seeds), thick ones the mean over architectures. The width is the mean interval of a hidden neuron's "
      "preactivation (bounds by {}), which is what its big-M constants are made of; its axis is logarithmic.",
      method_name(study, outline.source));
  figure.description = text;
  return figure;
}

}  // namespace secateur::study::report
