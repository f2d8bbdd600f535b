// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/contest.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// Another search is tried where that costs no more than this part of what is expected to remain.
constexpr double stake = 0.1;
/// One that runs is left for another that is expected to end so many times sooner.
constexpr double advantage = 2;
/// What has had a turn may always end within so many times the work that it has had: early paces mislead.
constexpr double hope = 4;
/// A turn multiplies a search's work by so much at least.
constexpr double turn = 1.5;

struct Runner {
  bool begun = false;
  std::unique_ptr<Search> search;
  SavedTree earlier;  ///< where it has been begun, but not in this contest: what it goes on from
  Pace pace;
  TreeResult result;
  std::int64_t nodes = 0;
  double turn = 0;     ///< the work that its turn lasts to at least
  bool spent = false;  ///< has ended without closing everything
};

class Contest {
 public:
  Contest(const std::vector<Contestant>& contestants, double cutoff, const Listener& listener, ContestMemory memory)
      : m_contestants(contestants),
        m_listener(listener),
        m_memory(std::move(memory)),
        m_runners(contestants.size()),
        m_cutoff(cutoff) {
    m_inner = listener;
    m_inner.probe = [this](const Vector& x) { return m_cutoff = std::min(m_cutoff, m_listener.probe(x)); };
    m_inner.prove = [this](double bound, std::int64_t nodes) {
      m_runners[m_at].nodes = nodes;
      m_listener.prove(bound, this->nodes());
    };
    if (listener.errand) {
      m_inner.errand = [this](double work, const std::vector<Box>& parts) {
        for (std::size_t i = 0; i < m_runners.size(); ++i) work += i == m_at ? 0 : m_runners[i].pace.work();
        return m_listener.errand(work, parts);
      };
      m_inner.returned = [this](const std::vector<mip::Sighting>& sightings) {
        return m_cutoff = std::min(m_cutoff, m_listener.returned(sightings));
      };
    }
    m_inner.enough = [this](const TreeState& state) { return enough(state); };
    m_inner.due = m_memory.due;
    m_inner.save = nullptr;
    if (m_memory.save) {
      // That the other one's turn comes is no reason to save.
      m_inner.save = [this] {
        if (!m_next || m_memory.due()) m_memory.save(saved());
      };
    }
    for (SavedSearch& search : m_memory.earlier.begun) take_up(search);
    if (!m_order.empty()) m_at = m_order.at(static_cast<std::size_t>(m_memory.earlier.at));
  }

  ContestResult run() {
    // A turn that was saved goes on as the turn that it was.
    for (bool goes_on = !m_order.empty();; goes_on = false) {
      Runner& runner = m_runners[m_at];
      m_next.reset();
      if (!goes_on) runner.turn = turn * runner.pace.work();
      if (runner.search != nullptr) {
        runner.search->lower_cutoff(m_cutoff);
      } else {
        start(runner);
      }
      runner.result = runner.search->run();
      runner.nodes = runner.result.nodes;
      const bool closed = runner.result.exhausted && runner.result.bound >= runner.result.cutoff;
      runner.spent = runner.result.exhausted && !closed;
      if (closed || runner.result.stopped || m_over) break;
      const std::optional<std::size_t> next = runner.spent ? best() : m_next;
      if (!next) break;
      m_at = *next;
    }
    std::vector<std::string> ran;
    for (const std::size_t i : m_order) ran.push_back(m_contestants[i].name);
    return {whole(), ran, m_contestants[m_at].way};
  }

 private:
  void start(Runner& runner) {
    const SavedTree* earlier = runner.begun ? &runner.earlier : nullptr;
    if (!runner.begun) m_order.push_back(m_at);
    runner.begun = true;
    runner.search = m_contestants[m_at].start(m_cutoff, m_inner, earlier);
    runner.earlier = {};
  }

  void take_up(SavedSearch& search) {
    const auto contestant = std::find_if(m_contestants.begin(), m_contestants.end(),
                                         [&](const Contestant& each) { return each.way == search.way; });
    const auto i = static_cast<std::size_t>(contestant - m_contestants.begin());
    Runner& runner = m_runners.at(i);
    m_order.push_back(i);
    runner.begun = true;
    runner.pace = Pace(std::move(search.history));
    runner.turn = search.turn;
    runner.spent = search.tree.open.empty();
    runner.nodes = runner.result.nodes = search.tree.nodes;
    runner.result.bound = search.tree.bound();
    runner.earlier = std::move(search.tree);
  }

