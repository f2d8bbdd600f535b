// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cut_tree.hpp"

#include <algorithm>
#include <utility>

#include "secateur/search/cut_root.hpp"
#include "secateur/search/rounds.hpp"

namespace secateur::search {

namespace {

class CutTree final : public Rounds<CutNode> {
 public:
  CutTree(const Task& task, const CutRoot& root, double cutoff, const TreeLimits& limits, const Listener& listener,
          const Stop& stop)
      : Rounds(cutoff, limits, listener, stop),
        m_shared{task, *root.form, *root.propagation, root.program, root.watched},
        m_costs(root.form->columns()) {
    for (int t = 0; t < std::max(1, limits.threads); ++t) m_team.push_back(std::make_unique<CutDiver>(m_shared, stop));
  }

  void start(CutNode root) { push(std::move(root)); }

 private:
  [[nodiscard]] double bytes(const CutNode& node) const override {
    return 16.0 * static_cast<double>(node.bounds.lower.size() + node.bounds.input_lower.size()) + 300 +
           (node.basis ? 4.0 * static_cast<double>(node.basis->columns.size() + node.basis->rows.size()) : 0.0);
  }
  [[nodiscard]] std::size_t most_in_round() const override { return 8; }

  void round(std::vector<CutNode> nodes, bool deep) override {
    const int budget = deep ? 10000 : nodes.size() < most_in_round() / 2 ? 4 : 30;
    std::vector<CutDive> dives(nodes.size());
    deal_out(nodes.size(), [&](std::size_t i, std::size_t thread) {
      m_team[thread]->dive(std::move(nodes[i]), m_cutoff, budget, m_costs, dives[i]);
    });
    for (CutDive& dive : dives) {
      gather(dive);
      for (const PseudoCosts::Event& event : dive.learned) m_costs.learn(event);
    }
  }

  const CutTask m_shared;
  std::vector<std::unique_ptr<CutDiver>> m_team;
  PseudoCosts m_costs;
};

}  // namespace

TreeResult search_cuts(const Task& task, std::shared_ptr<const Network> network, const Box& box, double cutoff,
                       const TreeLimits& limits, const Listener& listener, const Stop& stop) {
  CutRoot root = make_root(task, std::move(network), box, cutoff, RootSettings{}, stop);
  if (root.best.size() > 0) cutoff = std::min(cutoff, listener.probe(root.best));
  if (above(root.bound, cutoff)) {
    TreeResult result;
    result.exhausted = true;
    result.bound = std::min(root.bound, cutoff);
    result.cutoff = cutoff;
    result.nodes = 1;
    return result;
  }
  CutNode node;
  node.bounds = root.bounds;
  node.bound = root.bound;
  CutTree tree(task, root, cutoff, limits, listener, stop);
  tree.start(std::move(node));
  return tree.run();
}

}  // namespace secateur::search
