// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/lp/scaling.hpp"
#include "secateur/mip/formulation.hpp"

namespace secateur::mip {

/// The units in which the formulation's numbers are of size one: an input is measured by its interval, a neuron by its
/// largest preactivation at the sampled `points` (the graph's inputs in rows), an output and the objective by their
/// spread there, a row by the column that it defines, a row of the frame by its largest term. Bounds would be the wrong
/// measure: in deep networks they are far wider than anything that happens between them.
lp::Scaling natural_units(const Formulation& formulation, const model::Compiled& problem, const Matrix& points);

}  // namespace secateur::mip
