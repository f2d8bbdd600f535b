// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cut_root.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "secateur/core/rounding.hpp"
#include "secateur/search/kept_points.hpp"
#include "secateur/search/separation.hpp"

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

SignBounds bounds_of(const Network& network, const Box& box) {
  const bounds::Folded& folded = network.folded();
  SignBounds bounds;
  bounds.input_lower.assign(box.lower.begin(), box.lower.end());
  bounds.input_upper.assign(box.upper.begin(), box.upper.end());
  for (const Index place : folded.unit) {
    bounds.lower.push_back(folded.lower(place));
    bounds.upper.push_back(folded.upper(place));
  }
  return bounds;
}

/// The network without units that the bounds show to be stable, and the bounds of what is left.
std::shared_ptr<const Network> refold(const Network& network, SignBounds& bounds, const std::vector<Range>& ranges) {
  const auto vector = [](const std::vector<double>& of) {
    return Vector(Eigen::Map<const Vector>(of.data(), static_cast<Index>(of.size())));
  };
  const Box box{vector(bounds.input_lower), vector(bounds.input_upper)};
  auto result = std::make_shared<const Network>(
      bounds::fold(network.folded(), box, vector(bounds.lower), vector(bounds.upper)), ranges);
  bounds = bounds_of(*result, box);
  return result;
}

/// Whether a point with this objective is below the cut-off for certain.
bool worthwhile(double objective, double cutoff) {
  return objective < cutoff - 1e-6 * std::max(1.0, std::abs(objective));
}

}  // namespace

CutRoot make_root(const Task& task, std::shared_ptr<const Network> network, const Box& box, double cutoff,
                  const RootSettings& settings, const Stop& stop) {
  CutRoot root;
  root.bounds = bounds_of(*network, box);
  root.bound = -infinity;
  // By the network as it is given: further folded ones hold where their bounds do.
  root.watched = task.sentinel && worthwhile(task.sentinel->objective(*network), cutoff);
  constexpr int most_folds = 4, sweeps = 10;
  for (int fold = 0; fold < most_folds; ++fold) {
    root.propagation = std::make_unique<SignPropagation>(*network, task.ranges);
    if (!root.propagation->run(root.bounds, cutoff, sweeps)) {
      if (root.watched) throw std::logic_error("bounds lose the known point");
      root.bound = infinity;
      return root;
    }
    const auto units = static_cast<std::size_t>(network->folded().units());
    bool stable = false;
    for (std::size_t i = 0; i < units; ++i) stable = stable || !unstable(root.bounds.lower[i], root.bounds.upper[i]);
    if (!stable || fold + 1 == most_folds) break;
    network = refold(*network, root.bounds, task.ranges);
  }
  root.form = std::make_unique<Form>(make_form(std::move(network), task.ranges, root.bounds));
  Form& form = *root.form;
  root.program = CutProgram(form);
  KeptPoints kept(form, task.values, 200);
  if (root.watched) {
    std::vector<double> known;
    form.complete(task.sentinel->point().data(), known);
    kept.add(known);
    for (std::size_t i = 0; i < form.rows.size(); ++i) kept.check(form, form.rows[i]);
  }
  CutProgram& program = root.program;
  std::vector<double> x;
  std::int64_t refactored = 0;
  const auto solve = [&] {
    const double program_cutoff = cutoff - form.offset + form.objective_error;
    lp::SimplexEnd end = lp::SimplexEnd::stalled;
    for (int attempt = 0; attempt < 3; ++attempt) {
      end = program.solve(program_cutoff, 2000);
      const double bound = program.proven(end, form.lower, form.upper);
      root.bound = std::max(root.bound, bound);
      const double said = program.simplex().objective() + form.offset;
      const bool agree = std::abs(said - bound) < 1e-7 * std::max(1.0, std::abs(bound));
      if (root.bound > cutoff || (end == lp::SimplexEnd::optimal && agree)) break;
      program.refactor();
      refactored = program.simplex().exchanges();
    }
    return end;
  };

  lp::SimplexEnd end = solve();
  const double first = root.bound;
  std::vector<double> history{first};
  Separator separator(form);
  while (end == lp::SimplexEnd::optimal && root.rounds < settings.rounds && root.bound <= cutoff && !stop.reason()) {
    program.simplex().point(x);
    const int most = std::max(10, static_cast<int>(settings.cuts_a_unit * form.units));
    const std::vector<Cut> cuts =
        root.rounds < settings.rounding ? separator.run(x, program.simplex(), most) : separator.run_hulls(x, most);
    if (cuts.empty()) break;
    ++root.rounds;
    for (const Cut& cut : cuts) {
      kept.check(form, cut.row);
      form.rows.push_back(cut.row);
    }
    constexpr std::int64_t refactor_every = 500;
    program.shed(0);
    if (program.simplex().exchanges() - refactored > refactor_every) {
      program.refactor();
      refactored = program.simplex().exchanges();
    }
    end = solve();
    history.push_back(root.bound);
    if (history.size() > 3) {
      const double before = history[history.size() - 4];
      const double gap = std::isfinite(cutoff) ? cutoff - first : std::abs(first);
      if (root.bound - before < settings.enough * gap) break;
    }
  }
  program.shed(0);
  program.refactor();
  program.simplex().point(x);
  root.best = Eigen::Map<const Vector>(x.data(), form.inputs);
  return root;
}

}  // namespace secateur::search
