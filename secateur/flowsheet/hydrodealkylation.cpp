// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/hydrodealkylation.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/flowsheet/flash.hpp"

namespace secateur::flowsheet {

namespace {

enum Species { B, T, H, M };           // NOLINT(readability-identifier-naming): the symbols of the equations
using Liquid = std::array<double, 2>;  ///< B, T

constexpr double trace = 1e-5;       // mol/s: what the feeds hold of what they should not
constexpr double pressure = 350000;  // Pa, everywhere but in F102
constexpr double feed_temperature = 303.2;
constexpr double reference_temperature = 298.15, reference_pressure = 101325;
constexpr double conversion = 0.75, purged = 0.2;

/// Heat capacity of the gas a0 + a1 T + a2 T^2 + a3 T^3, J/mol/K; enthalpy of the gas at 298.15 K, the liquid's being
/// 0.
constexpr std::array<std::array<double, 4>, 4> gas_capacity{{{-33.92, 0.4739, -3.017e-4, 7.130e-8},
                                                             {-24.35, 0.5125, -2.765e-4, 4.911e-8},
                                                             {27.14, 9.274e-3, -1.381e-5, 7.645e-9},
                                                             {19.25, 5.213e-2, 1.197e-5, -1.132e-8}}};
constexpr std::array<double, 4> vaporisation{33870, 38262, 0, 0};
constexpr std::array<std::array<double, 3>, 2> liquid_capacity{{{129, -0.17, 6.48e-4}, {140, -0.152, 6.95e-4}}};
/// log10(p / bar) = a - b / (T - c).
constexpr std::array<std::array<double, 3>, 2> antoine{{{4.202, 1322, 38.56}, {4.216, 1435, 43.33}}};
/// rho = c1 / c2^(1 + (1 - T / c3)^c4), kmol/m3.
constexpr std::array<std::array<double, 4>, 2> density{
    {{1.0162, 0.2655, 562.16, 0.28212}, {0.8488, 0.26655, 591.8, 0.2878}}};

/// int_298.15^T sum_k c_k t^k dt.
template <std::size_t N>
double integral(const std::array<double, N>& coefficients, double t) {
  double sum = 0, power = t, reference = reference_temperature;
  for (std::size_t k = 0; k < N; ++k) {
    sum += coefficients[k] * (power - reference) / static_cast<double>(k + 1);
    power *= t;
    reference *= reference_temperature;
  }
  return sum;
}

double vapour_enthalpy(const Stream& n, double t) {
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) sum += n[i] * (vaporisation[i] + integral(gas_capacity[i], t));
  return sum;
}

double liquid_enthalpy(const Liquid& n, double t, double p) {
  double sum = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& [c1, c2, c3, c4] = density[i];
    const double rho = 1000 * c1 / std::pow(c2, 1 + std::pow(std::max(1 - t / c3, 0.0), c4));
    sum += n[i] * (integral(liquid_capacity[i], t) + (p - reference_pressure) / rho);
  }
  return sum;
}

/// Raoult: K_i = vapour pressure / pressure.
std::array<double, 2> equilibrium(double t, double p) {
  std::array<double, 2> k{};
  for (std::size_t i = 0; i < 2; ++i)
    k[i] = 1e5 * std::pow(10.0, antoine[i][0] - antoine[i][1] / (t - antoine[i][2])) / p;
  return k;
}

Simulator::Description description() {
  Box box{Vector(5), Vector(5)};
  box.lower << 500, 600, 298, 298, 105000;
  box.upper << 600, 800, 450, 450, 110000;
  return {"hda",
          {{"TH", "K", "outlet temperature of the heater H101"},
           {"T_R", "K", "outlet temperature of the reactor R101"},
           {"T1", "K", "temperature of the flash F101"},
           {"T2", "K", "temperature of the flash F102"},
           {"P2", "Pa", "pressure of the flash F102"}},
          {{"cost", "$/yr", "cost of heating and cooling"},
           {"n_B", "mol/s", "benzene in the product"},
           {"n_T", "mol/s", "toluene in the product"},
           {"loss", "", "benzene in the vapour of F101, per benzene out of the reactor"},
           {"Q_H", "W", "heat into the heater"},
           {"Q_R", "W", "heat into the reactor"},
           {"Q_F1", "W", "heat into the flash F101"},
           {"Q_F2", "W", "heat into the flash F102"}},
          box};
}

class Hydrodealkylation : public Simulator {
 public:
  Hydrodealkylation() : Simulator(description()) {}

