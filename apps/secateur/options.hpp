// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "values.hpp"

namespace secateur::app {

/// The help's group of the options that must be given.
inline constexpr const char* required_group = "Required";

/// The options of one subcommand. CLI11 splits the command line; what an option means is said here, so that every error
/// is an InputError that names the option. Settings structs are declared through their describe() table
/// (core/options.hpp): names, descriptions, defaults and ranges have no other home.
class Options {
 public:
  /// One declared option, for what add() does not say.
  class Entry {
   public:
    Entry& required();
    /// What stands for the value in the help, e.g. FILE.csv.
    Entry& metavar(std::string name);
    Entry& excludes(std::string other) { return m_excludes.push_back(std::move(other)), *this; }

   private:
    friend class Options;
    [[nodiscard]] std::string spelled() const { return m_positional ? m_name : "--" + m_name; }

    std::string m_name;  ///< without dashes; a positional's as in the help
    CLI::Option* m_option = nullptr;
    std::function<void(const std::string&)> m_set;
    std::function<std::string()> m_deviation;  ///< "--name value" when it is not the default
    std::vector<std::string> m_excludes;
    bool m_positional = false, m_flag = false, m_repeats = false, m_required = false, m_setting = false;
  };

  explicit Options(CLI::App& app) : m_app(app) {}
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  /// An argument without a name, required.
  void positional(const std::string& name, std::string& target, const std::string& description);

  /// --name VALUE; the target's value is the default.
  template <class T>
  Entry& add(std::string_view name, T& target, std::string_view description) {
    return add_value(name, target, description, [](const T&, const std::string&) {}, {});
  }
  template <class T, class U>
  Entry& add(std::string_view name, T& target, std::string_view description, const Range<U>& range) {
    const auto check = [range](const T& value, const std::string& where) {
      if constexpr (is_optional<T>) {
        check_range<U>(*value, range, where);
      } else {
        check_range<U>(value, range, where);
      }
    };
    return add_value(name, target, description, check, to_text(range));
  }
  /// --name for a bool that is false, --no-name for one that is true.
  Entry& add(std::string_view name, bool& target, std::string_view description);
  /// --name a,b,c
  Entry& add(std::string_view name, std::vector<std::string>& target, std::string_view description);
  Entry& add(std::string_view name, std::vector<double>& target, std::string_view description);
  Entry& add(std::string_view name, std::vector<int>& target, std::string_view description, const Range<int>& range);
  /// --name key=value, any number of times.
  Entry& add(std::string_view name, std::vector<std::pair<std::string, std::string>>& target,
             std::string_view description);

  /// All options of a settings struct, or only those named.
  template <class Settings>
  void settings(Settings& target, std::initializer_list<std::string_view> only = {}) {
    const std::vector<std::string_view> chosen(only);
    describe(target, [&](std::string_view name, auto& member, std::string_view description, const auto&... range) {
      if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), name) == chosen.end()) return;
      add(name, member, description, range...).m_setting = true;
    });
  }

  /// After CLI11 has parsed: fills the targets. Throws InputError for unknown options, wrong values, options given
  /// twice, that exclude each other or are missing.
  void read();

  [[nodiscard]] bool given(std::string_view name) const;
  /// "--gap" for "gap", when there is such an option: the library names settings as its tables do. Anything else as it
  /// is.
  [[nodiscard]] std::string spelled(const std::string& name) const;
  /// The settings that are not at their defaults, as one would type them; "default options" when all are.
  [[nodiscard]] std::string deviations() const;
  [[nodiscard]] const CLI::App& app() const { return m_app; }

 private:
  Entry& declare(std::string_view name, std::string_view metavar, std::string_view description,
                 std::function<void(const std::string&)> set);
  [[nodiscard]] const Entry& entry(std::string_view name) const;
  /// CLI11 takes whatever comes next as an option's value, even another option.
  void refuse_swallowed() const;
  void refuse_unknown() const;

  template <class T, class Check>
  Entry& add_value(std::string_view name, T& target, std::string_view description, Check check,
                   const std::string& range) {
    const std::string where = "--" + std::string(name);
    std::vector<std::string> facts;
    std::string metavar = "TEXT";
    if constexpr (Named<T>) {
      metavar = "NAME";
      facts.push_back("one of " + choices<T>());
    } else if constexpr (is_named_optional<T>) {
      metavar = "NAME";
      facts.push_back("one of " + choices<typename T::value_type>());
    } else if constexpr (!std::is_same_v<T, std::string>) {
      metavar = std::is_same_v<T, double> || std::is_same_v<T, std::optional<double>> ? "NUMBER" : "N";
    }
    if (!range.empty()) facts.push_back(range);
    const std::string initial = to_text(target);
    if (!initial.empty()) facts.push_back("default " + (initial == "inf" ? "no limit" : initial));
    std::string text(description);
    if (!facts.empty()) text += fmt::format(" ({})", fmt::join(facts, "; "));
    Entry& added = declare(name, metavar, text, [&target, check, where](const std::string& value) {
      const T parsed = parse_value<T>(value, where);
      check(parsed, where);
      target = parsed;
    });
    added.m_deviation = [&target, where, initial] {
      const std::string now = to_text(target);
      return now == initial ? std::string() : where + " " + now;
    };
    return added;
  }

  CLI::App& m_app;
  std::vector<std::unique_ptr<Entry>> m_entries;
};

}  // namespace secateur::app
