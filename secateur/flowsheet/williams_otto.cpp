// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/williams_otto.hpp"

#include <Eigen/LU>
#include <cmath>
#include <limits>

namespace secateur::flowsheet {

namespace {

using Flows = Eigen::Matrix<double, 6, 1>;
using Rates = Eigen::Vector3d;

enum Species { A, B, C, E, P, G };  // NOLINT(readability-identifier-naming): the symbols of the equations
/// Which two species' mass fractions a rate is proportional to.
constexpr std::array<std::array<int, 2>, 3> pairs{{{A, B}, {B, C}, {C, P}}};

/// With the recycle eliminated every flow out of the tank is linear in the rates: f = constant + slope r. Of A, B, C
/// and E the purge eta takes the fraction eta each time round; G leaves in the decanter; P leaves overhead except for
/// 0.1 f_E, of which the fraction 1 - eta returns.
struct Balance {
  Flows constant = Flows::Zero();
  Eigen::Matrix<double, 6, 3> slope = Eigen::Matrix<double, 6, 3>::Zero();

  Balance(double feed_a, double feed_b, double eta) {
    constant(A) = feed_a / eta;
    constant(B) = feed_b / eta;
    slope.row(A) << -1 / eta, 0, 0;
    slope.row(B) << -1 / eta, -1 / eta, 0;
    slope.row(C) << 2 / eta, -2 / eta, -1 / eta;
    slope.row(E) << 0, 2 / eta, 0;
    slope.row(P) << 0, 0.2 * (1 - eta) / eta + 1, -0.5;
    slope.row(G) << 0, 0, 1.5;
  }
  [[nodiscard]] Flows flows(const Rates& rates) const { return constant + slope * rates; }
};

/// r_k = factor_k x_i x_j with x = f / S, S = sum f; in logarithms nothing is gained, as the flows may come close to 0.
struct Kinetics {
  const Balance& balance;
  Rates factor;

  [[nodiscard]] Rates products(const Flows& f) const {
    Rates result;
    for (int k = 0; k < 3; ++k)
      result(k) = f(pairs[static_cast<std::size_t>(k)][0]) * f(pairs[static_cast<std::size_t>(k)][1]);
    return result / (f.sum() * f.sum());
  }
  [[nodiscard]] Rates residual(const Rates& r) const { return r - factor.cwiseProduct(products(balance.flows(r))); }
  /// d residual / d r: the quotient rule on f_i f_j / S^2.
  [[nodiscard]] Eigen::Matrix3d jacobian(const Rates& r) const {
    const Flows f = balance.flows(r);
    const double total = f.sum();
    const Eigen::RowVector3d total_slope = balance.slope.colwise().sum() / total;
    const Rates product = products(f);
    Eigen::Matrix3d result = Eigen::Matrix3d::Identity();
    for (int k = 0; k < 3; ++k) {
      const auto [i, j] = pairs[static_cast<std::size_t>(k)];
      const Eigen::RowVector3d d = (balance.slope.row(i) * f(j) + f(i) * balance.slope.row(j)) / (total * total);
      result.row(k) -= factor(k) * (d - 2 * product(k) * total_slope);
    }
    return result;
  }
};

/// Damped Newton: a step goes at most 95 % of the way to where a flow or a rate would vanish, and is halved until the
/// residual falls. Returns the largest residual reached.
double newton(const Kinetics& kinetics, Rates& rates) {
  constexpr int steps = 60, halvings = 12;
  double norm = kinetics.residual(rates).cwiseAbs().maxCoeff();
  for (int step = 0; step < steps && norm > 0; ++step) {
    const Rates direction = -kinetics.jacobian(rates).partialPivLu().solve(kinetics.residual(rates));
    if (!direction.allFinite()) break;
    const Flows flows = kinetics.balance.flows(rates), change = kinetics.balance.slope * direction;
    double reach = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 6; ++i) {
      if (change(i) < 0) reach = std::min(reach, -flows(i) / change(i));
    }
    for (int k = 0; k < 3; ++k) {
      if (direction(k) < 0) reach = std::min(reach, -rates(k) / direction(k));
    }
    double length = std::min(1.0, 0.95 * reach), next = norm;
    for (int halving = 0; halving < halvings; ++halving) {
      next = kinetics.residual(rates + length * direction).cwiseAbs().maxCoeff();
      if (next < norm) break;
      length /= 2;
    }
    if (!(next < norm)) break;  // as close as round-off lets it, or stuck
    rates += length * direction;
    norm = next;
  }
  return norm;
}

Simulator::Description description() {
  Box box{Vector(5), Vector(5)};
  box.lower << 0.03, 5.8, 5, 15, 0.02;
  box.upper << 0.1, 6.8, 25, 60, 0.6;
  return {"williams-otto",
          {{"V", "1000 ft3", "volume of the tank"},
           {"T", "100 R", "temperature of the tank"},
           {"F_A", "1000 lb/h", "feed of A"},
           {"F_B", "1000 lb/h", "feed of B"},
           {"eta", "", "fraction purged"}},
          {{"F_P", "1000 lb/h", "product"},
           {"F_G", "1000 lb/h", "waste"},
           {"F_D", "1000 lb/h", "purge, sold as fuel"},
           {"S", "1000 lb/h", "outflow of the tank"},
           {"gross", "1000 $/yr", "gross profit"},
           {"ROI", "%", "return on investment"}},
          box};
}

class WilliamsOtto : public Simulator {
 public:
  WilliamsOtto() : Simulator(description()) {}

