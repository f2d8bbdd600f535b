// SPDX-License-Identifier: Apache-2.0
// A number of the text is read as the nearest double, and that double is what counts from then on. Sums, differences
// and products of such numbers are only accepted when they are doubles again: the constraint is then exact, and whoever
// solves the property need not know how it was written. A quotient of two numbers is a way to write one number, like a
// decimal, and rounds like one.
#include "secateur/model/vnnlib_linear.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <tuple>

#include "secateur/core/rounding.hpp"

namespace secateur::model::vnnlib {

namespace {

constexpr const char* allowed_terms =
    "allowed: numbers, declared X_i and Y_i, and (+ ...), (- ...), (* number term), (/ term number) of them";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Does an atom begin as a number does: 1, -1, +1, .5, -.5?
bool looks_numeric(std::string_view text) {
  if (text.size() > 1 && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  if (text.size() > 1 && text[0] == '.') text.remove_prefix(1);
  return is_digit(text[0]);
}

std::string index_name(char letter, Index index) { return fmt::format("{}_{}", letter, index); }

/// "X_0 to X_4", or "X_0".
std::string range_of(char letter, Index count) {
  return count == 1 ? index_name(letter, 0) : index_name(letter, 0) + " to " + index_name(letter, count - 1);
}

bool mentions_variable(const Expression& term) {
  if (term.is_atom()) return !looks_numeric(term.text);
  return std::any_of(term.items.begin() + (term.items.empty() ? 0 : 1), term.items.end(), mentions_variable);
}

/// constant + sum of coefficient * variable.
class Linear {
 public:
  Linear(const Declarations& declarations, const std::string& file) : m_declarations(declarations), m_file(file) {}

  /// Adds factor * term.
  void add(const Expression& term, double factor);
  /// this <= 0 or this < 0.
  [[nodiscard]] LinearConstraint constraint(bool strict);

 private:
  struct Entry {
    Variable variable;
    double coefficient;
    Position position;
  };

  [[nodiscard]] double number(const Expression& atom) const;
  /// The value of a term without variables.
  [[nodiscard]] double constant(const Expression& term) const;
  void add_product(const Expression& term, double factor);
  void add_quotient(const Expression& term, double factor);

  [[nodiscard]] double sum(double a, double b, const Position& position) const;
  [[nodiscard]] double product(double a, double b, const Position& position) const;
  [[nodiscard]] double quotient(double a, double b, const Position& position) const;
  [[nodiscard]] double exact(double value, double residual, const std::string& text, const Position& position) const;
  void check_divisor(double divisor, const Position& position) const;
  /// The operator of a list, with at least `fewest` operands.
  [[nodiscard]] std::string_view operation(const Expression& term) const;

  const Declarations& m_declarations;
  const std::string& m_file;
  std::vector<Entry> m_entries;
  double m_constant = 0;
};

double Linear::number(const Expression& atom) const {
  std::string_view digits = atom.text;
  if (digits.front() == '+') digits.remove_prefix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code == std::errc::result_out_of_range) {
    refuse(m_file, atom.position, "the number " + quoted(atom.text) + " is outside the range of a 64-bit number");
  }
  if (code != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
    refuse(m_file, atom.position, quoted(atom.text) + " is not a number; allowed: 1, -1.5, 2.5e-3");
  }
  return value;
}

double Linear::exact(double value, double residual, const std::string& text, const Position& position) const {
  if (!std::isfinite(value)) {
    refuse(m_file, position, text + " is outside the range of a 64-bit number");
  }
  if (residual != 0) {
    refuse(m_file, position,
           text +
               " is not a 64-bit number, and is not rounded silently; state it as one number, or multiply the "
               "inequality out");
  }
  return value;
}

double Linear::sum(double a, double b, const Position& position) const {
  return exact(a + b, add_residual(a, b), fmt::format("the sum of {} and {}", a, b), position);
}

double Linear::product(double a, double b, const Position& position) const {
  // The residual is cautious near underflow; a sign or a 1 changes no number.
  const bool trivial = std::abs(a) == 1 || std::abs(b) == 1;
  return exact(a * b, trivial ? 0 : multiply_residual(a, b), fmt::format("the product of {} and {}", a, b), position);
}

double Linear::quotient(double a, double b, const Position& position) const {
  const double residual = std::abs(b) == 1 ? 0 : divide_residual(a, b);
  return exact(a / b, residual, fmt::format("the coefficient {} / {}", a, b), position);
}

void Linear::check_divisor(double divisor, const Position& position) const {
  if (divisor == 0) refuse(m_file, position, "division by zero");
}

std::string_view Linear::operation(const Expression& term) const {
  const std::string_view head = term.head();
  if (head != "+" && head != "-" && head != "*" && head != "/") {
    refuse(m_file, term.position,
           "found " + quoted(term) + " where a linear term has to stand; " + std::string(allowed_terms));
  }
  const std::size_t fewest = head == "/" ? 2 : 1;
  if (term.items.size() <= fewest) {
    refuse(m_file, term.position,
           fmt::format("{} has {} operand{}; at least {} needed", quoted(term), term.items.size() - 1,
                       term.items.size() == 2 ? "" : "s", fewest == 1 ? "1 is" : "2 are"));
  }
  return head;
}

double Linear::constant(const Expression& term) const {
  if (term.is_atom()) return number(term);
  const std::string_view op = operation(term);
  double value = constant(term.items[1]);
  if (op == "-" && term.items.size() == 2) return -value;
  for (std::size_t i = 2; i < term.items.size(); ++i) {
    const double operand = constant(term.items[i]);
    const Position& position = term.items[i].position;
    if (op == "+") value = sum(value, operand, position);
    if (op == "-") value = sum(value, -operand, position);
    if (op == "*") value = product(value, operand, position);
    if (op == "/") {
      check_divisor(operand, position);
      value = exact(value / operand, 0, fmt::format("the quotient of {} and {}", value, operand), position);
    }
  }
  return value;
}

void Linear::add_product(const Expression& term, double factor) {
  const Expression* variable_part = nullptr;
  for (std::size_t i = 1; i < term.items.size(); ++i) {
    const Expression& operand = term.items[i];
    if (!mentions_variable(operand)) {
      factor = product(factor, constant(operand), operand.position);
    } else if (variable_part == nullptr) {
      variable_part = &operand;
    } else {
      refuse(m_file, operand.position,
             "a product of two terms with variables is not linear; " + std::string(allowed_terms));
    }
  }
  if (variable_part != nullptr) add(*variable_part, factor);  // there is one, or this would be a constant
}

void Linear::add_quotient(const Expression& term, double factor) {
  for (std::size_t i = 2; i < term.items.size(); ++i) {
    const Expression& operand = term.items[i];
    if (mentions_variable(operand)) {
      refuse(m_file, operand.position,
             "a quotient by a term with variables is not linear; " + std::string(allowed_terms));
    }
    const double divisor = constant(operand);
    check_divisor(divisor, operand.position);
    factor = quotient(factor, divisor, operand.position);
  }
  add(term.items[1], factor);
}

void Linear::add(const Expression& term, double factor) {
  if (!mentions_variable(term)) {
    m_constant = sum(m_constant, product(factor, constant(term), term.position), term.position);
    return;
  }
  if (term.is_atom()) {
    m_entries.push_back({m_declarations.find(term), factor, term.position});
    return;
  }
  const std::string_view op = operation(term);
  if (op == "*") return add_product(term, factor);
  if (op == "/") return add_quotient(term, factor);
  const bool negation = op == "-" && term.items.size() == 2;
  for (std::size_t i = 1; i < term.items.size(); ++i) {
    add(term.items[i], op == "-" && (i > 1 || negation) ? -factor : factor);
  }
}

LinearConstraint Linear::constraint(bool strict) {
  const auto key = [](const Entry& entry) { return std::tuple(entry.variable.output, entry.variable.index); };
  std::stable_sort(m_entries.begin(), m_entries.end(), [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  LinearConstraint result;
  for (std::size_t i = 0; i < m_entries.size();) {
    const std::size_t first = i;
    double coefficient = m_entries[i].coefficient;
    for (++i; i < m_entries.size() && key(m_entries[i]) == key(m_entries[first]); ++i) {
      coefficient = sum(coefficient, m_entries[i].coefficient, m_entries[i].position);
    }
    const Variable& variable = m_entries[first].variable;
    if (coefficient != 0) (variable.output ? result.y : result.x).emplace_back(variable.index, coefficient);
  }
  result.upper = 0 - m_constant;  // not -m_constant, which could be -0
  result.strict = strict;
  return result;
}

}  // namespace

Variable Declarations::parse(const Expression& name) const {
  const std::string_view text = name.text;
  const bool prefixed = text.size() > 2 && (text[0] == 'X' || text[0] == 'Y') && text[1] == '_';
  const std::string_view digits = prefixed ? text.substr(2) : std::string_view();
  Variable variable{prefixed && text[0] == 'Y', -1};
  if (prefixed && std::all_of(digits.begin(), digits.end(), is_digit) && (digits[0] != '0' || digits.size() == 1)) {
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), variable.index);
    if (code == std::errc() && end == digits.data() + digits.size()) return variable;
  }
  refuse(m_file, name.position,
         "unknown name " + quoted(name) + "; allowed: X_0, X_1, ... for inputs and Y_0, Y_1, ... for outputs" +
             (text.find('[') != std::string_view::npos ? " (VNNLIB 2, with X[0], is not read)" : ""));
}

void Declarations::declare(const Expression& name) {
  const Variable variable = parse(name);
  const auto [earlier, fresh] = (variable.output ? m_outputs : m_inputs).emplace(variable.index, name.position);
  if (!fresh) {
    refuse(m_file, name.position,
           fmt::format("{} is declared twice, first on line {}", name.text, earlier->second.line));
  }
}

Variable Declarations::find(const Expression& name) const {
  const Variable variable = parse(name);
  const Positions& declared = variable.output ? m_outputs : m_inputs;
  if (declared.find(variable.index) == declared.end()) {
    refuse(m_file, name.position,
           fmt::format("{} is not declared; (declare-const {} Real) has to stand before", name.text, name.text));
  }
  return variable;
}

void Declarations::check_count(const Positions& declared, Index expected, char letter, const char* what) const {
  const auto found = static_cast<Index>(declared.size());
  Index first_missing = 0;
  while (declared.find(static_cast<int>(first_missing)) != declared.end()) ++first_missing;
  if (found == expected && first_missing == expected) return;
  Position last;
  for (const auto& [index, position] : declared) {
    if (std::tuple(position.line, position.column) > std::tuple(last.line, last.column)) last = position;
  }
  const std::string has =
      fmt::format("the network has {} {}{}, {}", expected, what, expected == 1 ? "" : "s", range_of(letter, expected));
  if (found != expected) {
    refuse(m_file, last,
           fmt::format("a property for another {} size: {} {}{} declared; {}", what, found, what,
                       found == 1 ? " is" : "s are", has));
  }
  refuse(m_file, last, fmt::format("{} is not declared; {}", index_name(letter, first_missing), has));
}

void Declarations::check_counts(Index inputs, Index outputs) const {
  check_count(m_inputs, inputs, 'X', "input");
  check_count(m_outputs, outputs, 'Y', "output");
}

LinearConstraint less_equal(const Expression& left, const Expression& right, bool strict,
                            const Declarations& declarations, const std::string& file) {
  Linear difference(declarations, file);
  difference.add(left, 1);
  difference.add(right, -1);
  return difference.constraint(strict);
}

}  // namespace secateur::model::vnnlib
