// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

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

/// Mean bound widths shrink with every further step of pruning. Weights and nodes apart: they behave differently.
Claim tightening(const Study& study, const std::vector<Outline>& outlines) {
  Claim claim{"Pruning tightens the bounds, the more the sparser", "", not_measured};
  struct Seen {
    int steps = 0, narrower_steps = 0, networks = 0, narrower = 0;
  };
  std::map<prune::Method, Seen> by_method;
  for (const Outline& outline : outlines) {
    const Samples widths = width_samples(study, outline.source);
    for (const Curve& curve : outline.curves) {
      if (!curve.method || curve.baseline) continue;
      Seen& seen = by_method[*curve.method];
      for (const std::string& architecture : outline.architectures) {
        std::map<std::uint64_t, double> last;  // by seed
        for (const double sparsity : sparsities(widths, outline.source, architecture, curve)) {
          for (const Pair& pair : pairs(widths, outline.source, architecture, curve, sparsity)) {
            const auto at = last.try_emplace(pair.pruned.seed, pair.dense.value).first;
            ++seen.networks, seen.narrower += pair.pruned.value < pair.dense.value ? 1 : 0;
            ++seen.steps, seen.narrower_steps += pair.pruned.value <= at->second ? 1 : 0;
            at->second = pair.pruned.value;
          }
        }
      }
    }
  }
  int steps = 0, narrower_steps = 0;
  for (const auto& [method, seen] : by_method) {
    if (seen.networks == 0) continue;
    steps += seen.steps, narrower_steps += seen.narrower_steps;
    claim.here += fmt::format(
        "{}{} removed: mean widths of hidden neurons are below the dense network's in {} pruned networks; they shrink "
        "in {} steps from one sparsity to the next.",
        claim.here.empty() ? "" : " ", method == prune::Method::weight ? "Weights" : "Nodes",
        of(seen.narrower, seen.networks), of(seen.narrower_steps, seen.steps));
  }
  if (steps > 0) claim.verdict = verdict(static_cast<double>(narrower_steps) / steps);
  return claim;
}

/// A mean over seeds of plainly trained networks, dense against pruned, all solved by one block.
struct Measured {
  const Outline* outline = nullptr;
  std::string architecture;
  const Curve* curve = nullptr;
  double sparsity = 0;
  bool usable = false;    ///< whether networks of this sparsity are
  bool sparsest = false;  ///< the sparsest of its curve that is, of those that were solved
  std::vector<Pair> pairs;
  MeanSpeedUp speed_up;
};

/// The block that the claims are about: the one asked for, or the source's main one.
std::optional<std::string> block_of(const Study& study, const Outline& outline, const std::string& wanted) {
  if (wanted.empty()) return main_solve(study, outline);
  const bool there = std::find(outline.solves.begin(), outline.solves.end(), wanted) != outline.solves.end();
  return there ? std::optional(wanted) : std::nullopt;
}

