// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"
#include "secateur/study/report_tables.hpp"

namespace secateur::study::report {

namespace {

/// "0.021 → 0.045": geometric means over seeds, dense and pruned; counts of nothing count as one.
std::string from_to(const std::vector<Pair>& pairs, double least, int digits) {
  if (pairs.empty()) return "–";
  std::vector<double> dense, pruned;
  for (const Pair& pair : pairs) {
    dense.push_back(std::max(least, pair.dense.value)), pruned.push_back(std::max(least, pair.pruned.value));
  }
  return fmt::format("{} → {}", number(geometric_mean(dense), digits), number(geometric_mean(pruned), digits));
}

/// Samples of the same seeds: of the first, and of the second.
std::vector<Pair> matched(const std::vector<Sample>* first, const std::vector<Sample>* second) {
  std::vector<Pair> made;
  if (first == nullptr || second == nullptr) return made;
  for (const Sample& one : *first) {
    for (const Sample& other : *second) {
      if (one.seed == other.seed) made.push_back({one, other});
    }
  }
  return made;
}

std::string speed_up_text(const std::vector<Pair>& pairs) {
  const auto mean = mean_speed_up(pairs);
  return mean ? short_text(*mean) : "–";
}

void append(std::vector<Pair>& all, const std::vector<Pair>& more) { all.insert(all.end(), more.begin(), more.end()); }

/// The blocks of a source side by side, row by row.
class Blocks {
 public:
  Blocks(const Study& study, const Outline& outline) : m_outline(outline) {
    for (const std::string& solve : outline.solves) m_times.push_back(time_samples(study, solve));
    m_all_dense.resize(m_times.size()), m_all_pruned.resize(m_times.size()), m_gain.resize(m_times.size());
  }

  PageTable table() {
    m_table.header = {"Network", "Removed"};
    for (const std::string& solve : m_outline.solves) m_table.header.push_back("“" + solve + "”");
    for (std::size_t i = 1; i < m_times.size(); ++i) {
      m_table.header.push_back(fmt::format("“{}” against “{}”", m_outline.solves[i], m_outline.solves[0]));
    }
    for (const std::string& solve : m_outline.solves) m_table.header.push_back("pruning, “" + solve + "”");
    for (const std::string& architecture : m_outline.architectures) {
      std::string dense_done;  // of a training, which several curves have
      for (const Curve& curve : m_outline.curves) {
        if (curve.training != dense_done) row(architecture, curve, 0);
        dense_done = curve.training;
        std::vector<double> all;
        for (const Samples& times : m_times) {
          for (const double s : sparsities(times, m_outline.source, architecture, curve)) all.push_back(s);
        }
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
        for (const double sparsity : all) row(architecture, curve, sparsity);
      }
    }
    if (m_table.rows.size() > 1) {
      sums("all of these, dense", m_all_dense, false);
      sums("all of these, pruned", m_all_pruned, true);
    }
    return std::move(m_table);
  }

 private:
  void row(const std::string& architecture, const Curve& curve, double sparsity) {
    std::vector<const std::vector<Sample>*> found;
    for (const Samples& times : m_times) {
      found.push_back(samples_at(times, m_outline.source, architecture, curve, sparsity));
    }
    if (std::count(found.begin(), found.end(), nullptr) + 1 >= static_cast<std::ptrdiff_t>(found.size())) return;
    std::vector<std::string> cells{
        architecture_text(architecture),
        sparsity > 0 ? removed_short(curve, sparsity) : (curve.baseline ? curve.training + ":\u00a0" : "") + "nothing"};
    for (const auto* list : found) cells.push_back(time_text(list));
    for (std::size_t i = 1; i < found.size(); ++i) {
      const auto both = matched(found[0], found[i]);
      append(sparsity > 0 ? m_all_pruned[i] : m_all_dense[i], both);
      cells.push_back(speed_up_text(both));
    }
    for (std::size_t i = 0; i < m_times.size(); ++i) {
      std::vector<Pair> both;
      if (sparsity > 0) both = pairs(m_times[i], m_outline.source, architecture, curve, sparsity);
      append(m_gain[i], both);
      cells.push_back(speed_up_text(both));
    }
    m_table.rows.push_back(std::move(cells));
  }

  void sums(const std::string& name, const std::vector<std::vector<Pair>>& all, bool with_gain) {
    std::vector<std::string> cells{name, ""};
    cells.resize(2 + m_times.size());
    for (std::size_t i = 1; i < all.size(); ++i) cells.push_back(speed_up_text(all[i]));
    for (const auto& gain : m_gain) cells.push_back(with_gain ? speed_up_text(gain) : "");
    m_table.rows.push_back(std::move(cells));
  }

