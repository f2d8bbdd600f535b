// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "secateur/data/sampling.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::train {

/// `count` values of the peaks function on [-3, 3]^2.
inline data::Dataset peaks(Index count, std::uint64_t seed) {
  return data::sample(data::test_function("peaks"), count, data::Sampling::sobol, seed);
}

/// A table of the given rows, one input and output name a column.
inline data::Dataset table(Matrix x, Matrix y) {
  data::Dataset data;
  data.input_names = nn::default_names("x", x.cols());
  data.output_names = nn::default_names("y", y.cols());
  data.x = std::move(x);
  data.y = std::move(y);
  return data;
}

}  // namespace secateur::train
