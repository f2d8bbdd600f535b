// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/study/cell.hpp"
#include "secateur/study/cell_run.hpp"
#include "secateur/study/sqlite.hpp"

namespace secateur::study {

/// What is kept of a finished cell besides its result.
struct Finished {
  JobResult job;
  std::optional<double> seconds, cpu_seconds, memory;  ///< see Work
  int workers = 0;                                     ///< processes that ran cells at the same time
};

/// The file that remembers a study: one SQLite database (write-ahead log), one row a cell, each written in one
/// transaction; networks as ONNX in a table of their own. docs/study.md lists the tables. At most one process writes.
class Ledger {
 public:
  /// Opens the ledger, or makes it when there is no file. Throws InputError, and changes nothing, for a file that is no
  /// ledger, of another version, of a study with another name, or in use by another run. A ledger that is closed in
  /// peace is one file, without a log beside it.
  Ledger(const std::filesystem::path& path, const std::string& study);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// From now on the study is this plan: its cells' labels, order and the specification's text. Cells of an earlier
  /// plan stay in the file, but are not part of the study until a plan has them again.
  void plan(const std::vector<Cell>& cells, const std::string& spec);
  /// Of the cells that have run, whatever became of them.
  [[nodiscard]] std::map<std::string, Outcome> outcomes();
  /// Seconds of cells that are done, for estimates.
  [[nodiscard]] std::map<std::string, double> seconds();

  void finish(const Cell& cell, const Finished& finished);
  /// ONNX bytes of the network that a cell made.
  [[nodiscard]] std::string network(const std::string& key);
  [[nodiscard]] nlohmann::json result(const std::string& key);

  /// Time spent in here so far.
  [[nodiscard]] double overhead() const { return m_overhead; }

 private:
  int m_lock = -1;
  std::unique_ptr<Database> m_database;
  std::string m_name;
  double m_overhead = 0;
};

/// What a study's ledger says of cells that have run: Ledger::outcomes and Ledger::seconds.
struct Known {
  std::map<std::string, Outcome> outcomes;
  std::map<std::string, double> seconds;
};
/// Reads only, also while a run writes; nothing when there is no file. Throws InputError as Ledger does.
Known read_known(const std::filesystem::path& path, const std::string& study);

/// Throws InputError unless the file is a ledger of this program's version of the schema; reads its first bytes only.
void require_ledger(const std::filesystem::path& path);

}  // namespace secateur::study
