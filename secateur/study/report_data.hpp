// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "secateur/study/csv_text.hpp"
#include "secateur/study/records.hpp"
#include "secateur/study/report_chart.hpp"
#include "secateur/study/speed_up.hpp"

namespace secateur::study::report {

/// Where a row stands in the study, its seed aside.
struct Spot {
  std::string source, architecture, training, pruning;
  double sparsity = 0;
  auto operator<=>(const Spot&) const = default;
};
Spot spot(const Axes& axes);

/// One number of one seed. `limit`: the true one is larger, a run was stopped there.
struct Sample {
  double value = 0;
  bool limit = false;
  std::uint64_t seed = 0;
};
using Samples = std::map<Spot, std::vector<Sample>>;

/// One curve over sparsity: a training and a pruning block, and how they look. The dense network of the same training
/// is its first point.
struct Curve {
  std::string training, pruning;  ///< pruning "dense": a training that is never pruned
  std::optional<prune::Method> method;
  bool baseline = false;  ///< not the study's first training
  std::string label, colour;
  LegendEntry::Sign sign = LegendEntry::Sign::circle;
  ChartLine::Stroke stroke = ChartLine::Stroke::solid;
  std::string dense_colour;  ///< of its first point
};

/// What a source of the study has, in the order of the plan.
struct Outline {
  std::string source;
  std::vector<std::string> architectures, solves;  ///< solves: names of blocks, attribution's rows aside
  std::vector<Curve> curves;
};
std::vector<Outline> outlines(const Study& study);

/// The name, nothing for none.
std::string_view method_text(const std::optional<prune::Method>& method);

/// "3 × 50" for "3x50"; other names as they are.
std::string architecture_text(const std::string& architecture);
/// Hidden layers and mean width. None when the name says neither.
struct Shape {
  int depth = 0;
  double width = 0;
};
std::optional<Shape> shape(const std::string& architecture);

/// A number of every network that is done.
Samples network_samples(const Study& study, const std::function<std::optional<double>(const NetworkRow&)>& get);
/// Test error, where there is none the validation error.
Samples error_samples(const Study& study);

/// A solve that says something of its own: done, of the attribution's reference bounds free.
bool counts(const SolveRow& row);
bool proven(const SolveRow& row);
/// Seconds that count for it: the limit where it was stopped there. None for one that was interrupted.
std::optional<Sample> counted(const SolveRow& row);
Samples time_samples(const Study& study, const std::string& solve);

double geometric_mean(const std::vector<double>& values);
double median(std::vector<double> values);

/// The samples of one curve and architecture at one sparsity; none at sparsity 0 for the dense network's.
const std::vector<Sample>* samples_at(const Samples& samples, const std::string& source,
                                      const std::string& architecture, const Curve& curve, double sparsity);
/// Sparsities of a curve that have samples, ascending, without the dense network.
std::vector<double> sparsities(const Samples& samples, const std::string& source, const Curve& curve);
std::vector<double> sparsities(const Samples& samples, const std::string& source, const std::string& architecture,
                               const Curve& curve);

/// The same seed dense and pruned.
struct Pair {
  Sample dense, pruned;
};
/// All seeds that have both; the dense network is that of the curve's own training.
std::vector<Pair> pairs(const Samples& samples, const std::string& source, const std::string& architecture,
                        const Curve& curve, double sparsity);

/// Geometric mean of pruned / dense over all pairs of seeds; none without pairs or with zeros.
std::optional<double> mean_ratio(const std::vector<Pair>& pairs);

/// Geometric mean over seeds of dense / pruned times. `relation`: none when runs of both were stopped, so that the mean
/// bounds nothing.
struct MeanSpeedUp {
  double factor = 1;
  std::optional<Relation> relation;
  int pairs = 0, dense_stopped = 0, pruned_stopped = 0;
};
std::optional<MeanSpeedUp> mean_speed_up(const std::vector<Pair>& pairs);
/// "12×", "≥ 340×", "≤ 0.5×", "≈ 3×" (stopped on both sides).
std::string short_text(const MeanSpeedUp& speed_up);

/// How much the error of a pruned network may grow, and how large it may be (relative RMSE; 0.5 is an R² of 0.75), and
/// it still counts as usable in the report's texts and tables.
inline constexpr double usable_growth = 2, usable_error = 0.5;
/// The rule in words: "at most 2 times the dense network's error, and below 0.5".
std::string usable_text();
/// The sparsities of a curve whose networks are usable (geometric means over seeds), ascending.
std::vector<double> usable_sparsities(const Samples& errors, const std::string& source, const std::string& architecture,
                                      const Curve& curve);
/// The largest of them; `among`: of those that have samples there, such as solves. None when there is none.
std::optional<double> usable_sparsity(const Samples& errors, const std::string& source, const std::string& architecture,
                                      const Curve& curve, const Samples* among = nullptr);

/// A number in a CSV file, with all digits that matter; nothing for none.
using study::csv_field;
std::string csv_field(double value);
std::string csv_field(const std::optional<double>& value);

}  // namespace secateur::study::report
