// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/train.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/train/scaling.hpp"

namespace secateur::train {

namespace {

using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Parameters {
  std::vector<Floats> weight;
  std::vector<Eigen::RowVectorXf> bias;
};

Parameters zeros_like(const Parameters& other) {
  Parameters zero = other;
  for (auto& w : zero.weight) w.setZero();
  for (auto& b : zero.bias) b.setZero();
  return zero;
}

Floats forward(const Parameters& p, const Floats& x, std::vector<Floats>* activations) {
  Floats a = x;
  for (std::size_t k = 0; k < p.weight.size(); ++k) {
    if (activations != nullptr) activations->push_back(a);
    Floats z = a * p.weight[k].transpose();
    z.rowwise() += p.bias[k];
    if (k + 1 < p.weight.size()) z = z.cwiseMax(0.0F);
    a = std::move(z);
  }
  return a;
}

double loss(const Floats& y, const Floats& t, const Eigen::RowVectorXf& weight) {
  const Floats weighted = (y - t).array().square().rowwise() * weight.array();
  return weighted.cast<double>().mean();
}

}  // namespace

Training train(const nn::Network& network, const data::Dataset& training, const data::Dataset& validation,
               const TrainSettings& settings, const Masks* masks, const ProgressSink& progress, const Stop& stop) {
  const Stopwatch watch;
  Training result;
  result.network = nn::canonical(network);
  check_fits(result.network, training, "training");
  check_fits(result.network, validation, "validation");
  const Stack parts = stack(result.network);
  const std::size_t count = parts.widths.size() - 1;
  if (masks != nullptr && masks->size() != count) {
    throw InputError(fmt::format("{} masks for {} Dense layers", masks->size(), count));
  }

  Parameters p;
  for (std::size_t k = 0; k < count; ++k) {
    const auto& dense = std::get<nn::Dense>(result.network.layers[parts.first + 2 * k]);
    p.weight.emplace_back(dense.weight.cast<float>());
    p.bias.emplace_back(dense.bias.transpose().cast<float>());
    if (masks == nullptr) continue;
    const auto& mask = (*masks)[k];
    if (mask.rows() != dense.weight.rows() || mask.cols() != dense.weight.cols()) {
      throw InputError(fmt::format("mask {} is {} x {}; the layer is {} x {}", k, mask.rows(), mask.cols(),
                                   dense.weight.rows(), dense.weight.cols()));
    }
    p.weight[k] = (mask.array() != 0).select(p.weight[k], 0.0F);
  }

  const Floats x = scale_inputs(result.network, training.x).cast<float>();
  const Matrix targets = scale_targets(result.network, training.y);
  const Floats t = targets.cast<float>();
  const Floats vx = scale_inputs(result.network, validation.x).cast<float>();
  const Floats vt = scale_targets(result.network, validation.y).cast<float>();
  Eigen::RowVectorXf weight(targets.cols());
  for (Index k = 0; k < targets.cols(); ++k) {
    const double variance = (targets.col(k).array() - targets.col(k).mean()).square().mean();
    weight(k) = static_cast<float>(variance > 0 ? 1 / variance : 1.0);
  }

  const Index n = training.rows();
  const Index batch = std::min<Index>(settings.batch, n);
  const Index steps = (n + batch - 1) / batch;
  const double all_steps = static_cast<double>(steps) * settings.epochs;
  Parameters best = p;
  Parameters m = zeros_like(p);
  Parameters v = zeros_like(p);
  double best_loss = loss(forward(p, vx, nullptr), vt, weight);
  if (!std::isfinite(best_loss)) throw InputError("the network's error on the validation data is not finite");
  bool improved = false;
  int since_best = 0;
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  Rng rng(settings.seed);
  double step = 0;

  for (int epoch = 0; epoch < settings.epochs && since_best < settings.patience && !stop.reason(); ++epoch) {
    rng.shuffle(order);
    double sum = 0;
    for (Index s = 0; s < steps && !stop.reason(); ++s) {
      const Index first = s * batch;
      const Index rows = std::min(batch, n - first);
      Floats bx(rows, x.cols());
      Floats bt(rows, t.cols());
      for (Index i = 0; i < rows; ++i) {
        bx.row(i) = x.row(order[static_cast<std::size_t>(first + i)]);
        bt.row(i) = t.row(order[static_cast<std::size_t>(first + i)]);
      }
      std::vector<Floats> a;
      const Floats y = forward(p, bx, &a);
      sum += loss(y, bt, weight) * static_cast<double>(rows);
      Floats dz = (y - bt).array().rowwise() * (2.0F / static_cast<float>(y.size()) * weight.array());
      step += 1;
      const double rate =
          settings.learning_rate * (0.01 + 0.99 * 0.5 * (1 + std::cos(std::numbers::pi * (step - 1) / all_steps)));
      const auto scale = static_cast<float>(rate / (1 - std::pow(0.9, step)));
      const auto root = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, step)));
      const auto adam = [&](auto& w, auto& mean, auto& square, const auto& g) {
        mean = 0.9F * mean + 0.1F * g;
        square.array() = 0.999F * square.array() + 0.001F * g.array().square();
        w.array() -= scale * mean.array() / (square.array().sqrt() * root + 1e-8F);
      };
      for (std::size_t k = count; k-- > 0;) {
        Floats gw = dz.transpose() * a[k];
        const Eigen::RowVectorXf gb = dz.colwise().sum();
        if (k > 0) dz = ((a[k].array() > 0).select(dz * p.weight[k], 0.0F)).eval();
        gw.array() += static_cast<float>(settings.l1) * p.weight[k].array().sign() +
                      static_cast<float>(2 * settings.l2) * p.weight[k].array();
        if (masks != nullptr) gw = ((*masks)[k].array() != 0).select(gw, 0.0F).eval();
        adam(p.weight[k], m.weight[k], v.weight[k], gw);
        adam(p.bias[k], m.bias[k], v.bias[k], gb);
      }
    }
    if (stop.reason()) break;
    const double training_loss = sum / static_cast<double>(n);
    const double validation_loss = loss(forward(p, vx, nullptr), vt, weight);
    if (!std::isfinite(training_loss) || !std::isfinite(validation_loss)) {
      if (improved) break;
      throw InputError(fmt::format("training diverged in epoch {}: a smaller learning rate than {} is needed",
                                   epoch + 1, settings.learning_rate));
    }
    result.training_loss.push_back(training_loss);
    result.validation_loss.push_back(validation_loss);
    result.epochs = epoch + 1;
    ++since_best;
    if (validation_loss < best_loss) {
      best_loss = validation_loss;
      best = p;
      improved = true;
      since_best = 0;
    }
    if (progress) {
      const std::string note = fmt::format("validation loss {:.3g}", best_loss);
      Progress report;
      report.stage = "train";
      report.note = note;
      report.fraction = static_cast<double>(epoch + 1) / settings.epochs;
      report.seconds = watch.seconds();
      progress(report);
    }
  }

  for (std::size_t k = 0; k < count; ++k) {
    auto& dense = std::get<nn::Dense>(result.network.layers[parts.first + 2 * k]);
    dense.weight = best.weight[k].cast<double>();
    dense.bias = best.bias[k].transpose().cast<double>();
  }
  result.seconds = watch.seconds();
  return result;
}

}  // namespace secateur::train
