// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "secateur/search/tree.hpp"

namespace secateur::search {

/// A search that may be tried on a problem.
struct Contestant {
  std::string name;  ///< for the note
  /// Starts it, with what is known by then.
  std::function<std::unique_ptr<Search>(double cutoff, const Listener& listener)> start;
  double entry = 0;  ///< TreeState::work until it shows how it gets on, expected
};

/// How far a search has come, and what that lets expect.
class Pace {
 public:
  void record(double work, double open);
  /// Work until nothing is open, if it goes on as in the later half of its work so far (Knuth 1975); infinite while
  /// nothing has been closed.
  [[nodiscard]] double remaining() const;
  [[nodiscard]] double work() const { return m_history.empty() ? 0 : m_history.back().work; }
  /// Whether remaining() says something: after `entry`, and four times what the search had taken at the first record
  /// (cuts at the root come before that).
  [[nodiscard]] bool known(double entry) const;

 private:
  struct Point {
    double work, open;
  };
  std::vector<Point> m_history;
};

/// What came of a contest.
struct ContestResult {
  TreeResult tree;
  std::vector<std::string> ran;  ///< names of those that ran, in the order of their starts
  std::string last;              ///< the one whose turn was the last
};

/// Runs the first contestant and, where another one might be much faster, the others (docs/engine.md, "Which of the
/// two"). Another is tried once the one that runs has taken the other's entry and is expected to take ten times as
/// much still; from then on it is always the one with the least expected remaining work that runs, a factor of two
/// given to the one that does. All know each other's points; bounds hold whichever search they come from. What is
/// decided depends on counted work only, so the result does not depend on the number of threads, unless time runs out.
///
/// `listener`'s `enough` ends the contest; `prove` sees nodes of all searches.
ContestResult contest(const std::vector<Contestant>& contestants, double cutoff, const Listener& listener);

}  // namespace secateur::search
