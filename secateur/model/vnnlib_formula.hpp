// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "secateur/model/vnnlib.hpp"
#include "secateur/model/vnnlib_linear.hpp"
#include "secateur/model/vnnlib_syntax.hpp"

namespace secateur::model::vnnlib {

/// One inequality and where it stands.
struct Atom {
  LinearConstraint constraint;
  Position position;
};

/// An inequality, all of some formulas (true when there are none), or any of some (false when there are none).
struct Formula {
  enum class Kind { atom, all, any };
  Kind kind = Kind::all;
  std::shared_ptr<const Atom> atom;
  std::vector<Formula> parts;

  /// Size of the disjunctive normal form: disjuncts, and bytes of their inequalities, both as doubles that may be
  /// huge.
  double disjuncts = 1, bytes = 0;
};

/// Bytes that a constraint takes, about.
double size_of(const LinearConstraint& constraint);

Formula all_of(std::vector<Formula> parts);
Formula any_of(std::vector<Formula> parts);

/// and, or, <=, <, >=, >, = of linear terms. Inequalities between constants are decided here. Refuses anything else.
Formula read_formula(const Expression& expression, const Declarations& declarations, const std::string& file);

/// The disjunctive normal form: each disjunct a list of inequalities in the order of the text. The caller has checked
/// its size.
std::vector<std::vector<const Atom*>> expand(const Formula& formula);

}  // namespace secateur::model::vnnlib
