// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/core/options.hpp"
#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/study/cell.hpp"

namespace secateur::study {

enum class Retry { none, failed };

struct RunSettings {
  int workers = 0;
  double time_limit = std::numeric_limits<double>::infinity();
  Retry retry = Retry::none;
};

template <class Visitor>
void describe(RunSettings& s, Visitor&& visit) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  visit("workers", s.workers, "cells that run at the same time; 0: as many as the cores have threads for",
        Range<int>{0, 1024});
  visit("time-limit", s.time_limit, "seconds after which no further cell is started", Range<double>{0, infinity, true});
  visit("retry", s.retry, "run cells again that failed, crashed, timed out or ran out of memory");
}

/// How many cells of a kind there are, by outcome.
struct Count {
  Kind kind = Kind::train;
  bool reference = false;  ///< solves of the attribution
  std::array<int, 7> outcomes{};

  [[nodiscard]] int total() const;
  [[nodiscard]] int of(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
};

struct Summary {
  std::vector<Count> counts;  ///< after the run, of the whole plan
  int ran = 0;                ///< cells that this run has finished
  int workers = 0;
  double seconds = 0;
  double ledger_seconds = 0;     ///< of these, spent in the ledger
  double estimated_seconds = 0;  ///< for what is pending
  bool interrupted = false;      ///< Ctrl-C; what was running is pending
  bool time_limit = false;       ///< stopped there with cells pending
};

/// Counts and an estimate of what is pending, without running anything: the ledger is only read, also while a run
/// writes, and need not exist.
Summary preview(const Spec& spec, const std::vector<Cell>& cells, const std::filesystem::path& ledger,
                const RunSettings& settings);

/// Runs what the ledger does not have yet. `command`: the program that worker processes are (worker_main); without one,
/// cells run in this process, one after another. Each cell is written to the ledger when it has finished; cells whose
/// parent made no network are written as skipped. Ctrl-C ends the workers at once.
///
/// Throws InputError when the ledger cannot be used or written to; what is in it stays.
Summary run_study(const Spec& spec, const std::vector<Cell>& cells, const std::filesystem::path& ledger,
                  const RunSettings& settings, const std::vector<std::string>& command,
                  const ProgressSink& progress = {});

}  // namespace secateur::study

namespace secateur {
template <>
struct Names<study::Retry> {
  static constexpr std::array<std::string_view, 2> value{"none", "failed"};
};
}  // namespace secateur
