// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "secateur/model/vnnlib.hpp"
#include "secateur/model/vnnlib_formula.hpp"

namespace secateur::model::vnnlib {

/// Two inequalities that cannot both hold.
struct Clash {
  Position position;
  std::string message;
};

/// Gathers inequalities: those on one input alone narrow the box, the others are kept as they are.
class Gatherer {
 public:
  explicit Gatherer(Index inputs);

  /// Adds an inequality that is to live as long as the gatherer. False when the box has become empty; the gatherer is
  /// then of no further use, but `clash` says why.
  [[nodiscard]] bool add(const Atom& atom);
  [[nodiscard]] Clash clash() const;

  /// An input without finite bounds: its index, and whether the lower bound is missing.
  struct Missing {
    Index input;
    bool lower;
  };
  [[nodiscard]] std::optional<Missing> missing_bound() const;
  [[nodiscard]] const Conjunction& conjunction() const { return m_conjunction; }
  [[nodiscard]] Conjunction take() && { return std::move(m_conjunction); }

 private:
  /// The inequality that a bound comes from, null for an infinite one.
  struct Sources {
    const Atom* lower = nullptr;
    const Atom* upper = nullptr;
  };

  Conjunction m_conjunction;
  std::vector<Sources> m_sources;
  const Atom* m_last = nullptr;
};

}  // namespace secateur::model::vnnlib
