// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report_svg_parts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "secateur/data/text.hpp"

namespace secateur::study::report::svg {

namespace {

using Sign = LegendEntry::Sign;
using Stroke = ChartLine::Stroke;

}  // namespace

std::string light(const std::string& name) {
  for (const ReportColour& colour : report_colours()) {
    if (colour.name == name) return colour.light;
  }
  return name == "muted" ? muted : ink;
}

// XML has no place for control characters, escaped or not.
std::string xml(const std::string& text) {
  // Nor for bytes that are not UTF-8: out and back in replaces them.
  using nlohmann::json;
  const auto whole = json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace));
  std::string safe = escape_html(whole.get<std::string>());
  std::erase_if(safe, [](char c) { return static_cast<unsigned char>(c) < 0x20U; });
  return safe;
}

// A sans-serif letter is a little more than half as wide as it is high.
double text_width(const std::string& text) { return 0.56 * text_size * static_cast<double>(data::characters(text)); }

std::string label(double x, double y, const std::string& text, const char* anchor, const std::string& more) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}"{}>{}</text>)"
                     "\n",
                     x, y, anchor, more, xml(text));
}

std::string segment(double x0, double y0, double x1, double y1, const std::string& colour, const std::string& more) {
  return fmt::format(R"(<path d="M{:.1f} {:.1f}L{:.1f} {:.1f}" stroke="{}" fill="none"{}/>)"
                     "\n",
                     x0, y0, x1, y1, colour, more);
}

std::string dash(ChartLine::Stroke stroke) {
  return stroke == Stroke::dashed   ? R"( stroke-dasharray="6 4")"
         : stroke == Stroke::dotted ? R"( stroke-dasharray="2 3")"
                                    : "";
}

std::string sign_at(LegendEntry::Sign sign, double x, double y, double size, const std::string& colour,
                    double opacity) {
  const double r = size / 2;
  std::string shape;
  const auto path = [&](const std::vector<std::pair<double, double>>& corners) {
    std::string corner(1, 'M');
    for (const auto& [dx, dy] : corners) corner += fmt::format("{:.1f} {:.1f} ", x + r * dx, y + r * dy);
    corner.back() = 'Z';
    shape = std::move(corner);
  };
  switch (sign) {
    case Sign::square:
      path({{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}});
      break;
    case Sign::diamond:
      path({{0, -1.25}, {1.25, 0}, {0, 1.25}, {-1.25, 0}});
      break;
    case Sign::triangle:
    case Sign::open_triangle:
      path({{0, -1.15}, {1.1, 0.8}, {-1.1, 0.8}});
      break;
    case Sign::star:
      path({{0, -1.4},
            {0.35, -0.45},
            {1.35, -0.45},
            {0.55, 0.15},
            {0.85, 1.15},
            {0, 0.55},
            {-0.85, 1.15},
            {-0.55, 0.15},
            {-1.35, -0.45},
            {-0.35, -0.45}});
      break;
    default:
      return fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" fill="{}" fill-opacity="{:g}"/>)"
                         "\n",
                         x, y, r, colour, opacity);
  }
  if (sign == Sign::open_triangle) {
    return fmt::format(R"(<path d="{}" fill="#ffffff" stroke="{}" stroke-width="1.4" stroke-opacity="{:g}"/>)"
                       "\n",
                       shape, colour, opacity);
  }
  return fmt::format(R"(<path d="{}" fill="{}" fill-opacity="{:g}"/>)"
                     "\n",
                     shape, colour, opacity);
}

}  // namespace secateur::study::report::svg
