// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "secateur/study/report_svg_parts.hpp"

namespace secateur::study::report {

using namespace svg;

namespace {

using Sign = LegendEntry::Sign;
using Stroke = ChartLine::Stroke;

/// Draws one chart into a rectangle.
class Panel {
 public:
  Panel(const Chart& chart, double left, double top, double across, double down, int id)
      : m_chart(chart), m_id(id), m_x_ticks(ticks(chart.x)), m_y_ticks(ticks(chart.y)) {
    double widest = 0;
    for (const Tick& tick : m_y_ticks) widest = std::max(widest, text_width(tick.text));
    m_left = left + widest + 9 + (chart.y.title.empty() ? 0 : line_height + 2);
    m_right = left + across - 6;
    m_top = top + (chart.title.empty() ? 6 : line_height + 6);
    m_bottom = top + down - line_height - 4 - (chart.x.title.empty() ? 0 : line_height);
    m_outer_left = left, m_outer_top = top, m_outer_bottom = top + down;
  }

  std::string draw() {
    m_out = fmt::format(R"(<clipPath id="c{}"><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/></clipPath>)"
                        "\n",
                        m_id, m_left, m_top, m_right - m_left, m_bottom - m_top);
    frame();
    if (m_chart.map) map(*m_chart.map);
    if (!m_chart.bars.empty()) bars();
    if (m_chart.diagonal) diagonal();
    for (const ChartMark& mark : m_chart.marks) draw_mark(mark);
    for (const ChartLine& line : m_chart.lines) {
      stroke(line);
      signs(line);
    }
    return m_out;
  }

 private:
  static double along(const ChartAxis& axis, double value) {
    if (axis.log) {
      return value > 0 ? std::log10(value / axis.lower) / std::log10(axis.upper / axis.lower) : -1e3;
    }
    return (value - axis.lower) / (axis.upper - axis.lower);
  }
  [[nodiscard]] double x(double value) const { return m_left + (m_right - m_left) * along(m_chart.x, value); }
  [[nodiscard]] double y(double value) const { return m_bottom - (m_bottom - m_top) * along(m_chart.y, value); }
  [[nodiscard]] bool inside(double px, double py) const {
    return px > m_left - 1 && px < m_right + 1 && py > m_top - 1 && py < m_bottom + 1;
  }

  void frame() {
    if (!m_chart.title.empty()) {
      m_out += label(m_left, m_outer_top + line_height - 3, m_chart.title, "start", R"( font-weight="600")");
    }
    const bool lines = !m_chart.map;
    double last = -HUGE_VAL;
    for (const Tick& tick : m_x_ticks) {
      if (lines && m_chart.x.categories.empty()) m_out += segment(x(tick.at), m_top, x(tick.at), m_bottom, grid);
      const double half = text_width(tick.text) / 2;
      if (x(tick.at) - half < last + 3) continue;  // would run into the one before
      last = x(tick.at) + half;
      m_out += label(x(tick.at), m_bottom + line_height, tick.text, "middle");
    }
    for (const Tick& tick : m_y_ticks) {
      if (lines && m_chart.y.categories.empty()) m_out += segment(m_left, y(tick.at), m_right, y(tick.at), grid);
      m_out += label(m_left - 5, y(tick.at) + 0.35 * text_size, tick.text, "end");
    }
    if (lines)
      m_out += segment(m_left, m_top, m_left, m_bottom, rule) + segment(m_left, m_bottom, m_right, m_bottom, rule);
    if (!m_chart.x.title.empty()) {
      m_out += label((m_left + m_right) / 2, m_outer_bottom - 3, m_chart.x.title, "middle");
    }
    if (!m_chart.y.title.empty()) {
      const double px = m_outer_left + text_size, py = (m_top + m_bottom) / 2;
      m_out +=
          label(px, py, m_chart.y.title, "middle", fmt::format(R"x( transform="rotate(-90 {:.1f} {:.1f})")x", px, py));
    }
  }

