// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report_tables.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"

namespace secateur::study::report {

namespace {

const char* plural(Kind kind) {
  switch (kind) {
    case Kind::train:
      return "trainings";
    case Kind::prune:
      return "prunings";
    case Kind::bounds:
      return "bounds";
    case Kind::solve:
      break;
  }
  return "solves";
}

/// Calls visit(kind, axes, work, what) for every cell once.
template <class Visitor>
void each_cell(const Study& study, Visitor&& visit) {
  for (const NetworkRow& row : study.networks) {
    visit(row.axes.method ? Kind::prune : Kind::train, row.axes, row.work, std::string());
  }
  std::set<std::string> seen;
  for (const BoundsRow& row : study.bounds) {
    if (row.work.outcome == Outcome::done && !seen.insert(row.work.key).second) continue;
    visit(Kind::bounds, row.axes, row.work, std::string(to_string(row.bounds)));
  }
  for (const SolveRow& row : study.solves) visit(Kind::solve, row.axes, row.work, row.solve);
}

bool went_wrong(Outcome outcome) { return outcome != Outcome::done && outcome != Outcome::pending; }

std::string place(const Axes& axes) {
  std::string text = fmt::format("{}, {}, {}", axes.source, architecture_text(axes.architecture), axes.training);
  if (axes.method) text += fmt::format(", {} {:g} %", axes.pruning, 100 * axes.sparsity);
  return text + fmt::format(", seed {}", axes.seed);
}

/// Failures beyond these are in the file only.
constexpr std::size_t most_reasons = 30;

}  // namespace

int Counts::all() const { return std::accumulate(outcomes.begin(), outcomes.end(), 0); }

std::vector<Counts> count_cells(const Study& study) {
  std::vector<Counts> made;
  for (const Kind kind : {Kind::train, Kind::prune, Kind::bounds, Kind::solve}) {
    made.push_back({kind, std::vector<int>(Names<Outcome>::value.size(), 0)});
  }
  each_cell(study, [&](Kind kind, const Axes&, const Work& work, const std::string&) {
    ++made[static_cast<std::size_t>(kind)].outcomes[static_cast<std::size_t>(work.outcome)];
  });
  return made;
}

PageTable cells_table(const std::vector<Counts>& all) {
  PageTable table;
  table.caption =
      "Cells of the study by what became of them. A solve that reached its own time limit is done; solves of the "
      "attribution are counted with them.";
  table.header = {"", "all"};
  std::vector<Outcome> shown;
  for (const Outcome outcome : {Outcome::done, Outcome::pending, Outcome::failed, Outcome::crashed, Outcome::time_out,
                                Outcome::out_of_memory, Outcome::skipped}) {
    const bool any = std::any_of(all.begin(), all.end(), [&](const Counts& counts) { return counts.of(outcome) > 0; });
    if (!any && outcome != Outcome::done) continue;
    shown.push_back(outcome), table.header.emplace_back(words(outcome));
  }
  for (const Counts& counts : all) {
    std::vector<std::string> row{plural(counts.kind), count(counts.all())};
    for (const Outcome outcome : shown) row.push_back(count(counts.of(outcome)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string progress_text(const std::vector<Counts>& all) {
  int cells = 0, done = 0, wrong = 0;
  std::vector<std::string> missing;
  for (const Counts& counts : all) {
    cells += counts.all(), done += counts.of(Outcome::done);
    for (std::size_t i = 0; i < counts.outcomes.size(); ++i) {
      if (went_wrong(static_cast<Outcome>(i))) wrong += counts.outcomes[i];
    }
    const int pending = counts.of(Outcome::pending);
    if (pending > 0) missing.push_back(fmt::format("{} {}", count(pending), plural(counts.kind)));
  }
  if (cells == 0) return "The study has no cells yet: nothing has been planned or run.";
  std::string text = done == cells ? fmt::format("The study is complete: all {} cells are done.", count(cells))
                                   : fmt::format("{} of {} cells are done.", count(done), count(cells));
  if (!missing.empty()) {
    text += fmt::format(" The study is not finished; not run yet: {}. What follows is what there is so far.",
                        enumerated(missing));
  }
  if (wrong > 0) text += fmt::format(" {} ended without a result; they are listed at the end.", count(wrong));
  return text;
}

std::optional<PageTable> failures_table(const Study& study) {
  struct Group {
    int cells = 0;
    std::string example;
  };
  std::map<std::tuple<Outcome, Kind, std::string>, Group> groups;
  each_cell(study, [&](Kind kind, const Axes& axes, const Work& work, const std::string&) {
    if (!went_wrong(work.outcome)) return;
    Group& group = groups[{work.outcome, kind, work.reason}];
    if (group.cells++ == 0) group.example = place(axes);
  });
  if (groups.empty()) return std::nullopt;
  PageTable table;
  table.header = {"outcome", "kind", "cells", "reason", "for example"};
  std::vector<std::pair<std::tuple<Outcome, Kind, std::string>, Group>> sorted(groups.begin(), groups.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.cells > b.second.cells; });
  for (const auto& [key, group] : sorted) {
    if (table.rows.size() == most_reasons) break;
    const auto& [outcome, kind, reason] = key;
    table.rows.push_back({words(outcome), std::string(to_string(kind)), count(group.cells),
                          reason.empty() ? "–" : reason, group.example});
  }
  table.caption = "Cells without a result, by reason; each of them is in the file beside this report.";
  if (sorted.size() > most_reasons) {
    table.caption += fmt::format(" Shown are the {} most frequent of {} reasons.", most_reasons, sorted.size());
  }
  return table;
}

std::string failures_csv(const Study& study) {
  std::string csv = "kind,key,source,architecture,training,pruning,sparsity,seed,what,outcome,reason\n";
  each_cell(study, [&](Kind kind, const Axes& axes, const Work& work, const std::string& what) {
    if (!went_wrong(work.outcome)) return;
    csv += fmt::format("{},{},{},{},{},{},{:g},{},{},{},{}\n", to_string(kind), csv_field(work.key),
                       csv_field(axes.source), csv_field(axes.architecture), csv_field(axes.training),
                       csv_field(axes.pruning), axes.sparsity, axes.seed, csv_field(what), to_string(work.outcome),
                       csv_field(work.reason));
  });
  return csv;
}

std::vector<std::pair<std::string, std::string>> facts(const Study& study) {
  std::vector<std::string> sources, architectures, trainings, prunings, solves, solvers;
  std::set<std::uint64_t> seeds;
  double seconds = 0;
  const auto once = [](std::vector<std::string>& list, const std::string& value) {
    if (!value.empty() && std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
  };
  each_cell(study, [&](Kind, const Axes& axes, const Work& work, const std::string&) {
    once(sources, axes.source), once(architectures, architecture_text(axes.architecture)),
        once(trainings, axes.training);
    if (axes.method) once(prunings, axes.pruning);
    seeds.insert(axes.seed);
    seconds += work.seconds.value_or(0);
  });
  for (const SolveRow& row : study.solves) once(solves, row.solve), once(solvers, row.solver_version);
  std::vector<std::pair<std::string, std::string>> list;
  const auto say = [&](const char* term, const std::string& value) {
    if (!value.empty()) list.emplace_back(term, value);
  };
  say("Study", study.name);
  say("Secateur", study.version);
  say("Machine", study.machine);
  say("Solvers", fmt::format("{}", fmt::join(solvers, ", ")));
  say("Sources", fmt::format("{}", fmt::join(sources, ", ")));
  say("Architectures", fmt::format("{}", fmt::join(architectures, ", ")));
  say("Training", fmt::format("{}", fmt::join(trainings, ", ")));
  say("Pruning", fmt::format("{}", fmt::join(prunings, ", ")));
  say("Solves", fmt::format("{}", fmt::join(solves, ", ")));
  if (!seeds.empty()) say("Seeds", fmt::format("{}", fmt::join(seeds, ", ")));
  if (seconds > 0) {
    say("Work", seconds < 3600 ? duration(seconds) + " of worker processes"
                               : number(seconds / 3600, 3) + "\u00a0h of worker processes");
  }
  return list;
}

std::optional<std::string> main_solve(const Study& study, const Outline& outline) {
  std::map<std::string, int> cells;
  for (const SolveRow& row : study.solves) {
    if (row.axes.source == outline.source && counts(row)) ++cells[row.solve];
  }
  int most = 0;
  for (const auto& [solve, count] : cells) most = std::max(most, count);
  for (const std::string& solve : outline.solves) {
    if (most > 0 && 2 * cells[solve] >= most) return solve;
  }
  return std::nullopt;
}

std::string time_text(const std::vector<Sample>* samples) {
  if (samples == nullptr || samples->empty()) return "–";
  const bool stopped = std::any_of(samples->begin(), samples->end(), [](const Sample& s) { return s.limit; });
  return (stopped ? "≥\u00a0" : "") + duration(centre(*samples, FacetPlan::Centre::geometric));
}

std::string removed_short(const Curve& curve, double sparsity) {
  return fmt::format("{}{}\u00a0{}", curve.baseline ? curve.training + ":\u00a0" : "",
                     curve.method == prune::Method::node ? "nodes" : "weights", sparsity_text(sparsity));
}

PageTable claims_table(const std::vector<Claim>& claims) {
  PageTable table;
  table.caption = fmt::format("What the paper claims, and what this study has to say. Usable: with {}.", usable_text());
  table.header = {"Claim", "This study", "Verdict"};
  table.prose = true;
  for (const Claim& claim : claims) {
    table.rows.push_back({claim.claim, claim.here.empty() ? "–" : claim.here, claim.verdict});
  }
  return table;
}

std::optional<PageTable> usable_table(const Study& study, const Outline& outline, const std::string& solve) {
  const Samples errors = error_samples(study), times = time_samples(study, solve);
  PageTable table;
  table.header = {"Architecture",      "Removed", "Error, dense", "pruned",
                  "Solve time, dense", "pruned",  "Speed-up",     "Seeds"};
  const auto error = [&](const std::string& architecture, const Curve& curve, double sparsity) -> std::string {
    const auto* const list = samples_at(errors, outline.source, architecture, curve, sparsity);
    return list == nullptr ? "–" : number(centre(*list, FacetPlan::Centre::geometric), 2);
  };
  const auto time = [&](const std::string& architecture, const Curve& curve, double sparsity) -> std::string {
    return time_text(samples_at(times, outline.source, architecture, curve, sparsity));
  };
  for (const std::string& architecture : outline.architectures) {
    for (const Curve& curve : outline.curves) {
      if (!curve.method) continue;
      const auto usable = usable_sparsity(errors, outline.source, architecture, curve, &times);
      if (!usable) continue;
      const auto both = pairs(times, outline.source, architecture, curve, *usable);
      const auto mean = mean_speed_up(both);
      if (!mean) continue;
      table.rows.push_back({architecture_text(architecture), removed_short(curve, *usable),
                            error(architecture, curve, 0), error(architecture, curve, *usable),
                            time(architecture, curve, 0), time(architecture, curve, *usable), short_text(*mean),
                            std::to_string(mean->pairs)});
    }
  }
  if (table.rows.empty()) return std::nullopt;
  table.caption = fmt::format(
      "Each architecture at its largest usable sparsity ({}; test rows), solved with “{}”; geometric means over seeds. "
      "≥: a run was stopped at its limit.",
      usable_text(), solve);
  return table;
}

}  // namespace secateur::study::report
