// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "secateur/data/sampling.hpp"
#include "secateur/flowsheet/case.hpp"

namespace secateur::flowsheet {

/// Points in the region, one a row; an input that is not continuous is moved to the nearest value that it may take.
Matrix sample_points(const Case& plant, const Box& region, Index count, data::Sampling sampling, std::uint64_t seed);

/// The part of the plant's box within `share` of the training box's width around the inputs. An input that is not
/// continuous keeps its whole range: every choice stays one.
Box around(const Case& plant, const Vector& inputs, double share);

/// Whether the inputs lie on an end of the region that is no end of the plant's own box: the optimum may be outside.
bool on_edge(const Case& plant, const Box& region, const Vector& inputs);

}  // namespace secateur::flowsheet
