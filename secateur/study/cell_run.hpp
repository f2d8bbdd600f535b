// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "secateur/study/records.hpp"

namespace secateur::study {

/// What a cell needs, and nothing else: any process on any machine that has the table's file can run it.
struct Job {
  nlohmann::json spec;      ///< Cell::spec
  std::string network;      ///< the parent's, as ONNX bytes
  std::string dense;        ///< the dense ancestor's, for an attribution's solve
  nlohmann::json kept;      ///< prune::Pruned::kept of the parent, for the same
  double memory_limit = 0;  ///< MiB, for the solver's own watch
};

/// What it found. `result` is what the ledger keeps; records.cpp reads it.
struct JobResult {
  Outcome outcome = Outcome::done;
  std::string reason;
  nlohmann::json result;
  std::string network;  ///< ONNX bytes of the network made, if it makes one
};

/// Runs a cell in this process. Errors are outcomes: nothing is thrown but std::bad_alloc.
JobResult run_cell(const Job& job);

}  // namespace secateur::study
