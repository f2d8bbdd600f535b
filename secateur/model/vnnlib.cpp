// SPDX-License-Identifier: Apache-2.0
// The text is read command by command into declarations and formulas; only then, with all variables known, the
// disjunctive normal form is made. Assertions that are a single inequality belong to every disjunct: they are gathered
// once, and the gathered box is copied.
#include "secateur/model/vnnlib.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/model/vnnlib_conjunction.hpp"
#include "secateur/model/vnnlib_formula.hpp"
#include "secateur/model/vnnlib_linear.hpp"
#include "secateur/model/vnnlib_syntax.hpp"

namespace secateur::model {

namespace vnnlib {
namespace {

constexpr double most_disjuncts = 100'000;
constexpr double most_bytes = 256.0 * 1024 * 1024;

template <std::size_t count>
bool contains(const std::array<std::string_view, count>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// Reads the commands.
class Script {
 public:
  Script(std::string_view text, const std::string& file) : m_file(file), m_declarations(file) {
    Reader reader(text, file);
    while (const std::optional<Expression> command = reader.next()) run(*command);
    m_rest = all_of(std::move(m_others));
  }

  [[nodiscard]] const Declarations& declarations() const { return m_declarations; }
  /// Of the first assertion with alternatives, if there is one.
  [[nodiscard]] const Position& alternatives() const { return m_alternatives; }
  /// Inequalities that hold in every disjunct, and the other assertions.
  [[nodiscard]] const std::vector<Formula>& common() const { return m_common; }
  [[nodiscard]] const Formula& rest() const { return m_rest; }

 private:
  void run(const Expression& command) {
    const std::string_view name = command.head();
    constexpr std::array<std::string_view, 3> without_effect{"set-info", "set-option", "get-model"};
    constexpr std::array<std::string_view, 5> newer{"vnnlib-version", "declare-network", "declare-input",
                                                    "declare-output", "declare-hidden"};
    if (m_exited) refuse(m_file, command.position, "found " + quoted(command) + " after (exit)");
    if (name == "assert") return assertion(command);
    if (name == "declare-const" || name == "declare-fun") return declaration(command);
    if (name == "set-logic") return logic(command);
    if (name == "check-sat") {
      m_checked = true;
    } else if (name == "exit") {
      m_exited = true;
    } else if (contains(newer, name)) {
      refuse(m_file, command.position,
             "found " + quoted(command) + ": the property is written in VNNLIB 2, which is not read; VNNLIB 1, with " +
                 "(declare-const X_0 Real), is");
    } else if (!contains(without_effect, name)) {
      refuse(m_file, command.position,
             "unknown command " + quoted(command) +
                 "; allowed: declare-const, declare-fun, assert, set-logic, set-info, set-option, check-sat, " +
                 "get-model, exit");
    }
  }

  void declaration(const Expression& command) {
    const bool is_function = command.head() == "declare-fun";
    const auto& items = command.items;
    const bool shaped = items.size() == (is_function ? 4u : 3u) && items[1].is_atom() &&
                        (!is_function || (!items[2].is_atom() && items[2].items.empty()));
    if (!shaped) {
      refuse(
          m_file, command.position,
          fmt::format("a malformed declaration; allowed: ({} X_0 {}Real)", command.head(), is_function ? "() " : ""));
    }
    if (items.back().text != "Real") {
      refuse(m_file, items.back().position, "the sort " + quoted(items.back()) + " is not known; allowed: Real");
    }
    m_declarations.declare(items[1]);
  }

  void logic(const Expression& command) {
    constexpr std::array<std::string_view, 5> logics{"QF_LRA", "LRA", "QF_RDL", "QF_NRA", "ALL"};
    if (command.items.size() == 2 && contains(logics, command.items[1].text)) return;
    refuse(m_file, command.position,
           "the logic " + (command.items.size() == 2 ? quoted(command.items[1]) : "that is set here") +
               " is not known; allowed: QF_LRA, LRA, QF_RDL, QF_NRA, ALL (only linear terms are read in any case)");
  }

  void assertion(const Expression& command) {
    if (m_checked) refuse(m_file, command.position, "an assertion after (check-sat); one query a file is read");
    if (command.items.size() != 2) {
      refuse(m_file, command.position,
             fmt::format("(assert ...) has {} operands; 1 is needed", command.items.size() - 1));
    }
    const bool first = m_others.empty();
    add(read_formula(command.items[1], m_declarations, m_file));
    if (first && !m_others.empty()) m_alternatives = command.position;
  }

  void add(Formula formula) {
    if (formula.kind == Formula::Kind::all) {
      for (Formula& part : formula.parts) add(std::move(part));
    } else {
      (formula.kind == Formula::Kind::atom ? m_common : m_others).push_back(std::move(formula));
    }
  }

  const std::string& m_file;
  Declarations m_declarations;
  std::vector<Formula> m_common, m_others;
  Formula m_rest;
  Position m_alternatives;
  bool m_checked = false, m_exited = false;
};

void check_size(const Formula& rest, const Conjunction& common, const Position& position, const std::string& file) {
  if (rest.disjuncts > most_disjuncts) {
    refuse(file, position,
           fmt::format("and and or multiply out to {:.6g} disjuncts; at most {} are read", rest.disjuncts,
                       static_cast<int>(most_disjuncts)));
  }
  double each = 16 * static_cast<double>(common.box.size());
  for (const LinearConstraint& constraint : common.constraints) each += size_of(constraint);
  const double bytes = rest.bytes + rest.disjuncts * each;
  if (bytes > most_bytes) {
    refuse(file, position,
           fmt::format("and and or multiply out to {} disjuncts that take {:.0f} MiB; at most {:.0f} MiB are read",
                       rest.disjuncts, bytes / 1024 / 1024, most_bytes / 1024 / 1024));
  }
}

Property build(const Script& script, Index inputs, const std::string& file) {
  Gatherer common(inputs);
  for (const Formula& formula : script.common()) {
    if (!common.add(*formula.atom)) refuse(file, common.clash().position, common.clash().message);
  }
  check_size(script.rest(), common.conjunction(), script.alternatives(), file);

  const auto disjuncts = expand(script.rest());
  Property property;
  std::optional<Clash> clash;
  for (std::size_t k = 0; k < disjuncts.size(); ++k) {
    Gatherer gatherer = common;
    const bool possible =
        std::all_of(disjuncts[k].begin(), disjuncts[k].end(), [&](const Atom* atom) { return gatherer.add(*atom); });
    if (!possible) {
      if (!clash) clash = gatherer.clash();
      continue;
    }
    if (const auto missing = gatherer.missing_bound()) {
      const std::string where =
          disjuncts.size() == 1 ? "" : fmt::format(" in disjunct {} of {}", k + 1, disjuncts.size());
      refuse(file, script.declarations().input_position(missing->input),
             fmt::format("X_{} has no {} bound{}; every input needs finite ones, such as (assert ({} X_{} 1.0))",
                         missing->input, missing->lower ? "lower" : "upper", where,
                         missing->lower ? ">=" : "<=", missing->input));
    }
    property.disjuncts.push_back(std::move(gatherer).take());
  }
  if (property.disjuncts.empty()) {
    if (clash) {
      refuse(file, clash->position, clash->message + (disjuncts.size() == 1 ? "" : ", and so in every disjunct"));
    }
    refuse(file, script.alternatives(),
           "the assertions contradict each other: inequalities between numbers that do not hold");
  }
  return property;
}

}  // namespace
}  // namespace vnnlib

Property parse_vnnlib(std::string_view text, Index inputs, Index outputs, const std::string& file) {
  const vnnlib::Script script(text, file);
  script.declarations().check_counts(inputs, outputs);
  return vnnlib::build(script, inputs, file);
}

Property read_vnnlib(const std::filesystem::path& path, Index inputs, Index outputs) {
  return parse_vnnlib(read_file(path), inputs, outputs, path.string());
}

}  // namespace secateur::model