std::vector<Measured> measure(const Study& study, const std::vector<Outline>& outlines, const std::string& wanted) {
  std::vector<Measured> all;
  const Samples errors = error_samples(study);
  for (const Outline& outline : outlines) {
    const auto solve = block_of(study, outline, wanted);
    if (!solve) continue;
    const Samples times = time_samples(study, *solve);
    for (const Curve& curve : outline.curves) {
      if (curve.baseline) continue;
      for (const std::string& architecture : outline.architectures) {
        const auto usable = usable_sparsities(errors, outline.source, architecture, curve);
        const auto sparsest = usable_sparsity(errors, outline.source, architecture, curve, &times);
        for (const double sparsity : sparsities(times, outline.source, architecture, curve)) {
          const auto both = pairs(times, outline.source, architecture, curve, sparsity);
          const auto mean = mean_speed_up(both);
          if (!mean) continue;
          const bool is_usable = std::find(usable.begin(), usable.end(), sparsity) != usable.end();
          all.push_back({&outline, architecture, &curve, sparsity, is_usable, sparsest == sparsity, both, *mean});
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
  int reached = 0, usable = 0, reached_usable = 0;
  for (const Measured& one : all) {
    usable += one.usable ? 1 : 0;
    const bool says = one.speed_up.relation && one.speed_up.relation != Relation::at_most;
    if (!says) continue;
    if (best == nullptr || one.speed_up.factor > best->speed_up.factor) best = &one;
    if (one.usable && (best_usable == nullptr || one.speed_up.factor > best_usable->speed_up.factor))
      best_usable = &one;
    const bool thousandfold = one.speed_up.factor >= 1e3;
    reached += thousandfold ? 1 : 0, reached_usable += thousandfold && one.usable ? 1 : 0;
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
    claim.here += fmt::format(" Among usable networks: {}; {} means reach 1000×.", name(*best_usable),
                              of(reached_usable, usable));
  }
  const double factor = best_usable != nullptr ? best_usable->speed_up.factor : 0;
  claim.verdict = factor >= 1e3 ? "confirmed" : reached > 0 ? "only with larger errors" : "not reached";
  return claim;
}

Claim intractable(const std::vector<Measured>& all) {
  Claim claim{"Dense problems that are intractable become a matter of seconds", "", not_measured};
  // By dense network: the fastest proof with a usable pruned one, none so far.
  using Dense = std::tuple<std::string, std::string, std::string, std::uint64_t>;
  std::map<Dense, std::optional<double>> stopped;
  for (const Measured& one : all) {
    for (const Pair& pair : one.pairs) {
      if (!pair.dense.limit) continue;
      auto& fastest = stopped[{one.outline->source, one.architecture, one.curve->training, pair.dense.seed}];
      if (!one.usable || pair.pruned.limit) continue;
      fastest = std::min(fastest.value_or(pair.pruned.value), pair.pruned.value);
    }
  }
  if (stopped.empty()) {
    claim.here = all.empty() ? "" : "No dense network was stopped at its limit.";
    return claim;
  }
  std::vector<double> seconds;
  for (const auto& [dense, fastest] : stopped) {
    if (fastest) seconds.push_back(*fastest);
  }
  const auto solved = static_cast<int>(seconds.size());
  claim.here =
      fmt::format("Of the dense networks stopped at their limit, {} are solved once pruned to a usable network",
                  of(solved, static_cast<int>(stopped.size())));
  if (seconds.empty()) {
    claim.here += '.';
  } else if (seconds.size() == 1) {
    claim.here += fmt::format(", the fastest in {}.", duration(seconds[0]));
  } else {
    const auto [least, most] = std::minmax_element(seconds.begin(), seconds.end());
    claim.here += fmt::format(", the fastest of each in {} to {} (median {}).", duration(*least), duration(*most),
                              duration(median(seconds)));
  }
  claim.verdict = verdict(static_cast<double>(solved) / static_cast<double>(stopped.size()));
  if (!seconds.empty() && median(seconds) >= 60) claim.verdict = "solved, not in seconds";
  return claim;
}

/// One method on one architecture: its networks at the largest usable sparsity, if any of what was solved is usable.
struct Best {
  bool tried = false;
  std::optional<MeanSpeedUp> speed_up;
};

/// Whether `a` brings more than `b`; none where that cannot be said: the better one's runs were stopped.
std::optional<bool> more(const Best& a, const Best& b) {
  if (!a.speed_up && !b.speed_up) return std::nullopt;
  const bool first = a.speed_up && (!b.speed_up || a.speed_up->factor > b.speed_up->factor);
  const MeanSpeedUp& better = first ? *a.speed_up : *b.speed_up;
  if (better.pruned_stopped > 0 || (a.speed_up && b.speed_up && a.speed_up->factor == b.speed_up->factor)) {
    return std::nullopt;
  }
  return first;
}

/// Which pruning suits which shape: width over depth, split at the median of the architectures.
Claim shapes(const std::vector<Measured>& all, const std::vector<Outline>& outlines) {
  Claim claim{"Weight pruning for deep narrow, node pruning for shallow wide networks", "", not_measured};
  int deep = 0, deep_weight = 0, wide = 0, wide_node = 0;
  for (const Outline& outline : outlines) {
    struct Both {
      double ratio = 0;
      Best weight, node;
    };
    std::vector<Both> list;
    for (const std::string& architecture : outline.architectures) {
      const auto form = shape(architecture);
      if (!form) continue;
      Both both{form->width / form->depth, {}, {}};
      for (const Measured& one : all) {
        if (one.outline != &outline || one.architecture != architecture || !one.curve->method) continue;
        Best& best = one.curve->method == prune::Method::weight ? both.weight : both.node;
        best.tried = true;
        if (!one.sparsest) continue;
        if (!best.speed_up || one.speed_up.factor > best.speed_up->factor) best.speed_up = one.speed_up;
      }
      if (both.weight.tried && both.node.tried) list.push_back(both);
    }
    if (list.size() < 2) continue;
    std::vector<double> ratios;
    for (const Both& both : list) ratios.push_back(both.ratio);
    const double middle = median(ratios);
    for (const Both& both : list) {
      const auto weight = more(both.weight, both.node);
      if (!weight) continue;
      if (both.ratio < middle) ++deep, deep_weight += *weight ? 1 : 0;
      if (both.ratio > middle) ++wide, wide_node += *weight ? 0 : 1;
    }
  }
  if (deep + wide == 0) return claim;
  const auto half = [](int part, int whole) { return whole == 0 ? std::string("none") : of(part, whole); };
  claim.here = fmt::format(
      "At usable errors weights bring more in {} of the deeper and narrower half of the architectures, nodes in {} of "
      "the shallower and wider half (where the better one's runs were not stopped).",
      half(deep_weight, deep), half(wide_node, wide));
  claim.verdict = verdict(static_cast<double>(deep_weight + wide_node) / (deep + wide));
  return claim;
}

Claim factors(const Study& study, std::vector<MeanAttribution> means, const std::string& wanted) {
  std::erase_if(means, [&](const MeanAttribution& mean) { return !wanted.empty() && mean.solve != wanted; });
  Claim claim{"Three factors: size, integers, big-M", "", not_measured};
  const Shares shares = shares_of(means);
  const std::string left_out = incomplete_text(study, wanted);
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
Claim baselines(const Study& study, const std::vector<Outline>& outlines, const std::string& wanted) {
  Claim claim{"Beside the paper: other trainings instead of pruning", "", not_measured};
  for (const Outline& outline : outlines) {
    const auto solve = block_of(study, outline, wanted);
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
                          const std::vector<MeanAttribution>& means, const std::string& solve) {
  const std::vector<Measured> all = measure(study, outlines, solve);
  return {tightening(study, outlines), thousand(all),    factors(study, means, solve),
          shapes(all, outlines),       intractable(all), baselines(study, outlines, solve)};
}

}  // namespace secateur::study::report
