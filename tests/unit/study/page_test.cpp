// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/page.hpp"

#include <regex>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secateur/study/assets.hpp"
#include "unit/study/html_check.hpp"

namespace secateur::study {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Text that breaks out of elements, attributes and scripts unless it is escaped everywhere.
const std::string hostile = R"(<script>alert("a")</script> & 'b' </p> --> ]]>)";

Figure small_figure(const std::string& text = "curves") {
  Figure figure;
  figure.caption = text;
  figure.description = text;
  figure.plots.resize(1);
  figure.plots[0].title = text;
  figure.plots[0].data = {{{"x", {1, 2}}, {"y", {3, 4}}, {"name", text}}};
  figure.legend = {{text, "ink", LegendEntry::Sign::dashed}};
  return figure;
}

Page full_page(const std::string& text) {
  Page page(text, text);
  page.colour("dense", "#333333", "rgb(200, 200, 200)");
  page.section(text);
  page.paragraph(text);
  page.code(text);
  page.table({text, {text, "b"}, {{text, text}, {"1", "2"}}});
  page.facts({{text, text}});
  page.section("Figures");
  page.figure(small_figure(text));
  page.links({{"a.csv", text}, {text, "b"}});
  page.folded(text, text);
  return page;
}

TEST(Escape, ReplacesWhatHtmlReadsAsMarkup) {
  EXPECT_EQ(escape_html("a < b && \"c\" > 'd'"), "a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;");
  EXPECT_EQ(escape_html("µ ≤ ×"), "µ ≤ ×");
  EXPECT_EQ(escape_html(""), "");
}

TEST(Page, IsBalancedAndEscapesTextEverywhere) {
  const HtmlCheck check(full_page(hostile).html());
  EXPECT_EQ(check.problems, "");
  // Of its own it has three: Plotly, the plots' data, the page's script.
  EXPECT_EQ(check.count("script"), 3);
  EXPECT_EQ(check.count("h1"), 1);
  EXPECT_EQ(check.count("h2"), 2);
  EXPECT_EQ(check.count("section"), 2);
}

TEST(Page, LinksToFilesWhateverTheirNames) {
  Page page("Title", "");
  Figure figure = small_figure();
  figure.links = {{"a b#1?:100%/\"é.csv", "numbers <1>"}};
  page.figure(figure);
  page.links({{"c:d.csv", "e"}});
  const HtmlCheck check(page.html());
  EXPECT_EQ(check.problems, "");
  EXPECT_THAT(check.links, testing::IsSupersetOf({"a%20b%231%3F%3A100%25/%22%C3%A9.csv", "c%3Ad.csv"}));
  EXPECT_THAT(page.html(), HasSubstr("numbers &lt;1&gt;"));
}

TEST(Page, PlotsHaveTheSizeThatIsAskedFor) {
  Page page("Title", "");
  Figure figure = small_figure();
  figure.wide = figure.small = true, figure.height = 12.5, figure.min_width = 30;
  page.heading("a < b");
  page.figure(figure);
  const std::string html = page.html();
  EXPECT_EQ(HtmlCheck(html).problems, "");
  EXPECT_THAT(html, HasSubstr("<h3>a &lt; b</h3>"));
  EXPECT_THAT(html, HasSubstr("class=\"plots one wide small\""));
  EXPECT_THAT(html, HasSubstr("style=\"height:12.5rem;min-width:30.0rem;\""));
}

TEST(Page, WithoutFiguresHasNoScript) {
  Page page("Title", "");
  page.paragraph("text");
  const HtmlCheck check(page.html());
  EXPECT_EQ(check.problems, "");
  EXPECT_EQ(check.count("script"), 0);
  EXPECT_EQ(check.count("p"), 1);
}

TEST(Page, EmbedsTheWholePlottingScriptWithItsLicence) {
  const std::string html = full_page("text").html();
  EXPECT_GT(plotly_js().size(), 1'000'000U);
  EXPECT_NE(html.find(plotly_js()), std::string::npos);
  EXPECT_THAT(std::string(plotly_js().substr(0, 300)), HasSubstr("MIT license"));
  EXPECT_THAT(plotly_licence(), HasSubstr("plotly.js v"));
  EXPECT_THAT(plotly_licence(), HasSubstr("Copyright"));
  EXPECT_THAT(plotly_licence(), HasSubstr("Permission is hereby granted, free of charge"));
  EXPECT_NE(html.find(page_js()), std::string::npos);
}

TEST(Page, PlotsAreValidJsonThatTheirScriptElementCannotEnd) {
  const std::string html = full_page("</script><b>\"").html();
  const std::string open = R"(<script type="application/json" id="plots">)";
  const auto begin = html.find(open) + open.size();
  const std::string text = html.substr(begin, html.find("</script>", begin) - begin);
  const auto plots = nlohmann::json::parse(text);
  ASSERT_TRUE(plots.contains("plot-1-1"));
  EXPECT_EQ(plots["plot-1-1"]["data"][0]["name"], "</script><b>\"");
}

TEST(Page, LoadsNothing) {
  std::string html = full_page("text").html();
  // Plotly's own script can load map tiles and the like; the policy forbids it to.
  html.erase(html.find(plotly_js()), plotly_js().size());
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, Not(HasSubstr("http://")));
  EXPECT_THAT(html, Not(HasSubstr("https://")));
  EXPECT_THAT(html, Not(HasSubstr(" src=")));
  EXPECT_THAT(html, Not(HasSubstr("@import")));
  EXPECT_THAT(html, Not(HasSubstr("url(")));
}

