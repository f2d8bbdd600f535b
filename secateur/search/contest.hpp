// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "secateur/search/learned.hpp"
#include "secateur/search/tree.hpp"

namespace secateur::search {

/// A search that may be tried on a problem.
struct Contestant {
  Way way = Way::dual;
  std::string name;  ///< for the note
  /// Starts it, with what is known by then; `saved`: its tree to go on with, or null.
  std::function<std::unique_ptr<Search>(double cutoff, const Listener& listener, const SavedTree* saved)> start;
  double entry = 0;  ///< TreeState::work until it shows how it gets on, expected
};

/// How far a search has come, and what that lets expect.
class Pace {
 public:
  struct Point {
    double work, open;
  };
  Pace() = default;
  explicit Pace(std::vector<Point> history) : m_history(std::move(history)) {}

  void record(double work, double open);
  /// Work until nothing is open, if it goes on as in the later half of its work so far (Knuth 1975); infinite while
  /// nothing has been closed.
  [[nodiscard]] double remaining() const;
  [[nodiscard]] double work() const { return m_history.empty() ? 0 : m_history.back().work; }
  /// Whether remaining() says something: after `entry`, and four times what the search had taken at the first record
  /// (cuts at the root come before that).
  [[nodiscard]] bool known(double entry) const;
  [[nodiscard]] const std::vector<Point>& history() const { return m_history; }

 private:
  std::vector<Point> m_history;
};

/// A search that a contest has begun, between two rounds.
struct SavedSearch {
  Way way = Way::dual;
  SavedTree tree;
  std::vector<Pace::Point> history;
  double turn = 0;  ///< the work that its turn lasts to at least
};

/// A contest between two rounds.
struct SavedContest {
  std::vector<SavedSearch> begun;  ///< in the order of their starts
  Index at = 0;                    ///< the one whose turn it is
  /// No feasible point has an objective below: of what the searches have proven, the best.
  [[nodiscard]] double bound() const;
  [[nodiscard]] std::int64_t nodes() const;
};

/// How a contest is saved, and what it goes on from.
struct ContestMemory {
  SavedContest earlier;                            ///< nothing begun: none
  std::function<bool()> due;                       ///< asked between rounds whether it is time to save
  std::function<void(SavedContest contest)> save;  ///< then, and where it ends with parts open; may be empty
};

/// What came of a contest.
struct ContestResult {
  TreeResult tree;
  std::vector<std::string> ran;  ///< names of those that ran, in the order of their starts
  Way last = Way::nobody;        ///< the one whose turn was the last
};

/// Runs the first contestant and, where another one might be much faster, the others (docs/engine.md, "Which of the
/// two"). Another is tried once the one that runs has taken the other's entry and is expected to take ten times as
/// much still; from then on it is always the one with the least expected remaining work that runs, a factor of two
/// given to the one that does. All know each other's points; bounds hold whichever search they come from. What is
/// decided depends on counted work only, so the result does not depend on the number of threads, unless time runs out.
///
/// `listener`'s `enough` ends the contest; `prove` sees nodes of all searches; its `due` and `save` are not used, for
/// searches are saved together. Of `memory.earlier` a search is started again when its turn comes; until then its tree
/// is kept as it was. Every search begun there has to be a contestant.
ContestResult contest(const std::vector<Contestant>& contestants, double cutoff, const Listener& listener,
                      ContestMemory memory = {});

}  // namespace secateur::search
