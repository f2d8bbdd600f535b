// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report.hpp"

#include <filesystem>

#include "command.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"
#include "secateur/study/results_page.hpp"

namespace secateur::app {

namespace {

class Report : public Command {
 public:
  Report()
      : Command("report", "an HTML report of a study, with every figure's numbers and picture beside it",
                "secateur report study.sqlite --out study.html\n  secateur report out/tables --out study.html\n  "
                "secateur report studies/results --markdown results.md") {}

  void declare(Options& options) override {
    options.positional("LEDGER|FOLDER", m_study,
                       "a study's ledger, or the folder of its CSV tables; for --markdown also a folder of such");
    options.add("out", m_out, "the report; figures go to a folder named after it").metavar("FILE.html");
    options.add("markdown", m_markdown, "instead of the report: claims and tables as one page of Markdown")
        .metavar("FILE.md")
        .excludes("out");
  }

  int run(const Context& context) override {
    if (!m_markdown.empty()) return write_markdown(context);
    const std::filesystem::path path = output_path(m_out, "--out");
    const Stopwatch watch;
    const std::vector<std::filesystem::path> places = study::studies_at(m_study);
    if (places.size() > 1) {
      throw InputError(fmt::format("holds several studies ({}); name one, or ask for --markdown", places.size()),
                       m_study);
    }
    const study::Study study = study::read_study(places.front());
    const std::vector<std::string> files = study::write_report(study, path);
    const double seconds = watch.seconds();
    if (context.json) {
      print_json({{"study", study.name},
                  {"report", m_out},
                  {"files", files},
                  {"rows",
                   {{"networks", study.networks.size()},
                    {"bounds", study.bounds.size()},
                    {"solves", study.solves.size()},
                    {"traces", study.traces.size()}}},
                  {"seconds", seconds},
                  {"version", version}});
    } else {
      std::vector<std::pair<std::string, std::string>> lines{{"report", m_out}};
      if (files.size() > 1) {
        lines.emplace_back("figures", fmt::format("{} files in {}", files.size() - 1,
                                                  (path.parent_path() / files[1]).parent_path().string()));
      }
      lines.emplace_back("seconds", fmt::format("{:.2g}", seconds));
      print(facts(lines));
    }
    return exit_code::done;
  }

 private:
  [[nodiscard]] int write_markdown(const Context& context) const {
    const std::filesystem::path path = output_path(m_markdown, "--markdown");
    std::vector<study::PlacedStudy> studies;
    Json names = Json::array();
    for (const std::filesystem::path& place : study::studies_at(m_study)) {
      studies.push_back({place, study::read_study(place)});
      names.push_back(studies.back().study.name);
    }
    write_file(path, study::results_markdown(studies, m_study));
    if (context.json) {
      print_json({{"studies", names}, {"markdown", m_markdown}, {"version", version}});
    } else {
      print(facts({{"page", m_markdown}, {"studies", std::to_string(studies.size())}}));
    }
    return exit_code::done;
  }

  std::string m_study, m_out = "report.html", m_markdown;
};

}  // namespace

std::unique_ptr<Command> make_report() { return std::make_unique<Report>(); }

}  // namespace secateur::app