TEST(Page, ColoursGoIntoBothSchemes) {
  Page page("Title", "");
  page.colour("dense", "#101010", "#f0f0f0");
  const std::string html = page.html();
  const auto light = html.find("--dense: #101010;"), dark = html.find("--dense: #f0f0f0;");
  const auto query = html.find("prefers-color-scheme: dark");
  ASSERT_NE(light, std::string::npos);
  ASSERT_NE(dark, std::string::npos);
  EXPECT_LT(light, query);
  EXPECT_GT(dark, query);
  EXPECT_THAT(html, Not(HasSubstr("@light@")));
  EXPECT_THAT(html, Not(HasSubstr("@dark@")));
}

TEST(Page, TablesHaveHeadersAndFiguresDescriptions) {
  const std::string html = full_page("text").html();
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">text</th>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">text</th><td>text</td>"));
  EXPECT_THAT(html, HasSubstr("id=\"plot-1-1\" role=\"img\" aria-label=\"text: text\""));
  EXPECT_THAT(html, HasSubstr("<html lang=\"en\">"));
}

TEST(Page, NumbersTablesAndFigures) {
  Page page("Title", "");
  for (int i = 0; i < 2; ++i) {
    page.table({"caption", {"a"}, {}});
    page.figure(small_figure());
  }
  const std::string html = page.html();
  for (const char* label : {"Table 1.", "Table 2.", "Figure 1.", "Figure 2.", "plot-2-1"}) {
    EXPECT_THAT(html, HasSubstr(label));
  }
  EXPECT_EQ(HtmlCheck(html).problems, "");
}

TEST(Page, RefusesWhatDoesNotFit) {
  Page page("Title", "");
  EXPECT_THROW(page.table({"caption", {"a", "b"}, {{"1"}}}), std::invalid_argument);
  EXPECT_THROW(page.figure(Figure{}), std::invalid_argument);
  Figure silent = small_figure();
  silent.description.clear();
  EXPECT_THROW(page.figure(silent), std::invalid_argument);
  EXPECT_THROW(page.colour("a b", "red", "red"), std::invalid_argument);
  EXPECT_THROW(page.colour("", "red", "red"), std::invalid_argument);
  EXPECT_THROW(page.colour("a", "red; } body { display: none", "red"), std::invalid_argument);
  EXPECT_THROW(page.colour("a", "red", ""), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::study
