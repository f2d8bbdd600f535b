// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/alternatives.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "secateur/core/error.hpp"
#include "secateur/core/rounding.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/search/slope.hpp"

namespace secateur::search {

// Lawler's partition (Murty 1968, Lawler 1972) with boxes. A piece is a box of decisions. What is left of it when the
// surroundings of a solution are taken out is the union of at most two boxes a decision: those where decisions 1 ..
// i - 1 are inside the surroundings and decision i is below, or above. Each is solved by itself; pieces are kept by the
// best point in them, and the best of all pieces is the next solution. A piece whose best point is inside the
// surroundings of a solution is taken apart first, and only then, so that most pieces stay whole.
//
// Bounds: the pieces cover every point that is distinct from the solutions so far, so the least of their bounds is a
// bound of the next one. A part has its whole's bound until it is solved. All of this is for minimisation; `sign`
// turns objectives of the other sense around.

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// What is not distinct from a solution, by variable: points strictly between the two sides; of variables with listed
/// values those at the solution's own value, whose neighbours the sides are.
struct Surroundings {
  Vector lower, upper;
};

struct Piece {
  Vector lower, upper;               ///< one entry a variable
  std::vector<std::size_t> cut_out;  ///< solutions whose surroundings are no part of it
  double bound = -infinity;
  bool searched = false;
  double objective = infinity;  ///< of the best point known in it
  Vector point;
};

/// Without bound and gap.
model::SolveResult::Solution described(const model::Problem& problem, const model::Structure& structure,
                                       const Vector& point, double objective, double feasibility) {
  model::SolveResult::Solution solution;
  solution.objective = objective;
  solution.x = point(structure.decisions);
  solution.y = point(structure.determined);
  solution.slope = slopes(problem, structure, point);
  solution.active = active(problem, point, feasibility);
  return solution;
}

class Alternatives {
 public:
  Alternatives(const model::Problem& problem, const model::SolveSettings& settings, const SolveOne& solve,
               const ProgressSink& progress)
      : m_problem(problem),
        m_structure(model::structure(problem)),
        m_settings(settings),
        m_solve(solve),
        m_progress(progress),
        m_stop(settings.time_limit),
        m_sign(problem.sense == Sense::minimize ? 1 : -1),
        m_part(problem) {
    m_settings.solutions = 1;
    bool unbounded = false;
    for (const int v : m_structure.decisions) {
      const model::Variable& variable = problem.variables[static_cast<std::size_t>(v)];
      if (variable.auxiliary || variable.lower == variable.upper) continue;
      if (variable.type == model::VariableType::discrete || std::isfinite(variable.upper - variable.lower)) {
        m_telling.push_back(v);
      } else {
        unbounded = true;
      }
    }
    if (m_telling.empty() && unbounded) {
      throw InputError(
          "more than one solution needs a decision with finite bounds, whose range says how far apart "
          "solutions are; there is none",
          {}, "--solutions");
    }
  }

  model::SolveResult run(int wanted) {
    m_result = m_solve(m_problem, m_settings, m_progress);
    if (m_result.x.size() == 0) return m_result;
    Piece whole;
    whole.lower.resize(static_cast<Index>(m_problem.variables.size()));
    whole.upper.resize(whole.lower.size());
    for (Index v = 0; v < whole.lower.size(); ++v) {
      whole.lower(v) = m_problem.variables[static_cast<std::size_t>(v)].lower;
      whole.upper(v) = m_problem.variables[static_cast<std::size_t>(v)].upper;
    }
    learn(whole, m_result);
    if (m_result.status == Status::time_limit || m_result.status == Status::interrupted) m_stopped = m_result.status;
    m_pieces.push_back(std::move(whole));
    while (static_cast<int>(m_found.size()) < wanted && step(wanted)) {
    }
    finish(wanted);
    return m_result;
  }

 private:
  struct Found {
    Vector point;
    double objective, bound;
    Surroundings around;
  };