 private:
  [[nodiscard]] Simulation run(const Vector& x) const override {
    // Antoine's equation has a pole at 43 K and no meaning near it.
    for (std::size_t i = 0; i < 4; ++i) {
      if (!(x(static_cast<Index>(i)) >= 200)) return {false, {}, inputs()[i].name + " is below 200 K"};
    }
    if (!(x(4) > 0)) return {false, {}, "P2 is not positive"};
    const HydrodealkylationState s = hydrodealkylation_state(x(0), x(1), x(2), x(3), x(4));
    if (!s.converged) return {false, {}, "the recycle does not settle"};
    constexpr double seconds_a_year = 31536000;
    const double cost =
        seconds_a_year * (2.2e-7 * s.heater + 1.9e-7 * s.flash_2 - 2.12e-8 * s.flash_1 - 2.12e-8 * s.reactor);
    Vector y(8);
    const double loss = (s.purge[B] + s.recycle[B]) / s.reactor_outlet[B];
    y << cost, s.product[B], s.product[T], loss, s.heater, s.reactor, s.flash_1, s.flash_2;
    if (!y.allFinite()) return {false, {}, "a number is not finite"};
    return {true, y, {}};
  }
};

}  // namespace

HydrodealkylationState hydrodealkylation_state(double heater_temperature, double reactor_temperature,
                                               double flash_1_temperature, double flash_2_temperature,
                                               double flash_2_pressure) {
  HydrodealkylationState s;
  const Liquid liquid_1{trace, 0.30}, liquid_2{trace, trace};
  const Stream vapour_1{trace, trace, trace, trace}, vapour_2{trace, trace, 0.30, 0.02};
  for (std::size_t i = 0; i < 4; ++i) s.feed[i] = vapour_1[i] + vapour_2[i];
  for (std::size_t i = 0; i < 2; ++i) s.feed[i] += liquid_1[i] + liquid_2[i];

  // The recycle by successive substitution. Hydrogen and methane close by themselves: what is purged is what comes in.
  const auto k = equilibrium(flash_1_temperature, pressure);
  Stream reacting{}, gas{};
  Liquid condensed{};
  constexpr int substitutions = 400;
  constexpr double settled = 1e-13;  // mol/s
  for (int step = 0; step < substitutions && !s.converged; ++step) {
    for (std::size_t i = 0; i < 4; ++i) reacting[i] = s.feed[i] + s.recycle[i];
    s.extent = conversion * reacting[T];
    s.reactor_outlet = {reacting[B] + s.extent, reacting[T] - s.extent, (s.feed[H] - s.extent) / purged,
                        (s.feed[M] + s.extent) / purged};
    const Flash split = flash({s.reactor_outlet[B], s.reactor_outlet[T]}, s.reactor_outlet[H] + s.reactor_outlet[M], k);
    gas = {split.vapour[B], split.vapour[T], s.reactor_outlet[H], s.reactor_outlet[M]};
    condensed = split.liquid;
    double change = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const double next = (1 - purged) * gas[i];
      change = std::max(change, std::abs(next - s.recycle[i]));
      s.recycle[i] = next;
    }
    s.converged = change < settled;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    reacting[i] = s.feed[i] + s.recycle[i];
    s.purge[i] = purged * gas[i];
  }
  const Flash second = flash(condensed, 0, equilibrium(flash_2_temperature, flash_2_pressure));
  s.product = {second.vapour[B], second.vapour[T], 0, 0};
  s.bottom = {second.liquid[B], second.liquid[T], 0, 0};

  // Enthalpies around each unit; the mixer is adiabatic, the compressor isothermal and free.
  s.enthalpy_in = vapour_enthalpy(vapour_1, feed_temperature) + vapour_enthalpy(vapour_2, feed_temperature) +
                  liquid_enthalpy(liquid_1, feed_temperature, pressure) +
                  liquid_enthalpy(liquid_2, feed_temperature, pressure);
  const double mixed = s.enthalpy_in + vapour_enthalpy(s.recycle, flash_1_temperature);
  const double heated = vapour_enthalpy(reacting, heater_temperature);
  const double reacted = vapour_enthalpy(s.reactor_outlet, reactor_temperature);
  const double condensate = liquid_enthalpy(condensed, flash_1_temperature, pressure);
  const double distilled = vapour_enthalpy(s.product, flash_2_temperature);
  const double left = liquid_enthalpy(second.liquid, flash_2_temperature, flash_2_pressure);
  s.heater = heated - mixed;
  s.reactor = reacted - heated - hydrodealkylation_heat * s.extent;
  s.flash_1 = vapour_enthalpy(gas, flash_1_temperature) + condensate - reacted;
  s.flash_2 = distilled + left - condensate;
  s.enthalpy_out = vapour_enthalpy(s.purge, flash_1_temperature) + distilled + left;
  return s;
}

std::shared_ptr<const Simulator> hydrodealkylation() {
  static const auto simulator = std::make_shared<const Hydrodealkylation>();
  return simulator;
}

}  // namespace secateur::flowsheet
