// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/study/records.hpp"
#include "secateur/study/spec.hpp"

namespace secateur::study {

/// One piece of work of a study.
struct Cell {
  std::string key;  ///< hash of without_path(spec)
  Kind kind = Kind::train;
  Axes axes;
  std::string label;      ///< name of the solve block, method of bounds; empty otherwise
  nlohmann::json spec;    ///< all that the result depends on: see plan_cells
  std::string parent;     ///< key of the cell whose network it reads; empty for training
  std::string reference;  ///< key of the dense ancestor, for an attribution's solve; else empty
  double limit = 0;       ///< seconds after which it is ended
};

/// A cell's specification as it is hashed and kept: without the table's path, which may differ from machine to machine.
nlohmann::json without_path(nlohmann::json spec);

/// Every cell of a study, in the order in which they are worth running: seed by seed; of each seed all training, then
/// pruning, bounds, solves, and the attribution's solves; of these the dense networks first. Each behind the cells that
/// it reads.
///
/// A cell's specification: kind, source, seed, threads, its parent's key, and the settings of its block that are not at
/// their defaults. Throws InputError (with `file`) where two blocks ask for the very same cell.
std::vector<Cell> plan_cells(const Spec& spec, const std::string& file = {});

}  // namespace secateur::study
