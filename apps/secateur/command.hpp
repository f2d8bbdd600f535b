// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "options.hpp"
#include "reporter.hpp"

namespace secateur::app {

/// What a subcommand is told besides its own options.
struct Context {
  const Options& options;
  Reporter& reporter;
  bool json;  ///< print one JSON object on stdout and nothing else there
};

/// One subcommand; declared for every call of the program (its help needs that), run at most once.
class Command {
 public:
  Command(std::string name, std::string summary, std::string example)
      : m_name(std::move(name)), m_summary(std::move(summary)), m_example(std::move(example)) {}
  virtual ~Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  [[nodiscard]] const std::string& name() const { return m_name; }
  [[nodiscard]] const std::string& summary() const { return m_summary; }
  [[nodiscard]] const std::string& example() const { return m_example; }

  virtual void declare(Options& options) = 0;
  /// The exit code. Throws InputError for the user's mistakes.
  virtual int run(const Context& context) = 0;

 private:
  std::string m_name, m_summary, m_example;
};

/// Every subcommand, in the order of the help.
std::vector<std::unique_ptr<Command>> all_commands();

std::unique_ptr<Command> make_demo();
std::unique_ptr<Command> make_train();
std::unique_ptr<Command> make_prune();
std::unique_ptr<Command> make_bounds();
std::unique_ptr<Command> make_solve();
std::unique_ptr<Command> make_eval();
std::unique_ptr<Command> make_export();
std::unique_ptr<Command> make_info();
std::unique_ptr<Command> make_study();
std::unique_ptr<Command> make_report();
std::unique_ptr<Command> make_flowsheet();

}  // namespace secateur::app
