// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cut_tree.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "secateur/search/cut_root.hpp"
#include "secateur/search/rounds.hpp"

namespace secateur::search {

namespace {

/// TreeState::work of an exchange an entry of the tableau, with all else that the search does.
constexpr double entry_work = 1.5e-4;
/// At the root half of the time is separation and all else.
constexpr double root_factor = 2;

/// What is saved of a node: its box, and the signs that its bounds fix and the root's do not.
SavedNode saved_node(const CutNode& node, const SignBounds& root, const bounds::Folded& folded) {
  const SignBounds& bounds = node.bounds;
  SavedNode saved;
  saved.lower = bounds.input_lower;
  saved.upper = bounds.input_upper;
  for (std::size_t u = 0; u < bounds.lower.size(); ++u) {
    if (bounds.lower[u] >= 0 && root.lower[u] < 0) saved.splits.push_back({folded.unit[u], true});
    if (bounds.upper[u] <= 0 && root.upper[u] > 0) saved.splits.push_back({folded.unit[u], false});
  }
  saved.bound = node.bound;
  saved.depth = node.depth;
  return saved;
}

/// The part of a root that a saved node is; nothing: none of it. The root may be tighter than the one that the node was
/// saved with: units that are folded away by now may contradict its signs.
std::optional<CutNode> restored(const SavedNode& saved, const SignBounds& root, const bounds::Folded& folded) {
  CutNode node;
  node.bounds = root;
  node.bound = saved.bound;
  node.depth = static_cast<int>(saved.depth);
  SignBounds& bounds = node.bounds;
  const std::size_t inputs = root.input_lower.size();
  if (saved.lower.size() != inputs || saved.upper.size() != inputs) {
    throw std::out_of_range("a saved node has another size than the root");
  }
  for (std::size_t j = 0; j < inputs; ++j) {
    bounds.input_lower[j] = std::max(bounds.input_lower[j], saved.lower[j]);
    bounds.input_upper[j] = std::min(bounds.input_upper[j], saved.upper[j]);
    if (bounds.input_lower[j] > bounds.input_upper[j]) return std::nullopt;
  }
  for (const Split& split : saved.splits) {
    if (split.value < 0 || split.value >= folded.lower.size()) {
      throw std::out_of_range("a saved node splits a unit that is not there");
    }
    const auto unit = std::lower_bound(folded.unit.begin(), folded.unit.end(), split.value);
    if (unit == folded.unit.end() || *unit != split.value) {
      if (split.active ? folded.upper(split.value) < 0 : folded.lower(split.value) > 0) return std::nullopt;
      continue;
    }
    const auto u = static_cast<std::size_t>(unit - folded.unit.begin());
    double& lower = bounds.lower[u];
    double& upper = bounds.upper[u];
    if (split.active) {
      lower = std::max(lower, 0.0);
    } else {
      upper = std::min(upper, 0.0);
    }
    if (lower > upper) return std::nullopt;
  }
  return node;
}

class CutTree final : public Rounds<CutNode> {
 public:
  CutTree(CutRoot root, const Task& task, double cutoff, const TreeLimits& limits, const Listener& listener,
          const Stop& stop, const SavedTree* saved)
      : Rounds(cutoff, limits, listener, stop), m_root(std::move(root)) {
    m_work = entry_work * root_factor * m_root.program.simplex().work();
    if (saved != nullptr) {
      go_on_from(*saved);
      m_work = saved->work;
    }
    if (m_root.best.size() > 0) m_cutoff = std::min(m_cutoff, listener.probe(m_root.best));
    if (above(m_root.bound, m_cutoff)) {
      m_settled = m_root.bound;
      m_nodes = std::max<std::int64_t>(m_nodes, 1);
      return;
    }
    const CutTask& shared =
        m_shared.emplace(CutTask{task, *m_root.form, *m_root.propagation, m_root.program, m_root.watched});
    m_costs = PseudoCosts(m_root.form->columns());
    const double gap = m_cutoff - m_root.bound;
    if (std::isfinite(gap) && gap > 0) m_gap = gap;
    if (saved != nullptr) {
      begin_with(saved->costs, 1);
    } else if (m_gap > 0) {
      begin_with(task.costs, m_gap);
    }
    for (int t = 0; t < std::max(1, limits.threads); ++t) m_team.push_back(std::make_unique<CutDiver>(shared, stop));
    if (saved != nullptr) {
      // Of two nodes with one bound the later one comes first.
      for (auto node = saved->open.rbegin(); node != saved->open.rend(); ++node) {
        if (above(node->bound, m_cutoff)) continue;
        auto part = restored(*node, m_root.bounds, folded());
        if (!part) continue;
        part->bound = std::max(part->bound, m_root.bound);
        push(std::move(*part));
      }
      return;
    }
    CutNode node;
    node.bounds = m_root.bounds;
    node.bound = m_root.bound;
    push(std::move(node));
  }

