// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "output.hpp"
#include "secateur/flowsheet/case.hpp"
#include "secateur/flowsheet/optimize.hpp"
#include "secateur/flowsheet/reference.hpp"
#include "secateur/flowsheet/sample.hpp"

namespace secateur::app {

/// name -> value.
Json named(const std::vector<std::string>& names, const Vector& values);
/// name -> unit.
Json units(const std::vector<flowsheet::Quantity>& quantities);
/// reason -> count.
Json to_json(const std::map<std::string, Index>& failures);

/// The loop's answer; the keys that other programs rely on first.
Json to_json(const flowsheet::LoopResult& result, const flowsheet::Case& plant,
             const flowsheet::LoopSettings& settings);
std::string text(const flowsheet::LoopResult& result, const flowsheet::Case& plant,
                 const flowsheet::LoopSettings& settings);
/// One line about a round that has just ended.
std::string line(const flowsheet::Round& round, std::size_t number, const flowsheet::LoopSettings& settings);

Json to_json(const flowsheet::DirectOptimum& found, const flowsheet::Case& plant);
std::string text(const flowsheet::DirectOptimum& found, const flowsheet::Case& plant);

/// One simulated point; with a case also its objective and violation.
Json to_json(const flowsheet::Simulation& simulation, const flowsheet::Simulator& simulator);
std::string text(const flowsheet::Simulation& simulation, const flowsheet::Simulator& simulator);

}  // namespace secateur::app
