// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/names.hpp"
#include "secateur/core/status.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::model {

/// `discrete` takes one of the listed values.
enum class VariableType { continuous, integer, binary, discrete };

/// One unknown of a problem, in the user's units.
struct Variable {
  std::string name;
  std::string unit;  ///< for people; nothing is converted
  VariableType type = VariableType::continuous;
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
  std::vector<double> values;  ///< of a discrete variable, ascending
  /// A decision that only helps to state constraints: no network reads it, it is no input of the problem's graph, and
  /// results do not show it.
  bool auxiliary = false;
};

/// coefficient * variable.
struct Term {
  int variable = 0;
  double coefficient = 0;
};

/// lower <= sum of terms <= upper; an infinite side does not count.
struct Constraint {
  std::string name;
  std::vector<Term> terms;
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
};

/// outputs = network(inputs), by the indices of the problem's variables.
struct NetworkUse {
  std::string name;
  nn::Network network;
  std::vector<int> inputs, outputs;
};

/// min or max objective + constant over variables that are tied together by networks and linear constraints.
///
/// A variable that is a network's output is *determined*; all others are *decisions*. A network may read what another
/// one determines, as long as there is no cycle.
struct Problem {
  std::vector<Variable> variables;
  std::vector<NetworkUse> networks;
  std::vector<Constraint> constraints;
  Sense sense = Sense::minimize;
  std::vector<Term> objective;
  double constant = 0;
  /// Each moves a point's decisions to where some constraints among them hold; applied in this order by admissible().
  /// A service to local search, which otherwise would find such points by chance only. Called from several threads.
  std::vector<std::function<void(Vector& point)>> repairs;

  /// Each appends and returns the new one's index.
  int add_variable(Variable variable);
  int add_network(std::string name, nn::Network network, std::vector<int> inputs, std::vector<int> outputs);
  int add_constraint(std::string name, std::vector<Term> terms, double lower, double upper);
};

/// min or max objective'network(x) over x in box: a variable an input, then one an output, under the network's own
/// names. Throws InputError when the box does not fit the network (count, lower > upper, infinite or NaN), or the
/// objective has the wrong length, is not finite, or is zero everywhere.
Problem over_box(nn::Network network, const Box& box, const Vector& objective, Sense sense = Sense::minimize);

/// Throws InputError for a problem that means nothing: indices or counts that do not fit, a variable determined twice,
/// networks in a cycle, lower > upper (contradictory bounds), bounds of an integer variable without an integer in
/// between, a discrete variable without values or with values out of order, numbers that are not finite where they have
/// to be. `file` is how messages call the problem.
void check(const Problem& problem, const std::string& file = {});

/// What follows from which network determines which variable.
struct Structure {
  std::vector<int> order;       ///< networks, each behind those whose outputs it reads
  std::vector<int> decisions;   ///< variables that no network determines, ascending
  std::vector<int> determined;  ///< the others, ascending
};
/// Throws InputError for a cycle or a variable that is determined twice.
Structure structure(const Problem& problem, const std::string& file = {});

/// The point (one entry a variable) with every determined variable replaced by a float64 forward pass.
Vector complete(const Problem& problem, const Structure& structure, Vector point);

/// The decisions moved to where the problem's repairs say, inside their bounds, and to the nearest value that their
/// types allow.
Vector admissible(const Problem& problem, const Structure& structure, Vector point);

/// The value nearest to `value` that the variable's type and bounds allow.
double nearest(const Variable& variable, double value);

/// The terms' sum at a point (one entry a variable).
double sum_of(const std::vector<Term>& terms, const Vector& point);

/// Objective at a complete point.
double objective_at(const Problem& problem, const Vector& point);

/// The largest violation of a constraint, of a variable's bounds or of its type at a point, each divided by the larger
/// of 1 and the size of the side that it violates; 0 when nothing is violated.
double violation(const Problem& problem, const Vector& point);

}  // namespace secateur::model

namespace secateur {
template <>
struct Names<model::VariableType> {
  static constexpr std::array<std::string_view, 4> value{"continuous", "integer", "binary", "discrete"};
};
}  // namespace secateur
