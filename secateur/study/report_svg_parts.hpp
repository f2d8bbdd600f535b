// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "secateur/study/report_chart.hpp"

// What SVG files of the report are made of.
namespace secateur::study::report::svg {

// Lengths are in pixels of 1/96 inch; 680 of them, margins included, are 180 mm, the width of two columns of a journal.
inline constexpr double width = 664, text_size = 10.5, line_height = 14, gap = 18;
inline constexpr const char* ink = "#1b1b1b";
inline constexpr const char* muted = "#5a5a5a";
inline constexpr const char* grid = "#e7e7e7";
inline constexpr const char* rule = "#bdbdbd";

/// The colour of the page's name on light paper.
std::string light(const std::string& name);
/// Text as it may stand in XML.
std::string xml(const std::string& text);
/// About how wide it will be.
double text_width(const std::string& text);

// Elements. Coordinates in pixels; `more`: further attributes.
std::string label(double x, double y, const std::string& text, const char* anchor, const std::string& more = "");
std::string segment(double x0, double y0, double x1, double y1, const std::string& colour,
                    const std::string& more = "");
/// A sign of about `size` across.
std::string sign_at(LegendEntry::Sign sign, double x, double y, double size, const std::string& colour, double opacity);
/// The attribute of a broken line, nothing for one that is whole.
std::string dash(ChartLine::Stroke stroke);

}  // namespace secateur::study::report::svg