  [[nodiscard]] SavedContest saved() const {
    SavedContest contest;
    for (const std::size_t i : m_order) {
      const Runner& runner = m_runners[i];
      if (i == m_at) contest.at = static_cast<Index>(contest.begun.size());
      contest.begun.push_back({m_contestants[i].way, runner.search ? runner.search->saved() : runner.earlier,
                               runner.pace.history(), runner.turn});
    }
    return contest;
  }

  [[nodiscard]] std::int64_t nodes() const {
    std::int64_t sum = 0;
    for (const Runner& runner : m_runners) sum += runner.nodes;
    return sum;
  }

  bool enough(const TreeState& state) {
    Runner& runner = m_runners[m_at];
    runner.pace.record(state.work, state.open);
    m_over = m_listener.enough({state.bound, nodes(), state.open, state.work});
    if (m_over) return true;
    m_next = rival();
    return m_next.has_value();
  }

  /// What takes over from the one that runs, if anything does.
  [[nodiscard]] std::optional<std::size_t> rival() const {
    const Runner& runner = m_runners[m_at];
    if (!runner.pace.known(m_contestants[m_at].entry) || runner.pace.work() < runner.turn) return std::nullopt;
    const double remaining = runner.pace.remaining();
    for (std::size_t i = 0; i < m_runners.size(); ++i) {
      if (i == m_at || m_runners[i].spent) continue;
      const Pace& other = m_runners[i].pace;
      if (!m_runners[i].begun) {
        const double entry = m_contestants[i].entry;
        if (runner.pace.work() >= entry && entry <= stake * remaining) return i;
      } else if (advantage * std::min(other.remaining(), hope * other.work()) < remaining) {
        return i;
      }
    }
    return std::nullopt;
  }

  /// Of those that may still get somewhere.
  [[nodiscard]] std::optional<std::size_t> best() const {
    std::optional<std::size_t> result;
    for (std::size_t i = 0; i < m_runners.size(); ++i) {
      if (m_runners[i].spent) continue;
      if (!result || m_runners[i].pace.remaining() < m_runners[*result].pace.remaining()) result = i;
    }
    return result;
  }

  /// The last one's end, with the best bound of all.
  [[nodiscard]] TreeResult whole() const {
    TreeResult result = m_runners[m_at].result;
    result.nodes = nodes();
    for (const Runner& runner : m_runners) {
      if (runner.begun) result.bound = std::max(result.bound, std::min(runner.result.bound, result.cutoff));
    }
    return result;
  }

  const std::vector<Contestant>& m_contestants;
  const Listener& m_listener;
  ContestMemory m_memory;
  Listener m_inner;
  std::vector<Runner> m_runners;
  double m_cutoff;
  std::size_t m_at = 0;
  std::vector<std::size_t> m_order;  ///< of those that have been begun
  std::optional<std::size_t> m_next;
  bool m_over = false;
};

}  // namespace

void Pace::record(double work, double open) {
  if (!m_history.empty() && m_history.back().work == work) m_history.pop_back();
  m_history.push_back({work, open});
}

double Pace::remaining() const {
  if (m_history.empty()) return infinity;
  const Point& now = m_history.back();
  const auto half = std::lower_bound(m_history.begin(), m_history.end(), now.work / 2,
                                     [](const Point& point, double work) { return point.work < work; });
  // Shares of the whole are sums of powers of two; less than this is round-off.
  constexpr double nothing = 1e-12;
  const double closed = half->open - now.open;
  return closed > nothing ? now.open * (now.work - half->work) / closed : infinity;
}

bool Pace::known(double entry) const {
  constexpr double start = 4;
  return !m_history.empty() && m_history.back().work >= std::max(entry, start * m_history.front().work);
}

double SavedContest::bound() const {
  double bound = -infinity;
  for (const SavedSearch& search : begun) bound = std::max(bound, search.tree.bound());
  return bound;
}

std::int64_t SavedContest::nodes() const {
  std::int64_t nodes = 0;
  for (const SavedSearch& search : begun) nodes += search.tree.nodes;
  return nodes;
}

ContestResult contest(const std::vector<Contestant>& contestants, double cutoff, const Listener& listener,
                      ContestMemory memory) {
  return Contest(contestants, cutoff, listener, std::move(memory)).run();
}

}  // namespace secateur::search
