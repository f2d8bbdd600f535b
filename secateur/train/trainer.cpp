// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "secateur/core/error.hpp"

namespace secateur::train {

namespace {

constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

/// Shares of threads are whole multiples of this many columns or parameters, so that vector code and cache lines are
/// not cut.
constexpr Index grain = 16;

struct Share {
  Index first, count;
};

/// The part of [0, total) that falls to one of `size` members.
Share share(Index total, int member, int size) {
  const Index grains = (total + grain - 1) / grain;
  const Index first = std::min(total, grains * member / size * grain);
  const Index last = std::min(total, grains * (member + 1) / size * grain);
  return {first, last - first};
}

std::vector<Index> widths_of(const std::vector<nn::Dense>& layers) {
  std::vector<Index> widths{layers.front().weight.cols()};
  for (const auto& layer : layers) widths.push_back(layer.weight.rows());
  return widths;
}

int team_size(const TrainSettings& settings, Index batch) {
  return static_cast<int>(std::min<Index>(settings.threads, (batch + grain - 1) / grain));
}

/// The largest portion of a batch that is worked on at once; see Sweep.
constexpr Index portion = 256;

}  // namespace

template <class Scalar>
Trainer<Scalar>::Trainer(const Task& task, const TrainSettings& settings, const Masks* masks)
    : m_settings(settings),
      m_layout(widths_of(task.layers)),
      m_team(team_size(settings, std::min<Index>(settings.batch, task.x.rows()))),
      m_batch(std::min<Index>(settings.batch, task.x.rows())),
      m_steps((task.x.rows() + m_batch - 1) / m_batch),
      m_outputs(static_cast<double>(task.t.cols())),
      m_training(set_of(task.x, task.t)),
      m_shuffled(m_training),
      m_validation(set_of(task.validation_x, task.validation_t)),
      m_order(static_cast<std::size_t>(task.x.rows())),
      m_rng(settings.seed),
      m_parameters(m_layout.size()),
      m_mean(m_layout.size()),
      m_square(m_layout.size()),
      m_gradient_size((m_layout.size() + grain - 1) / grain * grain),
      m_gradient(m_gradient_size * m_team.size()),
      m_loss(static_cast<std::size_t>(m_team.size())),
      m_validation_loss(static_cast<std::size_t>(m_team.size())) {
  std::iota(m_order.begin(), m_order.end(), Index{0});
  using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  if (masks != nullptr) m_mask = Buffer<Scalar>(m_layout.weights());
  for (std::size_t k = 0; k < m_layout.layers(); ++k) {
    const nn::Dense& layer = task.layers[k];
    Eigen::Map<RowMajor> weight(m_parameters.data() + m_layout.weight(k), m_layout.units(k), m_layout.inputs(k));
    weight = layer.weight.cast<Scalar>();
    Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>(m_parameters.data() + m_layout.bias(k), m_layout.units(k)) =
        layer.bias.cast<Scalar>();
    if (masks == nullptr) continue;
    Eigen::Map<RowMajor> mask(m_mask.data() + m_layout.weight(k), m_layout.units(k), m_layout.inputs(k));
    mask = ((*masks)[k].array() != 0).template cast<Scalar>();
    weight = (mask.array() != 0).select(weight, Scalar{0}).eval();
  }
  m_best = m_parameters;

  std::vector<Scalar> weight;
  for (const double w : task.weight) {
    weight.push_back(static_cast<Scalar>(w));
    if (!std::isnormal(weight.back())) {
      throw InputError(fmt::format("an output whose deviation is {:.3g} cannot be trained in {} without output scaling",
                                   1 / std::sqrt(w), sizeof(Scalar) == sizeof(float) ? "float32" : "float64"));
    }
  }
  const Index columns = std::min(portion, std::max(m_batch, m_validation.columns));
  for (int member = 0; member < m_team.size(); ++member) m_sweep.emplace_back(m_layout, weight, columns);
  if (settings.stability > 0) m_stability.emplace(m_layout, task.box.lower, task.box.upper);
}

template <class Scalar>
auto Trainer<Scalar>::set_of(const Matrix& x, const Matrix& t) -> Set {
  Set set{Buffer<Scalar>(x.size()), Buffer<Scalar>(t.size()), x.rows()};
  using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<RowMajor>(set.x.data(), x.cols(), x.rows()) = x.transpose().template cast<Scalar>();
  Eigen::Map<RowMajor>(set.t.data(), t.cols(), t.rows()) = t.transpose().template cast<Scalar>();
  return set;
}

template <class Scalar>
void Trainer<Scalar>::run(Training& result, const ProgressSink& progress, const Stop& stop) {
  const Stopwatch watch;
  m_team.run([this](int member) { validate(member); });
  const auto total = [](const std::vector<double>& parts) { return std::accumulate(parts.begin(), parts.end(), 0.0); };
  const auto mean = [&](const std::vector<double>& parts, Index rows) {
    return total(parts) / (m_outputs * static_cast<double>(rows));
  };
  m_best_objective = mean(m_validation_loss, m_validation.columns) + penalties();
  if (!std::isfinite(m_best_objective)) {
    throw InputError("the network's error on the validation data is not finite: training cannot start from it");
  }
  double best_loss = mean(m_validation_loss, m_validation.columns);
  int since_best = 0;
  bool improved = false;
  m_stopped = stop.reason().has_value();
  while (result.epochs < m_settings.epochs && since_best < m_settings.patience && !m_stopped) {
    m_rng.shuffle(m_order);
    std::fill(m_loss.begin(), m_loss.end(), 0.0);
    m_team.run([&](int member) { epoch(member, stop); });
    if (m_stopped) break;

    const double training_loss = mean(m_loss, m_training.columns);
    const double validation_loss = mean(m_validation_loss, m_validation.columns);
    m_objective = validation_loss + penalties();
    if (!std::isfinite(training_loss) || !std::isfinite(m_objective)) {
      if (improved) break;
      throw InputError(fmt::format("training diverged in epoch {}: a smaller learning rate than {} is needed",
                                   result.epochs + 1, m_settings.learning_rate));
    }
    result.training_loss.push_back(training_loss);
    result.validation_loss.push_back(validation_loss);
    ++result.epochs;
    ++since_best;
    if (keep_if_better()) {
      best_loss = validation_loss;
      improved = true;
      since_best = 0;
    }
    if (progress) {
      const std::string note = fmt::format("validation loss {:.3g}", best_loss);
      Progress report;
      report.stage = "train";
      report.note = note;
      report.fraction = static_cast<double>(result.epochs) / m_settings.epochs;
      report.seconds = watch.seconds();
      progress(report);
    }
  }
}

template <class Scalar>
void Trainer<Scalar>::epoch(int member, const Stop& stop) {
  gather(member);
  m_team.barrier();
  for (Index step = 0; step < m_steps; ++step) {
    const Index first = step * m_batch;
    descend(member, first, std::min(m_batch, m_training.columns - first));
    m_team.barrier();
    update(member);
    // One member looks, so that all leave at the same step.
    if (member == 0) m_stopped = stop.reason().has_value();
    m_team.barrier();
    if (member == 0) ++m_step;
    if (m_stopped) return;
  }
  validate(member);
}

/// This member's share of the rows, in this epoch's order.
template <class Scalar>
void Trainer<Scalar>::gather(int member) {
  const Share part = share(m_training.columns, member, m_team.size());
  const auto copy = [&](const Buffer<Scalar>& from, Buffer<Scalar>& to) {
    for (Index row = 0; row < from.size(); row += m_training.columns) {
      for (Index j = part.first; j < part.first + part.count; ++j) {
        to[row + j] = from[row + m_order[static_cast<std::size_t>(j)]];
      }
    }
  };
  copy(m_training.x, m_shuffled.x);
  copy(m_training.t, m_shuffled.t);
}

/// This member's part of the gradient of a batch.
template <class Scalar>
void Trainer<Scalar>::descend(int member, Index first, Index columns) {
  const Share part = share(columns, member, m_team.size());
  const Points<Scalar> points{m_shuffled.x.data() + first + part.first, m_shuffled.t.data() + first + part.first,
                              m_shuffled.columns, part.count};
  Scalar* gradient = m_gradient.data() + m_gradient_size * member;
  const auto at = static_cast<std::size_t>(member);
  const auto scale = static_cast<Scalar>(1 / (m_outputs * static_cast<double>(columns)));
  m_loss[at] += m_sweep[at].gradient(m_parameters.data(), points, scale, gradient);
  if (m_stability && member + 1 == m_team.size()) {
    m_stability->gradient(m_parameters.data(), static_cast<Scalar>(m_settings.stability), gradient);
  }
}

/// Adam on this member's share of the parameters.
template <class Scalar>
void Trainer<Scalar>::update(int member) {
  const double t = static_cast<double>(m_step) + 1;
  const double all = static_cast<double>(m_steps) * m_settings.epochs;
  const double rate = m_settings.learning_rate * (0.01 + 0.99 * 0.5 * (1 + std::cos(std::numbers::pi * (t - 1) / all)));
  AdamStep<Scalar> step;
  step.parts = m_team.size();
  step.part_stride = m_gradient_size;
  step.beta1 = static_cast<Scalar>(beta1);
  step.beta2 = static_cast<Scalar>(beta2);
  step.epsilon = static_cast<Scalar>(epsilon);
  step.rate = static_cast<Scalar>(rate / (1 - std::pow(beta1, t)));
  step.root = static_cast<Scalar>(1 / std::sqrt(1 - std::pow(beta2, t)));
  const auto run = [&](Index first, Index last, bool weights) {
    if (first >= last) return;
    step.count = last - first;
    step.w = m_parameters.data() + first;
    step.mean = m_mean.data() + first;
    step.square = m_square.data() + first;
    step.gradient = m_gradient.data() + first;
    step.mask = weights && m_mask.size() > 0 ? m_mask.data() + first : nullptr;
    step.l1 = static_cast<Scalar>(weights ? m_settings.l1 : 0);
    step.l2 = static_cast<Scalar>(weights ? m_settings.l2 : 0);
    kernels<Scalar>().adam(step);
  };
  const Share part = share(m_layout.size(), member, m_team.size());
  run(part.first, std::min(part.first + part.count, m_layout.weights()), true);
  run(std::max(part.first, m_layout.weights()), part.first + part.count, false);
}

template <class Scalar>
void Trainer<Scalar>::validate(int member) {
  const Share part = share(m_validation.columns, member, m_team.size());
  const Points<Scalar> points{m_validation.x.data() + part.first, m_validation.t.data() + part.first,
                              m_validation.columns, part.count};
  const auto at = static_cast<std::size_t>(member);
  m_validation_loss[at] = m_sweep[at].loss(m_parameters.data(), points);
}

/// What the settings add to the mean squared error.
template <class Scalar>
double Trainer<Scalar>::penalties() {
  double sum = 0;
  if (m_settings.l1 > 0 || m_settings.l2 > 0) {
    for (Index i = 0; i < m_layout.weights(); ++i) {
      const auto w = static_cast<double>(m_parameters[i]);
      sum += m_settings.l1 * std::fabs(w) + m_settings.l2 * w * w;
    }
  }
  if (m_stability) sum += m_settings.stability * m_stability->penalty(m_parameters.data());
  return sum;
}

template <class Scalar>
bool Trainer<Scalar>::keep_if_better() {
  if (!(m_objective < m_best_objective)) return false;
  const bool finite = std::all_of(m_parameters.data(), m_parameters.data() + m_parameters.size(),
                                  [](Scalar value) { return std::isfinite(value); });
  if (!finite) return false;
  m_best_objective = m_objective;
  std::copy(m_parameters.data(), m_parameters.data() + m_parameters.size(), m_best.data());
  return true;
}

template <class Scalar>
std::vector<nn::Dense> Trainer<Scalar>::best() const {
  std::vector<nn::Dense> layers;
  for (std::size_t k = 0; k < m_layout.layers(); ++k) {
    using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    nn::Dense layer;
    layer.weight = Eigen::Map<const RowMajor>(m_best.data() + m_layout.weight(k), m_layout.units(k), m_layout.inputs(k))
                       .template cast<double>();
    layer.bias =
        Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>(m_best.data() + m_layout.bias(k), m_layout.units(k))
            .template cast<double>();
    layers.push_back(std::move(layer));
  }
  return layers;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace secateur::train
