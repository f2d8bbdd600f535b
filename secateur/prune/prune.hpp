// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/names.hpp"
#include "secateur/core/options.hpp"
#include "secateur/core/progress.hpp"
#include "secateur/data/dataset.hpp"
#include "secateur/nn/network.hpp"
#include "secateur/train/train.hpp"

namespace secateur::prune {

enum class Method { weight, node };
/// docs/pruning.md says what each means for a weight and for a node; the last two need data.
enum class Saliency { magnitude, range, taylor, activation };
enum class Scope { global, layer };
enum class Schedule { gradual, one_shot };

struct PruneSettings {
  Method method = Method::weight;
  std::optional<double> sparsity;   ///< fraction of weights (or hidden nodes) removed; this or tolerance
  std::optional<double> tolerance;  ///< allowed relative growth of the validation RMSE
  Saliency saliency = Saliency::magnitude;
  Scope scope = Scope::global;
  Schedule schedule = Schedule::gradual;
  bool compensate = false;
  bool finetune = true;
  int epochs = 500;  ///< of fine-tuning, over the whole schedule
  int threads = 1;
  std::uint64_t seed = 0;
};

template <class Visitor>
void describe(PruneSettings& s, Visitor&& visit) {
  visit("method", s.method, "what is removed: single weights or whole hidden nodes");
  visit("sparsity", s.sparsity, "fraction of the weights (or hidden nodes) to remove",
        Range<double>{0, 1, false, true});
  visit("tolerance", s.tolerance, "allowed relative growth of the validation RMSE (0.02 = 2 %)", Range<double>{0, 1e3});
  visit("saliency", s.saliency, "how importance is measured");
  visit("scope", s.scope, "compare saliencies over the whole network or within each layer");
  visit("schedule", s.schedule, "in steps with fine-tuning between them (Zhu & Gupta 2017), or all at once");
  visit("compensate", s.compensate, "add a pruned weight's mean contribution to the bias");
  visit("finetune", s.finetune, "train the remaining weights (needs data)");
  visit("epochs", s.epochs, "epochs of fine-tuning over the whole schedule", Range<int>{1, 1000000});
  visit("seed", s.seed, "seed of the split and of the order of the rows", Range<std::uint64_t>{0, UINT64_MAX});
  visit("threads", s.threads, "worker threads", Range<int>{1, 1024});
}

/// What a network weighs and how good it is.
struct Summary {
  Index weights = 0;               ///< non-zero weights
  Index neurons = 0;               ///< hidden neurons
  Index unstable = 0;              ///< of these, unstable by CROWN on the box
  std::vector<double> mean_width;  ///< mean width of the CROWN preactivation bounds, one a layer
  std::optional<train::Errors> validation, test;
};

struct Pruned {
  nn::Network network;  ///< canonical
  double sparsity = 0;  ///< reached: zero weights (or hidden nodes removed) over those of the canonical network
  std::string note;     ///< what the user should know beyond the numbers; mostly empty
  /// For every hidden layer, which nodes of the canonical network are left, ascending.
  std::vector<std::vector<Index>> kept;
  Summary before, after;
};

/// Data and its split, for pruning with fine-tuning; without it pruning is one shot.
using PruneData = data::Parts;

/// Prunes the canonical form of the network. `box`: where bounds are computed and compensation holds.
///
/// To a sparsity S: floor(S count) of all weights are zero afterwards, or floor(S count) of the hidden nodes gone,
/// except that every hidden layer keeps one node. To a tolerance: the sparsest network found; the original and a note
/// when there is none. Without data one shot and without fine-tuning, whatever the settings say of schedule and
/// fine-tuning. When `stop` says, the target sparsity is still reached, without further fine-tuning.
///
/// Throws InputError for settings that exclude each other or are out of range, a tolerance or a saliency that needs
/// data (taylor, activation) without it, and a box or data that does not fit the network.
Pruned prune(const nn::Network& network, const Box& box, const PruneData* data, const PruneSettings& settings,
             const ProgressSink& progress = {}, const Stop& stop = Stop());

Summary summarize(const nn::Network& network, const Box& box, const PruneData* data);

}  // namespace secateur::prune

namespace secateur {
template <>
struct Names<prune::Method> {
  static constexpr std::array<std::string_view, 2> value{"weight", "node"};
};
template <>
struct Names<prune::Saliency> {
  static constexpr std::array<std::string_view, 4> value{"magnitude", "range", "taylor", "activation"};
};
template <>
struct Names<prune::Scope> {
  static constexpr std::array<std::string_view, 2> value{"global", "layer"};
};
template <>
struct Names<prune::Schedule> {
  static constexpr std::array<std::string_view, 2> value{"gradual", "one_shot"};
};
}  // namespace secateur
