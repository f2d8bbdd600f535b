// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/functions.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "secateur/core/error.hpp"

namespace secateur::data {

// Formulas, constants, boxes and published optima: S. Surjanovic & D. Bingham, Virtual Library of Simulation
// Experiments, https://www.sfu.ca/~ssurjano/optimization.html; peaks: the MATLAB function of that name. The minimizers
// below were polished to 20 digits by Newton's method in 50-digit arithmetic.

namespace {

using std::numbers::pi;

Box cube(Index inputs, double lower, double upper) {
  return {Vector::Constant(inputs, lower), Vector::Constant(inputs, upper)};
}

Vector vector(std::initializer_list<double> entries) {
  return Eigen::Map<const Vector>(entries.begin(), static_cast<Index>(entries.size()));
}

double square(double v) { return v * v; }

double peaks(const Vector& v) {
  const double x = v(0), y = v(1);
  return 3 * square(1 - x) * std::exp(-x * x - square(y + 1)) -
         10 * (x / 5 - x * x * x - std::pow(y, 5)) * std::exp(-x * x - y * y) - std::exp(-square(x + 1) - y * y) / 3;
}

/// -sum_i alpha_i exp(-sum_j A_ij (x_j - P_ij)^2), P in units of 10^-4.
template <std::size_t inputs>
double hartmann(const Vector& x, const std::array<std::array<double, inputs>, 4>& a,
                const std::array<std::array<double, inputs>, 4>& p) {
  constexpr std::array<double, 4> alpha{1.0, 1.2, 3.0, 3.2};
  double value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    double exponent = 0;
    for (std::size_t j = 0; j < inputs; ++j) exponent += a[i][j] * square(x(static_cast<Index>(j)) - 1e-4 * p[i][j]);
    value -= alpha[i] * std::exp(-exponent);
  }
  return value;
}

double hartmann3(const Vector& x) {
  constexpr std::array<std::array<double, 3>, 4> a{{{3, 10, 30}, {0.1, 10, 35}, {3, 10, 30}, {0.1, 10, 35}}};
  constexpr std::array<std::array<double, 3>, 4> p{
      {{3689, 1170, 2673}, {4699, 4387, 7470}, {1091, 8732, 5547}, {381, 5743, 8828}}};
  return hartmann<3>(x, a, p);
}

double hartmann6(const Vector& x) {
  constexpr std::array<std::array<double, 6>, 4> a{
      {{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}}};
  constexpr std::array<std::array<double, 6>, 4> p{{{1312, 1696, 5569, 124, 8283, 5886},
                                                    {2329, 4135, 8307, 3736, 1004, 9991},
                                                    {2348, 1451, 3522, 2883, 3047, 6650},
                                                    {4047, 8828, 8732, 5743, 1091, 381}}};
  return hartmann<6>(x, a, p);
}

double ackley(const Vector& x) {
  const auto n = static_cast<double>(x.size());
  return -20 * std::exp(-0.2 * std::sqrt(x.squaredNorm() / n)) - std::exp((2 * pi * x.array()).cos().sum() / n) + 20 +
         std::numbers::e;
}

double rosenbrock(const Vector& x) {
  double value = 0;
  for (Index i = 0; i + 1 < x.size(); ++i) value += 100 * square(x(i + 1) - square(x(i))) + square(1 - x(i));
  return value;
}

/// -sum_i sin(x_i) sin(i x_i^2 / pi)^(2m) with m = 10, i from 1.
double michalewicz(const Vector& x) {
  double value = 0;
  for (Index i = 0; i < x.size(); ++i) {
    value -= std::sin(x(i)) * std::pow(std::sin(static_cast<double>(i + 1) * square(x(i)) / pi), 20);
  }
  return value;
}

/// The function is a sum of functions of one coordinate each, so that the minimizers of the first ten give the minimum
/// for any number of inputs up to that: coordinate and value.
constexpr std::array<std::array<double, 2>, 10> michalewicz_minima{{{2.2029055201726093461, -0.80130341009855253271},
                                                                    {1.5707963267948966192, -1.0},
                                                                    {1.2849915705529243599, -0.95909126989600594820},
                                                                    {1.9230584698663628432, -0.93846241847208341012},
                                                                    {1.7204697725658412801, -0.98880108062150436110},
                                                                    {1.5707963267948966192, -1.0},
                                                                    {1.4544139713623790276, -0.99322713535588160453},
                                                                    {1.7560865209450263727, -0.98287203627221059870},
                                                                    {1.6557174168210291042, -0.99639436492510295811},
                                                                    {1.5707963267948966192, -1.0}}};

[[noreturn]] void refuse_inputs(std::string_view name, Index inputs, const std::string& allowed) {
  throw InputError(std::string(name) + " with " + std::to_string(inputs) + " inputs; it takes " + allowed);
}

TestFunction make_michalewicz(Index inputs) {
  const auto most = static_cast<Index>(michalewicz_minima.size());
  if (inputs < 1 || inputs > most) refuse_inputs("michalewicz", inputs, "1 to " + std::to_string(most));
  TestFunction function{"michalewicz", cube(inputs, 0, pi), michalewicz, Vector(inputs), 0};
  for (Index i = 0; i < inputs; ++i) {
    const auto& [coordinate, value] = michalewicz_minima[static_cast<std::size_t>(i)];
    function.minimizer(i) = coordinate;
    function.minimum += value;
  }
  return function;
}

}  // namespace

std::vector<std::string> test_function_names() {
  return {"peaks", "hartmann3", "hartmann6", "ackley", "rosenbrock", "michalewicz"};
}

TestFunction test_function(std::string_view name, Index inputs) {
  if (name == "peaks") {
    return {"peaks", cube(2, -3, 3), peaks, vector({0.22827892055636909879, -1.6255349574999965188}),
            -6.5511333328358369414};
  }
  if (name == "hartmann3") {
    return {"hartmann3", cube(3, 0, 1), hartmann3,
            vector({0.11458887665506896836, 0.55564889461693004477, 0.85254698468667743762}), -3.8627797873326625228};
  }
  if (name == "hartmann6") {
    return {"hartmann6", cube(6, 0, 1), hartmann6,
            vector({0.20168951100670542433, 0.15001069182345796879, 0.47687397422189699032, 0.27533243049405606824,
                    0.31165161660011324245, 0.65730053406562030606}),
            -3.3223680114155148001};
  }
  if (name == "ackley") {
    if (inputs < 1) refuse_inputs(name, inputs, "at least 1");
    return {"ackley", cube(inputs, -32.768, 32.768), ackley, Vector::Zero(inputs), 0};
  }
  if (name == "rosenbrock") {
    if (inputs < 2) refuse_inputs(name, inputs, "at least 2");
    return {"rosenbrock", cube(inputs, -2.048, 2.048), rosenbrock, Vector::Ones(inputs), 0};
  }
  if (name == "michalewicz") return make_michalewicz(inputs);
  std::string names;
  for (const std::string& known : test_function_names()) names += (names.empty() ? "" : ", ") + known;
  throw InputError("no test function is called \"" + std::string(name) + "\"; there are " + names);
}

}  // namespace secateur::data
