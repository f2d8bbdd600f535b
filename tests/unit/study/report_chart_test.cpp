// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report_chart.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/study/html_check.hpp"

namespace secateur::study::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> texts(const ChartAxis& axis, int most = 5) {
  std::vector<std::string> list;
  for (const Tick& tick : ticks(axis, most)) list.push_back(tick.text);
  return list;
}

ChartAxis linear(double lower, double upper) {
  ChartAxis axis;
  axis.lower = lower, axis.upper = upper;
  return axis;
}

ChartAxis logarithmic(double lower, double upper) {
  ChartAxis axis = linear(lower, upper);
  axis.log = true;
  return axis;
}

TEST(Ticks, StepsOfOneTwoOrFive) {
  EXPECT_THAT(texts(linear(-4, 102)), ElementsAre("0", "50", "100"));
  EXPECT_THAT(texts(linear(0, 1)), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_THAT(texts(linear(-0.3, 0.3)), ElementsAre("−0.2", "0", "0.2"));
  EXPECT_THAT(texts(linear(0, 24000)), ElementsAre("0", "5000", "10\u202f000", "15\u202f000", "20\u202f000"));
}

TEST(Ticks, AreTheSameOnAnAxisTurnedAround) { EXPECT_EQ(texts(linear(1, 0)), texts(linear(0, 1))); }

TEST(Ticks, PowersOfTenOnALongLogarithmicAxisAndDigitsOnAShortOne) {
  EXPECT_THAT(texts(logarithmic(0.005, 200)), ElementsAre("0.01", "0.1", "1", "10", "100"));
  EXPECT_THAT(texts(logarithmic(1, 1e9)), ElementsAre("1", "100", "10⁴", "10⁶", "10⁸"));
  EXPECT_THAT(texts(logarithmic(1, 12)), ElementsAre("1", "2", "5", "10"));
  EXPECT_THAT(texts(logarithmic(1e-5, 1e-3)), ElementsAre("10⁻⁵", "3 × 10⁻⁵", "10⁻⁴", "0.0003", "10⁻³"));
}

TEST(Ticks, CategoriesStandAtWholeNumbers) {
  ChartAxis axis = linear(-0.5, 1.5);
  axis.categories = {"a", "b"};
  const auto found = ticks(axis);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].at, 1);
  EXPECT_EQ(found[1].text, "b");
}

TEST(Fit, HoldsTheFiniteValuesWithAMargin) {
  ChartAxis axis;
  ASSERT_TRUE(fit(axis, {2, std::nan(""), HUGE_VAL, 4}));
  EXPECT_LT(axis.lower, 2);
  EXPECT_GT(axis.lower, 1.5);
  EXPECT_GT(axis.upper, 4);
  EXPECT_LT(axis.upper, 4.5);
  ASSERT_TRUE(fit(axis, {2, 4}, true));
  EXPECT_EQ(axis.lower, 0);
}

TEST(Fit, LeavesOutOfALogarithmicAxisWhatHasNoPlaceThere) {
  ChartAxis axis = logarithmic(1, 2);
  ASSERT_TRUE(fit(axis, {-1, 0, 10, 1000}));
  EXPECT_GT(axis.lower, 5);
  EXPECT_LT(axis.upper, 2000);
  EXPECT_FALSE(fit(axis, {-1, 0}));
  EXPECT_FALSE(fit(axis, {}));
}

TEST(Fit, GivesEqualValuesRoom) {
  ChartAxis axis;
  for (const double value : {0.0, 3.0, -3.0}) {
    ASSERT_TRUE(fit(axis, {value}));
    EXPECT_LT(axis.lower, value);
    EXPECT_GT(axis.upper, value);
  }
  axis.log = true;
  ASSERT_TRUE(fit(axis, {5}));
  EXPECT_LT(axis.lower, 5);
  EXPECT_GT(axis.upper, 5);
}

