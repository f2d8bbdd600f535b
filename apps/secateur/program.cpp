// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "command.hpp"
#include "help.hpp"
#include "output.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"

namespace secateur::app {

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_demo());
  commands.push_back(make_train());
  commands.push_back(make_prune());
  commands.push_back(make_bounds());
  commands.push_back(make_solve());
  commands.push_back(make_eval());
  commands.push_back(make_export());
  commands.push_back(make_info());
  commands.push_back(make_study());
  commands.push_back(make_report());
  commands.push_back(make_flowsheet());
  return commands;
}

namespace {

/// A descriptor that is closed at the start would be handed to the next file opened, and a message meant for people
/// would end up in that file. Opened the wrong way round, so that using it still fails.
void hold_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) != -1) continue;
    const int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened < 0) return;
  }
}

/// --json anywhere on the line, so that even a line that cannot be parsed is answered in JSON.
bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") return false;
    if (argument == "--json" || argument == "--json=true") return true;
  }
  return false;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

int fail(const InputError& error, int code, bool json) noexcept {
  try {
    const std::string line = std::string("error: ") + error.what() + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
    if (json) {
      print_json({{"error",
                   {{"message", error.message()},
                    {"file", text_or_null(error.file())},
                    {"where", text_or_null(error.where())}}}});
    }
  } catch (...) {
    // Nobody is left to tell; the exit code still does.
    return code;
  }
  return code;
}

std::vector<std::string> names(const std::vector<std::unique_ptr<Command>>& commands) {
  std::vector<std::string> list;
  for (const auto& command : commands) list.push_back(command->name());
  return list;
}

/// Called when no subcommand was recognised.
[[noreturn]] void refuse_line(const CLI::App& app, const std::vector<std::unique_ptr<Command>>& commands, bool json) {
  const std::vector<std::string> extras = app.remaining();
  const std::vector<std::string> known = names(commands);
  if (extras.empty()) {
    if (!json) print(app.help());
    throw InputError(fmt::format("no command given; one of: {}", join(known)));
  }
  if (extras.front().starts_with('-')) {
    throw InputError("unknown option before the command; usage: secateur COMMAND [OPTIONS]", {}, extras.front());
  }
  const auto guess = closest(extras.front(), known);
  throw InputError(fmt::format("unknown command \"{}\"{}; one of: {}", extras.front(),
                               guess ? " (did you mean " + *guess + "?)" : std::string(), join(known)));
}

/// CLI11's own complaints that are left: an option at the end of the line without its value.
InputError translate(const CLI::ParseError& error) {
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && text.starts_with("--")) {
    return InputError("needs a value", {}, text.substr(0, text.find(':')));
  }
  return InputError(text);
}

int run(int argc, char** argv, bool json) {
  CLI::App app(
      "Secateur prunes trained ReLU networks and finds the proven global optimum of problems that contain them.",
      "secateur");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("--help,-h", "print this help");
  app.set_version_flag("--version", std::string("secateur ") + version, "print the version");
  app.footer(
      "secateur COMMAND --help shows the options of a command and an example.\n\n"
      "Example:\n  secateur demo");
  app.allow_extras();
  app.require_subcommand(0, 1);
  // What these flags say is known already (wants_json).
  bool json_given = false;
  app.add_flag("--json", json_given, "one JSON object on stdout, nothing else there")->group("");

  const auto commands = all_commands();
  std::vector<std::unique_ptr<Options>> options;
  std::vector<CLI::App*> parsers;
  for (const auto& command : commands) {
    CLI::App* const parser = app.add_subcommand(command->name(), command->summary());
    parser->allow_extras();
    parser->footer("Example:\n  " + command->example());
    parsers.push_back(parser);
    options.push_back(std::make_unique<Options>(*parser));
    command->declare(*options.back());
    options.back()->add("json", json_given, "print one JSON object on stdout and nothing else there");
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    print(chosen.empty() ? app.help() : chosen.front()->help("secateur"));
    return exit_code::done;
  } catch (const CLI::CallForVersion&) {
    print(std::string("secateur ") + version + "\n");
    return exit_code::done;
  } catch (const CLI::ParseError& error) {
    throw translate(error);
  }

  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!parsers[i]->parsed()) continue;
    if (!app.remaining().empty()) refuse_line(app, commands, json);
    options[i]->read();
    install_interrupt_handler();
    Reporter reporter;
    try {
      const int code = commands[i]->run({*options[i], reporter, json});
      reporter.finish();
      return code;
    } catch (const InputError& error) {
      throw InputError(error.message(), error.file(), options[i]->spelled(error.where()));
    }
  }
  refuse_line(app, commands, json);
}

}  // namespace

int exit_code::of(Status status) {
  switch (status) {
    case Status::optimal:
      return exit_code::done;
    case Status::infeasible:
    case Status::unbounded:
      return exit_code::no_solution;
    case Status::time_limit:
    case Status::node_limit:
    case Status::memory_limit:
      return exit_code::limit;
    case Status::interrupted:
      return exit_code::interrupted;
  }
  throw std::logic_error("a status without an exit code");
}

int run_program(int argc, char** argv) noexcept {
  hold_standard_descriptors();
  // A reader that goes away is an error of the write, not the end of the process in the middle of its work.
  std::signal(SIGPIPE, SIG_IGN);
  const bool json = wants_json(argc, argv);
  try {
    return run(argc, argv, json);
  } catch (const InputError& error) {
    return fail(error, exit_code::bad_input, json);
  } catch (const std::bad_alloc&) {
    return fail(InputError("out of memory"), exit_code::internal_failure, json);
  } catch (const std::exception& error) {
    return fail(InputError(std::string("internal failure, please report it: ") + error.what()),
                exit_code::internal_failure, json);
  } catch (...) {
    return fail(InputError("internal failure, please report it"), exit_code::internal_failure, json);
  }
}

}  // namespace secateur::app
