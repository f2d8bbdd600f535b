// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report_facets.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "secateur/study/format.hpp"

namespace secateur::study::report {

namespace {

using Sign = LegendEntry::Sign;
using Stroke = ChartLine::Stroke;

std::vector<double> values(const std::vector<Sample>& samples) {
  std::vector<double> list;
  for (const Sample& sample : samples) list.push_back(sample.value);
  return list;
}

bool any_limit(const std::vector<Sample>& samples) {
  return std::any_of(samples.begin(), samples.end(), [](const Sample& s) { return s.limit; });
}

/// Builds one figure.
class Facets {
 public:
  Facets(const Outline& outline, const Samples& samples, const FacetPlan& plan)
      : m_outline(outline), m_samples(samples), m_plan(plan) {}

  std::optional<ReportFigure> make() {
    m_figure.name = m_plan.name + "-" + file_word(m_outline.source);
    m_figure.csv = "source,architecture,training,pruning,method,sparsity,seeds,at_limit,centre,lowest,highest\n";
    for (const std::string& architecture : m_outline.architectures) {
      Chart chart;
      chart.title = architecture_text(architecture);
      chart.x = chart_axis("removed (%)", -4, 102);
      chart.y = chart_axis(m_plan.quantity, m_plan.log);
      chart.marks = m_plan.marks;
      for (const Curve& curve : m_outline.curves) add(chart, architecture, curve);
      if (!chart.lines.empty()) m_figure.charts.push_back(std::move(chart));
    }
    ChartAxis y = chart_axis(m_plan.quantity, m_plan.log);
    if (m_plan.log && m_plan.floor) m_all.push_back(*m_plan.floor);
    for (const ChartMark& mark : m_plan.marks) {
      if (!mark.vertical) m_all.push_back(mark.at);
    }
    if (m_figure.charts.empty() || !fit(y, m_all, !m_plan.log)) return std::nullopt;
    for (Chart& chart : m_figure.charts) chart.y = y;
    m_figure.legend = curve_legend(m_outline, m_limits);
    return std::move(m_figure);
  }

 private:
  [[nodiscard]] double drawn(double value) const { return m_plan.floor ? std::max(value, *m_plan.floor) : value; }

  void add(Chart& chart, const std::string& architecture, const Curve& curve) {
    // The line begins at the dense network, whose sign has a colour of its own.
    ChartLine line = chart_line(curve.colour, curve.stroke);
    ChartLine marks = chart_line(curve.colour, Stroke::none);
    ChartLine seeds = chart_line(curve.colour, Stroke::none);
    seeds.opacity = 0.35, seeds.size = 5;
    ChartLine dense = chart_line(curve.dense_colour, Stroke::none);
    dense.size = 9;
    std::vector<double> places = sparsities(m_samples, m_outline.source, architecture, curve);
    places.insert(places.begin(), 0.0);
    for (const double sparsity : places) {
      const auto* const list = samples_at(m_samples, m_outline.source, architecture, curve, sparsity);
      if (list == nullptr || list->empty()) continue;
      const double middle = centre(*list, m_plan.centre);
      const bool stopped = any_limit(*list);
      m_limits = m_limits || stopped;
      const std::string text =
          fmt::format("{}{}: {}{}{}", sparsity == 0 ? "dense" : curve.label,
                      sparsity == 0 ? "" : fmt::format(", {:g} %", 100 * sparsity), stopped ? "at least " : "",
                      m_plan.show(middle), list->size() > 1 ? fmt::format(" ({} seeds)", list->size()) : "");
      line.x.push_back(100 * sparsity), line.y.push_back(drawn(middle));
      ChartLine& marked = sparsity == 0 ? dense : marks;
      marked.x.push_back(100 * sparsity), marked.y.push_back(drawn(middle)), marked.text.push_back(text);
      marked.signs.push_back(stopped ? Sign::open_triangle : sparsity == 0 ? Sign::circle : curve.sign);
      for (const Sample& sample : *list) {
        m_all.push_back(drawn(sample.value));
        if (list->size() < 2 || sparsity == 0) continue;
        seeds.x.push_back(100 * sparsity), seeds.y.push_back(drawn(sample.value)), seeds.signs.push_back(Sign::circle);
      }
      write(architecture, curve, sparsity, *list, middle);
    }
    if (!line.x.empty() && curve.method) chart.lines.push_back(std::move(line));
    for (ChartLine* const part : {&seeds, &marks, &dense}) {
      if (!part->x.empty()) chart.lines.push_back(std::move(*part));
    }
  }

  void write(const std::string& architecture, const Curve& curve, double sparsity, const std::vector<Sample>& list,
             double middle) {
    const std::string key = architecture + '\n' + curve.training;
    if (sparsity == 0 && !m_written.insert(key).second) return;  // the dense network stands in several curves
    const std::vector<double> all = values(list);
    const auto stopped = std::count_if(list.begin(), list.end(), [](const Sample& s) { return s.limit; });
    m_figure.csv += fmt::format(
        "{},{},{},{},{},{:g},{},{},{},{},{}\n", csv_field(m_outline.source), csv_field(architecture),
        csv_field(curve.training), sparsity == 0 ? "dense" : csv_field(curve.pruning),
        sparsity == 0 ? "" : method_text(curve.method), sparsity, list.size(), stopped, csv_field(middle),
        csv_field(*std::min_element(all.begin(), all.end())), csv_field(*std::max_element(all.begin(), all.end())));
  }

  const Outline& m_outline;
  const Samples& m_samples;
  const FacetPlan& m_plan;
  ReportFigure m_figure;
  std::vector<double> m_all;
  std::set<std::string> m_written;
  bool m_limits = false;
};

}  // namespace

std::optional<ReportFigure> facets(const Outline& outline, const Samples& samples, const FacetPlan& plan) {
  return Facets(outline, samples, plan).make();
}

double centre(const std::vector<Sample>& samples, FacetPlan::Centre centre) {
  const std::vector<double> list = values(samples);
  switch (centre) {
    case FacetPlan::Centre::median:
      return median(list);
    case FacetPlan::Centre::geometric:
      if (std::all_of(list.begin(), list.end(), [](double v) { return v > 0; })) return geometric_mean(list);
      break;
    case FacetPlan::Centre::arithmetic:
      break;
  }
  double sum = 0;
  for (const double value : list) sum += value;
  return sum / static_cast<double>(list.size());
}

std::vector<LegendEntry> curve_legend(const Outline& outline, bool limits) {
  std::vector<LegendEntry> legend;
  const auto once = [&](const LegendEntry& entry) {
    const auto same = [&](const LegendEntry& other) { return other.label == entry.label; };
    if (std::none_of(legend.begin(), legend.end(), same)) legend.push_back(entry);
  };
  for (const Curve& curve : outline.curves) {
    if (curve.baseline && curve.method) once({curve.training + ": dense", curve.dense_colour, Sign::circle});
    if (!curve.baseline) once({"dense", curve.dense_colour, Sign::circle});
    if (curve.method || curve.baseline) once({curve.label, curve.colour, curve.sign});
  }
  if (limits) legend.push_back({"a run was stopped at its limit: at least", "muted", Sign::open_triangle});
  return legend;
}

std::string file_word(const std::string& text) {
  std::string word;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c >= 'A' && c <= 'Z') {
      word += static_cast<char>(c - 'A' + 'a');
    } else if (plain || (!word.empty() && word.back() != '-')) {
      word += plain ? c : '-';
    }
  }
  while (word.ends_with('-')) word.pop_back();
  return word.empty() ? "study" : word;
}

}  // namespace secateur::study::report
