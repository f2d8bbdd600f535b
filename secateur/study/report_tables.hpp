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

/// One row an architecture and curve at the largest usable sparsity that was solved. None when nothing is solved.
std::optional<PageTable> usable_table(const Study& study, const Outline& outline, const std::string& solve);

// Tables of numbers for the page of results, one row a network: see report_numbers.cpp. None when nothing is solved.

/// Dense against pruned for one block: errors, whether the networks are usable, binaries, bound widths, times,
/// speed-up.
std::optional<PageTable> numbers_table(const Study& study, const Outline& outline, const std::string& solve);
/// What its columns mean.
std::string numbers_text();
/// Networks of another training without pruning, against the plainly trained ones.
std::optional<PageTable> trainings_table(const Study& study, const Outline& outline, const std::string& solve);
/// The blocks side by side on what several of them have solved, dense networks among it: times, what a block brings
/// against the first one, and what pruning brings with each.
std::optional<PageTable> blocks_table(const Study& study, const Outline& outline);
/// What the optimum is worth in truth: objective error and regret, by block and what was removed.
std::optional<PageTable> truth_table(const Study& study, const Outline& outline);

/// A claim of the paper, what this study has to say, and the verdict.
struct Claim {
  std::string claim, here, verdict;
};
/// `solve`: what that block found; as it stands, every source's main_solve. `means`: of all blocks.
std::vector<Claim> claims(const Study& study, const std::vector<Outline>& outlines,
                          const std::vector<MeanAttribution>& means, const std::string& solve = {});
PageTable claims_table(const std::vector<Claim>& claims);

/// Geometric mean of times; "≥" when a run was stopped, a dash for none.
std::string time_text(const std::vector<Sample>* samples);
/// What a curve removes at a sparsity: "weights 80 %", "stability: nodes 50 %".
std::string removed_short(const Curve& curve, double sparsity);

/// The block of solves that the texts speak of: the specification's first one, unless another has solved more than
/// twice as much of this source.
std::optional<std::string> main_solve(const Study& study, const Outline& outline);

}  // namespace secateur::study::report
