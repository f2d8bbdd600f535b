// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/report_data.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "secateur/study/format.hpp"

namespace secateur::study::report {

namespace {

/// Below this a wall-clock time says nothing about the work done.
constexpr double clock_resolution = 1e-6;

}  // namespace

Spot spot(const Axes& axes) {
  const bool dense = !axes.method;
  return {axes.source, axes.architecture, axes.training, dense ? "dense" : axes.pruning, dense ? 0 : axes.sparsity};
}

std::string_view method_text(const std::optional<prune::Method>& method) {
  return method ? to_string(*method) : std::string_view();
}

Samples network_samples(const Study& study, const std::function<std::optional<double>(const NetworkRow&)>& get) {
  Samples samples;
  for (const NetworkRow& row : study.networks) {
    if (row.work.outcome != Outcome::done) continue;
    const auto value = get(row);
    if (value && std::isfinite(*value)) samples[spot(row.axes)].push_back({*value, false, row.axes.seed});
  }
  return samples;
}

Samples error_samples(const Study& study) {
  return network_samples(study,
                         [](const NetworkRow& row) { return row.test_error ? row.test_error : row.validation_error; });
}

bool counts(const SolveRow& row) { return row.work.outcome == Outcome::done && !row.reference; }

bool proven(const SolveRow& row) {
  return row.status == Status::optimal || row.status == Status::infeasible || row.status == Status::unbounded;
}

std::optional<Sample> counted(const SolveRow& row) {
  if (!row.status || row.status == Status::interrupted) return std::nullopt;
  if (row.status == Status::time_limit && row.time_limit > 0) return Sample{row.time_limit, true, row.axes.seed};
  if (!row.total_seconds || !std::isfinite(*row.total_seconds)) return std::nullopt;
  return Sample{std::max(*row.total_seconds, clock_resolution), !proven(row), row.axes.seed};
}

Samples time_samples(const Study& study, const std::string& solve) {
  Samples samples;
  for (const SolveRow& row : study.solves) {
    if (!counts(row) || row.solve != solve) continue;
    if (const auto sample = counted(row)) samples[spot(row.axes)].push_back(*sample);
  }
  return samples;
}

double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return std::exp(sum / static_cast<double>(values.size()));
}

double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

const std::vector<Sample>* samples_at(const Samples& samples, const std::string& source,
                                      const std::string& architecture, const Curve& curve, double sparsity) {
  const bool dense = sparsity == 0;
  const auto found =
      samples.find({source, architecture, curve.training, dense ? "dense" : curve.pruning, dense ? 0 : sparsity});
  return found == samples.end() ? nullptr : &found->second;
}

std::vector<double> sparsities(const Samples& samples, const std::string& source, const std::string& architecture,
                               const Curve& curve) {
  std::vector<double> found;
  for (auto at = samples.lower_bound({source, architecture, curve.training, curve.pruning, -HUGE_VAL});
       at != samples.end(); ++at) {
    const Spot& here = at->first;
    if (here.source != source || here.architecture != architecture || here.training != curve.training ||
        here.pruning != curve.pruning) {
      break;
    }
    if (here.sparsity > 0) found.push_back(here.sparsity);
  }
  return found;
}

std::vector<double> sparsities(const Samples& samples, const std::string& source, const Curve& curve) {
  std::set<double> found;
  for (const auto& [here, list] : samples) {
    if (here.source == source && here.training == curve.training && here.pruning == curve.pruning &&
        here.sparsity > 0) {
      found.insert(here.sparsity);
    }
  }
  return {found.begin(), found.end()};
}

std::vector<Pair> pairs(const Samples& samples, const std::string& source, const std::string& architecture,
                        const Curve& curve, double sparsity) {
  std::vector<Pair> made;
  const auto* const dense = samples_at(samples, source, architecture, curve, 0);
  const auto* const pruned = samples_at(samples, source, architecture, curve, sparsity);
  if (dense == nullptr || pruned == nullptr) return made;
  for (const Sample& sample : *pruned) {
    const auto other =
        std::find_if(dense->begin(), dense->end(), [&](const Sample& s) { return s.seed == sample.seed; });
    if (other != dense->end()) made.push_back({*other, sample});
  }
  return made;
}

std::optional<double> mean_ratio(const std::vector<Pair>& pairs) {
  std::vector<double> ratios;
  for (const Pair& pair : pairs) {
    if (pair.dense.value > 0 && pair.pruned.value > 0) ratios.push_back(pair.pruned.value / pair.dense.value);
  }
  if (ratios.empty()) return std::nullopt;
  return geometric_mean(ratios);
}

std::optional<MeanSpeedUp> mean_speed_up(const std::vector<Pair>& pairs) {
  const auto ratio = mean_ratio(pairs);
  if (!ratio) return std::nullopt;
  MeanSpeedUp mean{.factor = 1 / *ratio, .relation = {}, .pairs = static_cast<int>(pairs.size())};
  for (const Pair& pair : pairs) {
    mean.dense_stopped += pair.dense.limit ? 1 : 0;
    mean.pruned_stopped += pair.pruned.limit ? 1 : 0;
  }
  if (mean.dense_stopped == 0 && mean.pruned_stopped == 0) mean.relation = Relation::equal;
  if (mean.dense_stopped > 0 && mean.pruned_stopped == 0) mean.relation = Relation::at_least;
  if (mean.dense_stopped == 0 && mean.pruned_stopped > 0) mean.relation = Relation::at_most;
  return mean;
}

std::string short_text(const MeanSpeedUp& speed_up) {
  std::string text = to_text({speed_up.factor, speed_up.relation.value_or(Relation::equal)});
  for (const auto& [words, sign] : {std::pair{"at least ", "≥\u00a0"}, {"at most ", "≤\u00a0"}}) {
    if (text.starts_with(words)) text = sign + text.substr(std::string(words).size());
  }
  if (speed_up.factor >= 1e4) {
    const auto digits = text.find_first_of("0123456789");
    text = text.substr(0, digits) + count(std::stoll(text.substr(digits))) + "×";
  }
  return speed_up.relation ? text : "≈\u00a0" + text;
}

std::string usable_text() {
  return fmt::format("at most {:g} times the dense network's error, and below {:g}", usable_growth, usable_error);
}

std::vector<double> usable_sparsities(const Samples& errors, const std::string& source, const std::string& architecture,
                                      const Curve& curve) {
  std::vector<double> found;
  for (const double sparsity : sparsities(errors, source, architecture, curve)) {
    const auto growth = mean_ratio(pairs(errors, source, architecture, curve, sparsity));
    std::vector<double> sizes;
    for (const Pair& pair : pairs(errors, source, architecture, curve, sparsity)) sizes.push_back(pair.pruned.value);
    if (growth && *growth <= usable_growth && geometric_mean(sizes) < usable_error) found.push_back(sparsity);
  }
  return found;
}

std::optional<double> usable_sparsity(const Samples& errors, const std::string& source, const std::string& architecture,
                                      const Curve& curve, const Samples* among) {
  std::optional<double> found;
  for (const double sparsity : usable_sparsities(errors, source, architecture, curve)) {
    if (among == nullptr || samples_at(*among, source, architecture, curve, sparsity) != nullptr) found = sparsity;
  }
  return found;
}

std::string csv_field(double value) { return std::isfinite(value) ? fmt::format("{:.9g}", value) : ""; }

std::string csv_field(const std::optional<double>& value) { return value ? csv_field(*value) : ""; }

}  // namespace secateur::study::report
