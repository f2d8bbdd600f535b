// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "secateur/study/page.hpp"

namespace secateur::study::report {

/// Colours of a study's report by name, each for light and for dark paper. One colour has one meaning in all figures.
struct ReportColour {
  std::string name, light, dark;
};
const std::vector<ReportColour>& report_colours();

struct ChartAxis {
  std::string title;
  bool log = false;
  double lower = 0, upper = 1;          ///< in the quantity's own units; lower > upper: turned around
  std::vector<std::string> categories;  ///< not empty: the names of the places 0, 1, 2, …
};

ChartAxis chart_axis(std::string title, bool log = false);
ChartAxis chart_axis(std::string title, double lower, double upper);

/// A place on an axis that is named.
struct Tick {
  double at = 0;
  std::string text;
};
/// About `most` ticks: whole powers of ten on a long logarithmic axis, steps of 1, 2 or 5 otherwise; all categories.
std::vector<Tick> ticks(const ChartAxis& axis, int most = 5);

/// Sets the axis to hold the finite values (on a logarithmic axis the positive ones) with a margin, an axis that is not
/// logarithmic from zero when `zero`. Values that are all equal get room around them. False when there are none.
bool fit(ChartAxis& axis, const std::vector<double>& values, bool zero = false);

/// Points in one colour, with a line through them, a sign at each, or both.
struct ChartLine {
  enum class Stroke { none, solid, dashed, dotted };
  std::string colour;  ///< of the page
  Stroke stroke = Stroke::solid;
  bool steps = false;  ///< a value holds until the next one
  double width = 2, opacity = 1;
  std::vector<double> x, y;              ///< a y that is NaN interrupts the line
  std::vector<LegendEntry::Sign> signs;  ///< one a point, or none at all
  double size = 8;                       ///< of the signs, in pixels
  std::vector<std::string> text;         ///< what the page says of a point, one each, or none at all
};

ChartLine chart_line(std::string colour, ChartLine::Stroke stroke = ChartLine::Stroke::solid);

/// Horizontal bars, one at each category of the y axis; those of one chart are stacked, positive ones to the right and
/// negative ones to the left of zero.
struct ChartBars {
  std::string colour, name;
  std::vector<double> values;  ///< one a category
};

/// A coloured cell for every category of y (a row) and of x; NaN leaves it empty.
struct ChartMap {
  std::vector<std::vector<double>> values;
  std::vector<std::vector<std::string>> text;  ///< in the cells
  double low = 0, high = 1;                    ///< values of the two ends of the colours
};

/// A thin line across the chart with its name.
struct ChartMark {
  bool vertical = false;
  double at = 0;
  std::string text;
};

/// One plot, described once and drawn twice: by Plotly in the page, and as SVG for a paper.
struct Chart {
  std::string title;
  ChartAxis x, y;
  std::vector<ChartLine> lines;
  std::vector<ChartBars> bars;
  std::optional<ChartMap> map;
  std::vector<ChartMark> marks;
  bool diagonal = false;  ///< a line of equal x and y
};

/// A figure of the report.
struct ReportFigure {
  std::string name;         ///< of its files, without their ending
  std::string caption;      ///< what is shown
  std::string description;  ///< what there is to see, computed from the numbers; also for those who cannot see it
  std::vector<Chart> charts;
  std::vector<LegendEntry> legend;
  std::string csv;
  bool square = false;   ///< square charts
  bool wide = false;     ///< one chart a row, at full width
  double min_width = 0;  ///< of a wide chart, in rem; a narrower screen scrolls it
  double rows = 0;       ///< not 0: the charts are as high as that many lines of text
};

Plot to_plot(const Chart& chart);
/// Title, charts and legend as one SVG file on white paper, 180 mm wide.
std::string to_svg(const ReportFigure& figure);

}  // namespace secateur::study::report