 private:
  [[nodiscard]] Simulation run(const Vector& x) const override {
    for (std::size_t i = 0; i < inputs().size(); ++i) {
      if (!(x(static_cast<Index>(i)) > 0)) return {false, {}, inputs()[i].name + " is not positive"};
    }
    if (x(4) > 1) return {false, {}, "eta is above 1"};
    const double v = x(0), feed_a = x(2), feed_b = x(3), eta = x(4);
    const WilliamsOttoState state = williams_otto_state(v, x(1), feed_a, feed_b, eta);
    if (!state.converged) return {false, {}, "no steady state found from any start"};
    const auto& f = state.flow;
    double total = 0;
    for (const double flow : f) total += flow;
    const double product = f[P] - 0.1 * f[E], waste = f[G];
    const double purge = eta * (f[A] + f[B] + f[C] + 1.1 * f[E]);
    const double gross = 2207 * product + 50 * purge - 168 * feed_a - 252 * feed_b - 2.22 * total - 84 * waste;
    const double mass = v * williams_otto_density;
    Vector y(6);
    y << product, waste, purge, total, gross, 100 * (gross - 60 * mass) / (600 * mass);
    return {true, y, {}};
  }
};

}  // namespace

WilliamsOttoState williams_otto_state(double volume, double temperature, double feed_a, double feed_b, double purge) {
  const Balance balance(feed_a, feed_b, purge);
  const double mass = volume * williams_otto_density;
  const Kinetics kinetics{
      balance,
      {5.9755e9 * std::exp(-120 / temperature) * mass, 2.5962e12 * std::exp(-150 / temperature) * mass,
       9.6283e15 * std::exp(-200 / temperature) * mass}};
  constexpr double tolerance = 1e-9;  // of a rate, 1000 lb/h
  WilliamsOttoState state;
  state.residual = std::numeric_limits<double>::infinity();
  for (const double share : {0.5, 0.9, 0.2, 0.98}) {
    for (const double second : {0.5, 0.2, 0.8, 0.95}) {
      const double r1 = share * std::min(feed_a, feed_b);
      Rates rates(r1, 0.5 * second * r1, 0.02 * r1);
      if ((balance.flows(rates).array() <= 0).any()) continue;
      const double residual = newton(kinetics, rates);
      if (!(residual < state.residual)) continue;
      state.residual = residual;
      const Flows flows = balance.flows(rates);
      for (std::size_t i = 0; i < 6; ++i) state.flow[i] = flows(static_cast<Index>(i));
      for (std::size_t k = 0; k < 3; ++k) state.rate[k] = rates(static_cast<Index>(k));
      state.converged = residual < tolerance;
      if (state.converged) return state;
    }
  }
  return state;
}

std::shared_ptr<const Simulator> williams_otto() {
  static const auto simulator = std::make_shared<const WilliamsOtto>();
  return simulator;
}

}  // namespace secateur::flowsheet
