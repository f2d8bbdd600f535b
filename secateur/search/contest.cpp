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
  std::unique_ptr<Search> search;
  Pace pace;
  TreeResult result;
  std::int64_t nodes = 0;
  double turn = 0;     ///< the work that its turn lasts to at least
  bool spent = false;  ///< has ended without closing everything
};

class Contest {
 public:
  Contest(const std::vector<Contestant>& contestants, double cutoff, const Listener& listener)
      : m_contestants(contestants), m_listener(listener), m_runners(contestants.size()), m_cutoff(cutoff) {
    m_inner = listener;
    m_inner.probe = [this](const Vector& x) { return m_cutoff = std::min(m_cutoff, m_listener.probe(x)); };
    m_inner.prove = [this](double bound, std::int64_t nodes) {
      m_runners[m_at].nodes = nodes;
      m_listener.prove(bound, this->nodes());
    };
    m_inner.enough = [this](const TreeState& state) { return enough(state); };
  }

  ContestResult run() {
    for (;;) {
      Runner& runner = m_runners[m_at];
      if (runner.search == nullptr) {
        m_ran.push_back(m_contestants[m_at].name);
        runner.search = m_contestants[m_at].start(m_cutoff, m_inner);
      } else {
        runner.search->lower_cutoff(m_cutoff);
        runner.turn = turn * runner.pace.work();
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
    return {whole(), m_ran, m_contestants[m_at].name};
  }

 private:
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
      if (m_runners[i].search == nullptr) {
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
      if (runner.search != nullptr) result.bound = std::max(result.bound, std::min(runner.result.bound, result.cutoff));
    }
    return result;
  }

  const std::vector<Contestant>& m_contestants;
  const Listener& m_listener;
  Listener m_inner;
  std::vector<Runner> m_runners;
  double m_cutoff;
  std::size_t m_at = 0;
  std::vector<std::string> m_ran;
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

ContestResult contest(const std::vector<Contestant>& contestants, double cutoff, const Listener& listener) {
  return Contest(contestants, cutoff, listener).run();
}

}  // namespace secateur::search
