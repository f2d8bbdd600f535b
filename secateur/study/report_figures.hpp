// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "secateur/study/attribution.hpp"
#include "secateur/study/report_data.hpp"

namespace secateur::study::report {

// The figures of a study's report, one source each. None when there is nothing to show.

/// Test error against sparsity.
std::optional<ReportFigure> error_figure(const Study& study, const Outline& outline);
/// Solve time against sparsity, for one solve block.
std::optional<ReportFigure> time_figure(const Study& study, const Outline& outline, const std::string& solve);
/// Speed-up by architecture and sparsity, one map a curve.
std::optional<ReportFigure> speed_up_figure(const Study& study, const Outline& outline, const std::string& solve);
/// Binaries, non-zero weights and bound widths against sparsity, as fractions of the dense network's.
std::optional<ReportFigure> size_figure(const Study& study, const Outline& outline);
/// Mean bound width layer by layer: dense, and pruned as far as is usable.
std::optional<ReportFigure> layer_figure(const Study& study, const Outline& outline);
/// Performance profile (Dolan and Moré 2002) over solve blocks; wants two that share networks.
std::optional<ReportFigure> solver_profile_figure(const Study& study, const Outline& outline);
/// Performance profile over dense and pruned networks for one solve block.
std::optional<ReportFigure> pruning_profile_figure(const Study& study, const Outline& outline,
                                                   const std::string& solve);
/// Incumbent and bound over time: dense, and pruned as far as is usable.
std::optional<ReportFigure> trace_figure(const Study& study, const Outline& outline, const std::string& solve);
/// The truth at the optimum against the network's objective there.
std::optional<ReportFigure> truth_figure(const Study& study, const Outline& outline);
/// Regret against sparsity.
std::optional<ReportFigure> regret_figure(const Study& study, const Outline& outline);

/// The factors of the speed-up as stacked bars, one a pruned network and solve block, for each measure.
std::optional<ReportFigure> attribution_figure(const std::vector<MeanAttribution>& means, const Outline& outline);

/// Sums over the solve times' attributions.
struct Shares {
  int bars = 0, stopped = 0;  ///< stopped: with a run that was
  double total = 0, size = 0, integers = 0, big_m = 0;
};
Shares shares_of(const std::vector<MeanAttribution>& means);
/// A sentence about stopped runs, a space before it; empty without any.
std::string stopped_text(const Shares& shares);

/// The bounds method that the figures of bounds show: the solves' own where it was measured, else the first that was.
std::string method_name(const Study& study, const std::string& source);
/// Mean over hidden units of a network's bound width by that method; per seed.
Samples width_samples(const Study& study, const std::string& source);

/// Binaries of the formulation, before the search; per seed.
Samples binary_samples(const Study& study);

/// "a, b and c"
std::string enumerated(const std::vector<std::string>& items);
/// A curve's label with a capital letter, unless it begins with a name.
std::string sentence(const Curve& curve);
/// "90 %" without trailing digits.
std::string sparsity_text(double sparsity);
/// "90 % of the weights"
std::string removed_text(const Curve& curve, double sparsity);

}  // namespace secateur::study::report