Chart small_chart(const std::string& text) {
  Chart chart;
  chart.title = text;
  chart.x.title = text, chart.y.title = text;
  chart.x = linear(0, 10), chart.y = logarithmic(1, 100);
  ChartLine line;
  line.colour = "weight";
  line.x = {1, 2, 3, 4}, line.y = {10, std::nan(""), 20, 1e9};
  line.signs = {LegendEntry::Sign::square, LegendEntry::Sign::square, LegendEntry::Sign::open_triangle,
                LegendEntry::Sign::star};
  line.text.assign(4, text);
  chart.lines.push_back(line);
  chart.marks.push_back({false, 50, text});
  return chart;
}

ReportFigure small_figure(const std::string& text) {
  ReportFigure figure;
  figure.name = "figure", figure.caption = text, figure.description = text;
  figure.charts = {small_chart(text), small_chart(text)};
  figure.legend = {{text, "node", LegendEntry::Sign::dashed}};
  return figure;
}

TEST(Plot, SaysGapsAndRangesAsPlotlyReadsThem) {
  const Plot plot = to_plot(small_chart("a <b>"));
  EXPECT_EQ(plot.layout["yaxis"]["range"], nlohmann::json({0, 2}));
  EXPECT_EQ(plot.layout["yaxis"]["type"], "log");
  const auto& trace = plot.data.at(0);
  EXPECT_TRUE(trace["y"][1].is_null());
  EXPECT_EQ(trace["text"][0], "a &lt;b&gt;");
  EXPECT_EQ(trace["marker"]["symbol"][2], "triangle-up-open");
  EXPECT_EQ(trace["line"]["color"], "--weight");
}

/// XML is read by the same strict reader as HTML, whose doctype stands in front.
std::string problems(const std::string& svg) {
  const auto begin = svg.find("<svg");
  return HtmlCheck("<!DOCTYPE html>\n" + svg.substr(begin)).problems;
}

TEST(Svg, IsWellFormedWhateverTheNames) {
  const std::string svg = to_svg(small_figure("<script>\"&'</svg>\x01\xff"));
  EXPECT_EQ(problems(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("\x01")));
  EXPECT_THAT(svg, Not(HasSubstr("\xff")));
  EXPECT_TRUE(svg.starts_with("<?xml"));
}

TEST(Svg, DrawsWhatIsInsideAndClipsWhatIsNot) {
  const std::string svg = to_svg(small_figure("text"));
  EXPECT_THAT(svg, HasSubstr("#0067a8"));                 // the colour "weight" on light paper
  EXPECT_THAT(svg, HasSubstr("clip-path=\"url(#c1)\""));  // each chart has its own
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(Svg, DrawsMapsAndBars) {
  ReportFigure figure;
  figure.name = "map", figure.caption = "map";
  Chart map;
  map.x.categories = {"50 %", "90 %"}, map.y.categories = {"1 × 5"};
  map.x.lower = -0.5, map.x.upper = 1.5, map.y.lower = 0.5, map.y.upper = -0.5;
  map.map = ChartMap{{{1, std::nan("")}}, {{"10×", ""}}, 0, 1};
  Chart bars;
  bars.y.categories = {"1 × 5"}, bars.y.lower = 0.6, bars.y.upper = -0.6;
  bars.x.lower = -1, bars.x.upper = 2;
  bars.bars = {{"size", "size", {1}}, {"integers", "integers", {-0.5}}};
  figure.charts = {map, bars};
  figure.rows = 3;
  const std::string svg = to_svg(figure);
  EXPECT_EQ(problems(svg), "");
  // Two clips, the paper, one cell and two bars.
  EXPECT_EQ(HtmlCheck("<!DOCTYPE html>\n" + svg.substr(svg.find("<svg"))).count("rect"), 6);
  EXPECT_THAT(svg, HasSubstr("10×"));
  EXPECT_EQ(to_plot(map).data.at(0)["type"], "heatmap");
  EXPECT_EQ(to_plot(bars).data.size(), 2U);
}

}  // namespace
}  // namespace secateur::study::report
