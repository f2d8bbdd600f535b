// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/bounds/folded.hpp"
#include "secateur/core/box.hpp"

namespace secateur::bounds {

/// Where the first target is least among the points of `box` at which every unit is on the side of its ReLU that it is
/// on at `x`, in plain arithmetic: a corner of that cell, found by an active-set method that costs one pass through the
/// network and a few passes over its units. For a handful of inputs.
Vector best_of_cell(const Folded& folded, const Box& box, const Vector& x);

}  // namespace secateur::bounds
