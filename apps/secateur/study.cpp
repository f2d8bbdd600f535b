// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/runner.hpp"

#include <filesystem>

#include "command.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/version.hpp"
#include "secateur/study/attribution.hpp"
#include "secateur/study/estimate.hpp"
#include "secateur/study/records.hpp"
#include "secateur/study/report.hpp"

namespace secateur::app {

namespace {

class Study : public Command {
 public:
  Study()
      : Command("study", "every architecture x pruning x seed of a specification, resumable",
                "secateur study spec.json\n  secateur study spec.json --ledger out/spec.sqlite --csv out/spec "
                "--time-limit 3600") {}

  void declare(Options& options) override {
    options.positional("SPEC.json", m_spec, "what to study (docs/study.md)");
    options.add("ledger", m_ledger, "where results are kept (default: the specification's name, with .sqlite)")
        .metavar("FILE.sqlite");
    options.settings(m_settings);
    options.add("csv", m_csv, "folder that the results are written to as CSV tables").metavar("FOLDER");
    options.add("report", m_report, "the HTML report to write; its figures go to a folder named after it")
        .metavar("FILE.html");
    options.add("plan", m_plan, "count the cells and estimate the time, without running any");
  }

  int run(const Context& context) override {
    const study::Spec spec = study::read_spec(m_spec);
    const std::vector<study::Cell> cells = study::plan_cells(spec, m_spec);
    const std::filesystem::path ledger =
        m_ledger.empty() ? std::filesystem::path(m_spec).filename().replace_extension(".sqlite").string() : m_ledger;
    if (m_plan) {
      const study::Summary summary = study::preview(spec, cells, ledger, m_settings);
      context.json ? print_json(json(spec, ledger, summary, {})) : print(text(summary));
      return exit_code::done;
    }
    // What cannot be written is said before the work, not after it.
    if (!m_report.empty()) static_cast<void>(output_path(m_report, "--report"));
    context.reporter.announce(
        fmt::format("secateur {}, study {}, {}", version, spec.name, context.options.deviations()));
    // This very program, even when another one has been put in its place since it was started.
    const study::Summary summary =
        study::run_study(spec, cells, ledger, m_settings, {"/proc/self/exe"}, context.reporter.sink());
    context.reporter.finish();
    const std::vector<std::string> files = write(ledger);
    if (context.json) {
      print_json(json(spec, ledger, summary, files));
    } else {
      std::string out = text(summary) + "\n" + facts({{"ledger", ledger.string()}});
      if (!m_csv.empty()) out += facts({{"tables", m_csv}});
      if (!m_report.empty()) out += facts({{"report", m_report}});
      print(out);
    }
    if (summary.interrupted) return exit_code::interrupted;
    return summary.time_limit ? exit_code::limit : exit_code::done;
  }

 private:
  /// Tables and report, as asked; their files.
  [[nodiscard]] std::vector<std::string> write(const std::filesystem::path& ledger) const {
    if (m_csv.empty() && m_report.empty()) return {};
    const study::Study found = study::read_study(ledger);
    std::vector<std::string> files;
    const auto add = [&](const std::filesystem::path& folder, const std::vector<std::string>& names) {
      for (const std::string& file : names) files.push_back((folder / file).string());
    };
    if (!m_csv.empty()) {
      add(m_csv, study::write_csv(found, m_csv));
      write_file(std::filesystem::path(m_csv) / "attribution.csv",
                 study::to_csv(study::average(study::attribute(found))));
      add(m_csv, {"attribution.csv"});
    }
    if (!m_report.empty()) {
      const std::filesystem::path path = output_path(m_report, "--report");
      add(path.parent_path(), study::write_report(found, path));
    }
    return files;
  }

  static std::string name(const study::Count& count) {
    return std::string(to_string(count.kind)) + (count.reference ? " (attribution)" : "");
  }

  static Json json(const study::Spec& spec, const std::filesystem::path& ledger, const study::Summary& summary,
                   const std::vector<std::string>& files) {
    Json counts = Json::array();
    for (const study::Count& count : summary.counts) {
      Json entry = {{"kind", to_string(count.kind)}, {"attribution", count.reference}, {"total", count.total()}};
      for (std::size_t i = 0; i < count.outcomes.size(); ++i) {
        entry[std::string(to_string(static_cast<study::Outcome>(i)))] = count.outcomes[i];
      }
      counts.push_back(std::move(entry));
    }
    return {{"study", spec.name},
            {"ledger", ledger.string()},
            {"cells", counts},
            {"ran", summary.ran},
            {"workers", summary.workers},
            {"seconds", summary.seconds},
            {"ledger_seconds", summary.ledger_seconds},
            {"estimated_seconds", summary.estimated_seconds},
            {"interrupted", summary.interrupted},
            {"files", files},
            {"version", version}};
  }

  static std::string text(const study::Summary& summary) {
    std::vector<study::Outcome> shown;
    for (std::size_t i = 0; i < Names<study::Outcome>::value.size(); ++i) {
      const auto outcome = static_cast<study::Outcome>(i);
      const auto some = [&](const study::Count& count) { return count.of(outcome) > 0; };
      const bool always = outcome == study::Outcome::pending || outcome == study::Outcome::done;
      if (always || std::any_of(summary.counts.begin(), summary.counts.end(), some)) shown.push_back(outcome);
    }
    std::vector<std::vector<std::string>> rows{{"cells", "total"}};
    for (const study::Outcome outcome : shown) rows[0].emplace_back(to_string(outcome));
    for (const study::Count& count : summary.counts) {
      rows.push_back({name(count), std::to_string(count.total())});
      for (const study::Outcome outcome : shown) rows.back().push_back(std::to_string(count.of(outcome)));
    }
    std::string out = table(rows) + "\n" + facts({{"workers", std::to_string(summary.workers)}});
    if (summary.seconds > 0) {
      out += facts({{"seconds", fmt::format("{:.1f} ({} in the ledger)", summary.seconds,
                                            percent(summary.ledger_seconds / summary.seconds))}});
    }
    if (summary.estimated_seconds > 0) {
      out += facts({{"left", "about " + study::duration_text(summary.estimated_seconds)}});
    }
    return out;
  }

  std::string m_spec, m_ledger, m_csv, m_report;
  study::RunSettings m_settings;
  bool m_plan = false;
};

}  // namespace

std::unique_ptr<Command> make_study() { return std::make_unique<Study>(); }

}  // namespace secateur::app
