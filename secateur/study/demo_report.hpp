// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "secateur/study/demo.hpp"
#include "secateur/study/page.hpp"

namespace secateur::study {

/// The report on a demonstration as one HTML file. `side`, if given, receives the plots' numbers as CSV.
/// Works with whatever an interrupted demonstration has.
std::string demo_report(const DemoResult& result, std::vector<SideFile>* side = nullptr);

}  // namespace secateur::study
