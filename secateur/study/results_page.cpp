// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/results_page.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "secateur/core/error.hpp"
#include "secateur/study/attribution.hpp"
#include "secateur/study/format.hpp"
#include "secateur/study/markdown.hpp"
#include "secateur/study/report_tables.hpp"

namespace secateur::study {

namespace {

using namespace report;

/// One study's chapter.
class Chapter {
 public:
  explicit Chapter(const PlacedStudy& placed)
      : m_study(placed.study),
        m_place(placed.place),
        m_outlines(outlines(placed.study)),
        m_means(average(attribute(placed.study))) {}

  std::string text() {
    m_text = markdown_heading(2, m_study.name);
    about();
    if (m_outlines.empty()) return m_text;
    m_text += markdown_heading(3, "What the paper claims");
    m_text += claims_text(claims(m_study, m_outlines, m_means));
    for (const std::string& solve : blocks()) block(solve);
    for (const Outline& outline : m_outlines) {
      add(outline, "The ways to solve side by side", blocks_table(m_study, outline));
    }
    for (const Outline& outline : m_outlines) {
      add(outline, "What the optimum is worth in truth", truth_table(m_study, outline));
    }
    failures();
    return m_text;
  }

 private:
  void about() {
    const auto spec = nlohmann::json::parse(m_study.spec, nullptr, false);
    if (spec.is_object() && spec.contains("description") && spec["description"].is_string()) {
      m_text += markdown_paragraph(spec["description"].get<std::string>());
    }
    std::map<std::uint64_t, int> seeds;
    for (const SolveRow& row : m_study.solves) seeds[row.axes.seed] += counts(row) ? 1 : 0;
    std::string by_seed;
    for (const auto& [seed, solves] : seeds) {
      if (solves > 0) by_seed += fmt::format("{}{} ({})", by_seed.empty() ? "" : ", ", seed, count(solves));
    }
    m_text += markdown_paragraph(progress_text(count_cells(m_study)) +
                                 (by_seed.empty() ? "" : " Solves by seed: " + by_seed + "."));
    m_text += markdown_paragraph(fmt::format("{}; Secateur {}.", m_study.machine, m_study.version));
    m_text += fmt::format(
        "Run again by `secateur study studies/{0}.json --csv {1}`; figures by `secateur report {1} --out "
        "{0}.html`.\n\n",
        m_study.name, m_place.string());
  }

  /// Blocks of the study in the order in which they come.
  [[nodiscard]] std::vector<std::string> blocks() const {
    std::vector<std::string> names;
    for (const Outline& outline : m_outlines) {
      for (const std::string& solve : outline.solves) {
        if (std::find(names.begin(), names.end(), solve) == names.end()) names.push_back(solve);
      }
    }
    return names;
  }

  /// Without a caption: the page says what usable means.
  static std::string claims_text(const std::vector<Claim>& claims) {
    PageTable table = claims_table(claims);
    table.caption.clear();
    return markdown(table);
  }

  /// Whether the claims at the chapter's begin are about this block alone.
  [[nodiscard]] bool is_main(const std::string& solve) const {
    return std::all_of(m_outlines.begin(), m_outlines.end(), [&](const Outline& outline) {
      const auto main = main_solve(m_study, outline);
      return !main || *main == solve;
    });
  }

  void block(const std::string& solve) {
    double limit = 0;
    for (const SolveRow& row : m_study.solves) {
      if (row.solve == solve) limit = std::max(limit, row.time_limit);
    }
    m_text += markdown_heading(
        3, fmt::format("Solved with “{}”{}", solve, limit > 0 && limit < 1e9 ? ", at most " + duration(limit) : ""));
    if (!is_main(solve)) {
      std::vector<Claim> said = claims(m_study, m_outlines, m_means, solve);
      said.erase(said.begin());  // the bounds, which no block solves
      std::erase_if(said, [](const Claim& claim) { return claim.here.empty(); });
      if (!said.empty()) m_text += claims_text(said);
    }
    bool any = false;
    for (const Outline& outline : m_outlines) {
      if (std::find(outline.solves.begin(), outline.solves.end(), solve) == outline.solves.end()) continue;
      any = add(outline, "", numbers_table(m_study, outline, solve)) || any;
      any = add(outline, "", trainings_table(m_study, outline, solve)) || any;
    }
    if (!any) m_text += markdown_paragraph("No network has been solved both dense and pruned yet.");
  }

  bool add(const Outline& outline, const std::string& heading, std::optional<PageTable> table) {
    if (!table) return false;
    if (!heading.empty()) {
      // What its tables mean is said once.
      if (m_heading != heading) m_text += markdown_heading(3, heading) + markdown_paragraph(table->caption);
      m_heading = heading;
      table->caption.clear();
    }
    if (m_outlines.size() > 1) table->caption = outline.source + (table->caption.empty() ? "." : ". " + table->caption);
    m_text += markdown(*table);
    return true;
  }

  void failures() {
    const auto table = failures_table(m_study);
    if (!table) return;
    m_text += markdown_heading(3, "Cells without a result");
    m_text += markdown(*table);
  }

  const Study& m_study;
  std::filesystem::path m_place;
  std::vector<Outline> m_outlines;
  std::vector<MeanAttribution> m_means;
  std::string m_text, m_heading;
};

}  // namespace

std::vector<std::filesystem::path> studies_at(const std::filesystem::path& place) {
  std::error_code code;
  if (!std::filesystem::is_directory(place, code) || std::filesystem::exists(place / "study.json", code)) {
    return {place};
  }
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(place, code)) {
    const bool tables = std::filesystem::exists(entry.path() / "study.json", code);
    if (tables || entry.path().extension() == ".sqlite") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  if (found.empty()) throw InputError("holds no study: neither tables (study.json) nor ledgers", place.string());
  return found;
}

std::string results_markdown(const std::vector<PlacedStudy>& studies, const std::filesystem::path& place) {
  std::string text = markdown_heading(1, "Results");
  text += fmt::format("`secateur report {} --markdown` writes this page.\n\n", place.string());
  text += markdown_paragraph(
      "What the studies found, next to what Lastrucci et al. (arXiv 2603.23299) say. Speed-ups are geometric means "
      "over "
      "seeds of the dense network's seconds over the pruned one's. A run that was stopped counts at its limit: ≥ where "
      "that was a dense one, ≤ a pruned one, ≈ both, a number that bounds nothing. A limit therefore caps what a "
      "speed-up over an unsolved dense network can show.");
  text += markdown_paragraph(fmt::format(
      "A pruned network is usable with {} (geometric means over seeds, on the test rows, relative to the outputs' "
      "deviation). What each cell took of the processor stands in the tables as cpu_seconds: where it is less than the "
      "wall clock's seconds, the machine was shared.",
      usable_text()));
  text += markdown_paragraph("In the tables of dense against pruned: " + numbers_text());
  for (const PlacedStudy& study : studies) text += Chapter(study).text();
  text.pop_back();  // the empty line behind the last part
  return text;
}

}  // namespace secateur::study
