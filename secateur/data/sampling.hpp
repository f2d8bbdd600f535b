// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "secateur/core/box.hpp"
#include "secateur/core/names.hpp"
#include "secateur/data/dataset.hpp"
#include "secateur/data/functions.hpp"

namespace secateur::data {

enum class Sampling { sobol, latin_hypercube };

/// count points in the box, one a row. Sobol points (Joe & Kuo 2008 direction numbers, up to 32 dimensions) are
/// scrambled by a random digital shift of the seed.
Matrix sample(const Box& box, Index count, Sampling sampling, std::uint64_t seed);

/// A test function's values at sampled points; columns x[0], x[1], ... and y.
Dataset sample(const TestFunction& function, Index count, Sampling sampling, std::uint64_t seed);

}  // namespace secateur::data

namespace secateur {
template <>
struct Names<data::Sampling> {
  static constexpr std::array<std::string_view, 2> value{"sobol", "latin_hypercube"};
};
}  // namespace secateur
