// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "secateur/study/report_chart.hpp"

namespace secateur::study::report {

namespace {

using nlohmann::json;
using Sign = LegendEntry::Sign;
using Stroke = ChartLine::Stroke;

/// Five digits are more than any plot shows, and keep the page small. What is not finite is a gap.
json shorten(double value) {
  return std::isfinite(value) ? json(std::stod(fmt::format("{:.5g}", value))) : json(nullptr);
}

json shorten(const std::vector<double>& values) {
  json array = json::array();
  for (const double value : values) array.push_back(shorten(value));
  return array;
}

const char* symbol(Sign sign) {
  switch (sign) {
    case Sign::square:
      return "square";
    case Sign::diamond:
      return "diamond";
    case Sign::star:
      return "star";
    case Sign::triangle:
      return "triangle-up";
    case Sign::open_triangle:
      return "triangle-up-open";
    default:
      return "circle";
  }
}

const char* dash(Stroke stroke) {
  return stroke == Stroke::dashed ? "6px,4px" : stroke == Stroke::dotted ? "2px,3px" : "solid";
}

/// Plotly reads a few tags in its texts; names of the user's are to be read as they are.
std::string plain(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return safe;
}

json to_axis(const ChartAxis& axis) {
  json made = {{"title", {{"text", axis.title}}}};
  json places = json::array(), names = json::array();
  for (const Tick& tick : ticks(axis)) places.push_back(tick.at), names.push_back(plain(tick.text));
  made["tickmode"] = "array", made["tickvals"] = places, made["ticktext"] = names;
  if (axis.log) made["type"] = "log";
  made["range"] = {shorten(axis.log ? std::log10(axis.lower) : axis.lower),
                   shorten(axis.log ? std::log10(axis.upper) : axis.upper)};
  if (!axis.categories.empty()) made["showgrid"] = false, made["ticks"] = "", made["tickangle"] = 0;
  return made;
}

json to_trace(const ChartLine& line) {
  const bool signs = !line.signs.empty(), stroke = line.stroke != Stroke::none;
  json trace = {{"type", "scatter"},
                {"mode", stroke && signs ? "lines+markers"
                         : stroke        ? "lines"
                                         : "markers"},
                {"x", shorten(line.x)},
                {"y", shorten(line.y)}};
  if (line.opacity != 1) trace["opacity"] = line.opacity;
  if (stroke) {
    trace["line"] = {{"color", "--" + line.colour}, {"width", line.width}, {"dash", dash(line.stroke)}};
    if (line.steps) trace["line"]["shape"] = "hv";
  }
  if (signs) {
    const bool same = std::all_of(line.signs.begin(), line.signs.end(), [&](Sign s) { return s == line.signs[0]; });
    json symbols = json::array();
    for (const Sign sign : line.signs) symbols.push_back(symbol(sign));
    trace["marker"] = {{"symbol", same ? symbols[0] : symbols}, {"size", line.size}, {"color", "--" + line.colour}};
    trace["cliponaxis"] = false;
  }
  if (line.text.empty()) {
    trace["hoverinfo"] = "skip";
  } else {
    json text = json::array();
    for (const std::string& entry : line.text) text.push_back(plain(entry));
    trace["text"] = text, trace["hovertemplate"] = "%{text}<extra></extra>";
  }
  return trace;
}

/// A line across the plot at a limit, with its name.
void add_mark(json& layout, const ChartMark& mark, bool log) {
  const std::string along = mark.vertical ? "x" : "y", across = mark.vertical ? "y" : "x";
  json shape = {{"type", "line"}, {"line", {{"color", "--muted"}, {"width", 1}, {"dash", "dot"}}}, {"layer", "below"}};
  shape[along + "0"] = shape[along + "1"] = mark.at;
  shape[across + "0"] = 0, shape[across + "1"] = 1, shape[across + "ref"] = across + " domain";
  layout["shapes"].push_back(shape);
  if (mark.text.empty()) return;
  json note = {{"text", plain(mark.text)}, {"showarrow", false}, {"font", {{"size", 11}, {"color", "--muted"}}}};
  // Annotations on a logarithmic axis are placed by the exponent, shapes by the value.
  note[along] = log ? std::log10(mark.at) : mark.at;
  note[across] = 1, note[across + "ref"] = across + " domain";
  note["xanchor"] = "right", note["yanchor"] = mark.vertical ? "top" : "bottom";
  note[along + "shift"] = mark.vertical ? -3 : 2;
  layout["annotations"].push_back(note);
}

}  // namespace

Plot to_plot(const Chart& chart) {
  Plot plot;
  plot.title = chart.title;
  plot.layout = {{"xaxis", to_axis(chart.x)}, {"yaxis", to_axis(chart.y)}};
  if (chart.map) {
    json rows = json::array();
    for (const auto& row : chart.map->values) rows.push_back(shorten(row));
    plot.data.push_back({{"type", "heatmap"},
                         {"z", rows},
                         {"text", chart.map->text},
                         {"texttemplate", "%{text}"},
                         {"textfont", {{"color", "--ink"}}},
                         {"hoverinfo", "skip"},
                         {"zmin", chart.map->low},
                         {"zmax", chart.map->high},
                         {"zauto", false},
                         {"xgap", 2},
                         {"ygap", 2},
                         {"showscale", false},
                         {"colorscale", {{0, "--map-low"}, {1, "--map-high"}}}});
  }
  for (const ChartBars& bars : chart.bars) {
    json places = json::array(), text = json::array();
    for (std::size_t i = 0; i < bars.values.size(); ++i) {
      places.push_back(i);
      text.push_back(fmt::format("{}, {}: 10^{:.2f}", plain(i < chart.y.categories.size() ? chart.y.categories[i] : ""),
                                 plain(bars.name), bars.values[i]));
    }
    plot.data.push_back({{"type", "bar"},
                         {"orientation", "h"},
                         {"x", shorten(bars.values)},
                         {"y", places},
                         {"hovertext", text},
                         {"hoverinfo", "text"},
                         {"marker", {{"color", "--" + bars.colour}}}});
  }
  if (!chart.bars.empty()) plot.layout["barmode"] = "relative", plot.layout["bargap"] = 0.35;
  if (chart.diagonal) {
    const double low = std::max(std::min(chart.x.lower, chart.x.upper), std::min(chart.y.lower, chart.y.upper));
    const double high = std::min(std::max(chart.x.lower, chart.x.upper), std::max(chart.y.lower, chart.y.upper));
    plot.data.push_back({{"type", "scatter"},
                         {"mode", "lines"},
                         {"x", {shorten(low), shorten(high)}},
                         {"y", {shorten(low), shorten(high)}},
                         {"hoverinfo", "skip"},
                         {"line", {{"color", "--rule"}, {"width", 1}}}});
  }
  for (const ChartLine& line : chart.lines) plot.data.push_back(to_trace(line));
  for (const ChartMark& mark : chart.marks) add_mark(plot.layout, mark, mark.vertical ? chart.x.log : chart.y.log);
  return plot;
}

}  // namespace secateur::study::report
