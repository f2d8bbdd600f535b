// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "secateur/study/report_data.hpp"
#include "secateur/study/report_figures.hpp"

namespace secateur::study::report {

/// How many cells of each kind came to which end. A cell of bounds counts once, whatever its layers.
struct Counts {
  Kind kind = Kind::train;
  std::vector<int> outcomes;  ///< in the order of Outcome
  [[nodiscard]] int of(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] int all() const;
};
std::vector<Counts> count_cells(const Study& study);

PageTable cells_table(const std::vector<Counts>& counts);
/// What there is and what is missing, in sentences.
std::string progress_text(const std::vector<Counts>& counts);

/// Cells that failed, crashed, ran out of time or memory, or were skipped, grouped by reason. None without any.
std::optional<PageTable> failures_table(const Study& study);
/// Each of them, for a file.
std::string failures_csv(const Study& study);

/// Version, machine, solvers, seeds, hours of work.
std::vector<std::pair<std::string, std::string>> facts(const Study& study);

/// One row an architecture and curve at the largest usable sparsity. None when nothing is solved.
std::optional<PageTable> usable_table(const Study& study, const Outline& outline, const std::string& solve);

/// A claim of the paper, what this study has to say, and the verdict.
struct Claim {
  std::string claim, here, verdict;
};
std::vector<Claim> claims(const Study& study, const std::vector<Outline>& outlines,
                          const std::vector<MeanAttribution>& means);

/// The block of solves that the texts speak of: the specification's first one, unless another has solved more than
/// twice as much of this source.
std::optional<std::string> main_solve(const Study& study, const Outline& outline);

}  // namespace secateur::study::report