  /// Takes the best piece, and does to it what is due; false: nothing is left to do.
  bool step(int wanted) {
    const auto key = [&](const Piece& piece) {
      if (piece.searched) return piece.objective;
      return m_stopped ? infinity : piece.bound;
    };
    const auto best = std::min_element(m_pieces.begin(), m_pieces.end(), [&](const Piece& a, const Piece& b) {
      return std::pair(key(a), !a.searched) < std::pair(key(b), !b.searched);
    });
    if (best == m_pieces.end() || key(*best) == infinity || key(*best) > m_limit) return false;
    if (!best->searched) {
      search(*best, static_cast<int>(m_found.size()) + 1 == wanted);
    } else if (const auto covered = covering(*best)) {
      Piece piece = std::move(*best);
      m_pieces.erase(best);
      take_apart(std::move(piece), *covered);
    } else {
      accept(*best);
    }
    return true;
  }

  /// A solution whose surroundings the piece's point is in, unless they have been taken out of the piece.
  [[nodiscard]] std::optional<std::size_t> covering(const Piece& piece) const {
    const Vector& point = piece.point;
    for (std::size_t s = 0; s < m_found.size(); ++s) {
      if (std::find(piece.cut_out.begin(), piece.cut_out.end(), s) != piece.cut_out.end()) continue;
      const Surroundings& around = m_found[s].around;
      const bool inside = std::all_of(m_telling.begin(), m_telling.end(),
                                      [&](int v) { return point(v) > around.lower(v) && point(v) < around.upper(v); });
      if (inside) return s;
    }
    return std::nullopt;
  }

  void accept(const Piece& piece) {
    double bound = infinity;
    for (const Piece& other : m_pieces) bound = std::min(bound, other.bound);
    // Fewer points are distinct from more solutions.
    if (!m_found.empty()) bound = std::max(bound, m_found.back().bound);
    m_found.push_back({piece.point, piece.objective, std::min(bound, piece.objective), surroundings(piece.point)});
    double best = infinity;
    for (const Found& found : m_found) best = std::min(best, found.objective);
    if (std::isinf(m_settings.solution_gap)) return;
    m_limit = best + std::max(m_settings.absolute_gap, m_settings.solution_gap * std::abs(best));
  }

  /// Rounded inwards, so that every point that is distinct is outside.
  [[nodiscard]] Surroundings surroundings(const Vector& point) const {
    Surroundings around{Vector::Constant(point.size(), -infinity), Vector::Constant(point.size(), infinity)};
    for (const int v : m_telling) {
      const model::Variable& variable = m_problem.variables[static_cast<std::size_t>(v)];
      if (variable.type == model::VariableType::continuous) {
        const double radius = multiply_down(m_settings.solution_distance, add_down(variable.upper, -variable.lower));
        around.lower(v) = std::min(point(v), add_up(point(v), -radius));
        around.upper(v) = std::max(point(v), add_down(point(v), radius));
      } else {
        around.lower(v) = next_value(variable, point(v), -1).value_or(-infinity);
        around.upper(v) = next_value(variable, point(v), 1).value_or(infinity);
      }
    }
    return around;
  }

  /// The piece without the surroundings of a solution: boxes that cover all of it but these (and points at their edge).
  void take_apart(Piece rest, std::size_t solution) {
    rest.cut_out.push_back(solution);
    rest.searched = false;
    rest.objective = infinity;
    rest.point.resize(0);
    const Found& found = m_found[solution];
    for (const int v : m_telling) {
      const bool listed = m_problem.variables[static_cast<std::size_t>(v)].type != model::VariableType::continuous;
      const double lower = found.around.lower(v), upper = found.around.upper(v);
      const auto keep = [&](double from, double to) {
        // Of a continuous variable an end alone is no piece: it is not beyond the distance.
        if (from > to || (from == to && !listed) || (listed && (from == infinity || to == -infinity))) return;
        Piece part = rest;
        part.lower(v) = from;
        part.upper(v) = to;
        m_pieces.push_back(std::move(part));
      };
      keep(rest.lower(v), std::min(rest.upper(v), lower));
      keep(std::max(rest.lower(v), upper), rest.upper(v));
      rest.lower(v) = std::max(rest.lower(v), listed ? found.point(v) : lower);
      rest.upper(v) = std::min(rest.upper(v), listed ? found.point(v) : upper);
      if (listed ? rest.lower(v) > rest.upper(v) : rest.lower(v) >= rest.upper(v)) return;
    }
  }

