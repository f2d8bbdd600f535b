// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/page.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "secateur/study/assets.hpp"

namespace secateur::study {

namespace {

/// The browser asks the network for nothing: this policy refuses every load that is not in the file itself.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'";

void replace(std::string& text, std::string_view mark, std::string_view value) {
  const auto at = text.find(mark);
  if (at != std::string::npos) text.replace(at, mark.size(), value);
}

/// JSON inside a script element: the element must not end early.
std::string script_json(const nlohmann::json& value) {
  std::string text;
  // Names come from files; what is not UTF-8 in them must not end the page.
  for (const char c : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

std::string sign_svg(const LegendEntry& entry) {
  using Sign = LegendEntry::Sign;
  const std::string colour = "var(--" + entry.colour + ")";
  const auto line = [&](std::string_view dash) {
    return fmt::format(R"(<path d="M1 7H25" stroke="{}" stroke-width="2" fill="none"{}/>)", colour, dash);
  };
  const auto shape = [&](std::string_view path, bool filled = true) {
    return fmt::format(R"(<path d="{}" fill="{}" stroke="{}" stroke-width="1.5"/>)", path, filled ? colour : "none",
                       colour);
  };
  std::string inner;
  double width = 14;
  switch (entry.sign) {
    case Sign::line:
      inner = line(""), width = 26;
      break;
    case Sign::dashed:
      inner = line(R"( stroke-dasharray="6 4")"), width = 26;
      break;
    case Sign::dotted:
      inner = line(R"( stroke-dasharray="2 3")"), width = 26;
      break;
    case Sign::circle:
      inner = fmt::format(R"(<circle cx="7" cy="7" r="4.5" fill="{}"/>)", colour);
      break;
    case Sign::square:
      inner = shape("M3 3H11V11H3Z");
      break;
    case Sign::diamond:
      inner = shape("M7 1.5L12.5 7L7 12.5L1.5 7Z");
      break;
    case Sign::star:
      inner = shape("M7 1L8.4 5.1H12.7L9.2 7.7L10.5 11.8L7 9.3L3.5 11.8L4.8 7.7L1.3 5.1H5.6Z");
      break;
    case Sign::triangle:
      inner = shape("M7 2L12 11.5H2Z");
      break;
    case Sign::open_triangle:
      inner = shape("M7 2L12 11.5H2Z", false);
      break;
  }
  return fmt::format(R"(<svg width="{0:g}" height="14" viewBox="0 0 {0:g} 14" aria-hidden="true">{1}</svg>)", width,
                     inner);
}

}  // namespace

namespace {

/// A relative path as a link: what has a meaning of its own there is escaped.
std::string link(std::string_view path) {
  std::string text;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~/").find(c) != std::string_view::npos;
    text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

/// The style of a plot that is not as high or wide as usual.
std::string sized(const Figure& figure) {
  std::string style;
  if (figure.height > 0) style += fmt::format("height:{:.1f}rem;", figure.height);
  if (figure.min_width > 0) style += fmt::format("min-width:{:.1f}rem;", figure.min_width);
  return style.empty() ? "" : " style=\"" + style + "\"";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

Page::Page(std::string title, std::string subtitle) : m_title(std::move(title)), m_subtitle(std::move(subtitle)) {}

void Page::colour(const std::string& name, const std::string& light, const std::string& dark) {
  constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
  const std::string allowed = std::string(lower) + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#(),.% -";
  if (name.empty() || name.find_first_not_of(std::string(lower) + "-") != std::string::npos) {
    throw std::invalid_argument("page: bad colour name '" + name + "'");
  }
  for (const std::string& value : {light, dark}) {
    if (value.empty() || value.find_first_not_of(allowed) != std::string::npos) {
      throw std::invalid_argument("page: bad colour '" + value + "'");
    }
  }
  m_light += fmt::format("  --{}: {};\n", name, light);
  m_dark += fmt::format("    --{}: {};\n", name, dark);
}

void Page::section(std::string_view heading) {
  if (m_in_section) m_body += "</section>\n";
  m_in_section = true;
  m_body += fmt::format("<section>\n<h2>{}</h2>\n", escape_html(heading));
}

void Page::heading(std::string_view text) { m_body += fmt::format("<h3>{}</h3>\n", escape_html(text)); }

void Page::paragraph(std::string_view text) { m_body += fmt::format("<p>{}</p>\n", escape_html(text)); }

void Page::code(std::string_view text) {
  m_body += fmt::format("<pre tabindex=\"0\"><code>{}</code></pre>\n", escape_html(text));
}

void Page::table(const PageTable& table) {
  for (const auto& row : table.rows) {
    if (row.size() != table.header.size()) throw std::invalid_argument("page: a row does not fit the table's header");
  }
  ++m_tables;
  // The caption stands outside the part that scrolls sideways on a narrow screen.
  m_body += fmt::format(
      "<div class=\"table\">\n<p class=\"caption\" id=\"table-{0}\"><b>Table {0}.</b> {1}</p>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"table-{0}\">\n"
      "<table{2} aria-labelledby=\"table-{0}\">\n<thead><tr>",
      m_tables, escape_html(table.caption), table.prose ? " class=\"prose\"" : "");
  for (const std::string& cell : table.header) m_body += fmt::format("<th scope=\"col\">{}</th>", escape_html(cell));
  m_body += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    m_body += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = escape_html(row[i]);
      m_body += i == 0 ? "<th scope=\"row\">" + cell + "</th>" : "<td>" + cell + "</td>";
    }
    m_body += "</tr>\n";
  }
  m_body += "</tbody>\n</table>\n</div>\n</div>\n";
}

void Page::facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  m_body += "<dl>\n";
  for (const auto& [term, value] : facts) {
    m_body += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(term), escape_html(value));
  }
  m_body += "</dl>\n";
}

void Page::figure(const Figure& figure) {
  if (figure.plots.empty()) throw std::invalid_argument("page: a figure without plots");
  if (figure.description.empty()) throw std::invalid_argument("page: a figure without a description");
  ++m_figures;
  m_body += "<figure>\n";
  if (!figure.legend.empty()) {
    m_body += "<ul class=\"legend\">\n";
    for (const LegendEntry& entry : figure.legend) {
      m_body += fmt::format("<li>{}{}</li>\n", sign_svg(entry), escape_html(entry.label));
    }
    m_body += "</ul>\n";
  }
  m_body += fmt::format("<div class=\"plots{}{}{}{}\">\n", figure.plots.size() == 1 ? " one" : "",
                        figure.square ? " square" : "", figure.wide ? " wide" : "", figure.small ? " small" : "");
  const std::string style = sized(figure);
  int number = 0;
  for (const Plot& plot : figure.plots) {
    const std::string id = fmt::format("plot-{}-{}", m_figures, ++number);
    m_plots[id] = {{"data", plot.data}, {"layout", plot.layout}};
    m_body += "<div>";
    if (!plot.title.empty()) m_body += fmt::format("<p class=\"plot-title\">{}</p>", escape_html(plot.title));
    const std::string label = plot.title.empty() ? figure.description : plot.title + ": " + figure.description;
    m_body += fmt::format("<div class=\"plot\" id=\"{}\" role=\"img\" aria-label=\"{}\"{}></div></div>\n", id,
                          escape_html(label), style);
  }
  m_body += fmt::format("</div>\n<figcaption><b>Figure {}.</b> {}", m_figures, escape_html(figure.caption));
  for (const auto& [path, text] : figure.links) {
    m_body += fmt::format(" <a href=\"{}\">{}</a>", link(path), escape_html(text));
  }
  m_body += "</figcaption>\n</figure>\n";
}

void Page::links(const std::vector<std::pair<std::string, std::string>>& links) {
  m_body += "<ul class=\"files\">\n";
  for (const auto& [path, label] : links) {
    m_body += fmt::format("<li><a href=\"{}\">{}</a>: {}</li>\n", link(path), escape_html(path), escape_html(label));
  }
  m_body += "</ul>\n";
}

void Page::folded(std::string_view heading, std::string_view text) {
  m_body += fmt::format("<details><summary>{}</summary><p>{}</p></details>\n", escape_html(heading), escape_html(text));
}

std::string Page::html() const {
  std::string css(page_css());
  replace(css, "@light@\n", m_light);
  replace(css, "@dark@\n", m_dark);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{}</h1>\n",
      content_policy, escape_html(m_title), css, escape_html(m_title));
  if (!m_subtitle.empty()) html += fmt::format("<p class=\"subtitle\">{}</p>\n", escape_html(m_subtitle));
  html += "</header>\n" + m_body;
  if (m_in_section) html += "</section>\n";
  html += "</main>\n";
  if (m_figures > 0) {
    html += "<noscript><p>The plots need JavaScript; tables and text do not.</p></noscript>\n<script>\n";
    html += plotly_js();
    html +=
        "\n</script>\n<script type=\"application/json\" id=\"plots\">" + script_json(m_plots) + "</script>\n<script>\n";
    html += page_js();
    html += "</script>\n";
  }
  return html + "</body>\n</html>\n";
}

}  // namespace secateur::study
