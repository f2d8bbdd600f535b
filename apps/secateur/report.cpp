// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report.hpp"

#include <filesystem>

#include "command.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"

namespace secateur::app {

namespace {

class Report : public Command {
 public:
  Report()
      : Command("report", "an HTML report of a study, with every figure's numbers and picture beside it",
                "secateur report study.sqlite --out study.html\n  secateur report out/tables --out study.html") {}

  void declare(Options& options) override {
    options.positional("LEDGER|FOLDER", m_study, "a study's ledger, or the folder of its CSV tables");
    options.add("out", m_out, "the report; figures go to a folder named after it").metavar("FILE.html");
  }

  int run(const Context& context) override {
    const std::filesystem::path path = output_path(m_out, "--out");
    const Stopwatch watch;
    const study::Study study = study::read_study(m_study);
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
  std::string m_study, m_out = "report.html";
};

}  // namespace

std::unique_ptr<Command> make_report() { return std::make_unique<Report>(); }

}  // namespace secateur::app
