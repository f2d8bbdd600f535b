// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>

#include "secateur/flowsheet/simulator.hpp"

namespace secateur::flowsheet {

/// The plant of Williams & Otto (1960): a stirred tank (A + B -> 2C, B + 2C -> P + 2E, C + 1/2 P -> 1.5 G), a decanter
/// that takes out all G, a column with product P overhead, a purged fraction eta of the rest; what is not purged
/// returns to the tank. Inputs V, T, F_A, F_B, eta; outputs F_P, F_G, F_D, S, gross, ROI. Flows in 1000 lb/h, volume in
/// 1000 ft3, temperature in 100 R, money in 1000 $/yr.
std::shared_ptr<const Simulator> williams_otto();

/// Density in the tank, lb/ft3.
inline constexpr double williams_otto_density = 50;

/// A steady state of the tank: its outflow of A, B, C, E, P, G and the three rates, 1000 lb/h.
struct WilliamsOttoState {
  bool converged = false;
  std::array<double, 6> flow{};
  std::array<double, 3> rate{};
  double residual = 0;  ///< largest, of the best start
};
WilliamsOttoState williams_otto_state(double volume, double temperature, double feed_a, double feed_b, double purge);

}  // namespace secateur::flowsheet
