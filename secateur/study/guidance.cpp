// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/guidance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "secateur/search/solve.hpp"

namespace secateur::study {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// Beyond it a candidate is no surrogate any more, and sparser ones will not be either.
constexpr double hopeless_growth = 4;

bool solved(const GuidanceCandidate& candidate) {
  return candidate.probe && candidate.probe->status == Status::optimal;
}

/// Shorter solves count as this many seconds: which of them is faster is decided by chance, and nobody waits for it.
constexpr double instant = 0.02;

/// What optimising costs, to be compared as a whole: solved before not solved, then seconds, or the gap that is left.
std::pair<int, double> cost(const GuidanceCandidate& candidate) {
  if (!candidate.probe) return {1, infinity};
  if (solved(candidate)) return {0, std::max(instant, candidate.probe->seconds.total)};
  return {1, candidate.probe->gap.value_or(infinity)};
}

bool dominates(const GuidanceCandidate& a, const GuidanceCandidate& b) {
  return a.error <= b.error && cost(a) <= cost(b) && (a.error < b.error || cost(a) < cost(b));
}

/// "weights 90 %".
std::string removed(prune::Method method, double sparsity) {
  return fmt::format("{} {:.3g} %", method == prune::Method::weight ? "weights" : "nodes", 100 * sparsity);
}

/// A run of guide().
class Guide {
 public:
  Guide(const model::Problem& problem, int network, const Box& box, const prune::PruneData& data,
        const GuidanceSettings& settings, const ProgressSink& progress, const Stop& stop)
      : m_problem(problem),
        m_index(static_cast<std::size_t>(network)),
        m_box(box),
        m_data(data),
        m_settings(settings),
        m_progress(progress),
        m_stop(stop) {}

  Guidance run() {
    m_guidance.settings = m_settings;
    const nn::Network& original = m_problem.networks[m_index].network;
    m_guidance.output_names = original.output_names;
    GuidanceCandidate dense;
    dense.network = original;
    dense.summary = prune::summarize(original, m_box, &m_data);
    dense.error = train::relative_rmse(original, m_data.validation, m_data.training);
    m_guidance.candidates.push_back(std::move(dense));

    std::vector<Attempt> attempts = attempts_for(original);
    const prune::Method favourite = attempts.front().method;
    m_work = 2 * static_cast<double>(attempts.size() + 2);
    double given_up[2] = {infinity, infinity};
    for (const Attempt& attempt : attempts) {
      double& limit = given_up[attempt.method == prune::Method::weight ? 0 : 1];
      if (attempt.sparsity > limit) {
        m_done += 2;
        continue;
      }
      if (!prune(attempt)) return interrupted();
      if (m_guidance.candidates.back().growth > hopeless_growth) limit = attempt.sparsity;
    }
    if (const auto between = between_of(favourite)) {
      if (!prune(*between)) return interrupted();
    }
    // Probes come last and together, so that all of them run under the same conditions.
    m_work = m_done + static_cast<double>(m_guidance.candidates.size());
    for (GuidanceCandidate& candidate : m_guidance.candidates) {
      if (!probe(candidate)) return interrupted();
    }
    choose(m_guidance);
    m_guidance.seconds = m_stop.seconds();
    return std::move(m_guidance);
  }

 private:
  Guidance interrupted() {
    m_guidance.interrupted = true;
    m_guidance.seconds = m_stop.seconds();
    return std::move(m_guidance);
  }

  /// False when there is no time left.
  bool prune(const Attempt& attempt) {
    prune::PruneSettings how;
    how.method = attempt.method;
    how.sparsity = attempt.sparsity;
    how.saliency = prune::Saliency::magnitude;
    how.compensate = true;
    how.epochs = m_settings.epochs;
    how.threads = m_settings.threads;
    how.seed = m_settings.seed;
    const std::string note = removed(attempt.method, attempt.sparsity);
    const Stopwatch watch;
    prune::Pruned pruned = prune::prune(
        m_guidance.candidates.front().network, m_box, &m_data, how,
        [&](const Progress& p) { report("prune", p.fraction.value_or(0), note); }, m_stop);
    m_done += 1;
    if (m_stop.reason()) return false;
    GuidanceCandidate candidate;
    candidate.method = attempt.method;
    candidate.sparsity = attempt.sparsity;
    candidate.network = std::move(pruned.network);
    candidate.summary = std::move(pruned.after);
    candidate.error = train::relative_rmse(candidate.network, m_data.validation, m_data.training);
    const double before = m_guidance.candidates.front().error;
    candidate.growth = before > 0 ? candidate.error / before - 1 : (candidate.error > 0 ? infinity : 0.0);
    candidate.prune_seconds = watch.seconds();
    m_guidance.candidates.push_back(std::move(candidate));
    return true;
  }

  /// Halfway, in the logarithm of what is kept, between the sparsest candidate of the method that is within the
  /// tolerance and the first one that is not.
  [[nodiscard]] std::optional<Attempt> between_of(prune::Method method) const {
    double within = 0, beyond = 1;
    for (const GuidanceCandidate& candidate : m_guidance.candidates) {
      if (candidate.method == method && candidate.growth <= m_settings.tolerance) {
        within = std::max(within, candidate.sparsity);
      }
    }
    for (const GuidanceCandidate& candidate : m_guidance.candidates) {
      if (candidate.method == method && candidate.sparsity > within) beyond = std::min(beyond, candidate.sparsity);
    }
    if (beyond >= 1) return std::nullopt;
    return Attempt{method, 1 - std::sqrt((1 - within) * (1 - beyond))};
  }

