// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/core/matrix.hpp"
#include "secateur/core/names.hpp"
#include "secateur/core/options.hpp"
#include "secateur/core/status.hpp"
#include "secateur/graph/relu_graph.hpp"

namespace secateur::model {

// `auto` is a keyword; everywhere else it is spelled without the underscore.
enum class Engine { auto_, native, milp };  // NOLINT(readability-identifier-naming)
enum class Solver { highs, gurobi, scip };
enum class Formulation { big_m, partitioned, hull, indicator, sos };
/// Which bounds a formulation's rows are made of, and which neurons have a binary: switches that measure what tight
/// bounds are worth.
enum class BigM { tight, loose };
enum class Binaries { unstable, all };
/// What tightens bounds once a first objective is known: nothing; subdivision of the inputs; linear programs as well;
/// auto: these only where few neurons are left unstable.
enum class Tighten { auto_, off, subdivision, lp };  // NOLINT(readability-identifier-naming)

/// Every option of a solve, whatever the engine.
struct SolveSettings {
  Engine engine = Engine::auto_;
  Solver solver = Solver::highs;
  Formulation formulation = Formulation::big_m;
  int partitions = 2;
  int hull_rounds = 20;
  graph::BoundsMethod bounds = graph::BoundsMethod::crown;
  BigM big_m = BigM::tight;
  Binaries binaries = Binaries::unstable;
  Tighten tighten = Tighten::auto_;
  double tighten_seconds = 1;
  double gap = 1e-4;
  double absolute_gap = 1e-6;
  double feasibility = 1e-6;
  double time_limit = std::numeric_limits<double>::infinity();
  double node_limit = std::numeric_limits<double>::infinity();
  double memory_limit = std::numeric_limits<double>::infinity();
  int threads = 2;
  std::uint64_t seed = 0;
  int solutions = 1;
  double solution_gap = 0.1;
  double solution_distance = 0.05;
  /// Not an option: points with a worse objective than this do not count, `infeasible` says that no better one exists,
  /// and nobody asks why. In the user's sense.
  std::optional<double> worst_objective;
};

/// What a solve found. Objective and bound are in the user's sense: when maximising, the bound is above.
struct SolveResult {
  Status status = Status::interrupted;
  std::optional<double> objective;  ///< by a float64 forward pass at x
  std::optional<double> bound;
  std::optional<double> gap;  ///< relative_gap(objective, bound)
  Proof proof = Proof::solver_tolerance;
  Vector x, y;  ///< the decisions and what networks determine (Structure); empty when no point is known
  /// Of an infeasible problem: constraints and bounds that cannot hold together, as few as were found in time.
  std::vector<std::string> conflict;
  std::string note;  ///< what the user should know about how it was solved; mostly empty
  struct Seconds {
    double total = 0, bounds = 0, solve = 0;
  } seconds;
  std::int64_t nodes = 0;  ///< of the branch and bound tree
  std::int64_t boxes = 0;  ///< parts of the input box that subdivision has bounded
  Engine engine = Engine::milp;
  std::string solver;  ///< name and version
  struct Neurons {
    std::int64_t total = 0, unstable = 0, binaries = 0;
  } neurons;
  /// Incumbent and bound over time, one entry whenever one of them changed.
  struct Event {
    double seconds;
    std::optional<double> objective, bound;
    std::int64_t nodes = 0;
  };
  std::vector<Event> trace;
  /// What happens to the objective, per unit, when one decision alone is decreased or increased: one-sided derivatives
  /// through the networks; of decisions with listed values the step to the next value. None at a bound.
  struct Slope {
    std::optional<double> down, up;
  };
  struct Solution {
    double objective = 0;
    /// No point that is distinct from all better solutions is better than this.
    std::optional<double> bound, gap;
    Vector x, y;
    std::vector<Slope> slope;         ///< one a decision
    std::vector<std::string> active;  ///< constraints and bounds that hold with equality
    /// Better solutions, by their place in the list, that this one is as near to as it may be: the objective probably
    /// goes on improving towards them. Empty: the best point of all its surroundings.
    std::vector<int> edge_of;
  };
  /// With SolveSettings::solutions > 1, best first; objective, bound, x and y above are those of the first.
  std::vector<Solution> solutions;
};

/// Adds to the result's note, if there is anything to add.
void add_note(SolveResult& result, std::string_view note);

/// |objective - bound| / max(1e-9, |objective|), and 0 when the bound lies on the wrong side by round-off.
double relative_gap(double objective, double bound, Sense sense);

/// Whether the relative or the absolute gap is met.
bool gap_closed(double objective, double bound, Sense sense, const SolveSettings& settings);

template <class Visitor>
void describe(SolveSettings& s, Visitor&& visit) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  visit("engine", s.engine, "what searches: the native branch and bound, a MILP solver, or whichever suits");
  visit("solver", s.solver, "MILP solver");
  visit("formulation", s.formulation, "MILP formulation of an unstable neuron");
  visit("partitions", s.partitions, "parts of a neuron's inputs, for the partitioned formulation", Range<int>{1, 1000});
  visit("hull-rounds", s.hull_rounds, "rounds of cuts at the root, for the hull formulation", Range<int>{0, 1000});
  visit("bounds", s.bounds, "how preactivation bounds are computed");
  visit("big-m", s.big_m, "constants of the MILP: from these bounds, or for comparison from interval bounds");
  visit("binaries", s.binaries,
        "neurons with a binary: unstable by these bounds, or for comparison all that interval bounds leave unstable");
  visit("tighten", s.tighten, "what tightens them further once a first objective is known");
  visit("tighten-seconds", s.tighten_seconds, "seconds for linear programs that tighten bounds, at most",
        Range<double>{0, infinity});
  visit("gap", s.gap, "relative gap at which a solution counts as optimal", Range<double>{0, infinity});
  visit("absolute-gap", s.absolute_gap, "absolute gap at which a solution counts as optimal",
        Range<double>{0, infinity});
  visit("feasibility", s.feasibility, "largest violation of a constraint that is accepted", Range<double>{1e-10, 1e-2});
  visit("time-limit", s.time_limit, "seconds", Range<double>{0, infinity, true});
  visit("node-limit", s.node_limit, "nodes of the tree, between rounds of which it is checked",
        Range<double>{1, infinity});
  visit("memory-limit", s.memory_limit, "MiB", Range<double>{1, infinity});
  visit("threads", s.threads, "worker threads", Range<int>{1, 1024});
  visit("seed", s.seed, "seed of everything random", Range<std::uint64_t>{0, UINT64_MAX});
  visit("solutions", s.solutions, "how many distinct optima to report", Range<int>{1, 1000});
  visit("solution-gap", s.solution_gap, "how much worse than the best they may be: 0.1 is 10 % of its objective",
        Range<double>{0, infinity});
  visit("solution-distance", s.solution_distance,
        "how far apart they are: 0.05 is 5 % of some variable's range; listed values and integers count whole",
        Range<double>{1e-6, 1});
}

}  // namespace secateur::model

namespace secateur {
template <>
struct Names<model::Engine> {
  static constexpr std::array<std::string_view, 3> value{"auto", "native", "milp"};
};
template <>
struct Names<model::Solver> {
  static constexpr std::array<std::string_view, 3> value{"highs", "gurobi", "scip"};
};
template <>
struct Names<model::Tighten> {
  static constexpr std::array<std::string_view, 4> value{"auto", "off", "subdivision", "lp"};
};
template <>
struct Names<model::Formulation> {
  static constexpr std::array<std::string_view, 5> value{"big_m", "partitioned", "hull", "indicator", "sos"};
};
template <>
struct Names<model::BigM> {
  static constexpr std::array<std::string_view, 2> value{"tight", "loose"};
};
template <>
struct Names<model::Binaries> {
  static constexpr std::array<std::string_view, 2> value{"unstable", "all"};
};
}  // namespace secateur
