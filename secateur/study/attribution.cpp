// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/attribution.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "secateur/study/csv_text.hpp"

namespace secateur::study {

namespace {

/// `above` and `below`: whether the numerator or the denominator of a ratio is smaller than the true one.
Known known_of(bool above, bool below) {
  if (above && below) return Known::unclear;
  return above ? Known::at_least : below ? Known::at_most : Known::equal;
}

bool proven(const SolveRow& row) {
  return row.status == Status::optimal || row.status == Status::infeasible || row.status == Status::unbounded;
}

bool ended(const SolveRow& row) {
  return row.work.outcome == Outcome::done && row.status && row.status != Status::interrupted;
}

/// A run's value in a measure; nothing when it has none. `objective`: of the network.
std::optional<Runs::Run> run_of(const SolveRow& row, Measure measure, const std::optional<Runs::Run>& objective) {
  if (!ended(row)) return std::nullopt;
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
      return Runs::Run{std::abs(objective->value - *row.root_bound), objective->proven};
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

  [[nodiscard]] std::array<const SolveRow*, 4> all() const { return {own, loose_all, loose_unstable, tight_all}; }
};

/// The network's best objective: all runs ask the same question, so that of any with a proof is the optimum. Without
/// one it is the best point of all. Every relaxation bounds the optimum, so the best of the points is the one next to a
/// root bound, whether the question is for a least or a largest value.
std::optional<Runs::Run> best_objective(const Four& runs) {
  std::optional<double> root, best;
  for (const SolveRow* row : runs.all()) {
    if (row == nullptr || !ended(*row)) continue;
    if (row->objective && proven(*row)) return Runs::Run{*row->objective, true};
    if (!root) root = row->root_bound;
  }
  if (!root) return std::nullopt;
  for (const SolveRow* row : runs.all()) {
    if (row == nullptr || !ended(*row) || !row->objective) continue;
    if (!best || std::abs(*row->objective - *root) < std::abs(*best - *root)) best = row->objective;
  }
  if (!best) return std::nullopt;
  return Runs::Run{*best, false};
}

/// The runs of a study by network and solve block.
class Sets {
 public:
  explicit Sets(const Study& study) {
    for (const SolveRow& row : study.solves) {
      Four& four = m_found[place_of(row.axes, row.solve)];
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
  }

  [[nodiscard]] const Four& of(const Axes& axes, const std::string& solve) const {
    static const Four none;
    const auto at = m_found.find(place_of(axes, solve));
    return at == m_found.end() ? none : at->second;
  }
  /// Of the network that was pruned.
  [[nodiscard]] const Four& dense(const Axes& axes, const std::string& solve) const {
    Axes ancestor = axes;
    ancestor.pruning = "dense";
    ancestor.method.reset();
    ancestor.sparsity = 0;
    return of(ancestor, solve);
  }
  /// Calls visit(axes, solve, runs, dense network's runs) for every set that the study plans.
  template <class Visitor>
  void each(const Study& study, Visitor&& visit) const {
    std::set<Place> seen;
    for (const SolveRow& row : study.solves) {
      if (!row.axes.method || !seen.insert(place_of(row.axes, row.solve)).second) continue;
      const Four& four = of(row.axes, row.solve);
      const bool planned = four.loose_all != nullptr || four.loose_unstable != nullptr || four.tight_all != nullptr;
      if (planned) visit(row.axes, row.solve, four, dense(row.axes, row.solve));
    }
  }

 private:
  std::map<Place, Four> m_found;
};

/// The first run of a set that says nothing; none when all do. A run that is not planned is a null pointer.
std::optional<const SolveRow*> missing(const Four& four, const Four& dense) {
  for (const SolveRow* row : {dense.own, four.own, four.loose_all, four.loose_unstable, four.tight_all}) {
    if (row == nullptr || !ended(*row)) return row;
  }
  return std::nullopt;
}

}  // namespace

double floor_of(Measure measure) { return measure == Measure::nodes ? 1 : 1e-6; }

Attribution attribute(const Runs& runs, Measure measure) {
  // Which of the two a run without a proof makes too small.
  const auto known = [&](bool above, bool below) {
    return measure == Measure::root_gap ? known_of(below, above) : known_of(above, below);
  };
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
  std::vector<Attribution> result;
  Sets(study).each(study, [&](const Axes& axes, const std::string& solve, const Four& four, const Four& dense) {
    if (missing(four, dense)) return;
    const auto best = best_objective(four), best_dense = best_objective(dense);
    for (const Measure measure : {Measure::seconds, Measure::nodes, Measure::root_gap}) {
      const auto d = run_of(*dense.own, measure, best_dense);
      const auto la = run_of(*four.loose_all, measure, best);
      const auto lu = run_of(*four.loose_unstable, measure, best);
      const auto ta = run_of(*four.tight_all, measure, best);
      const auto tu = run_of(*four.own, measure, best);
      if (!d || !la || !lu || !ta || !tu) continue;
      Attribution one = attribute({*d, *la, *lu, *ta, *tu}, measure);
      one.axes = axes;
      one.solve = solve;
      result.push_back(std::move(one));
    }
  });
  return result;
}

std::vector<Incomplete> incomplete(const Study& study) {
  std::vector<Incomplete> result;
  Sets(study).each(study, [&](const Axes& axes, const std::string& solve, const Four& four, const Four& dense) {
    const auto row = missing(four, dense);
    if (!row) return;
    result.push_back({axes, solve, *row == nullptr ? std::nullopt : std::optional((*row)->work.outcome)});
  });
  return result;
}

std::string incomplete_text(const Study& study, const std::string& solve) {
  int left_out = 0, all = 0;
  std::map<std::string, int> reasons;
  const auto counted = [&](const std::string& block) { return solve.empty() || block == solve; };
  for (const Incomplete& one : incomplete(study)) {
    if (!counted(one.solve)) continue;
    ++left_out;
    ++reasons[one.outcome ? fmt::format("a run that is {}", words(*one.outcome)) : "a run that is not planned"];
  }
  if (left_out == 0) return {};
  Sets(study).each(
      study, [&](const Axes&, const std::string& block, const Four&, const Four&) { all += counted(block) ? 1 : 0; });
  std::string text = fmt::format("{} of {} sets of five runs are left out:", left_out, all);
  const char* comma = " ";
  for (const auto& [reason, count] : reasons) {
    text += fmt::format("{}{} for {}", comma, count, reason);
    comma = ", ";
  }
  return text;
}

std::vector<MeanAttribution> average(const std::vector<Attribution>& attributions) {
  std::map<std::pair<Place, Measure>, std::size_t> at;
  std::vector<MeanAttribution> means;
  const auto add = [](Part& sum, const Part& part) {
    sum.log += part.log;
    const auto stopped = [](Known k, Known side) { return k == side || k == Known::unclear; };
    sum.known = known_of(stopped(sum.known, Known::at_least) || stopped(part.known, Known::at_least),
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
