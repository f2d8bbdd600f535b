// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace secateur::study {

/// Text as it may stand in HTML, in an element or an attribute.
std::string escape_html(std::string_view text);

/// A table: a header row, and rows that each begin with their own header.
struct PageTable {
  std::string caption;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  ///< each as long as the header
  bool prose = false;                          ///< sentences rather than numbers: to the left
};

/// One entry of a figure's legend: a colour of the page and the sign that stands for it in the plots.
struct LegendEntry {
  enum class Sign { line, dashed, dotted, circle, square, diamond, star, triangle, open_triangle };
  std::string label, colour;
  Sign sign = Sign::line;
};

/// One plot of a figure, in Plotly's terms. A string that begins with "--" names a colour of the page ("--ink",
/// "--muted",
/// "--grid", "--paper" or one of Page::colour) and follows the reader's light or dark scheme.
struct Plot {
  std::string title;
  nlohmann::json data = nlohmann::json::array();
  nlohmann::json layout = nlohmann::json::object();
};

/// Plots side by side where there is room, under one caption.
struct Figure {
  std::string caption;
  std::string description;  ///< what the plots show, for those who cannot see them
  std::vector<Plot> plots;
  std::vector<LegendEntry> legend;
  bool square = false;   ///< square plots, for maps
  bool wide = false;     ///< one plot a row; a narrow screen may scroll it sideways
  bool small = false;    ///< many plots: three in a row where there is room
  double height = 0;     ///< of every plot, in rem; 0: as usual
  double min_width = 0;  ///< of a wide plot, in rem
  /// Files with this figure's numbers or pictures beside the page: relative path and label.
  std::vector<std::pair<std::string, std::string>> links;
};

/// One file beside a page.
struct SideFile {
  std::string name, bytes;
};

/// A report in one HTML file: no other file and no network is needed to read it, it has a light and a dark scheme, fits
/// a phone and prints. All text is plain text and is escaped here; parts appear in the order they were added.
class Page {
 public:
  /// `subtitle` stands under the title in small print; may be empty.
  Page(std::string title, std::string subtitle);

  /// Names a colour (CSS syntax) "--name" in the light and the dark scheme. Throws std::invalid_argument for a name
  /// that is not made of lower-case letters and hyphens, or a colour with characters that no CSS colour has.
  void colour(const std::string& name, const std::string& light, const std::string& dark);

  void section(std::string_view heading);
  /// A heading within a section.
  void heading(std::string_view text);
  void paragraph(std::string_view text);
  void code(std::string_view text);
  /// Throws std::invalid_argument for a row whose length is not that of the header.
  void table(const PageTable& table);
  /// Pairs of a term and its value.
  void facts(const std::vector<std::pair<std::string, std::string>>& facts);
  /// Throws std::invalid_argument for a figure without plots or description.
  void figure(const Figure& figure);
  /// Links to files beside the page: relative path and label.
  void links(const std::vector<std::pair<std::string, std::string>>& links);
  /// Text behind a heading that the reader opens.
  void folded(std::string_view heading, std::string_view text);

  [[nodiscard]] std::string html() const;

 private:
  std::string m_title, m_subtitle;
  std::string m_light, m_dark;  ///< CSS declarations of the colours
  std::string m_body;
  nlohmann::json m_plots = nlohmann::json::object();
  int m_figures = 0, m_tables = 0;
  bool m_in_section = false;
};

}  // namespace secateur::study
