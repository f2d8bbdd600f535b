// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/matrix.hpp"

namespace secateur {

/// An axis-parallel box: lower(i) <= v(i) <= upper(i), both of one size. Finite unless said otherwise.
struct Box {
  Vector lower, upper;

  [[nodiscard]] Index size() const { return lower.size(); }
  [[nodiscard]] bool contains(const Vector& point) const {
    return (point.array() >= lower.array()).all() && (point.array() <= upper.array()).all();
  }
  [[nodiscard]] Vector clamp(const Vector& point) const { return point.cwiseMax(lower).cwiseMin(upper); }
  /// max(|lower|, |upper|), entry by entry.
  [[nodiscard]] Vector magnitude() const { return lower.cwiseAbs().cwiseMax(upper.cwiseAbs()); }
};

}  // namespace secateur
