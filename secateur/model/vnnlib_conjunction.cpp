// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/vnnlib_conjunction.hpp"

#include <fmt/format.h>
#include <cmath>
#include <limits>

#include "secateur/core/rounding.hpp"

namespace secateur::model::vnnlib {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

Gatherer::Gatherer(Index inputs) : m_sources(static_cast<std::size_t>(inputs)) {
  m_conjunction.box = {Vector::Constant(inputs, -infinity), Vector::Constant(inputs, infinity)};
}

bool Gatherer::add(const Atom& atom) {
  const LinearConstraint& constraint = atom.constraint;
  m_last = &atom;
  if (constraint.x.size() != 1 || !constraint.y.empty()) {
    m_conjunction.constraints.push_back(constraint);
    return true;
  }
  // a x <= u: with q = u / a as it is rounded, x <= q or x >= q where that is exact, else x is within the double
  // outside of q and the inequality stays.
  const auto [input, a] = constraint.x.front();
  const auto i = static_cast<Index>(input);
  const double q = constraint.upper / a + 0.0;  // no -0
  const bool is_exact = std::isfinite(q) && (std::abs(a) == 1 || divide_residual(constraint.upper, a) == 0);
  if (constraint.strict || !is_exact) m_conjunction.constraints.push_back(constraint);
  double& lower = m_conjunction.box.lower(i);
  double& upper = m_conjunction.box.upper(i);
  Sources& sources = m_sources[static_cast<std::size_t>(input)];
  const auto excludes = [](const Atom* source) { return source != nullptr && source->constraint.strict; };
  if (a > 0) {
    const double bound = is_exact ? q : next_up(q);
    if (bound < upper || (bound == upper && constraint.strict)) {
      upper = bound;
      sources.upper = &atom;
    }
  } else {
    const double bound = is_exact ? q : next_down(q);
    if (bound > lower || (bound == lower && constraint.strict)) {
      lower = bound;
      sources.lower = &atom;
    }
  }
  return lower < upper || (lower == upper && !excludes(sources.lower) && !excludes(sources.upper));
}

Clash Gatherer::clash() const {
  const auto input = static_cast<std::size_t>(m_last->constraint.x.front().first);
  const Sources& sources = m_sources[input];
  const auto i = static_cast<Index>(input);
  const bool strict_lower = sources.lower->constraint.strict, strict_upper = sources.upper->constraint.strict;
  return {m_last->position,
          fmt::format("contradictory bounds: X_{} {} {} (line {}) and X_{} {} {} (line {})", input,
                      strict_lower ? ">" : ">=", m_conjunction.box.lower(i), sources.lower->position.line, input,
                      strict_upper ? "<" : "<=", m_conjunction.box.upper(i), sources.upper->position.line)};
}

std::optional<Gatherer::Missing> Gatherer::missing_bound() const {
  const Box& box = m_conjunction.box;
  for (Index i = 0; i < box.size(); ++i) {
    if (!std::isfinite(box.lower(i))) return Missing{i, true};
    if (!std::isfinite(box.upper(i))) return Missing{i, false};
  }
  return std::nullopt;
}

}  // namespace secateur::model::vnnlib