  /// A little less than the gap at which an objective counts as optimal, so that rounding does not exceed that.
  [[nodiscard]] double gap_at(double objective) const {
    constexpr double reserve = 0.95;
    if (!std::isfinite(objective)) return 0;
    return reserve * std::max(m_settings.absolute_gap, m_settings.gap * std::abs(objective));
  }

  /// Solves a piece, as far as points better than the limit are concerned; the last solution needs only those that are
  /// better than the best candidate.
  void search(Piece& piece, bool last) {
    if (const auto reason = m_stop.reason()) {
      m_stopped = reason;
      return;
    }
    double cutoff = m_limit;
    if (last) {
      for (const Piece& other : m_pieces) {
        if (other.point.size() > 0 && !covering(other))
          cutoff = std::min(cutoff, other.objective - gap_at(other.objective));
      }
    }
    model::SolveSettings settings = m_settings;
    settings.worst_objective = m_sign * cutoff;
    settings.time_limit = std::max(1e-3, m_stop.seconds_left());
    for (std::size_t v = 0; v < m_part.variables.size(); ++v) {
      m_part.variables[v].lower = piece.lower(static_cast<Index>(v));
      m_part.variables[v].upper = piece.upper(static_cast<Index>(v));
    }
    const model::SolveResult result = m_solve(m_part, settings, progress());
    m_result.nodes += result.nodes;
    m_result.boxes += result.boxes;
    m_result.seconds.bounds += result.seconds.bounds;
    m_result.seconds.solve += result.seconds.solve;
    if (result.status == Status::infeasible) {
      piece.searched = true;
      raise(piece, cutoff, result.proof);
      return;
    }
    learn(piece, result);
    if (result.status == Status::time_limit || result.status == Status::interrupted) m_stopped = result.status;
    // What is worth the cut-off, up to the gap, may neither be found nor ruled out by a solver with tolerances.
    const bool undecided = result.x.size() == 0 && piece.bound >= cutoff - gap_at(cutoff);
    if (result.status != Status::optimal && !undecided && !m_limited) m_limited = result.status;
  }

  void learn(Piece& piece, const model::SolveResult& result) {
    piece.searched = true;
    if (result.bound) raise(piece, m_sign * *result.bound, result.proof);
    if (result.x.size() == 0 || !result.objective) return;
    piece.objective = m_sign * *result.objective;
    piece.point = Vector::Zero(static_cast<Index>(m_problem.variables.size()));
    piece.point(m_structure.decisions) = result.x;
    piece.point(m_structure.determined) = result.y;
  }

  void raise(Piece& piece, double bound, Proof proof) {
    if (!(bound > piece.bound)) return;
    piece.bound = bound;
    if (proof == Proof::solver_tolerance) m_proof = proof;
  }

  [[nodiscard]] ProgressSink progress() const {
    if (!m_progress) return {};
    return [this, note = fmt::format("{} solutions found, {} parts", m_found.size(), m_pieces.size()),
            nodes = m_result.nodes](const Progress& from) {
      // The part's own incumbent and bound would look as if the search had gone back.
      Progress mine;
      mine.stage = from.stage;
      mine.nodes = nodes + from.nodes.value_or(0);
      mine.note = note;
      mine.seconds = m_stop.seconds();
      m_progress(mine);
    };
  }

