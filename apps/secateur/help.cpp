// SPDX-License-Identifier: Apache-2.0
#include "help.hpp"

#include <algorithm>
#include <cctype>

#include "options.hpp"

namespace secateur::app {

namespace {

constexpr std::size_t width = 100;
constexpr std::size_t text_column = 30;

/// "  name       description", the description wrapped between its column and the page's width.
std::string entry(const std::string& name, const std::string& description) {
  std::string line = "  " + name;
  std::string out;
  if (line.size() + 2 > text_column) {
    out = line + "\n";
    line.clear();
  }
  line.resize(text_column, ' ');
  bool empty = true;
  for (std::size_t start = 0; start < description.size();) {
    const std::size_t end = std::min(description.find(' ', start), description.size());
    const std::string word = description.substr(start, end - start);
    if (!empty && line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line.assign(text_column, ' ');
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
    start = end + 1;
  }
  return out + line + "\n";
}

std::string spelled(const CLI::Option* option) {
  std::string name = option->get_positional() ? option->get_name(true) : option->get_name(false, true);
  if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
  if (option->get_type_size() != 0 && !option->get_type_name().empty()) name += " " + option->get_type_name();
  return name;
}

/// "a network" -> "A network."
std::string sentence(std::string text) {
  if (text.empty()) return text;
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text.back() == '.' ? text : text + ".";
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode /*mode*/) const {
  const auto commands = app->get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); });
  const auto positionals = app->get_options([](const CLI::Option* o) { return o->get_positional(); });
  const auto group = [app](bool required) {
    return app->get_options([required](const CLI::Option* o) {
      return o->nonpositional() && !o->get_group().empty() && (o->get_group() == required_group) == required;
    });
  };

  std::string text = sentence(app->get_description()) + "\n\nUsage: " + name;
  if (!commands.empty()) text += " COMMAND";
  for (const CLI::Option* option : positionals) text += " " + spelled(option);
  for (const CLI::Option* option : group(true)) text += " " + spelled(option);
  text += " [OPTIONS]\n";
  if (!commands.empty()) {
    text += "\nCommands:\n";
    for (const CLI::App* command : commands) text += entry(command->get_name(), command->get_description());
  }
  if (!positionals.empty()) {
    text += "\nArguments:\n";
    for (const CLI::Option* option : positionals) text += entry(spelled(option), option->get_description());
  }
  if (!group(true).empty()) text += "\nRequired:\n";
  for (const CLI::Option* option : group(true)) text += entry(spelled(option), option->get_description());
  text += "\nOptions (--name value or --name=value):\n";
  for (const CLI::Option* option : group(false)) text += entry(spelled(option), option->get_description());
  if (!app->get_footer().empty()) text += "\n" + app->get_footer() + "\n";
  return text;
}

}  // namespace secateur::app