  TreeResult run() override {
    TreeResult result = Rounds::run();
    if (listener().learned && m_gap > 0) listener().learned(costs(m_gap));
    return result;
  }
  [[nodiscard]] SavedTree saved() const override {
    SavedTree tree = saved_by([&](const CutNode& node) { return saved_node(node, m_root.bounds, folded()); });
    if (m_shared) tree.costs = costs(1);  // else it was closed at the root
    return tree;
  }

 private:
  /// Pseudo-costs from one search to the next, whose gains count in multiples of `unit`.
  void begin_with(const std::vector<KnownCost>& costs, double unit) {
    std::vector<int> column(static_cast<std::size_t>(values()), -1);
    for (int c = 0; c < m_root.form->columns(); ++c) {
      if (const Index value = value_of(c); value >= 0) column[static_cast<std::size_t>(value)] = c;
    }
    for (const KnownCost& cost : costs) {
      if (cost.value < 0 || cost.value >= values()) continue;
      const int c = column[static_cast<std::size_t>(cost.value)];
      if (c >= 0) m_costs.begin_with({c, cost.up, cost.gain * unit}, cost.count);
    }
  }
  [[nodiscard]] std::vector<KnownCost> costs(double unit) const {
    std::vector<KnownCost> costs;
    for (int c = 0; c < m_root.form->columns(); ++c) {
      const Index value = value_of(c);
      for (const bool up : {false, true}) {
        const std::int64_t count = value < 0 ? 0 : m_costs.count(c, up);
        constexpr std::int64_t most = std::numeric_limits<int>::max();
        if (count > 0)
          costs.push_back({value, up, m_costs.gain(c, up) / unit, static_cast<int>(std::min(count, most))});
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

  [[nodiscard]] static double bytes(const CutNode& node) {
    return 16.0 * static_cast<double>(node.bounds.lower.size() + node.bounds.input_lower.size()) + 300 +
           (node.basis ? 4.0 * static_cast<double>(node.basis->columns.size() + node.basis->rows.size()) : 0.0);
  }
  [[nodiscard]] Box box(const CutNode& node) const override {
    const std::vector<double>&lower = node.bounds.input_lower, &upper = node.bounds.input_upper;
    return {Eigen::Map<const Vector>(lower.data(), static_cast<Index>(lower.size())),
            Eigen::Map<const Vector>(upper.data(), static_cast<Index>(upper.size()))};
  }
  /// Cuts count as long as any open node has them.
  double kept(CutNode& node) override {
    const bool first = node.cuts && node.cuts->holders++ == 0;
    return bytes(node) + (first ? node.cuts->rows.bytes() : 0.0);
  }
  double freed(CutNode& node) override {
    const bool last = node.cuts && --node.cuts->holders == 0;
    return bytes(node) + (last ? node.cuts->rows.bytes() : 0.0);
  }
  [[nodiscard]] std::size_t most_in_round() const override { return 8; }
  [[nodiscard]] double work() const override { return m_work; }

  void round(std::vector<CutNode> nodes, bool deep) override {
    const int budget = deep ? 10000 : nodes.size() < most_in_round() / 2 ? 4 : 30;
    std::vector<CutDive> dives(nodes.size());
    deal_out(nodes.size(), [&](std::size_t i, std::size_t thread) {
      m_team[thread]->dive(std::move(nodes[i]), m_cutoff, budget, m_costs, dives[i]);
    });
    for (CutDive& dive : dives) {
      gather(dive);
      m_work += entry_work * dive.work;
      for (const PseudoCosts::Event& event : dive.learned) m_costs.learn(event);
    }
  }

  const CutRoot m_root;
  std::optional<CutTask> m_shared;
  std::vector<std::unique_ptr<CutDiver>> m_team;
  PseudoCosts m_costs;
  double m_work = 0;  ///< TreeState::work
  double m_gap = 0;   ///< at the root; 0: nothing that gains could be measured by
};

}  // namespace

std::unique_ptr<Search> make_cut_tree(const Task& task, std::shared_ptr<const Network> network, const Box& box,
                                      double cutoff, const TreeLimits& limits, const Listener& listener,
                                      const Stop& stop, const SavedTree* saved) {
  if (saved != nullptr) cutoff = std::min(cutoff, saved->cutoff);
  CutRoot root = make_root(task, std::move(network), box, cutoff, RootSettings{}, stop);
  return std::make_unique<CutTree>(std::move(root), task, cutoff, limits, listener, stop, saved);
}

double cut_entry_work(const Network& network) {
  const auto units = static_cast<double>(network.folded().units());
  return 0.5 * units * network.nonzeros();
}

}  // namespace secateur::search
