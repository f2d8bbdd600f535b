// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/mip/formulation.hpp"

namespace secateur::mip {

/// a <= sum of terms + delta_coefficient delta + constant: valid for every point of a neuron, in real arithmetic.
struct HullCut {
  std::vector<std::pair<Index, double>> terms;  ///< values of the graph and their weights: the inputs in I
  double delta_coefficient = 0, constant = 0;
};

/// The inequality of Anderson et al. (2020, eq. 10) for an unstable neuron z = w v + b + e and a subset I of its
/// inputs. With [L_i, U_i] the interval of v_i, its ends swapped where w_i < 0 (so w_i L_i <= w_i v_i <= w_i U_i):
///
///     a <= sum over I of w_i (v_i - L_i (1 - delta)) + (b + error + sum over the others of w_i U_i) delta.
///
/// With delta = 1 it drops the inputs outside I from z to their upper ends, with delta = 0 its right-hand side is a sum
/// of nonnegative terms. Together with a >= z, a >= 0 these are the convex hull of the neuron over its box. `in_set`:
/// one entry a stored entry of the row, in its order.
HullCut hull_cut(const graph::AffineLayer& layer, Index unit, const Box& values, const std::vector<bool>& in_set);

/// The subset whose inequality a point violates most, in linear time (Anderson et al. 2020, section 3.2): i is in I iff
/// w_i v_i < w_i (L_i (1 - delta) + U_i delta). `point`: every value of the graph.
std::vector<bool> most_violated_set(const graph::AffineLayer& layer, Index unit, const Box& values, const Vector& point,
                                    double delta);

struct HullSettings {
  int rounds = 20;  ///< of separation, each followed by a linear program
  /// Share of the time that is left which the rounds may take.
  double share = 0.1;
  int threads = 1;
  std::uint64_t seed = 0;
};

/// What the cuts did to the linear programming relaxation.
struct HullReport {
  int rounds = 0, found = 0, kept = 0;
  std::optional<double> before, after;  ///< its optimum without and with the cuts, in the user's sense
};

/// Strengthens a big-M formulation at its root: solves the linear relaxation, adds the most violated inequality of each
/// neuron, and again, until nothing is violated, the relaxation's optimum moves no more, or rounds or time are over.
/// Inequalities that are slack at the end are dropped; the others become rows hull_k_i_n of the model.
///
/// `bounds`, `origin`: as given to formulate_graph(). Whatever the solver says, only valid rows are added; where it
/// ends without an optimum, what was found until then stays.
HullReport add_hull_cuts(Formulation& formulation, const model::Compiled& problem, const graph::NeuronBounds& bounds,
                         const std::vector<std::vector<graph::NeuronId>>& origin, const HullSettings& settings,
                         const Stop& stop);

}  // namespace secateur::mip