  void map(const ChartMap& cells) {
    const auto mix = [](double t) {
      const std::string low = light("map-low"), high = light("map-high");
      std::string colour = "#";
      for (std::size_t at = 1; at < 7; at += 2) {
        const double a = std::stoi(low.substr(at, 2), nullptr, 16), b = std::stoi(high.substr(at, 2), nullptr, 16);
        colour += fmt::format("{:02x}", static_cast<int>(std::lround(a + t * (b - a))));
      }
      return colour;
    };
    for (std::size_t row = 0; row < cells.values.size(); ++row) {
      for (std::size_t column = 0; column < cells.values[row].size(); ++column) {
        const double value = cells.values[row][column];
        if (!std::isfinite(value)) continue;
        const double t = std::clamp((value - cells.low) / (cells.high - cells.low), 0.0, 1.0);
        const double px = static_cast<double>(column), py = static_cast<double>(row);
        const double x0 = x(px - 0.5), x1 = x(px + 0.5), y0 = y(py - 0.5), y1 = y(py + 0.5);
        m_out += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>)"
                             "\n",
                             std::min(x0, x1) + 1, std::min(y0, y1) + 1, std::abs(x1 - x0) - 2, std::abs(y1 - y0) - 2,
                             mix(t));
        m_out += label(x(px), y(py) + 0.35 * text_size, cells.text[row][column], "middle");
      }
    }
  }

  void bars() {
    const std::size_t count = m_chart.y.categories.size();
    std::vector<double> above(count, 0), below(count, 0);
    const double half = 0.325;
    for (const ChartBars& part : m_chart.bars) {
      for (std::size_t i = 0; i < std::min(count, part.values.size()); ++i) {
        const double value = part.values[i];
        if (!std::isfinite(value) || value == 0) continue;
        double& end = value > 0 ? above[i] : below[i];
        const double x0 = x(end), x1 = x(end + value), place = static_cast<double>(i);
        end += value;
        const double y0 = y(place - half), y1 = y(place + half);
        m_out +=
            fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>)"
                        "\n",
                        std::min(x0, x1), std::min(y0, y1), std::abs(x1 - x0), std::abs(y1 - y0), light(part.colour));
      }
    }
    m_out += segment(x(0), m_top, x(0), m_bottom, muted);
  }

  void diagonal() {
    const double low = std::max(std::min(m_chart.x.lower, m_chart.x.upper), std::min(m_chart.y.lower, m_chart.y.upper));
    const double high =
        std::min(std::max(m_chart.x.lower, m_chart.x.upper), std::max(m_chart.y.lower, m_chart.y.upper));
    m_out += segment(x(low), y(low), x(high), y(high), rule);
  }

  void draw_mark(const ChartMark& mark) {
    constexpr const char* dots = R"( stroke-dasharray="2 3")";
    if (mark.vertical) {
      m_out += segment(x(mark.at), m_top, x(mark.at), m_bottom, muted, dots);
      m_out += label(x(mark.at) - 4, m_top + line_height - 3, mark.text, "end", fmt::format(R"( fill="{}")", muted));
    } else {
      m_out += segment(m_left, y(mark.at), m_right, y(mark.at), muted, dots);
      m_out += label(m_right, y(mark.at) - 4, mark.text, "end", fmt::format(R"( fill="{}")", muted));
    }
  }

  void stroke(const ChartLine& line) {
    if (line.stroke == Stroke::none) return;
    std::string path;
    bool down = false;
    double last = 0;
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (!std::isfinite(line.y[i]) || !std::isfinite(line.x[i])) {
        down = false;
        continue;
      }
      const double px = std::clamp(x(line.x[i]), -1e4, 1e4), py = std::clamp(y(line.y[i]), -1e4, 1e4);
      if (down && line.steps) path += fmt::format("L{:.1f} {:.1f}", px, last);
      path += fmt::format("{}{:.1f} {:.1f}", down ? "L" : "M", px, py);
      down = true, last = py;
    }
    if (path.empty()) return;
    m_out += fmt::format(R"x(<path d="{}" clip-path="url(#c{})" stroke="{}" stroke-width="{:g}" )x"
                         R"(stroke-opacity="{:g}" stroke-linejoin="round" fill="none"{}/>)"
                         "\n",
                         path, m_id, light(line.colour), 0.8 * line.width, line.opacity, dash(line.stroke));
  }

  void signs(const ChartLine& line) {
    for (std::size_t i = 0; i < line.signs.size(); ++i) {
      if (!std::isfinite(line.y[i]) || !std::isfinite(line.x[i])) continue;
      const double px = x(line.x[i]), py = y(line.y[i]);
      if (inside(px, py)) m_out += sign_at(line.signs[i], px, py, 0.8 * line.size, light(line.colour), line.opacity);
    }
  }

  const Chart& m_chart;
  int m_id;
  std::vector<Tick> m_x_ticks, m_y_ticks;
  double m_left = 0, m_right = 0, m_top = 0, m_bottom = 0;
  double m_outer_left = 0, m_outer_top = 0, m_outer_bottom = 0;
  std::string m_out;
};

