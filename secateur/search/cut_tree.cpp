// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cut_tree.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "secateur/search/cut_root.hpp"
#include "secateur/search/rounds.hpp"

namespace secateur::search {

namespace {

/// TreeState::work of an exchange an entry of the tableau, with all else that the search does.
constexpr double entry_work = 1.5e-4;
/// At the root separation takes more than half of the time.
constexpr double root_factor = 3;

class CutTree final : public Rounds<CutNode> {
 public:
  CutTree(CutRoot root, const Task& task, double cutoff, const TreeLimits& limits, const Listener& listener,
          const Stop& stop)
      : Rounds(cutoff, limits, listener, stop), m_root(std::move(root)) {
    m_work = root_factor * m_root.program.simplex().work();
    if (m_root.best.size() > 0) m_cutoff = std::min(m_cutoff, listener.probe(m_root.best));
    if (above(m_root.bound, m_cutoff)) {
      m_settled = m_root.bound;
      m_nodes = 1;
      return;
    }
    const CutTask& shared =
        m_shared.emplace(CutTask{task, *m_root.form, *m_root.propagation, m_root.program, m_root.watched});
    m_costs = PseudoCosts(m_root.form->columns());
    const double gap = m_cutoff - m_root.bound;
    if (std::isfinite(gap) && gap > 0) m_gap = gap;
    if (m_gap > 0) begin_with(task.costs);
    for (int t = 0; t < std::max(1, limits.threads); ++t) m_team.push_back(std::make_unique<CutDiver>(shared, stop));
    CutNode node;
    node.bounds = m_root.bounds;
    node.bound = m_root.bound;
    push(std::move(node));
  }

  TreeResult run() override {
    TreeResult result = Rounds::run();
    if (listener().learned && m_gap > 0) listener().learned(costs());
    return result;
  }

 private:
  /// Pseudo-costs from one search to the next, whose gains count in parts of the gap at the root.
  void begin_with(const std::vector<KnownCost>& costs) {
    std::vector<int> column(static_cast<std::size_t>(values()), -1);
    for (int c = 0; c < m_root.form->columns(); ++c) {
      if (const Index value = value_of(c); value >= 0) column[static_cast<std::size_t>(value)] = c;
    }
    for (const KnownCost& cost : costs) {
      if (cost.value < 0 || cost.value >= values()) continue;
      const int c = column[static_cast<std::size_t>(cost.value)];
      if (c >= 0) m_costs.begin_with({c, cost.up, cost.gain * m_gap}, cost.count);
    }
  }
  [[nodiscard]] std::vector<KnownCost> costs() const {
    std::vector<KnownCost> costs;
    for (int c = 0; c < m_root.form->columns(); ++c) {
      const Index value = value_of(c);
      for (const bool up : {false, true}) {
        const int count = value < 0 ? 0 : m_costs.count(c, up);
        if (count > 0) costs.push_back({value, up, m_costs.gain(c, up) / m_gap, count});
      }
    }
    return costs;
  }
  [[nodiscard]] const bounds::Folded& folded() const { return m_root.form->network->folded(); }
  [[nodiscard]] Index values() const { return folded().inputs + folded().lower.size(); }
  /// In the graph; -1 for activations, which are never branched on.
  [[nodiscard]] Index value_of(int column) const {
    const Form& form = *m_root.form;
    if (column < form.inputs) return column;
    if (!form.is_binary(column)) return -1;
    return folded().inputs + folded().unit[static_cast<std::size_t>(column - form.inputs - form.units)];
  }

  [[nodiscard]] double bytes(const CutNode& node) const override {
    return 16.0 * static_cast<double>(node.bounds.lower.size() + node.bounds.input_lower.size()) + 300 +
           (node.basis ? 4.0 * static_cast<double>(node.basis->columns.size() + node.basis->rows.size()) : 0.0);
  }
  [[nodiscard]] std::size_t most_in_round() const override { return 8; }
  [[nodiscard]] double work() const override { return entry_work * m_work; }

  void round(std::vector<CutNode> nodes, bool deep) override {
    const int budget = deep ? 10000 : nodes.size() < most_in_round() / 2 ? 4 : 30;
    std::vector<CutDive> dives(nodes.size());
    deal_out(nodes.size(), [&](std::size_t i, std::size_t thread) {
      m_team[thread]->dive(std::move(nodes[i]), m_cutoff, budget, m_costs, dives[i]);
    });
    for (CutDive& dive : dives) {
      gather(dive);
      m_work += dive.work;
      for (const PseudoCosts::Event& event : dive.learned) m_costs.learn(event);
    }
  }

  const CutRoot m_root;
  std::optional<CutTask> m_shared;
  std::vector<std::unique_ptr<CutDiver>> m_team;
  PseudoCosts m_costs;
  double m_work = 0;
  double m_gap = 0;  ///< at the root; 0: nothing that gains could be measured by
};

}  // namespace

std::unique_ptr<Search> make_cut_tree(const Task& task, std::shared_ptr<const Network> network, const Box& box,
                                      double cutoff, const TreeLimits& limits, const Listener& listener,
                                      const Stop& stop) {
  CutRoot root = make_root(task, std::move(network), box, cutoff, RootSettings{}, stop);
  return std::make_unique<CutTree>(std::move(root), task, cutoff, limits, listener, stop);
}

double cut_entry_work(const Network& network) {
  const auto units = static_cast<double>(network.folded().units());
  return 0.5 * units * network.nonzeros();
}

}  // namespace secateur::search
