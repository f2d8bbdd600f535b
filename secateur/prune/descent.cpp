// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/descent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/prune/compensate.hpp"
#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/node.hpp"
#include "secateur/prune/saliency.hpp"
#include "secateur/prune/schedule.hpp"
#include "secateur/prune/weight.hpp"

namespace secateur::prune {

namespace {

/// Initial learning rates between two prunings and at the target, where there is time to explore (measured on peaks,
/// 3 x 50, four seeds: 3e-3 throughout leaves 10 to 15 % more error).
constexpr double rate_between = 3e-3;
constexpr double rate_at_target = 1e-2;
/// A rate at which nothing improves is divided by ten, at most so often.
constexpr int smaller_rates = 2;

}  // namespace

Descent::Descent(const nn::Network& original, const Box& box, const PruneData* data, const PruneSettings& settings,
                 const ProgressSink& progress, const Stop& stop)
    : m_box(box), m_data(data), m_settings(settings), m_progress(progress), m_stop(stop) {
  m_widths = hidden_widths(original);
  m_count = settings.method == Method::weight ? total_weights(original) : hidden_nodes(original);
  std::vector<std::vector<Index>> all;
  for (const Index width : m_widths) {
    all.emplace_back(static_cast<std::size_t>(width));
    std::iota(all.back().begin(), all.back().end(), Index{0});
  }
  m_original = candidate(original, std::move(all));
}

Index Descent::removed(const nn::Network& network) const {
  return m_settings.method == Method::weight ? zero_weights(network) : m_count - hidden_nodes(network);
}

Candidate Descent::candidate(nn::Network network, std::vector<std::vector<Index>> kept) const {
  const double error = m_data != nullptr ? train::relative_rmse(network, m_data->validation, m_data->training) : 0.0;
  const Index gone = removed(network);
  return {std::move(network), gone, error, std::move(kept)};
}

Candidate Descent::removed_to(const Candidate& from, Index target) const {
  const nn::Network& network = from.network;
  nn::Network result = network;
  std::vector<std::vector<Index>> kept = from.kept;
  std::vector<Vector> replacements;
  if (m_settings.compensate) {
    replacements = replacement_values(network, m_box, m_data != nullptr ? &m_data->training : nullptr);
  }
  const std::vector<Vector>* replaced = m_settings.compensate ? &replacements : nullptr;
  const auto& [saliency, compensate, scope] = std::tie(m_settings.saliency, m_settings.compensate, m_settings.scope);
  if (m_settings.method == Method::weight) {
    const auto scores = weight_saliency(network, m_box, m_data, saliency, compensate);
    remove_weights(result, choose_weights(network, scores, target, scope), replaced);
  } else {
    const auto scores = node_saliency(network, m_box, m_data, saliency, compensate);
    const auto gone = choose_nodes(network, scores, m_widths, target, scope);
    remove_nodes(result, gone, replaced);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      for (auto unit = gone[k].rbegin(); unit != gone[k].rend(); ++unit) kept[k].erase(kept[k].begin() + *unit);
    }
  }
  return candidate(std::move(result), std::move(kept));
}

Candidate Descent::run(const Candidate& start, Index target, double share,
                       const std::function<void(const Candidate&)>& seen) {
  const auto fraction = [&](Index n) { return static_cast<double>(n) / static_cast<double>(m_count); };
  const Schedule schedule = m_data != nullptr ? m_settings.schedule : Schedule::one_shot;
  const double end = m_done + share;
  Candidate current = start;
  const auto plan = stages(schedule, fraction(start.removed), fraction(target), m_settings.epochs);
  for (std::size_t t = 0; t < plan.size(); ++t) {
    const Index goal = t + 1 == plan.size() ? target : std::min(target, target_count(plan[t].sparsity, m_count));
    current = removed_to(current, goal);
    const double part = share * plan[t].epochs / m_settings.epochs;
    const double rate = t + 1 == plan.size() ? rate_at_target : rate_between;
    if (finetunes()) current = tune(std::move(current), plan[t].epochs, rate, part);
    if (seen) seen(current);
  }
  m_done = end;
  return current;
}

Candidate Descent::tune(Candidate from, int epochs, double learning_rate, double share) {
  const double begin = m_done;
  train::TrainSettings settings;
  settings.epochs = epochs;
  settings.patience = std::max(20, epochs / 3);
  settings.seed = m_settings.seed + ++m_tunings;
  settings.threads = m_settings.threads;
  settings.learning_rate = learning_rate;
  const train::Masks alive = masks(from.network);
  const double sparsity = static_cast<double>(from.removed) / static_cast<double>(m_count);
  const ProgressSink progress = [&](const Progress& p) {
    report(begin + share * p.fraction.value_or(0),
           fmt::format("{:.3g} % of the {} removed, {}", 100 * sparsity,
                       m_settings.method == Method::weight ? "weights" : "nodes", p.note));
  };
  for (int attempt = 0; attempt <= smaller_rates && !stopped(); ++attempt, settings.learning_rate /= 10) {
    Candidate tuned;
    try {
      tuned = candidate(train::train(from.network, m_data->training, m_data->validation, settings, &alive,
                                     m_progress ? progress : ProgressSink(), m_stop)
                            .network,
                        from.kept);
    } catch (const InputError&) {
      // The data has been checked: what is left is a training that diverged, and a smaller rate is its remedy.
      continue;
    }
    if (tuned.error < from.error) {
      // A weight that training happens to bring to zero counts as removed from here on.
      from = std::move(tuned);
      break;
    }
  }
  m_done = begin + share;
  return from;
}

void Descent::report(double fraction, std::string_view note) const {
  Progress progress;
  progress.stage = "prune";
  progress.fraction = std::clamp(fraction, 0.0, 1.0);
  progress.note = note;
  progress.seconds = m_stop.seconds();
  m_progress(progress);
}

}  // namespace secateur::prune
