// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/cell_walk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/QR>

#include "secateur/core/kernels.hpp"

namespace secateur::bounds {

namespace {

/// A linear program in d unknowns and many rows: least g't where normal t >= side, row by row. The unknowns are steps
/// from a point of it, t = 0, in units of the box's width.
struct CellProgram {
  Vector gradient;
  Matrix normal;
  Vector side;
};

/// Values and their derivatives by t go through the network together, a column each.
CellProgram cell_program(const Folded& folded, const Box& box, const Vector& x) {
  const Index inputs = folded.inputs, units = folded.units();
  const auto layers = static_cast<Index>(folded.first.size()) - 1;
  const Vector width = box.upper - box.lower;
  Matrix values = Matrix::Zero(folded.values(), inputs + 1);
  values.col(0).head(inputs) = x;
  values.block(0, 1, inputs, inputs).diagonal() = width;
  CellProgram program{Vector(inputs), Matrix::Zero(units + 2 * inputs, inputs), Vector(units + 2 * inputs)};
  for (Index k = 0; k <= layers; ++k) {
    const Index columns = folded.first[static_cast<std::size_t>(k)], begin = columns - inputs;
    const Index count = k < layers ? folded.first[static_cast<std::size_t>(k + 1)] - columns : 1;
    Matrix z = Matrix::Zero(count, inputs + 1);
    z.col(0) = folded.bias.segment(begin, count);
    for (Index t = 0; t <= k; ++t) {
      if (folded.reads[static_cast<std::size_t>(k * (layers + 1) + t)] == 0) continue;
      const Index from = t == 0 ? 0 : folded.first[static_cast<std::size_t>(t - 1)];
      const Index many = folded.first[static_cast<std::size_t>(t)] - from;
      Product<double> product;
      product.m = count;
      product.n = inputs + 1;
      product.k = many;
      product.a = folded.weight.data() + begin * folded.weight.cols() + from;
      product.a_row = folded.weight.cols();
      product.b = values.data() + from * values.cols();
      product.b_row = values.cols();
      product.c = z.data();
      product.c_row = z.cols();
      product.accumulate = true;
      kernels<double>().product(product);
    }
    if (k == layers) {
      program.gradient = z.row(0).tail(inputs).transpose();
      break;
    }
    for (Index i = 0; i < count; ++i) {
      const double side = z(i, 0) > 0 ? 1 : -1;
      if (side > 0) values.row(columns + i) = z.row(i);
      program.normal.row(begin + i) = side * z.row(i).tail(inputs);
      program.side(begin + i) = -side * z(i, 0);
    }
  }
  for (Index j = 0; j < inputs; ++j) {
    program.normal(units + 2 * j, j) = 1;
    program.normal(units + 2 * j + 1, j) = -1;
    program.side(units + 2 * j) = width(j) > 0 ? (box.lower(j) - x(j)) / width(j) : 0;
    program.side(units + 2 * j + 1) = width(j) > 0 ? (x(j) - box.upper(j)) / width(j) : 0;
  }
  return program;
}

/// With A the normals of the active rows, g = A multipliers + rest in least squares; -rest is the steepest descent
/// along them. Where nothing is left of it, a negative multiplier names a row to let go, and without any the corner is
/// optimal.
Vector solve(const CellProgram& program) {
  const Index inputs = program.gradient.size();
  Vector at = Vector::Zero(inputs);
  std::vector<Index> active;
  std::vector<char> is_active(static_cast<std::size_t>(program.side.size()), 0);
  constexpr int most_steps = 60;
  constexpr double nothing = 1e-11;
  for (int step = 0; step < most_steps; ++step) {
    Vector rest = program.gradient, multipliers;
    if (!active.empty()) {
      Matrix normals(inputs, static_cast<Index>(active.size()));
      for (std::size_t a = 0; a < active.size(); ++a) {
        normals.col(static_cast<Index>(a)) = program.normal.row(active[a]).transpose();
      }
      multipliers = normals.colPivHouseholderQr().solve(program.gradient);
      rest -= normals * multipliers;
    }
    if (active.size() == static_cast<std::size_t>(inputs) || !(rest.norm() > nothing * program.gradient.norm())) {
      Index worst = 0;
      if (active.empty() || multipliers.minCoeff(&worst) >= 0) break;
      is_active[static_cast<std::size_t>(active[static_cast<std::size_t>(worst)])] = 0;
      active.erase(active.begin() + worst);
      continue;
    }
    const Vector speed = program.normal * -rest, slack = program.normal * at - program.side;
    double length = std::numeric_limits<double>::infinity();
    Index blocking = -1;
    for (Index i = 0; i < speed.size(); ++i) {
      if (is_active[static_cast<std::size_t>(i)] != 0) continue;
      if (!(speed(i) < -nothing * rest.norm() * program.normal.row(i).norm())) continue;
      const double reach = std::max(0.0, slack(i)) / -speed(i);
      if (reach >= length) continue;
      length = reach;
      blocking = i;
    }
    if (blocking < 0 || !std::isfinite(length)) break;
    at -= length * rest;
    active.push_back(blocking);
    is_active[static_cast<std::size_t>(blocking)] = 1;
  }
  return at;
}

}  // namespace

Vector best_of_cell(const Folded& folded, const Box& box, const Vector& x) {
  const Vector step = solve(cell_program(folded, box, x));
  const Vector corner = x + step.cwiseProduct(box.upper - box.lower);
  return corner.allFinite() ? box.clamp(corner) : x;
}

}  // namespace secateur::bounds
