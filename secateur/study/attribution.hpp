// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "secateur/core/names.hpp"
#include "secateur/study/records.hpp"

namespace secateur::study {

/// What a speed-up is measured in: seconds, nodes of the tree, or the distance of the root relaxation's optimum from
/// the best objective (in the objective's unit: dense and pruned networks imitate the same function).
enum class Measure { seconds, nodes, root_gap };

/// The decadic logarithm of a ratio, and how it relates to the true one: runs that were stopped at a limit count with
/// what they had used until then. `at_least`: the run above was stopped; `at_most`: the one below; `unclear`: both.
enum class Known { equal, at_least, at_most, unclear };
struct Part {
  double log = 0;
  Known known = Known::equal;
};

/// Where the speed-up of one pruned network over its dense ancestor comes from. total = size + integers + big_m.
struct Attribution {
  Axes axes;
  std::string solve;
  Measure measure = Measure::seconds;
  double dense = 0, pruned = 0;  ///< what was measured
  Part total;
  Part size;      ///< fewer neurons and weights, and a function that has changed
  Part integers;  ///< no binaries for neurons that pruning has stabilised
  Part big_m;     ///< tighter constants for those unstable in both
};

/// What the five runs behind an attribution took. A run that was stopped would have taken more seconds and nodes: its
/// value is too small. A root gap to an objective that is not proven is too large.
struct Runs {
  struct Run {
    double value = 0;
    bool proven = true;  ///< for a root gap: the objective is
  };
  Run dense;
  Run loose_all;       ///< the pruned network with the dense one's constants and binaries
  Run loose_unstable;  ///< with its constants
  Run tight_all;       ///< with its binaries
  Run pruned;          ///< with its own
};

/// With D the dense run and the pruned network's runs by constants (loose, tight) and binaries (all, unstable),
///
///     size     = log D / LA
///     integers = (log LA / LU + log TA / TU) / 2
///     big_m    = (log LA / TA + log LU / TU) / 2,
///
/// the last two being the averages over both orders in which the switches can be turned (Shapley 1953), so that the sum
/// is log D / TU. Values are floored: see floor_of.
Attribution attribute(const Runs& runs, Measure measure);

/// Below this a value says nothing: the clock's resolution, one node, the absolute gap at which a solve counts as
/// closed.
double floor_of(Measure measure);

/// Of every pruned network whose five runs are done, in the order of the study, all three measures (the root gap where
/// all relaxations ended and both networks have an objective).
std::vector<Attribution> attribute(const Study& study);

/// Five runs of which one says nothing, so that attribute() leaves them out: the first that does not.
struct Incomplete {
  Axes axes;  ///< of the pruned network
  std::string solve;
  std::optional<Outcome> outcome;  ///< none: the plan has no such run
};
/// Of every pruned network of which the study plans a run with the dense one's constants or binaries.
std::vector<Incomplete> incomplete(const Study& study);
/// "3 of 20 sets of five runs are left out: 1 for a run that is not run yet, 2 for a run that is timed out"; empty when
/// all are there. `solve`: of that block only.
std::string incomplete_text(const Study& study, const std::string& solve = {});

/// Means over seeds of the logarithms, that is geometric means of the factors.
struct MeanAttribution {
  Axes axes;  ///< the first seed's
  std::string solve;
  Measure measure = Measure::seconds;
  int seeds = 0;
  Part total, size, integers, big_m;
};
std::vector<MeanAttribution> average(const std::vector<Attribution>& attributions);

/// The means as CSV, one row a network and measure.
std::string to_csv(const std::vector<MeanAttribution>& means);

}  // namespace secateur::study

namespace secateur {
template <>
struct Names<study::Measure> {
  static constexpr std::array<std::string_view, 3> value{"seconds", "nodes", "root_gap"};
};
template <>
struct Names<study::Known> {
  static constexpr std::array<std::string_view, 4> value{"equal", "at_least", "at_most", "unclear"};
};
}  // namespace secateur
