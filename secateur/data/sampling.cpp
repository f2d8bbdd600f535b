// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/sampling.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/data/sobol.hpp"

namespace secateur::data {

namespace {

/// Sobol points with a random digital shift: the same random digits are added, modulo 2 and digit by digit, to one
/// coordinate of every point. That keeps the stratification of the sequence (each dyadic box of its nets still holds
/// the same number of points) and makes every single point uniformly distributed.
Matrix unit_sobol(Index count, Index dimensions, Rng& rng) {
  const std::vector<std::uint64_t> points = sobol_points(count, dimensions);
  std::vector<std::uint64_t> shift(static_cast<std::size_t>(dimensions));
  for (auto& digits : shift) digits = rng.next() >> (64 - sobol_digits);
  Matrix unit(count, dimensions);
  for (Index i = 0; i < count; ++i) {
    for (Index d = 0; d < dimensions; ++d) {
      const std::uint64_t x = points[static_cast<std::size_t>(i * dimensions + d)] ^ shift[static_cast<std::size_t>(d)];
      unit(i, d) = static_cast<double>(x) * 0x1p-53;
    }
  }
  return unit;
}

/// Latin hypercube (McKay, Beckman & Conover 1979): of each coordinate's `count` equal strata, every one holds one
/// point.
Matrix unit_latin_hypercube(Index count, Index dimensions, Rng& rng) {
  Matrix unit(count, dimensions);
  std::vector<Index> stratum(static_cast<std::size_t>(count));
  for (Index d = 0; d < dimensions; ++d) {
    std::iota(stratum.begin(), stratum.end(), Index{0});
    rng.shuffle(stratum);
    for (Index i = 0; i < count; ++i) {
      const auto cell = static_cast<double>(stratum[static_cast<std::size_t>(i)]);
      unit(i, d) = (cell + rng.uniform()) / static_cast<double>(count);
    }
  }
  return unit;
}

std::vector<std::string> input_names(Index count) {
  std::vector<std::string> names;
  for (Index i = 0; i < count; ++i) names.push_back("x[" + std::to_string(i) + "]");
  return names;
}

}  // namespace

Matrix sample(const Box& box, Index count, Sampling sampling, std::uint64_t seed) {
  const bool good = box.size() >= 1 && box.upper.size() == box.size() && box.lower.allFinite() &&
                    box.upper.allFinite() && (box.lower.array() <= box.upper.array()).all() && count >= 0;
  if (!good) throw std::invalid_argument("data::sample: a finite box with lower <= upper and count >= 0");
  if (sampling == Sampling::sobol && box.size() > sobol_dimensions) {
    throw InputError(std::to_string(box.size()) + " inputs; Sobol points go up to " + std::to_string(sobol_dimensions) +
                     ", latin_hypercube has no limit");
  }
  Rng rng(seed);
  Matrix points =
      sampling == Sampling::sobol ? unit_sobol(count, box.size(), rng) : unit_latin_hypercube(count, box.size(), rng);
  for (Index i = 0; i < count; ++i) {
    for (Index d = 0; d < box.size(); ++d) {
      // The convex combination cannot overflow as upper - lower can; rounding may step over an end.
      const double u = points(i, d);
      points(i, d) = std::clamp(box.lower(d) * (1 - u) + box.upper(d) * u, box.lower(d), box.upper(d));
    }
  }
  return points;
}

Dataset sample(const TestFunction& function, Index count, Sampling sampling, std::uint64_t seed) {
  Dataset data{sample(function.box, count, sampling, seed), Matrix(count, 1), input_names(function.box.size()), {"y"}};
  for (Index i = 0; i < count; ++i) data.y(i, 0) = function.value(data.x.row(i).transpose());
  return data;
}

}  // namespace secateur::data