  const Outline& m_outline;
  std::vector<Samples> m_times;
  PageTable m_table;
  std::vector<std::vector<Pair>> m_all_dense, m_all_pruned, m_gain;  ///< by block
};

}  // namespace

std::string numbers_text() {
  return "Geometric means over seeds, dense → pruned. Error: root mean square on the test rows over the outputs' "
         "deviation. "
         "Binaries: of the formulation, before the search. Widths: mean bound width of the hidden neurons, of the "
         "dense "
         "network's. Stopped: how many dense and pruned runs were.";
}

std::optional<PageTable> numbers_table(const Study& study, const Outline& outline, const std::string& solve) {
  const Samples errors = error_samples(study), times = time_samples(study, solve), binaries = binary_samples(study);
  const Samples widths = width_samples(study, outline.source);
  PageTable table;
  table.header = {"Network", "Removed",           "Seeds",  "Error",   "Usable",  "Binaries",
                  "Widths",  "Solve time, dense", "pruned", "Stopped", "Speed-up"};
  for (const std::string& architecture : outline.architectures) {
    for (const Curve& curve : outline.curves) {
      const auto usable = usable_sparsities(errors, outline.source, architecture, curve);
      for (const double sparsity : sparsities(times, outline.source, architecture, curve)) {
        const auto of = [&](const Samples& samples) {
          return pairs(samples, outline.source, architecture, curve, sparsity);
        };
        const auto both = of(times);
        const auto mean = mean_speed_up(both);
        if (!mean) continue;
        std::vector<Sample> dense, pruned;
        for (const Pair& pair : both) dense.push_back(pair.dense), pruned.push_back(pair.pruned);
        const auto width = mean_ratio(of(widths));
        const bool is_usable = std::find(usable.begin(), usable.end(), sparsity) != usable.end();
        table.rows.push_back({architecture_text(architecture), removed_short(curve, sparsity),
                              std::to_string(mean->pairs), from_to(of(errors), 1e-12, 2), is_usable ? "yes" : "no",
                              from_to(of(binaries), 1, 3), width ? percent(*width) : "–", time_text(&dense),
                              time_text(&pruned), fmt::format("{}, {}", mean->dense_stopped, mean->pruned_stopped),
                              short_text(*mean)});
      }
    }
  }
  if (table.rows.empty()) return std::nullopt;
  table.caption = fmt::format("Dense against pruned, solved with “{}”.", solve);
  return table;
}

std::optional<PageTable> trainings_table(const Study& study, const Outline& outline, const std::string& solve) {
  if (outline.curves.empty()) return std::nullopt;
  const Samples errors = error_samples(study), times = time_samples(study, solve);
  const Curve& plain = outline.curves.front();
  PageTable table;
  table.header = {"Network", "Training", "Seeds", "Error", "Solve time, plain", "this one", "Speed-up"};
  for (const std::string& architecture : outline.architectures) {
    std::vector<std::string> done{plain.training};
    for (const Curve& curve : outline.curves) {
      if (std::find(done.begin(), done.end(), curve.training) != done.end()) continue;
      done.push_back(curve.training);
      const auto of = [&](const Samples& samples) {
        return matched(samples_at(samples, outline.source, architecture, plain, 0),
                       samples_at(samples, outline.source, architecture, curve, 0));
      };
      const auto both = of(times);
      const auto mean = mean_speed_up(both);
      if (!mean) continue;
      std::vector<Sample> first, second;
      for (const Pair& pair : both) first.push_back(pair.dense), second.push_back(pair.pruned);
      table.rows.push_back({architecture_text(architecture), curve.training, std::to_string(mean->pairs),
                            from_to(of(errors), 1e-12, 2), time_text(&first), time_text(&second), short_text(*mean)});
    }
  }
  if (table.rows.empty()) return std::nullopt;
  table.caption = fmt::format(
      "Beside pruning: networks of another training, not pruned, against those of the training “{}”, not pruned.",
      plain.training);
  return table;
}

std::optional<PageTable> blocks_table(const Study& study, const Outline& outline) {
  if (outline.solves.size() < 2) return std::nullopt;
  PageTable table = Blocks(study, outline).table();
  if (table.rows.empty()) return std::nullopt;
  table.caption = fmt::format(
      "Networks that at least two blocks have solved or tried; geometric means over seeds. A block against “{}”: how "
      "many times faster it is on the same networks. Pruning: how many times faster the pruned network is than the "
      "dense one with the same block.",
      outline.solves.front());
  return table;
}

std::optional<PageTable> truth_table(const Study& study, const Outline& outline) {
  struct Optima {
    std::vector<double> errors, regrets;
  };
  PageTable table;
  table.header = {"Block", "Removed", "Optima", "Median objective error", "Median regret", "Largest regret"};
  for (const std::string& solve : outline.solves) {
    for (const Curve& curve : outline.curves) {
      if (curve.baseline) continue;
      std::map<double, Optima> by_sparsity;
      for (const SolveRow& row : study.solves) {
        const bool dense = !row.axes.method;
        const bool here = row.solve == solve && row.axes.source == outline.source &&
                          row.axes.training == curve.training && (dense || row.axes.pruning == curve.pruning);
        if (!here || !counts(row) || row.status != Status::optimal) continue;
        if (dense && &curve != &outline.curves.front()) continue;  // once
        if (!row.regret) continue;
        Optima& optima = by_sparsity[dense ? 0 : row.axes.sparsity];
        optima.regrets.push_back(*row.regret);
        if (row.objective_error) optima.errors.push_back(*row.objective_error);
      }
      for (const auto& [sparsity, optima] : by_sparsity) {
        table.rows.push_back({solve, sparsity > 0 ? removed_short(curve, sparsity) : "nothing",
                              count(static_cast<std::int64_t>(optima.regrets.size())),
                              optima.errors.empty() ? "–" : percent(median(optima.errors)),
                              percent(median(optima.regrets)),
                              percent(*std::max_element(optima.regrets.begin(), optima.regrets.end()))});
      }
    }
  }
  if (table.rows.empty()) return std::nullopt;
  table.caption =
      "The truth at proven optima over all architectures and seeds. Objective error: between the network's word and "
      "the truth there. Regret: how much worse than the true optimum, as a fraction of it.";
  return table;
}

}  // namespace secateur::study::report
