// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace secateur::flowsheet {

/// Of two condensable components and an inert gas, moles in vapour and liquid at equilibrium.
struct Flash {
  std::array<double, 2> vapour{}, liquid{};
};

/// Rachford & Rice (1952): with K_i = y_i / x_i, the vapour's share s of all moles is the root of
///
///     f(s) = sum_i z_i (K_i - 1) / (1 + s (K_i - 1)) + z_inert / s,
///
/// which falls in s. f(1) >= 0: nothing condenses. f(0) <= 0 (only without inert gas): nothing evaporates.
Flash flash(const std::array<double, 2>& moles, double inert, const std::array<double, 2>& k);

}  // namespace secateur::flowsheet