  bool probe(GuidanceCandidate& candidate) {
    model::Problem problem = m_problem;
    problem.networks[m_index].network = candidate.network;
    model::SolveSettings how;
    how.time_limit = m_settings.time_limit;
    how.threads = m_settings.threads;
    how.seed = m_settings.seed;
    const std::string note = name_of(candidate);
    candidate.probe = search::solve(problem, how, {}, [&](const Progress& p) {
      report("probe", std::min(1.0, p.seconds / m_settings.time_limit), note);
    });
    m_done += 1;
    return !m_stop.reason();
  }

  void report(std::string_view stage, double fraction, const std::string& note) {
    if (!m_progress) return;
    // A fine-tuning that is tried again tells of less than before; a bar that goes back helps nobody.
    m_told = std::max(m_told, std::min(1.0, (m_done + fraction) / m_work));
    Progress now;
    now.stage = stage;
    now.fraction = m_told;
    now.note = note;
    now.seconds = m_stop.seconds();
    m_progress(now);
  }

  const model::Problem& m_problem;
  std::size_t m_index;
  const Box& m_box;
  const prune::PruneData& m_data;
  const GuidanceSettings& m_settings;
  const ProgressSink& m_progress;
  const Stop& m_stop;
  Guidance m_guidance;
  double m_done = 0, m_work = 1;  ///< candidates pruned and probed
  double m_told = 0;              ///< the fraction reported last
};

}  // namespace

std::vector<Attempt> attempts_for(const nn::Network& network) {
  Index layers = 0;
  for (const nn::Layer& layer : network.layers) layers += std::holds_alternative<nn::Relu>(layer) ? 1 : 0;
  const double width = layers > 0 ? static_cast<double>(nn::count_neurons(network)) / static_cast<double>(layers) : 0.0;
  constexpr Index shallow = 2;
  constexpr double wide = 64;
  std::vector<Attempt> attempts;
  const auto add = [&](prune::Method method, std::initializer_list<double> sparsities) {
    if (method == prune::Method::node && layers == 0) return;
    for (const double sparsity : sparsities) attempts.push_back({method, sparsity});
  };
  if (layers <= shallow && width >= wide) {
    add(prune::Method::node, {0.3, 0.5, 0.65, 0.75, 0.85});
    add(prune::Method::weight, {0.5, 0.8, 0.9});
  } else {
    add(prune::Method::weight, {0.5, 0.7, 0.8, 0.9, 0.95});
    add(prune::Method::node, {0.25, 0.5, 0.75});
  }
  return attempts;
}

std::vector<std::size_t> Guidance::front() const {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].front) members.push_back(i);
  }
  std::stable_sort(members.begin(), members.end(),
                   [&](std::size_t a, std::size_t b) { return cost(candidates[a]) < cost(candidates[b]); });
  return members;
}

const GuidanceCandidate* Guidance::recommended() const {
  const auto found = std::find_if(candidates.begin(), candidates.end(), [](const auto& c) { return c.recommended; });
  return found == candidates.end() ? nullptr : &*found;
}

void choose(Guidance& guidance) {
  auto& candidates = guidance.candidates;
  for (GuidanceCandidate& candidate : candidates) {
    candidate.recommended = false;
    candidate.front = std::none_of(candidates.begin(), candidates.end(),
                                   [&](const GuidanceCandidate& other) { return dominates(other, candidate); });
  }
  // The front's best by a key, among those of a kind; nothing when there is none of the kind.
  const auto best = [&](auto&& is_kind, auto&& key) {
    GuidanceCandidate* found = nullptr;
    for (GuidanceCandidate& candidate : candidates) {
      if (candidate.front && is_kind(candidate) && (found == nullptr || key(candidate) < key(*found))) {
        found = &candidate;
      }
    }
    return found;
  };
  const auto within = [&](const GuidanceCandidate& c) { return c.growth <= guidance.settings.tolerance; };
  const auto gap = [](const GuidanceCandidate& c) { return cost(c); };
  const std::string tolerance = fmt::format("{:g} %", 100 * guidance.settings.tolerance);
  GuidanceCandidate* found = best([&](const auto& c) { return within(c) && solved(c); },
                                  [](const auto& c) { return std::pair(c.summary.weights, c.summary.unstable); });
  guidance.reason = "the sparsest whose validation error grows by at most " + tolerance + " and that was solved";
  if (found == nullptr) {
    found = best(solved, [](const auto& c) { return c.error; });
    guidance.reason = "none within " + tolerance + " was solved in time: the most accurate one that was";
  }
  const bool ended = std::all_of(candidates.begin(), candidates.end(), [](const GuidanceCandidate& c) {
    return c.probe && (c.probe->status == Status::infeasible || c.probe->status == Status::unbounded);
  });
  if (found == nullptr && ended) {
    found = best([](const auto&) { return true; }, [](const auto& c) { return c.error; });
    guidance.reason = "with none of them the problem has an optimum: it is infeasible or unbounded; the most accurate";
  }
  if (found == nullptr) {
    found = best(within, gap);
    guidance.reason = "none was solved in time: the smallest gap within " + tolerance;
  }
  if (found == nullptr) {
    found = best([](const auto&) { return true; }, gap);
    guidance.reason = "none was solved in time, none is within " + tolerance + ": the smallest gap";
  }
  if (found != nullptr) found->recommended = true;
}

Guidance guide(const model::Problem& problem, int network, const Box& box, const prune::PruneData& data,
               const GuidanceSettings& settings, const ProgressSink& progress, const Stop& stop) {
  if (network < 0 || static_cast<std::size_t>(network) >= problem.networks.size()) {
    throw std::invalid_argument("study::guide: no such network");
  }
  return Guide(problem, network, box, data, settings, progress, stop).run();
}

std::string name_of(const GuidanceCandidate& candidate) {
  if (!candidate.method) return "not pruned";
  return removed(*candidate.method, candidate.sparsity);
}

}  // namespace secateur::study
