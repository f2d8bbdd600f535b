// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/vnnlib_formula.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::model::vnnlib {

namespace {

using Literals = std::vector<const Atom*>;

/// Beyond every limit, and products of two of them are still finite.
constexpr double beyond = 1e100;

Formula atom(LinearConstraint constraint, const Position& position) {
  if (constraint.x.empty() && constraint.y.empty()) {
    const bool holds = constraint.strict ? 0 < constraint.upper : 0 <= constraint.upper;
    return holds ? all_of({}) : any_of({});
  }
  Formula formula;
  formula.kind = Formula::Kind::atom;
  const auto& x = constraint.x;
  const bool only_a_bound = x.size() == 1 && constraint.y.empty() && std::abs(x.front().second) == 1;
  formula.bytes = only_a_bound && !constraint.strict ? 24 : size_of(constraint);
  formula.atom = std::make_shared<const Atom>(Atom{std::move(constraint), position});
  return formula;
}

/// (op a b c ...): every neighbouring pair has to satisfy it, as SMT-LIB says.
Formula comparison(const Expression& expression, const Declarations& declarations, const std::string& file) {
  const std::string_view op = expression.head();
  if (expression.items.size() < 3) {
    refuse(file, expression.position,
           fmt::format("{} has {} operand{}; 2 are needed", quoted(expression), expression.items.size() - 1,
                       expression.items.size() == 2 ? "" : "s"));
  }
  std::vector<Formula> parts;
  const bool strict = op == "<" || op == ">";
  for (std::size_t i = 2; i < expression.items.size(); ++i) {
    const Expression& left = expression.items[i - 1];
    const Expression& right = expression.items[i];
    if (op != ">=" && op != ">") {
      parts.push_back(atom(less_equal(left, right, strict, declarations, file), expression.position));
    }
    if (op != "<=" && op != "<") {
      parts.push_back(atom(less_equal(right, left, strict, declarations, file), expression.position));
    }
  }
  return parts.size() == 1 ? std::move(parts.front()) : all_of(std::move(parts));
}

}  // namespace

double size_of(const LinearConstraint& constraint) {
  return 128 + 16 * static_cast<double>(constraint.x.size() + constraint.y.size());
}

Formula all_of(std::vector<Formula> parts) {
  Formula formula;
  formula.kind = Formula::Kind::all;
  for (const Formula& part : parts) {
    // Every disjunct so far is repeated for each disjunct of the part, and the other way round.
    formula.bytes = std::min(formula.bytes * part.disjuncts + part.bytes * formula.disjuncts, beyond);
    formula.disjuncts = std::min(formula.disjuncts * part.disjuncts, beyond);
  }
  formula.parts = std::move(parts);
  return formula;
}

Formula any_of(std::vector<Formula> parts) {
  Formula formula;
  formula.kind = Formula::Kind::any;
  formula.disjuncts = 0;
  for (const Formula& part : parts) {
    formula.bytes = std::min(formula.bytes + part.bytes, beyond);
    formula.disjuncts = std::min(formula.disjuncts + part.disjuncts, beyond);
  }
  formula.parts = std::move(parts);
  return formula;
}

Formula read_formula(const Expression& expression, const Declarations& declarations, const std::string& file) {
  const std::string_view op = expression.head();
  if (op == "<=" || op == "<" || op == ">=" || op == ">" || op == "=") {
    return comparison(expression, declarations, file);
  }
  if (op != "and" && op != "or") {
    refuse(file, expression.position,
           "found " + quoted(expression) +
               " where a formula has to stand; allowed: (and ...), (or ...), and <=, <, >=, >, = of linear terms");
  }
  if (expression.items.size() < 2) {
    refuse(file, expression.position, quoted(expression) + " has no operands; at least 1 is needed");
  }
  std::vector<Formula> parts;
  parts.reserve(expression.items.size() - 1);
  for (std::size_t i = 1; i < expression.items.size(); ++i) {
    parts.push_back(read_formula(expression.items[i], declarations, file));
  }
  if (parts.size() == 1) return std::move(parts.front());
  return op == "and" ? all_of(std::move(parts)) : any_of(std::move(parts));
}

std::vector<Literals> expand(const Formula& formula) {
  std::vector<Literals> result;
  if (formula.disjuncts == 0) return result;
  if (formula.kind == Formula::Kind::atom) return {{formula.atom.get()}};
  if (formula.kind == Formula::Kind::any) {
    for (const Formula& part : formula.parts) {
      for (Literals& disjunct : expand(part)) result.push_back(std::move(disjunct));
    }
    return result;
  }
  result.emplace_back();
  for (const Formula& part : formula.parts) {
    if (part.kind == Formula::Kind::atom) {
      for (Literals& disjunct : result) disjunct.push_back(part.atom.get());
      continue;
    }
    const std::vector<Literals> alternatives = expand(part);
    if (alternatives.size() == 1) {  // in place: thousands of such parts would otherwise be copied over and over
      const Literals& only = alternatives.front();
      for (Literals& disjunct : result) disjunct.insert(disjunct.end(), only.begin(), only.end());
      continue;
    }
    std::vector<Literals> product;
    product.reserve(result.size() * alternatives.size());
    for (const Literals& disjunct : result) {
      for (const Literals& alternative : alternatives) {
        product.push_back(disjunct);
        product.back().insert(product.back().end(), alternative.begin(), alternative.end());
      }
    }
    result = std::move(product);
  }
  return result;
}

}  // namespace secateur::model::vnnlib
