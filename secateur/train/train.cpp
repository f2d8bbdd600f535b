// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/train.hpp"

#include <fmt/format.h>

#include "secateur/core/error.hpp"
#include "secateur/train/scaling.hpp"
#include "secateur/train/trainer.hpp"

namespace secateur::train {

namespace {

void check_settings(TrainSettings settings) {
  describe(settings, [](std::string_view name, auto value, std::string_view, auto range) {
    if (contains(range, value)) return;
    throw InputError(fmt::format("{} is {}; allowed is {} {} to {}", name, value,
                                 range.open_minimum ? "more than" : "from", range.minimum, range.maximum));
  });
}

void check_masks(const Masks& masks, const std::vector<nn::Dense>& layers) {
  if (masks.size() != layers.size()) {
    throw InputError(fmt::format("{} masks for {} Dense layers", masks.size(), layers.size()));
  }
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto& weight = layers[k].weight;
    if (masks[k].rows() != weight.rows() || masks[k].cols() != weight.cols()) {
      throw InputError(fmt::format("mask {} is {} x {}; the layer is {} x {}", k, masks[k].rows(), masks[k].cols(),
                                   weight.rows(), weight.cols()));
    }
  }
}

Task task_of(const nn::Network& canonical, const Stack& parts, const data::Dataset& training,
             const data::Dataset& validation) {
  Task task;
  for (std::size_t i = parts.first; i <= parts.last; i += 2) {
    task.layers.push_back(std::get<nn::Dense>(canonical.layers[i]));
  }
  task.x = scale_inputs(canonical, training.x);
  task.t = scale_targets(canonical, training.y);
  task.validation_x = scale_inputs(canonical, validation.x);
  task.validation_t = scale_targets(canonical, validation.y);
  // Relative to the variance of the targets, outputs of any unit count the same. With the output scaling of
  // initial_network the variance is 1.
  task.weight = Vector(task.t.cols());
  for (Index k = 0; k < task.t.cols(); ++k) {
    const double variance = (task.t.col(k).array() - task.t.col(k).mean()).square().mean();
    task.weight(k) = variance > 0 ? 1 / variance : 1.0;
  }
  task.box = scale_box(canonical, canonical.box ? *canonical.box : data::bounding_box(training));
  return task;
}

template <class Scalar>
std::vector<nn::Dense> run(const Task& task, const TrainSettings& settings, const Masks* masks, Training& result,
                           const ProgressSink& progress, const Stop& stop) {
  Trainer<Scalar> trainer(task, settings, masks);
  trainer.run(result, progress, stop);
  return trainer.best();
}

}  // namespace

Training train(const nn::Network& network, const data::Dataset& training, const data::Dataset& validation,
               const TrainSettings& settings, const Masks* masks, const ProgressSink& progress, const Stop& stop) {
  const Stopwatch watch;
  check_settings(settings);
  check_fits(network, training, "training");
  check_fits(network, validation, "validation");
  Training result;
  result.network = nn::canonical(network);
  const Stack parts = stack(result.network);
  const Task task = task_of(result.network, parts, training, validation);
  if (masks != nullptr) check_masks(*masks, task.layers);

  std::vector<nn::Dense> layers = result.network.precision == nn::Precision::float64
                                      ? run<double>(task, settings, masks, result, progress, stop)
                                      : run<float>(task, settings, masks, result, progress, stop);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    std::get<nn::Dense>(result.network.layers[parts.first + 2 * k]) = std::move(layers[k]);
  }
  result.seconds = watch.seconds();
  return result;
}

}  // namespace secateur::train
