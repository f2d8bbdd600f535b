// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/runner.hpp"

#include <poll.h>
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <set>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "secateur/study/estimate.hpp"
#include "secateur/study/ledger.hpp"
#include "secateur/study/machine.hpp"
#include "secateur/study/worker.hpp"

namespace secateur::study {

namespace {

/// Of the memory of a cell, what the solver may use before it ends by itself with a bound.
constexpr double solver_share = 0.9;
/// How often the loop looks up when nothing ends.
constexpr int patience_milliseconds = 100;
/// Whoever kills a whole process group reaches this process as well, a moment later: a worker's death is written down
/// only when this process has outlived it by that much.
constexpr auto grace = std::chrono::milliseconds(50);

bool ended(Outcome outcome) { return outcome != Outcome::pending && outcome != Outcome::skipped; }
bool may_retry(Outcome outcome) {
  return outcome == Outcome::failed || outcome == Outcome::crashed || outcome == Outcome::time_out ||
         outcome == Outcome::out_of_memory;
}

int workers_for(const Spec& spec, const RunSettings& settings) {
  return settings.workers > 0 ? settings.workers : std::max(1, available_cores() / spec.threads);
}

/// The cells and what has become of them.
struct State {
  State(const std::vector<Cell>& plan, std::map<std::string, Outcome> known, Retry retry) : cells(plan) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      index[cells[i].key] = i;
      const auto at = known.find(cells[i].key);
      Outcome outcome = at == known.end() ? Outcome::pending : at->second;
      if (retry == Retry::failed && may_retry(outcome)) outcome = Outcome::pending;
      outcomes.push_back(outcome);
    }
    written = outcomes;
    for (Outcome& outcome : outcomes) {
      if (outcome == Outcome::skipped) outcome = Outcome::pending;
    }
  }

  [[nodiscard]] const Cell* unmet(std::size_t cell) const {
    for (const std::string& key : {cells[cell].parent, cells[cell].reference}) {
      if (!key.empty() && outcomes[index.at(key)] != Outcome::done) return &cells[index.at(key)];
    }
    return nullptr;
  }

  const std::vector<Cell>& cells;
  std::unordered_map<std::string, std::size_t> index;
  std::vector<Outcome> outcomes;
  std::vector<Outcome> written;  ///< in the ledger
};

std::vector<Count> count(const State& state) {
  std::vector<Count> counts;
  for (std::size_t i = 0; i < state.cells.size(); ++i) {
    const Cell& cell = state.cells[i];
    const bool reference = !cell.reference.empty();
    auto at = std::find_if(counts.begin(), counts.end(),
                           [&](const Count& c) { return c.kind == cell.kind && c.reference == reference; });
    if (at == counts.end()) at = counts.insert(counts.end(), Count{cell.kind, reference, {}});
    ++at->outcomes[static_cast<std::size_t>(state.outcomes[i])];
  }
  std::sort(counts.begin(), counts.end(), [](const Count& a, const Count& b) {
    return std::tie(a.kind, a.reference) < std::tie(b.kind, b.reference);
  });
  return counts;
}

class Run {
 public:
  Run(const Spec& spec, const std::vector<Cell>& cells, Ledger& ledger, const RunSettings& settings,
      const std::vector<std::string>& command, const ProgressSink& progress)
      : m_spec(spec),
        m_ledger(ledger),
        m_command(command),
        m_progress(progress),
        m_stop(settings.time_limit),
        m_workers(command.empty() ? 1 : workers_for(spec, settings)),
        m_state(cells, ledger.outcomes(), settings.retry),
        m_estimate(cells, ledger.seconds()) {}

  Summary run() {
    const double before = m_ledger.overhead();
    while (!interrupt_flag()) {
      start_cells();
      if (m_running.empty()) break;
      report();
      wait();
      collect();
    }
    Summary summary;
    summary.interrupted = interrupt_flag();
    m_running.clear();
    summary.counts = count(m_state);
    const auto pending = std::count(m_state.outcomes.begin(), m_state.outcomes.end(), Outcome::pending);
    summary.time_limit = !summary.interrupted && pending > 0;
    summary.ran = m_ran;
    summary.workers = m_workers;
    summary.seconds = m_stop.seconds();
    summary.ledger_seconds = m_ledger.overhead() - before;
    summary.estimated_seconds = estimate_left();
    return summary;
  }

 private:
  struct Running {
    std::size_t cell;
    std::unique_ptr<Worker> worker;
  };

  /// Cells in the order of the plan, parents first: one pass skips whatever cannot run.
  void start_cells() {
    while (m_first < m_state.cells.size() && m_state.outcomes[m_first] != Outcome::pending) ++m_first;
    for (std::size_t i = m_first; i < m_state.cells.size(); ++i) {
      if (interrupt_flag()) return;
      if (m_state.outcomes[i] != Outcome::pending || m_started.contains(i)) continue;
      if (const Cell* const parent = m_state.unmet(i)) {
        const Outcome outcome = m_state.outcomes[m_state.index.at(parent->key)];
        if (outcome != Outcome::pending) skip(i, *parent, outcome);
        continue;
      }
      if (static_cast<int>(m_running.size()) >= m_workers) return;
      if (m_stop.seconds_left() > 0) start(i);
    }
  }

