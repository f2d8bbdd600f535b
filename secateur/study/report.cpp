// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report.hpp"

#include <set>

#include <fmt/format.h>

#include "secateur/core/file.hpp"
#include "secateur/core/version.hpp"
#include "secateur/study/assets.hpp"
#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"
#include "secateur/study/report_tables.hpp"

namespace secateur::study {

namespace {

using namespace report;

/// JSON as people read it; other text as it is.
std::string indented(const std::string& text) {
  const auto parsed = nlohmann::ordered_json::parse(text, nullptr, false);
  return parsed.is_discarded() ? text : parsed.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// Puts the page together and keeps the files beside it.
class Writer {
 public:
  Writer(const Study& study, std::string folder)
      : m_study(study),
        m_folder(std::move(folder)),
        m_outlines(outlines(study)),
        m_attribution(average(attribute(study))),
        m_page(study.name.empty() ? "Study" : "Study: " + study.name,
               fmt::format("Secateur {}{}", version, study.machine.empty() ? "" : ", " + study.machine)) {
    for (const ReportColour& colour : report_colours()) m_page.colour(colour.name, colour.light, colour.dark);
  }

  std::string html(std::vector<SideFile>* side) {
    summary();
    for (const Outline& outline : m_outlines) source(outline);
    failures();
    how();
    if (side != nullptr) *side = std::move(m_files);
    return m_page.html();
  }

 private:
  void summary() {
    m_page.section("Summary");
    const auto cells = count_cells(m_study);
    m_page.paragraph(progress_text(cells));
    m_page.table(cells_table(cells));
    if (m_outlines.empty()) return;
    m_page.table(claims_table(claims(m_study, m_outlines, m_attribution)));
  }

  /// Adds a figure, its files and what it shows; remembers what could not be shown.
  bool add(std::optional<ReportFigure> figure, const char* heading) {
    if (!figure) {
      m_missing.emplace_back(heading);
      return false;
    }
    const std::string wanted = figure->name;
    for (int again = 2; !m_names.insert(figure->name).second; ++again)
      figure->name = fmt::format("{}-{}", wanted, again);
    Figure shown;
    shown.caption = figure->caption;
    shown.description = fmt::format("chart of {}; the text above says what it shows", heading);
    shown.legend = figure->legend;
    shown.square = figure->square, shown.wide = figure->wide;
    shown.small = figure->charts.size() > 2 && figure->charts.size() != 4 && !figure->wide && figure->rows == 0;
    shown.min_width = figure->min_width;
    shown.height = figure->rows > 0 ? 1.3 * figure->rows + 4 : 0;
    for (const Chart& chart : figure->charts) shown.plots.push_back(to_plot(chart));
    const std::string base = m_folder + "/" + figure->name;
    shown.links = {{base + ".csv", "numbers (CSV)"}, {base + ".svg", "picture (SVG)"}};
    if (heading != m_heading) m_page.heading(heading);
    m_heading = heading;
    m_page.paragraph(figure->description);
    m_page.figure(shown);
    m_files.push_back({base + ".csv", figure->csv});
    m_files.push_back({base + ".svg", to_svg(*figure)});
    return true;
  }

  void source(const Outline& outline) {
    m_page.section(outline.source.empty() ? "Results" : "Results: " + outline.source);
    m_missing.clear(), m_heading.clear();
    const auto first = main_solve(m_study, outline);
    if (first) {
      const auto table = usable_table(m_study, outline, *first);
      if (table) m_page.table(*table);
    }
    add(error_figure(m_study, outline), "Error");
    if (first) {
      std::vector<std::string> solves{*first};
      for (const std::string& solve : outline.solves) {
        if (solve != *first) solves.push_back(solve);
      }
      for (const std::string& solve : solves) add(time_figure(m_study, outline, solve), "Solve time");
      for (const std::string& solve : solves) add(speed_up_figure(m_study, outline, solve), "Speed-up");
    } else {
      m_missing.insert(m_missing.end(), {"Solve time", "Speed-up"});
    }
    add(size_figure(m_study, outline), "What pruning leaves");
    add(layer_figure(m_study, outline), "Bounds layer by layer");
    if (!m_attribution.empty()) add(attribution_figure(m_attribution, outline), "Where the speed-up comes from");
    if (outline.solves.size() > 1) add(solver_profile_figure(m_study, outline), "Ways to solve");
    if (first) {
      add(pruning_profile_figure(m_study, outline, *first), "Dense and pruned over all problems");
      add(trace_figure(m_study, outline, *first), "Convergence");
    }
    const auto any = [&](const auto& has) {
      return std::any_of(m_study.solves.begin(), m_study.solves.end(),
                         [&](const SolveRow& row) { return row.axes.source == outline.source && has(row); });
    };
    if (any([](const SolveRow& row) { return row.simulated.has_value(); })) {
      add(truth_figure(m_study, outline), "The optimum in truth");
    }
    if (any([](const SolveRow& row) { return row.regret.has_value(); })) add(regret_figure(m_study, outline), "Regret");
    if (!m_missing.empty()) {
      m_page.paragraph("Nothing to show yet for: " + enumerated(m_missing) + ".");
    }
  }

  void failures() {
    const auto table = failures_table(m_study);
    if (!table) return;
    m_page.section("Cells without a result");
    m_page.table(*table);
    m_files.push_back({m_folder + "/failures.csv", failures_csv(m_study)});
    m_page.links({{m_folder + "/failures.csv", "every such cell with its reason"}});
  }

  void how() {
    m_page.section("How this was made");
    m_page.facts(facts(m_study));
    if (!m_study.spec.empty()) m_page.folded("The study's specification", indented(m_study.spec));
    m_page.folded("Licence of the plotting script in this file", plotly_licence());
  }

  const Study& m_study;
  std::string m_folder;
  std::vector<Outline> m_outlines;
  std::vector<MeanAttribution> m_attribution;
  Page m_page;
  std::vector<SideFile> m_files;
  std::set<std::string> m_names;
  std::vector<std::string> m_missing;
  std::string m_heading;
};

}  // namespace

std::string study_report(const Study& study, const std::string& folder, std::vector<SideFile>* side) {
  return Writer(study, folder).html(side);
}

std::vector<std::string> write_report(const Study& study, const std::filesystem::path& file) {
  check_writable(file);
  const std::string folder = file.stem().string() + "-figures";
  std::vector<SideFile> side;
  const std::string html = study_report(study, folder, &side);
  const std::filesystem::path place = file.parent_path();
  std::vector<std::string> written{file.filename().string()};
  if (!side.empty()) make_folder(place / folder);
  for (const SideFile& one : side) {
    write_file(place / one.name, one.bytes);
    written.push_back(one.name);
  }
  write_file(file, html);  // last: a report that is there has its files beside it
  return written;
}

}  // namespace secateur::study
