// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "secateur/flowsheet/case.hpp"

namespace secateur::flowsheet {

/// A case of the user's own (docs/flowsheets.md, docs/flowsheet.schema.json): a problem file in which a simulator, a
/// command or a table of data, stands where networks would. Files are relative to the specification's own folder, where
/// commands also run.
///
/// Throws InputError for what model::parse_problem refuses, a simulator that is neither or both of the two, inputs that
/// cannot be sampled, and data that has no row to learn from.
Case read_spec(const std::string& file);

}  // namespace secateur::flowsheet