  void skip(std::size_t i, const Cell& parent, Outcome outcome) {
    m_state.outcomes[i] = Outcome::skipped;
    if (m_state.written[i] == Outcome::skipped) return;
    Finished finished;
    finished.job.outcome = Outcome::skipped;
    finished.job.reason = fmt::format("the {} cell it reads: {}", to_string(parent.kind), to_string(outcome));
    finished.workers = m_workers;
    m_ledger.finish(m_state.cells[i], finished);
  }

  void start(std::size_t i) {
    const Cell& cell = m_state.cells[i];
    Job job;
    job.spec = cell.spec;
    job.kept = nlohmann::json::array();
    job.memory_limit = solver_share * m_spec.memory_limit;
    if (!cell.parent.empty()) job.network = m_ledger.network(cell.parent);
    if (!cell.reference.empty()) {
      job.dense = m_ledger.network(cell.reference);
      job.kept = m_ledger.result(cell.parent).at("kept");
    }
    m_started.insert(i);
    if (m_command.empty()) {
      run_here(i, job);
    } else {
      m_running.push_back({i, std::make_unique<Worker>(m_command, job, cell.limit, m_spec.memory_limit)});
    }
  }

  void run_here(std::size_t i, const Job& job) {
    const Stopwatch watch;
    Finished finished;
    try {
      finished.job = run_cell(job);
    } catch (const std::bad_alloc&) {
      finished.job.outcome = Outcome::out_of_memory;
      finished.job.reason = "more memory than there is";
    }
    finished.seconds = watch.seconds();
    if (!interrupt_flag()) finish(i, finished);
  }

  void wait() const {
    std::vector<pollfd> files;
    for (const Running& running : m_running) {
      if (running.worker->descriptor() >= 0) files.push_back({running.worker->descriptor(), POLLIN, 0});
    }
    constexpr int short_patience = 5;
    ::poll(files.data(), files.size(), files.size() == m_running.size() ? patience_milliseconds : short_patience);
  }

  void collect() {
    for (std::size_t r = 0; r < m_running.size();) {
      const auto finished = m_running[r].worker->poll();
      if (!finished) {
        ++r;
        continue;
      }
      const std::size_t cell = m_running[r].cell;
      const bool killed = m_running[r].worker->was_killed();
      m_running.erase(m_running.begin() + static_cast<std::ptrdiff_t>(r));
      if (killed) std::this_thread::sleep_for(grace);
      if (interrupt_flag()) return;
      // Killed from outside: that says nothing about the cell, unless it happens again.
      if (killed && m_killed.insert(cell).second) {
        m_started.erase(cell);
      } else {
        finish(cell, *finished);
      }
    }
  }

  void finish(std::size_t i, Finished finished) {
    finished.workers = m_workers;
    m_ledger.finish(m_state.cells[i], finished);
    m_state.outcomes[i] = finished.job.outcome;
    m_done += m_estimate.of(i);
    m_estimate.learn(i, finished.seconds.value_or(0));
    ++m_ran;
    report();
  }

  [[nodiscard]] double estimate_left() const {
    double left = 0;
    for (std::size_t i = 0; i < m_state.cells.size(); ++i) {
      if (m_state.outcomes[i] == Outcome::pending) left += m_estimate.of(i);
    }
    return left / m_workers;
  }

  void report() {
    if (!m_progress) return;
    const auto pending = std::count(m_state.outcomes.begin(), m_state.outcomes.end(), Outcome::pending);
    const auto total = static_cast<std::ptrdiff_t>(m_state.cells.size());
    const double left = estimate_left();
    const std::string note = fmt::format("{} of {} cells, about {} left", total - pending, total, duration_text(left));
    Progress progress;
    progress.stage = "study";
    progress.fraction = m_done / std::max(1e-9, m_done + left * m_workers);
    progress.note = note;
    progress.seconds = m_stop.seconds();
    m_progress(progress);
  }

  const Spec& m_spec;
  Ledger& m_ledger;
  const std::vector<std::string>& m_command;
  const ProgressSink& m_progress;
  Stop m_stop;
  int m_workers;
  State m_state;
  Estimate m_estimate;
  std::vector<Running> m_running;
  std::set<std::size_t> m_started, m_killed;
  std::size_t m_first = 0;
  double m_done = 0;
  int m_ran = 0;
};

}  // namespace

int Count::total() const { return std::accumulate(outcomes.begin(), outcomes.end(), 0); }

Summary preview(const Spec& spec, const std::vector<Cell>& cells, const std::filesystem::path& ledger,
                const RunSettings& settings) {
  const Known known = read_known(ledger, spec.name);
  const State state(cells, known.outcomes, settings.retry);
  const Estimate estimate(cells, known.seconds);
  Summary summary;
  summary.counts = count(state);
  summary.workers = workers_for(spec, settings);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!ended(state.outcomes[i])) summary.estimated_seconds += estimate.of(i) / summary.workers;
  }
  return summary;
}

Summary run_study(const Spec& spec, const std::vector<Cell>& cells, const std::filesystem::path& path,
                  const RunSettings& settings, const std::vector<std::string>& command, const ProgressSink& progress) {
  Ledger ledger(path, spec.name);
  ledger.plan(cells, spec.text);
  return Run(spec, cells, ledger, settings, command, progress).run();
}

}  // namespace secateur::study
