// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/attribution.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "secateur/study/csv_text.hpp"

namespace secateur::study {

namespace {

/// `above` and `below`: whether a run in the numerator or the denominator of a ratio was stopped.
Known known(bool above, bool below) {
  if (above && below) return Known::unclear;
  return above ? Known::at_least : below ? Known::at_most : Known::equal;
}

bool proven(const SolveRow& row) {
  return row.status == Status::optimal || row.status == Status::infeasible || row.status == Status::unbounded;
}

/// A run's value in a measure; nothing when it has none.
std::optional<Runs::Run> run_of(const SolveRow& row, Measure measure, const std::optional<double>& objective) {
  if (row.work.outcome != Outcome::done || !row.status || row.status == Status::interrupted) return std::nullopt;
  switch (measure) {
    case Measure::seconds:
      if (row.status == Status::time_limit) return Runs::Run{row.time_limit, false};
      if (!row.total_seconds) return std::nullopt;
      return Runs::Run{*row.total_seconds, proven(row)};
    case Measure::nodes:
      if (!row.nodes) return std::nullopt;
      return Runs::Run{static_cast<double>(*row.nodes), proven(row)};
    case Measure::root_gap:
      if (!row.root_bound || !objective) return std::nullopt;
      // A relaxation's optimum is what it is, however the search ended.
      return Runs::Run{std::abs(*objective - *row.root_bound), true};
  }
  return std::nullopt;
}

using Place = std::tuple<std::string, std::string, std::string, std::string, double, std::uint64_t, std::string>;
Place place_of(const Axes& a, const std::string& solve) {
  return {a.source, a.architecture, a.training, a.pruning, a.sparsity, a.seed, solve};
}

/// The four runs of one network by one solve block.
struct Four {
  const SolveRow* own = nullptr;
  const SolveRow* loose_all = nullptr;
  const SolveRow* loose_unstable = nullptr;
  const SolveRow* tight_all = nullptr;
};

/// The objective of the network: all runs ask the same question, so that of any with a proof is the optimum.
std::optional<double> best_objective(const Four& runs) {
  std::optional<double> best;
  for (const SolveRow* row : {runs.own, runs.loose_all, runs.loose_unstable, runs.tight_all}) {
    if (row == nullptr || !row->objective) continue;
    if (proven(*row)) return row->objective;
    if (!best) best = row->objective;
  }
  return best;
}

}  // namespace

double floor_of(Measure measure) { return measure == Measure::nodes ? 1 : 1e-6; }

Attribution attribute(const Runs& runs, Measure measure) {
  const auto log_of = [&](const Runs::Run& run) { return std::log10(std::max(run.value, floor_of(measure))); };
  const double dense = log_of(runs.dense), pruned = log_of(runs.pruned), all = log_of(runs.loose_all);
  const double unstable = log_of(runs.loose_unstable), tight = log_of(runs.tight_all);
  Attribution result;
  result.measure = measure;
  result.dense = runs.dense.value;
  result.pruned = runs.pruned.value;
  result.total = {dense - pruned, known(!runs.dense.proven, !runs.pruned.proven)};
  result.size = {dense - all, known(!runs.dense.proven, !runs.loose_all.proven)};
  result.integers = {
      ((all - unstable) + (tight - pruned)) / 2,
      known(!runs.loose_all.proven || !runs.tight_all.proven, !runs.loose_unstable.proven || !runs.pruned.proven)};
  result.big_m = {
      ((all - tight) + (unstable - pruned)) / 2,
      known(!runs.loose_all.proven || !runs.loose_unstable.proven, !runs.tight_all.proven || !runs.pruned.proven)};
  return result;
}

std::vector<Attribution> attribute(const Study& study) {
  std::map<Place, Four> found;
  for (const SolveRow& row : study.solves) {
    Four& four = found[place_of(row.axes, row.solve)];
    const bool loose = row.big_m == model::BigM::loose, all = row.binaries == model::Binaries::all;
    if (!row.reference) {
      four.own = &row;
    } else if (loose && all) {
      four.loose_all = &row;
    } else if (loose) {
      four.loose_unstable = &row;
    } else if (all) {
      four.tight_all = &row;
    }
  }
  std::vector<Attribution> result;
  for (const SolveRow& row : study.solves) {
    if (row.reference || !row.axes.method) continue;
    const Four& four = found.at(place_of(row.axes, row.solve));
    Axes ancestor = row.axes;
    ancestor.pruning = "dense";
    ancestor.method.reset();
    ancestor.sparsity = 0;
    const auto dense = found.find(place_of(ancestor, row.solve));
    const bool complete = four.loose_all != nullptr && four.loose_unstable != nullptr && four.tight_all != nullptr &&
                          dense != found.end() && dense->second.own != nullptr;
    if (!complete) continue;
    for (const Measure measure : {Measure::seconds, Measure::nodes, Measure::root_gap}) {
      const auto best = best_objective(four);
      const auto d = run_of(*dense->second.own, measure, best_objective(dense->second));
      const auto la = run_of(*four.loose_all, measure, best);
      const auto lu = run_of(*four.loose_unstable, measure, best);
      const auto ta = run_of(*four.tight_all, measure, best);
      const auto tu = run_of(*four.own, measure, best);
      if (!d || !la || !lu || !ta || !tu) continue;
      Attribution one = attribute({*d, *la, *lu, *ta, *tu}, measure);
      one.axes = row.axes;
      one.solve = row.solve;
      result.push_back(std::move(one));
    }
  }
  return result;
}

std::vector<MeanAttribution> average(const std::vector<Attribution>& attributions) {
  std::map<std::pair<Place, Measure>, std::size_t> at;
  std::vector<MeanAttribution> means;
  const auto add = [](Part& sum, const Part& part) {
    sum.log += part.log;
    const auto stopped = [](Known k, Known side) { return k == side || k == Known::unclear; };
    sum.known = known(stopped(sum.known, Known::at_least) || stopped(part.known, Known::at_least),
                      stopped(sum.known, Known::at_most) || stopped(part.known, Known::at_most));
  };
  for (const Attribution& one : attributions) {
    Axes group = one.axes;
    group.seed = 0;
    const auto [entry, fresh] = at.emplace(std::pair{place_of(group, one.solve), one.measure}, means.size());
    if (fresh) means.push_back({one.axes, one.solve, one.measure, 0, {}, {}, {}, {}});
    MeanAttribution& mean = means[entry->second];
    ++mean.seeds;
    add(mean.total, one.total);
    add(mean.size, one.size);
    add(mean.integers, one.integers);
    add(mean.big_m, one.big_m);
  }
  for (MeanAttribution& mean : means) {
    for (Part* part : {&mean.total, &mean.size, &mean.integers, &mean.big_m}) part->log /= mean.seeds;
  }
  return means;
}

std::string to_csv(const std::vector<MeanAttribution>& means) {
  std::string text =
      "source,architecture,training,pruning,method,sparsity,solve,measure,seeds,total,total_known,size,size_known,"
      "integers,integers_known,big_m,big_m_known\n";
  for (const MeanAttribution& m : means) {
    text += fmt::format("{},{},{},{},{},{},{},{},{}", csv_field(m.axes.source), m.axes.architecture,
                        csv_field(m.axes.training), csv_field(m.axes.pruning),
                        m.axes.method ? to_string(*m.axes.method) : "", m.axes.sparsity, csv_field(m.solve),
                        to_string(m.measure), m.seeds);
    for (const Part& part : {m.total, m.size, m.integers, m.big_m}) {
      text += fmt::format(",{},{}", part.log, to_string(part.known));
    }
    text += '\n';
  }
  return text;
}

}  // namespace secateur::study
