// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/nn/network.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::prune {

/// A network on the way and its error: train::relative_rmse on the validation rows, 0 without data.
struct Candidate {
  nn::Network network;
  Index removed = 0;  ///< weights that are zero, or hidden nodes of the original that are gone
  double error = 0;
  std::vector<std::vector<Index>> kept;  ///< Pruned::kept
};

/// From one network to a sparser one: stages of pruning with fine-tuning behind each. Holds references to its
/// arguments.
class Descent {
 public:
  /// `original` is canonical; all counts are relative to it.
  Descent(const nn::Network& original, const Box& box, const PruneData* data, const PruneSettings& settings,
          const ProgressSink& progress, const Stop& stop);

  /// Weights or hidden nodes of the original.
  [[nodiscard]] Index count() const { return m_count; }
  [[nodiscard]] Candidate candidate(nn::Network network, std::vector<std::vector<Index>> kept) const;
  [[nodiscard]] const Candidate& original() const { return m_original; }
  [[nodiscard]] bool stopped() const { return m_stop.reason().has_value(); }
  [[nodiscard]] bool finetunes() const { return m_data != nullptr && m_settings.finetune; }

  /// Prunes until `target` are removed, in the stages of the schedule. `seen` is told of every network after its
  /// fine-tuning, the last one is returned. `share`: the part of the whole work that this is, for the progress. When
  /// the stop says, the remaining stages are done without fine-tuning.
  Candidate run(const Candidate& start, Index target, double share,
                const std::function<void(const Candidate&)>& seen = {});

 private:
  /// Fine-tunes; zero weights stay zero. Returns the network itself when nothing better on the validation rows is
  /// found.
  Candidate tune(Candidate from, int epochs, double learning_rate, double share);
  [[nodiscard]] Candidate removed_to(const Candidate& from, Index target) const;
  [[nodiscard]] Index removed(const nn::Network& network) const;
  void report(double fraction, std::string_view note) const;

  const Box& m_box;
  const PruneData* m_data;
  const PruneSettings& m_settings;
  const ProgressSink& m_progress;
  const Stop& m_stop;
  std::vector<Index> m_widths;  ///< hidden layers of the original
  Index m_count = 0;
  Candidate m_original;
  double m_done = 0;  ///< part of the whole work
  std::uint64_t m_tunings = 0;
};

}  // namespace secateur::prune
