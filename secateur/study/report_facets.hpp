// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "secateur/study/report_data.hpp"

namespace secateur::study::report {

/// What small multiples over sparsity show.
struct FacetPlan {
  std::string name, quantity;  ///< of the files; title of the y axis
  bool log = true;             ///< else from zero
  enum class Centre { geometric, arithmetic, median } centre = Centre::geometric;
  std::function<std::string(double)> show;  ///< a value with its unit
  std::optional<double> floor;              ///< smaller values are drawn there
  std::vector<ChartMark> marks;
};

/// One chart an architecture, all of one scale: each curve's centre over seeds, and the seeds as faint points. Where a
/// run was stopped at a limit the sign is an open triangle. Caption and description are left to the caller. None when
/// there is nothing to show.
std::optional<ReportFigure> facets(const Outline& outline, const Samples& samples, const FacetPlan& plan);

double centre(const std::vector<Sample>& samples, FacetPlan::Centre centre);

/// Entries of the legend for the curves of an outline; `limits`: that some points were stopped as well.
std::vector<LegendEntry> curve_legend(const Outline& outline, bool limits);

/// File names are made of "a-z0-9-" alone: "williams otto" becomes "williams-otto".
std::string file_word(const std::string& text);

}  // namespace secateur::study::report
