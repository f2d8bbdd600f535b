// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/tighten.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "secateur/bounds/lp_bounds.hpp"
#include "secateur/bounds/subdivision.hpp"

namespace secateur::mip {

namespace {

/// One tightening after another on the same points.
class Tightening {
 public:
  Tightening(Tightened& result, const model::Problem& problem, const model::SolveSettings& settings, const Stop& stop)
      : m_result(result), m_problem(problem), m_settings(settings), m_stop(stop) {}

  [[nodiscard]] double sign() const { return m_problem.sense == Sense::minimize ? 1 : -1; }

  void subdivide(const Goal& goal, bool search, const std::function<double(const Vector& x)>& probe,
                 const std::function<void(double bound)>& prove) {
    const model::Compiled& compiled = m_result.prepared.problem;
    Vector objective = Vector::Zero(compiled.graph.outputs());
    objective(compiled.objective.output) = sign();
    bounds::SubdivisionSettings how;
    how.threads = m_settings.threads;
    how.search = search;
    how.seed = m_settings.seed;
    for (const Goal::Range& range : goal.ranges) how.ranges.push_back({range.output, range.lower, range.upper});
    // Measured: without constraints nothing else closes the gap of up to four inputs as soon (a hard network of three
    // takes a quarter of a second, where the search is far from it after twenty), and with them a fifth of that work is
    // as much as it takes. Of up to six it closes gaps in less than a tenth of 4e8 if at all; with constraints, half of
    // that tenth is best, but for networks that the search is far from closing after ten seconds, and it in one.
    // Beyond, its first few thousand boxes tighten bounds at little cost, and more do not pay.
    constexpr Index fewest_inputs = 4, few_inputs = 6;
    const Index inputs = compiled.graph.inputs();
    if (search) {
      how.work = 5e9;
    } else if (inputs <= fewest_inputs) {
      how.work = 1e9;
    } else if (inputs <= few_inputs) {
      how.work = 4e8;
      if (!how.ranges.empty()) how.tighten = 0.05;
    } else {
      how.boxes = 5000;
    }
    how.probe = [&](const Vector& x) { return sign() * probe(x); };
    const bounds::Subdivision found = bounds::subdivide(compiled.graph, compiled.graph.domain, m_result.prepared.bounds,
                                                        objective, sign() * m_result.cutoff, how, m_stop);
    m_result.boxes = found.boxes;
    m_result.cutoff = sign() * found.cutoff;
    if (std::isfinite(found.bound)) prove(sign() * found.bound);
    m_result.empty = found.exhausted;
    if (!m_result.empty) accept(found.bounds, found.box);
  }

  void solve_programs() {
    const model::Compiled& compiled = m_result.prepared.problem;
    bounds::LpSettings how;
    how.threads = m_settings.threads;
    how.seconds = std::min(m_settings.tighten_seconds, 0.2 * m_stop.seconds_left());
    if (std::isfinite(m_result.cutoff)) how.cutoff = m_result.cutoff;
    const bounds::LpBounds found = bounds::lp_bounds(compiled.graph, compiled.graph.domain, m_result.prepared.bounds,
                                                     &compiled.frame, how, m_stop);
    m_result.programs = found.report.programs;
    m_result.empty = found.infeasible;
    if (m_result.empty) return;
    model::Frame& frame = m_result.prepared.problem.frame;
    for (Index j = 0; j < found.columns.size(); ++j) {
      const auto column = static_cast<std::size_t>(j);
      frame.model.column_lower[column] = std::max(frame.model.column_lower[column], found.columns.lower(j));
      frame.model.column_upper[column] = std::min(frame.model.column_upper[column], found.columns.upper(j));
    }
    accept(found.neurons, found.inputs);
  }

 private:
  void accept(const graph::NeuronBounds& bounds, const Box& inputs) {
    Prepared& prepared = m_result.prepared;
    prepared.bounds = prepared.constants = bounds;
    prepared.problem.graph.domain = inputs;
    if (!restrict_frame(prepared)) {
      m_result.empty = true;
      return;
    }
    simplify(prepared);
  }

  Tightened& m_result;
  const model::Problem& m_problem;
  const model::SolveSettings& m_settings;
  const Stop& m_stop;
};

/// Where bounds are loosened on purpose, what tightening would find is to be left out as well.
bool tightens(const model::SolveSettings& settings) {
  return settings.tighten != model::Tighten::off && settings.big_m != model::BigM::loose &&
         settings.binaries != model::Binaries::all;
}

}  // namespace

bool subdivides(const Prepared& prepared, const model::SolveSettings& settings) {
  const model::Compiled& compiled = prepared.problem;
  return tightens(settings) && compiled.objective.whole && compiled.graph.inputs() > 0;
}

Tightened tighten(const Prepared& prepared, const model::Problem& problem, const Goal& goal,
                  const model::SolveSettings& settings, double cutoff, bool search,
                  const std::function<double(const Vector& x)>& probe, const std::function<void(double bound)>& prove,
                  const Stop& stop) {
  Tightened result;
  result.prepared = prepared;
  result.cutoff = cutoff;
  Tightening step(result, problem, settings, stop);
  if (!tightens(settings)) return result;
  if (subdivides(prepared, settings)) step.subdivide(goal, search, probe, prove);
  // Measured: with few unstable neurons linear programs stabilise most of them, or prove that nothing is better, for
  // less than a solver's root costs; with more they cost more than they save, and a handful is no work for a solver.
  constexpr Index handful = 12, few = 40;
  const Index unstable = graph::count_unstable(result.prepared.bounds);
  const bool programs = settings.tighten == model::Tighten::lp ||
                        (settings.tighten == model::Tighten::auto_ && unstable > handful && unstable <= few);
  if (!result.empty && programs && !stop.reason()) step.solve_programs();
  if (result.empty) prove(result.cutoff);
  return result;
}

}  // namespace secateur::mip
