// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "secateur/study/records.hpp"

namespace secateur::study {

/// The studies at a place: a ledger, a folder of tables, or a folder of such folders and ledgers (*.sqlite) in the
/// order of their names. Throws InputError when there is none.
std::vector<std::filesystem::path> studies_at(const std::filesystem::path& place);

/// A study and where it was read from.
struct PlacedStudy {
  std::filesystem::path place;
  Study study;
};

/// What studies found as one page of Markdown: every claim of the paper with the numbers and the verdict, and the
/// tables behind them. The tables and the meaning of "usable" are the report's. `place`: what the studies were asked
/// for by.
std::string results_markdown(const std::vector<PlacedStudy>& studies, const std::filesystem::path& place);

}  // namespace secateur::study
