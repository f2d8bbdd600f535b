// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>

#include "secateur/flowsheet/simulator.hpp"

namespace secateur::flowsheet {

/// Toluene hydrodealkylation, T + H -> B + M, with a recycle and two flashes: the flowsheet, data and prices of the
/// IDAES tutorial `hda_flowsheet`. Mixer M101, heater H101, reactor R101 (75 % of the toluene), flash F101, splitter
/// (20 % purge), isothermal recycle compressor, flash F102 of the liquid of F101; its vapour is the product. Ideal
/// mixtures, ideal gas. Inputs TH, T_R, T1, T2, P2; outputs cost, n_B, n_T, loss, Q_H, Q_R, Q_F1, Q_F2. mol/s, Pa, K,
/// W, $/yr.
std::shared_ptr<const Simulator> hydrodealkylation();

/// B, T, H, M in mol/s.
using Stream = std::array<double, 4>;

/// A steady state: the streams and the heats that go into heater, reactor and flashes.
struct HydrodealkylationState {
  bool converged = false;
  Stream feed{}, recycle{}, reactor_outlet{}, purge{}, product{}, bottom{};
  double extent = 0;  ///< of the reaction, mol/s
  double heater = 0, reactor = 0, flash_1 = 0, flash_2 = 0;
  double enthalpy_in = 0, enthalpy_out = 0;  ///< of the feeds; of purge, product and bottom; W
};
HydrodealkylationState hydrodealkylation_state(double heater_temperature, double reactor_temperature,
                                               double flash_1_temperature, double flash_2_temperature,
                                               double flash_2_pressure);

/// Heat of reaction, J per mol of toluene converted.
inline constexpr double hydrodealkylation_heat = 1.08e5;

}  // namespace secateur::flowsheet