/// The legend in as many rows as it needs; `height` receives theirs.
std::string legend(const ReportFigure& figure, double* height) {
  std::string out;
  double x = 0, y = line_height;
  for (const LegendEntry& entry : figure.legend) {
    const bool line = entry.sign == Sign::line || entry.sign == Sign::dashed || entry.sign == Sign::dotted;
    const double sign_width = line ? 24 : 10, whole = sign_width + 6 + text_width(entry.label) + 16;
    if (x > 0 && x + whole > width) x = 0, y += line_height + 2;
    const std::string colour = light(entry.colour);
    if (line) {
      const char* const pattern = entry.sign == Sign::dashed   ? R"( stroke-dasharray="6 4")"
                                  : entry.sign == Sign::dotted ? R"( stroke-dasharray="2 3")"
                                                               : "";
      out += segment(x, y - 4, x + sign_width, y - 4, colour, fmt::format(R"( stroke-width="1.8"{})", pattern));
    } else {
      out += sign_at(entry.sign, x + sign_width / 2, y - 4, 7, colour, 1);
    }
    out += label(x + sign_width + 6, y, entry.label, "start");
    x += whole;
  }
  *height = figure.legend.empty() ? 0 : y + 10;
  return out;
}

}  // namespace

std::string to_svg(const ReportFigure& figure) {
  double top = 0;
  std::string body = legend(figure, &top);
  const auto charts = static_cast<double>(figure.charts.size());
  const double columns = figure.wide || charts <= 1 || !figure.charts.front().bars.empty() ? 1
                         : charts == 2 || charts == 4                                      ? 2
                                                                                           : 3;
  const double across = (width - (columns - 1) * gap) / columns;
  double down = columns == 1 ? 0.45 * across : columns == 2 ? 0.68 * across : 0.82 * across;
  if (figure.rows > 0) down = figure.rows * (line_height + 4) + 3 * line_height;
  if (figure.square) down = std::min(across, 0.6 * width);
  double height = top;
  for (std::size_t i = 0; i < figure.charts.size(); ++i) {
    const double place = static_cast<double>(i);
    const double row = std::floor(place / columns), column = place - row * columns;
    const double chart_width = figure.square ? down : across;
    body += Panel(figure.charts[i], column * (across + gap), top + row * (down + gap), chart_width, down,
                  static_cast<int>(i))
                .draw();
    height = top + row * (down + gap) + down;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0:g}" height="{1:.0f}" viewBox="-8 -6 {0:g} {1:.0f}" )"
      R"(font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" font-size="{2:g}" fill="{3}">)"
      "\n<title>{4}</title>\n<rect x=\"-8\" y=\"-6\" width=\"{0:g}\" height=\"{1:.0f}\" "
      "fill=\"#ffffff\"/>\n{5}</svg>\n",
      width + 16, height + 12, text_size, ink, xml(figure.caption), body);
}

}  // namespace secateur::study::report
