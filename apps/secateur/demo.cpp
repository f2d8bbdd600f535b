// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/demo.hpp"

#include <filesystem>

#include "command.hpp"
#include "output.hpp"
#include "program.hpp"
#include "secateur/core/version.hpp"

namespace secateur::app {

namespace {

class Demo : public Command {
 public:
  Demo()
      : Command("demo", "train, prune, solve and compare on the peaks function; writes a report",
                "secateur demo\n  secateur demo --quick --out /tmp/demo") {}

  void declare(Options& options) override { options.settings(m_settings); }

  int run(const Context& context) override {
    context.reporter.announce(
        fmt::format("secateur {}, seed {}, {}", version, m_settings.seed, context.options.deviations()));
    const study::DemoResult result = study::run_demo(m_settings, context.reporter.sink());
    context.reporter.finish();
    if (context.json) {
      print_json(study::to_json(result));
    } else {
      const auto report = std::filesystem::path(m_settings.out) / "report.html";
      print(study::to_text(result) + "\n" +
            facts({{"report", report.string()}, {"seconds", fmt::format("{:.1f}", result.seconds)}}));
    }
    return result.interrupted ? exit_code::interrupted : exit_code::done;
  }

 private:
  study::DemoSettings m_settings;
};

}  // namespace

std::unique_ptr<Command> make_demo() { return std::make_unique<Demo>(); }

}  // namespace secateur::app
