// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "secateur/study/page.hpp"
#include "secateur/study/records.hpp"

namespace secateur::study {

/// The report on a study as one HTML file that needs nothing else to be read. `folder` is the name of the folder beside
/// it for the figures' numbers (CSV) and pictures (SVG); `side`, if given, receives these files, their names beginning
/// with it. Works with a study that has not begun or is half finished, and says so.
std::string study_report(const Study& study, const std::string& folder, std::vector<SideFile>* side = nullptr);

/// Writes study_report to `file` and the files beside it to a folder that is named after it: report.html has
/// report-figures/. Returns what was written, relative to the report's folder, the report first. Throws InputError when
/// something cannot be written; what was there before is then still there.
std::vector<std::string> write_report(const Study& study, const std::filesystem::path& file);

}  // namespace secateur::study
