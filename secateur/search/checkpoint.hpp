// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/bounds/folded.hpp"
#include "secateur/core/box.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"
#include "secateur/search/contest.hpp"
#include "secateur/search/network.hpp"

namespace secateur::search {

/// Where a search is saved, and how often.
struct CheckpointSettings {
  std::string file;   ///< empty: nowhere
  double every = 60;  ///< seconds between two savings; 0: whenever it can
};

/// What the nodes of both searches are parts of. It is saved with them: bounds that subdivision has tightened in some
/// time are not the same in another run, and boxes and signs mean what they meant here.
struct Root {
  Box box;
  std::vector<Range> ranges;
  bounds::Folded folded;
};

/// A search between two rounds, as another process goes on with it.
struct Saved {
  Root root;
  Vector incumbent;      ///< one entry a variable; empty: none. The boxes are cut off by its objective.
  double objective = 0;  ///< the incumbent's
  SavedContest contest;
};

/// What has to be the same when a search goes on: every number and name of the problem, and the settings that cut-off
/// and acceptance of points depend on. Threads, limits, seed and methods of tightening may differ.
std::string fingerprint(const model::Problem& problem, const model::SolveSettings& settings);

/// The bytes of a checkpoint: a line that names format and version, the fingerprint, a hash of all that follows, and
/// binary numbers.
std::string encode(const Saved& saved, const std::string& fingerprint);
/// Throws InputError (with `file`) for bytes that are no checkpoint, of another format, version or problem, cut off or
/// changed.
Saved decode(std::string_view bytes, const std::string& fingerprint, const std::string& file);

/// The checkpoint of one solve: found at its start, written now and then, removed at its end.
class Checkpoint {
 public:
  /// Reads the file if it is there. Throws InputError as decode() does, and when it could not be written.
  Checkpoint(CheckpointSettings settings, const model::Problem& problem, const model::SolveSettings& solve);

  [[nodiscard]] const std::string& file() const { return m_settings.file; }
  [[nodiscard]] bool found() const { return m_found.has_value(); }
  /// What was found; once.
  Saved take();
  /// Whether it is time to save again.
  [[nodiscard]] bool due() const { return m_since.seconds() >= m_settings.every; }
  /// Writes the file whole or not at all. That it could not be written is no reason to end a search: finish() tells.
  void save(const Saved& saved);
  /// After the solve: removes the file when the problem is solved, for nothing is left to go on with. Returns what the
  /// user should know; mostly empty.
  [[nodiscard]] std::string finish(const model::SolveResult& result) const;

 private:
  CheckpointSettings m_settings;
  std::string m_fingerprint, m_problem;
  std::optional<Saved> m_found;
  Stopwatch m_since;
  bool m_kept = false;  ///< the file is this problem's
};

}  // namespace secateur::search
