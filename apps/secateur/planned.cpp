// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "secateur/core/error.hpp"

namespace secateur::app {

namespace {

class Planned : public Command {
 public:
  Planned(std::string name, const std::string& summary, std::string example)
      : Command(std::move(name), summary + " (has not landed yet)", std::move(example)) {}
  [[nodiscard]] bool landed() const override { return false; }
  void declare(Options& /*options*/) override {}
  int run(const Context& /*context*/) override { throw std::logic_error("a planned command cannot run"); }
};

}  // namespace

std::unique_ptr<Command> make_planned(std::string name, const std::string& summary, std::string example) {
  return std::make_unique<Planned>(std::move(name), summary, std::move(example));
}

}  // namespace secateur::app
