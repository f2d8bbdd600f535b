// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/mip/solve.hpp"
#include "secateur/model/solve.hpp"
#include "secateur/prune/prune.hpp"
#include "secateur/study/records.hpp"
#include "secateur/study/source.hpp"
#include "secateur/train/train.hpp"

namespace secateur::study {

/// What of the cross product a block is about: names and values of the axes before it. An empty list is no restriction.
struct Only {
  std::vector<std::string> sources, architectures, training, pruning;
  std::vector<double> sparsities;
  std::vector<std::uint64_t> seeds;

  [[nodiscard]] bool admits(const Axes& axes) const;
};

struct TrainingBlock {
  std::string name;
  train::TrainSettings settings;  ///< seed and threads are the study's
  Only only;
};

struct PruningBlock {
  std::string name;
  prune::PruneSettings settings;  ///< but for sparsity, seed and threads
  std::vector<double> sparsities;
  Only only;
};

struct SolveBlock {
  std::string name;
  model::SolveSettings settings;  ///< seed and threads are the study's
  mip::SolverOptions options;
  Only only;
};

/// Which pruned networks are solved with the dense ancestor's constants and binaries as well, and by which solve
/// blocks.
struct AttributionBlock {
  std::vector<std::string> solve;
  Only only;
};

/// A study: the cross product of its blocks. docs/study.md and docs/study.schema.json describe the file.
struct Spec {
  std::string name, description;
  std::vector<Source> sources;
  std::vector<std::vector<int>> architectures;
  std::vector<TrainingBlock> training;
  std::vector<PruningBlock> pruning;
  std::vector<graph::BoundsMethod> bounds;
  std::vector<SolveBlock> solve;
  std::optional<AttributionBlock> attribution;
  std::vector<std::uint64_t> seeds{0};
  int threads = 1;
  double memory_limit = 4096;  ///< MiB a cell
  double cell_limit = 3600;    ///< seconds a cell; a solve has its own limit on top
  std::string text;            ///< the file
};

/// "3x50" for {50, 50, 50}, "50-30-10" where widths differ.
std::string architecture_name(const std::vector<int>& hidden);

/// Reads version 1. Throws InputError with file and place for anything that is not as it should be: unknown keys,
/// values out of range, names given twice or not known, missing files, settings that exclude each other.
Spec read_spec(const std::string& file);
Spec parse_spec(std::string_view bytes, const std::string& file, const std::string& folder);

}  // namespace secateur::study
