// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <vector>

#include "secateur/core/rng.hpp"
#include "secateur/nn/network.hpp"

namespace secateur {

/// How random test networks are drawn.
struct RandomNetwork {
  std::vector<Index> widths{2, 4, 3, 1};  ///< inputs, hidden layers, outputs
  double density = 1;                     ///< share of weights that are not zero
  bool scaling = false;                   ///< Elementwise layers at both ends
  int exponent_spread = 0;                ///< weights are scaled by 2^k, k uniform in [-spread, spread]
};

inline nn::Network random_network(const RandomNetwork& how, Rng& rng) {
  nn::Network network;
  network.precision = nn::Precision::float64;
  const auto number = [&] {
    const auto k = static_cast<int>(rng.below(2 * how.exponent_spread + 1)) - how.exponent_spread;
    return std::ldexp(rng.normal(), k);
  };
  const auto vector = [&](Index n) {
    Vector v(n);
    for (double& entry : v) entry = number();
    return v;
  };
  network.input_names = nn::default_names("x", how.widths.front());
  network.output_names = nn::default_names("y", how.widths.back());
  if (how.scaling) {
    network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::subtract, vector(how.widths.front())});
    network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::divide, vector(how.widths.front())});
  }
  for (std::size_t k = 1; k < how.widths.size(); ++k) {
    nn::Dense dense{Matrix(how.widths[k], how.widths[k - 1]), vector(how.widths[k])};
    for (Index i = 0; i < dense.weight.rows(); ++i) {
      for (Index j = 0; j < dense.weight.cols(); ++j) dense.weight(i, j) = rng.uniform() < how.density ? number() : 0.0;
    }
    network.layers.emplace_back(std::move(dense));
    if (k + 1 < how.widths.size()) network.layers.emplace_back(nn::Relu{});
  }
  if (how.scaling) {
    network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::multiply, vector(how.widths.back())});
    network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::subtract_from, vector(how.widths.back())});
    network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::add, vector(how.widths.back())});
  }
  return network;
}

inline Box random_box(Index inputs, double width, Rng& rng) {
  Box box{Vector(inputs), Vector(inputs)};
  for (Index j = 0; j < inputs; ++j) {
    const double a = rng.uniform(-1, 1);
    box.lower(j) = a;
    box.upper(j) = a + width * rng.uniform();
  }
  return box;
}

inline Vector random_point(const Box& box, Rng& rng) {
  Vector x(box.size());
  for (Index j = 0; j < box.size(); ++j) x(j) = rng.uniform(box.lower(j), box.upper(j));
  return box.clamp(x);
}

}  // namespace secateur