  /// Best first, with what there is to say of each.
  void finish(int wanted) {
    std::vector<std::size_t> order(m_found.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    // Up to the gap, or where a limit ended a search, a later one may be the better one.
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return m_found[a].objective < m_found[b].objective; });
    while (m_found[order.back()].objective > m_limit) order.pop_back();
    std::vector<bool> before(m_found.size(), false);
    for (std::size_t place = 0; place < order.size(); ++place) {
      const Found& found = m_found[order[place]];
      // A bound counts points that are distinct from all solutions found before; those have to be better ones here.
      const auto missing = static_cast<std::size_t>(std::find(before.begin(), before.end(), false) - before.begin());
      m_result.solutions.push_back(solution(found, m_found[missing].bound));
      for (std::size_t other = 0; other < place; ++other) {
        if (at_edge(found.point, m_found[order[other]])) {
          m_result.solutions.back().edge_of.push_back(static_cast<int>(other));
        }
      }
      before[order[place]] = true;
    }
    const model::SolveResult::Solution& first = m_result.solutions.front();
    m_result.objective = first.objective;
    m_result.bound = first.bound;
    m_result.gap = first.gap;
    m_result.x = first.x;
    m_result.y = first.y;
    m_result.proof = m_proof;
    m_result.seconds.total = m_stop.seconds();
    if (m_result.status == Status::optimal && m_limited) m_result.status = *m_limited;
    if (m_stopped) m_result.status = *m_stopped;
    const bool complete = !m_stopped && std::all_of(m_pieces.begin(), m_pieces.end(), [&](const Piece& piece) {
      return piece.bound >= m_limit - gap_at(m_limit);
    });
    if (static_cast<int>(m_result.solutions.size()) < wanted && complete) {
      const std::string note = std::isfinite(m_limit)
                                   ? fmt::format("there are no more distinct solutions within {:.4g} % of the best",
                                                 100 * m_settings.solution_gap)
                                   : "there are no more distinct solutions";
      model::add_note(m_result, note);
    }
  }

  [[nodiscard]] model::SolveResult::Solution solution(const Found& found, double bound) const {
    model::SolveResult::Solution solution =
        described(m_problem, m_structure, found.point, m_sign * found.objective, m_settings.feasibility);
    if (std::isfinite(bound)) {
      solution.bound = m_sign * bound;
      solution.gap = model::relative_gap(solution.objective, *solution.bound, m_problem.sense);
    }
    return solution;
  }

  /// Whether the point touches the surroundings of a solution.
  [[nodiscard]] bool at_edge(const Vector& point, const Found& found) const {
    bool edge = false;
    for (const int v : m_telling) {
      const model::Variable& variable = m_problem.variables[static_cast<std::size_t>(v)];
      const double off = std::abs(point(v) - found.point(v));
      if (variable.type != model::VariableType::continuous) {
        if (off != 0) return false;
        continue;
      }
      const double share = off / (variable.upper - variable.lower) / m_settings.solution_distance;
      if (share > 1 + 1e-6) return false;
      edge = edge || share > 1 - 1e-6;
    }
    return edge;
  }

  const model::Problem& m_problem;
  const model::Structure m_structure;
  model::SolveSettings m_settings;
  const SolveOne& m_solve;
  const ProgressSink& m_progress;
  Stop m_stop;
  double m_sign;
  model::Problem m_part;       ///< the problem with a piece's bounds
  std::vector<int> m_telling;  ///< decisions that tell points apart
  std::vector<Piece> m_pieces;
  std::vector<Found> m_found;
  double m_limit = infinity;  ///< worse points are not wanted
  Proof m_proof = Proof::rounding_safe;
  std::optional<Status> m_stopped, m_limited;
  model::SolveResult m_result;
};

}  // namespace

model::SolveResult alternatives(const model::Problem& problem, const model::SolveSettings& settings,
                                const SolveOne& solve, const ProgressSink& progress) {
  model::check(problem);
  return Alternatives(problem, settings, solve, progress).run(settings.solutions);
}

void describe_optimum(const model::Problem& problem, const model::SolveSettings& settings, model::SolveResult& result) {
  if (result.x.size() == 0) return;
  const model::Structure structure = model::structure(problem);
  Vector point = Vector::Zero(static_cast<Index>(problem.variables.size()));
  point(structure.decisions) = result.x;
  point(structure.determined) = result.y;
  result.solutions = {described(problem, structure, point, result.objective.value(), settings.feasibility)};
  result.solutions[0].bound = result.bound;
  result.solutions[0].gap = result.gap;
}

}  // namespace secateur::search
