// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/prune.hpp"

#include <fmt/format.h>

#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/error.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/descent.hpp"
#include "secateur/prune/schedule.hpp"
#include "secateur/prune/tolerance.hpp"
#include "secateur/train/scaling.hpp"

namespace secateur::prune {

namespace {

void check_settings(const PruneSettings& settings, bool have_data) {
  if (settings.sparsity && settings.tolerance) {
    throw InputError("a sparsity and a tolerance are given; one of them says how much to prune");
  }
  if (!settings.sparsity && !settings.tolerance) {
    throw InputError("neither a sparsity nor a tolerance is given; one of them has to say how much to prune");
  }
  // Written so that NaN is refused.
  if (settings.sparsity && !(*settings.sparsity >= 0 && *settings.sparsity < 1)) {
    throw InputError(fmt::format("{}; at least 0 and less than 1 is allowed", *settings.sparsity), {}, "sparsity");
  }
  if (settings.tolerance && !(*settings.tolerance >= 0 && std::isfinite(*settings.tolerance))) {
    throw InputError(fmt::format("{}; a finite number that is not negative is allowed", *settings.tolerance), {},
                     "tolerance");
  }
  if (settings.epochs < 1) throw InputError(fmt::format("{}; at least 1 is needed", settings.epochs), {}, "epochs");
  if (settings.threads < 1) throw InputError(fmt::format("{}; at least 1 is needed", settings.threads), {}, "threads");
  if (have_data) return;
  if (settings.tolerance) throw InputError("needs data to measure the error on", {}, "tolerance");
  if (settings.saliency == Saliency::taylor || settings.saliency == Saliency::activation) {
    throw InputError(fmt::format("{} needs data; magnitude and range work without", to_string(settings.saliency)), {},
                     "saliency");
  }
}

void check_box(const nn::Network& network, const Box& box) {
  if (box.size() != network.inputs() || box.upper.size() != box.size()) {
    throw InputError(fmt::format("has {} intervals; the network has {} inputs", box.size(), network.inputs()), {},
                     "box");
  }
  for (Index i = 0; i < box.size(); ++i) {
    if (std::isfinite(box.lower(i)) && std::isfinite(box.upper(i)) && box.lower(i) <= box.upper(i)) continue;
    throw InputError(fmt::format("{}:{} for input {}; finite numbers, the lower one first, are needed", box.lower(i),
                                 box.upper(i), network.input_names[static_cast<std::size_t>(i)]),
                     {}, "box");
  }
}

void check_data(const nn::Network& network, const PruneData& data) {
  train::check_fits(network, data.training, "training");
  train::check_fits(network, data.validation, "validation");
  train::check_fits(network, data.test, "test");
  train::scale_targets(network, data.training.y);  // refuses an output scaling that training cannot undo
}

double fraction(Index part, Index whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

}  // namespace

Summary summarize(const nn::Network& network, const Box& box, const PruneData* data) {
  check_box(network, box);
  Summary summary;
  summary.weights = nn::count_weights(network);
  summary.neurons = nn::count_neurons(network);
  const graph::NeuronBounds bounds = bounds::crown(graph::lower(network, box), box);
  summary.unstable = graph::count_unstable(bounds);
  for (const graph::LayerBounds& layer : bounds) summary.mean_width.push_back((layer.upper - layer.lower).mean());
  if (data != nullptr) {
    summary.validation = train::errors(network, data->validation);
    summary.test = train::errors(network, data->test);
  }
  return summary;
}

Pruned prune(const nn::Network& network, const Box& box, const PruneData* data, const PruneSettings& settings,
             const ProgressSink& progress, const Stop& stop) {
  check_settings(settings, data != nullptr);
  check_box(network, box);
  const nn::Network original = nn::canonical(network);
  if (data != nullptr) check_data(original, *data);
  if (settings.method == Method::node && hidden_nodes(original) == 0) {
    throw InputError("the network has no hidden nodes to remove", {}, "method");
  }

  Descent descent(original, box, data, settings, progress, stop);
  Pruned result;
  Candidate found;
  if (settings.sparsity) {
    const Index target = target_count(*settings.sparsity, descent.count());
    found = descent.run(descent.original(), target, 1.0);
    if (found.removed < target) {
      result.note = fmt::format("{} of {} nodes removed: one node is left in each hidden layer", found.removed, target);
    }
  } else if (settings.tolerance) {
    found = search_tolerance(descent, *settings.tolerance);
    if (found.removed == descent.original().removed) {
      result.note = fmt::format("nothing removed: no sparser network within {:g} % of the validation error was found",
                                100 * *settings.tolerance);
    }
  }
  result.sparsity = fraction(found.removed, descent.count());
  result.before = summarize(network, box, data);
  result.network = std::move(found.network);
  result.kept = std::move(found.kept);
  result.after = summarize(result.network, box, data);
  return result;
}

}  // namespace secateur::prune
