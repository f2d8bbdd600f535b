// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report_chart.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/study/format.hpp"

namespace secateur::study::report {

namespace {

/// A tick's number without the digits that all ticks could do without: "0.5", "20", "10⁻⁴".
std::string tick_text(double value, bool log) {
  if (value == 0) return "0";
  const double size = std::abs(value), exponent = std::log10(size);
  const double whole = std::round(exponent);
  if (log && (whole >= 4 || whole <= -3) && std::abs(exponent - whole) < 1e-9) {
    return "10" + superscript(static_cast<int>(whole));
  }
  const bool integer = size < 1e7 && std::abs(size - std::round(size)) < 1e-9 * size;
  if (size >= 1e4 && integer) return count(std::llround(value));
  // "0.500" says no more than "0.5".
  std::string text = number(value, log ? 1 : 4);
  const auto digits = text.find(' ');
  std::string front = text.substr(0, digits);
  if (front.find('.') != std::string::npos) {
    front.erase(front.find_last_not_of('0') + 1);
    if (front.back() == '.') front.pop_back();
  }
  return digits == std::string::npos ? front : front + text.substr(digits);
}

std::vector<Tick> log_ticks(double low, double high, int most) {
  constexpr double slack = 1e-9;
  const double from = std::log10(low), to = std::log10(high), decades = to - from;
  std::vector<Tick> found;
  const auto add = [&](int exponent, double digit) {
    const double at = exponent + std::log10(digit);
    if (at >= from - slack && at <= to + slack) {
      const double value = digit * std::pow(10.0, exponent);
      found.push_back({value, tick_text(value, true)});
    }
  };
  const int step = std::max(1, static_cast<int>(std::ceil(decades / most)));
  const bool whole_only = decades > 2.5;
  const int first = static_cast<int>(std::floor(from)), last = static_cast<int>(std::floor(to + slack));
  for (int exponent = first; exponent <= last; ++exponent) {
    if (whole_only) {
      if (exponent % step == 0) add(exponent, 1);
      continue;
    }
    add(exponent, 1);
    if (decades <= 1.5) add(exponent, 2);
    add(exponent, decades <= 1.5 ? 5 : 3);
  }
  return found;
}

}  // namespace

const std::vector<ReportColour>& report_colours() {
  // Text stays readable on all of the map's colours. Methods have the demonstration's colours (Okabe & Ito 2008); the
  // other sets are from Tol's schemes. Within a figure colours differ in lightness too, and signs differ with them.
  static const std::vector<ReportColour> colours{
      {"dense", "#3d3d3d", "#c9c9c9"},   {"weight", "#0067a8", "#5cb4ea"},   {"node", "#c65102", "#f09a4a"},
      {"other-a", "#aa3377", "#e78ac3"}, {"other-b", "#6b6b00", "#c3c34a"},  {"other-c", "#00795a", "#2fc79a"},
      {"size", "#4b4e9b", "#8f93e6"},    {"integers", "#44aa99", "#62cdbb"}, {"width", "#d9c25c", "#f0dd8a"},
      {"solve-a", "#16222e", "#f2f5f8"}, {"solve-b", "#4d6a86", "#a3b8cc"},  {"solve-c", "#8fa6bb", "#6f8aa5"},
      {"map-low", "#f3f5f6", "#1f2327"}, {"map-high", "#6fa0c0", "#3c6b8b"},
  };
  return colours;
}

ChartAxis chart_axis(std::string title, bool log) {
  ChartAxis axis;
  axis.title = std::move(title), axis.log = log;
  return axis;
}

ChartAxis chart_axis(std::string title, double lower, double upper) {
  ChartAxis axis = chart_axis(std::move(title));
  axis.lower = lower, axis.upper = upper;
  return axis;
}

ChartLine chart_line(std::string colour, ChartLine::Stroke stroke) {
  ChartLine line;
  line.colour = std::move(colour), line.stroke = stroke;
  return line;
}

std::vector<Tick> ticks(const ChartAxis& axis, int most) {
  std::vector<Tick> found;
  if (!axis.categories.empty()) {
    for (std::size_t i = 0; i < axis.categories.size(); ++i) {
      found.push_back({static_cast<double>(i), axis.categories[i]});
    }
    return found;
  }
  const double low = std::min(axis.lower, axis.upper), high = std::max(axis.lower, axis.upper);
  if (axis.log && high / low < 1e300 && std::log10(high / low) > 0.5) return log_ticks(low, high, most);
  const double raw = (high - low) / std::max(most, 1);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double digit : {5.0, 2.0, 1.0}) {
    if (digit * power >= raw * (1 - 1e-9)) step = digit * power;
  }
  const double first = std::ceil(low / step - 1e-9);
  const int count_of_steps = static_cast<int>(std::floor(high / step + 1e-9) - first);
  for (int k = 0; k <= count_of_steps; ++k) {
    const double at = (first + k) * step;
    found.push_back({at, tick_text(at, false)});
  }
  return found;
}

bool fit(ChartAxis& axis, const std::vector<double>& values, bool zero) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const double value : values) {
    if (!std::isfinite(value) || (axis.log && !(value > 0))) continue;
    low = std::min(low, value), high = std::max(high, value);
  }
  if (!(low <= high)) return false;
  if (axis.log) {
    const double margin = std::max(0.06 * std::log10(high / low), 0.09);
    axis.lower = low / std::pow(10.0, margin), axis.upper = high * std::pow(10.0, margin);
    return true;
  }
  if (zero) low = std::min(low, 0.0), high = std::max(high, 0.0);
  double margin = 0.06 * (high - low);
  if (margin == 0) margin = high == 0 ? 1 : 0.1 * std::abs(high);
  axis.lower = zero && low == 0 ? 0 : low - margin;
  axis.upper = zero && high == 0 ? 0 : high + margin;
  if (zero && low == 0 && high == 0) axis.upper = 1;
  return true;
}

}  // namespace secateur::study::report
