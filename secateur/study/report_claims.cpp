// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_figures.hpp"
#include "secateur/study/report_tables.hpp"

namespace secateur::study::report {

namespace {

constexpr const char* not_measured = "not measured";

/// A fraction of cases in which a claim held, as a verdict.
std::string verdict(double fraction) {
  return fraction >= 0.95 ? "confirmed" : fraction >= 0.6 ? "mostly" : fraction >= 0.4 ? "mixed" : "not confirmed";
}

std::string of(int part, int all) {
  return fmt::format("{} of {} ({})", count(part), count(all), percent(static_cast<double>(part) / all));
}

/// Mean bound widths shrink with every further step of pruning.
Claim tightening(const Study& study, const std::vector<Outline>& outlines) {
  Claim claim{"Pruning tightens the bounds, the more the sparser", "", not_measured};
  int steps = 0, narrower_steps = 0, networks = 0, narrower = 0;
  for (const Outline& outline : outlines) {
    const Samples widths = width_samples(study, outline.source);
    for (const Curve& curve : outline.curves) {
      for (const std::string& architecture : outline.architectures) {
        std::vector<Pair> before;
        for (const double sparsity : sparsities(widths, outline.source, architecture, curve)) {
          const std::vector<Pair> now = pairs(widths, outline.source, architecture, curve, sparsity);
          for (const Pair& pair : now) {
            ++networks, narrower += pair.pruned.value < pair.dense.value ? 1 : 0;
            double last = pair.dense.value;
            for (const Pair& other : before) {
              if (other.pruned.seed == pair.pruned.seed) last = other.pruned.value;
            }
            ++steps, narrower_steps += pair.pruned.value <= last ? 1 : 0;
          }
          before = now;
        }
      }
    }
  }
  if (networks == 0) return claim;
  claim.here = fmt::format(
      "Mean widths of hidden neurons are below the dense network's in {} pruned networks; they shrink in {} steps from "
      "one sparsity to the next.",
      of(narrower, networks), of(narrower_steps, steps));
  claim.verdict = verdict(static_cast<double>(narrower_steps) / steps);
  return claim;
}

/// Everything solved with the main block of every source.
struct Measured {
  const Outline* outline = nullptr;
  std::string architecture;
  const Curve* curve = nullptr;
  double sparsity = 0;
  bool usable = false;  ///< the sparsest one of its curve that is
  std::vector<Pair> pairs;
  MeanSpeedUp speed_up;
};

std::vector<Measured> measure(const Study& study, const std::vector<Outline>& outlines) {
  std::vector<Measured> all;
  const Samples errors = error_samples(study);
  for (const Outline& outline : outlines) {
    const auto solve = main_solve(study, outline);
    if (!solve) continue;
    const Samples times = time_samples(study, *solve);
    for (const Curve& curve : outline.curves) {
      if (curve.baseline) continue;
      for (const std::string& architecture : outline.architectures) {
        const auto usable = usable_sparsity(errors, outline.source, architecture, curve);
        for (const double sparsity : sparsities(times, outline.source, architecture, curve)) {
          const auto both = pairs(times, outline.source, architecture, curve, sparsity);
          const auto mean = mean_speed_up(both);
          if (mean) all.push_back({&outline, architecture, &curve, sparsity, usable == sparsity, both, *mean});
        }
      }
    }
  }
  return all;
}

Claim thousand(const std::vector<Measured>& all) {
  Claim claim{"Speed-ups of 10³ to 10⁴", "", not_measured};
  if (all.empty()) return claim;
  const Measured *best = nullptr, *best_usable = nullptr;
  int reached = 0;
  for (const Measured& one : all) {
    const bool says = one.speed_up.relation && one.speed_up.relation != Relation::at_most;
    if (!says) continue;
    if (best == nullptr || one.speed_up.factor > best->speed_up.factor) best = &one;
    if (one.usable && (best_usable == nullptr || one.speed_up.factor > best_usable->speed_up.factor))
      best_usable = &one;
    reached += one.speed_up.factor >= 1e3 ? 1 : 0;
  }
  const auto name = [](const Measured& one) {
    return fmt::format("{} ({} {}, {} removed)", short_text(one.speed_up), one.outline->source,
                       architecture_text(one.architecture), removed_text(*one.curve, one.sparsity));
  };
  if (best == nullptr) {
    claim.here = "Every mean has runs of pruned networks that were stopped.";
    return claim;
  }
  claim.here = fmt::format("Largest geometric mean over seeds: {}; {} means reach 1000×.", name(*best),
                           of(reached, static_cast<int>(all.size())));
  if (best_usable != nullptr) {
    claim.here += fmt::format(" Among networks of {}: {}.", usable_text(), name(*best_usable));
  }
  const double factor = best_usable != nullptr ? best_usable->speed_up.factor : 0;
  claim.verdict = factor >= 1e3 ? "confirmed" : reached > 0 ? "only with larger errors" : "not reached";
  return claim;
}

Claim intractable(const std::vector<Measured>& all) {
  Claim claim{"Dense problems that are intractable become a matter of seconds", "", not_measured};
  int stopped = 0, solved = 0;
  std::vector<double> seconds;
  for (const Measured& one : all) {
    if (!one.usable) continue;
    for (const Pair& pair : one.pairs) {
      if (!pair.dense.limit) continue;
      ++stopped;
      if (pair.pruned.limit) continue;
      ++solved, seconds.push_back(pair.pruned.value);
    }
  }
  if (stopped == 0) {
    claim.here = all.empty() ? "" : "No dense network was stopped at its limit.";
    return claim;
  }
  claim.here = fmt::format(
      "Of the dense networks stopped at their limit, {} were solved once pruned (each pruning at its largest sparsity "
      "with {})",
      of(solved, stopped), usable_text());
  claim.here += seconds.empty() ? "." : fmt::format(", in {} (median).", duration(median(seconds)));
  claim.verdict = verdict(static_cast<double>(solved) / stopped);
  if (!seconds.empty() && median(seconds) >= 60) claim.verdict = "solved, not in seconds";
  return claim;
}

/// Which pruning suits which shape: width over depth, split at the median of the architectures.
Claim shapes(const std::vector<Measured>& all, const std::vector<Outline>& outlines) {
  Claim claim{"Weight pruning for deep narrow, node pruning for shallow wide networks", "", not_measured};
  int deep = 0, deep_weight = 0, wide = 0, wide_node = 0;
  for (const Outline& outline : outlines) {
    struct Both {
      double ratio = 0;
      std::optional<double> weight, node;
    };
    std::vector<Both> list;
    for (const std::string& architecture : outline.architectures) {
      const auto form = shape(architecture);
      if (!form) continue;
      Both both{form->width / form->depth, {}, {}};
      for (const Measured& one : all) {
        if (one.outline != &outline || one.architecture != architecture || !one.usable || !one.curve->method) continue;
        auto& best = *one.curve->method == prune::Method::weight ? both.weight : both.node;
        best = std::max(best.value_or(0), one.speed_up.factor);
      }
      if (both.weight && both.node) list.push_back(both);
    }
    if (list.size() < 2) continue;
    std::vector<double> ratios;
    for (const Both& both : list) ratios.push_back(both.ratio);
    const double middle = median(ratios);
    for (const Both& both : list) {
      if (*both.weight == *both.node) continue;  // stopped with both: nothing is known
      if (both.ratio < middle) ++deep, deep_weight += *both.weight > *both.node ? 1 : 0;
      if (both.ratio > middle) ++wide, wide_node += *both.node > *both.weight ? 1 : 0;
    }
  }
  if (deep + wide == 0) return claim;
  const auto half = [](int part, int whole) { return whole == 0 ? std::string("none") : of(part, whole); };
  claim.here = fmt::format(
      "At usable errors weights bring more in {} of the deeper and narrower half of the architectures, nodes in {} of "
      "the shallower and wider half.",
      half(deep_weight, deep), half(wide_node, wide));
  claim.verdict = verdict(static_cast<double>(deep_weight + wide_node) / (deep + wide));
  return claim;
}

Claim factors(const Study& study, const std::vector<MeanAttribution>& means) {
  Claim claim{"Three factors: size, integers, big-M", "", not_measured};
  const Shares shares = shares_of(means);
  const std::string left_out = incomplete_text(study);
  if (!left_out.empty()) claim.here = fmt::format("{}{}.", means.empty() ? "" : " ", left_out);
  if (!(shares.total > 0)) return claim;
  claim.here = fmt::format(
      "Of the logarithm of the speed-up the size brings {}, fewer integers {}, tighter big-M constants {} ({} "
      "networks).{}{}",
      percent(shares.size / shares.total), percent(shares.integers / shares.total),
      percent(shares.big_m / shares.total), shares.bars, stopped_text(shares), claim.here);
  const double least = std::min({shares.size, shares.integers, shares.big_m}) / shares.total;
  claim.verdict = least >= 0.05 ? "all three matter" : least >= -0.05 ? "not all matter" : "one of them costs";
  return claim;
}

/// What the paper lacks: training for sparsity or stability instead of pruning.
Claim baselines(const Study& study, const std::vector<Outline>& outlines) {
  Claim claim{"Beside the paper: other trainings instead of pruning", "", not_measured};
  for (const Outline& outline : outlines) {
    const auto solve = main_solve(study, outline);
    if (!solve || outline.curves.empty()) continue;
    const Samples times = time_samples(study, *solve);
    const std::string& plain = outline.curves.front().training;
    std::vector<std::string> done{plain};
    for (const Curve& curve : outline.curves) {
      if (std::find(done.begin(), done.end(), curve.training) != done.end()) continue;
      done.push_back(curve.training);
      std::vector<Pair> both;
      for (const std::string& architecture : outline.architectures) {
        const auto* const dense = samples_at(times, outline.source, architecture, outline.curves.front(), 0);
        const auto* const other = samples_at(times, outline.source, architecture, curve, 0);
        if (dense == nullptr || other == nullptr) continue;
        for (const Sample& a : *dense) {
          for (const Sample& b : *other) {
            if (a.seed == b.seed) both.push_back({a, b});
          }
        }
      }
      const auto mean = mean_speed_up(both);
      if (!mean) continue;
      claim.here +=
          fmt::format("{}{}, “{}” without pruning: {} over {} networks, against “{}”.", claim.here.empty() ? "" : " ",
                      outline.source, curve.training, short_text(*mean), mean->pairs, plain);
      claim.verdict = "see numbers";
    }
  }
  return claim;
}

}  // namespace

std::vector<Claim> claims(const Study& study, const std::vector<Outline>& outlines,
                          const std::vector<MeanAttribution>& means) {
  const std::vector<Measured> all = measure(study, outlines);
  return {tightening(study, outlines), thousand(all),    factors(study, means),
          shapes(all, outlines),       intractable(all), baselines(study, outlines)};
}

}  // namespace secateur::study::report
