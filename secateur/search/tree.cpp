// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/tree.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "secateur/search/rounds.hpp"

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

SavedNode saved_node(const Node& node) {
  const Network& net = *node.network;
  SavedNode saved;
  saved.lower.assign(node.lower.begin(), node.lower.begin() + net.inputs());
  saved.upper.assign(node.upper.begin(), node.upper.begin() + net.inputs());
  for (const Split& split : node.splits) {
    saved.splits.push_back({net.folded().unit[static_cast<std::size_t>(net.unit_at(split.value))], split.active});
  }
  saved.price = node.price;
  saved.bound = node.bound;
  saved.depth = node.depth;
  return saved;
}

/// The root on the saved node's box, with its units' signs: bounds of units are the root's, multipliers not known.
Node restored(const Node& root, const SavedNode& saved) {
  const Network& net = *root.network;
  const auto inputs = static_cast<std::size_t>(net.inputs());
  if (saved.lower.size() != inputs || saved.upper.size() != inputs ||
      !(saved.price.empty() || saved.price.size() == static_cast<std::size_t>(net.targets()))) {
    throw std::out_of_range("a saved node has another size than the root");
  }
  Node node = root;
  std::copy(saved.lower.begin(), saved.lower.end(), node.lower.begin());
  std::copy(saved.upper.begin(), saved.upper.end(), node.upper.begin());
  const std::vector<Index>& units = net.folded().unit;
  for (const Split& split : saved.splits) {
    const auto unit = std::lower_bound(units.begin(), units.end(), split.value);
    if (unit == units.end() || *unit != split.value)
      throw std::out_of_range("a saved node splits a unit that is not there");
    const Index value = net.value_of(unit - units.begin());
    (split.active ? node.lower : node.upper)[static_cast<std::size_t>(value)] = 0;
    node.splits.push_back({value, split.active});
  }
  node.price = saved.price;
  node.bound = saved.bound;
  node.depth = saved.depth;
  node.shrunk = true;
  return node;
}

/// What a dive leaves behind.
struct Dive {
  std::vector<Node> open;
  std::vector<Vector> candidates;
  double settled = infinity;
  double work = 0;  ///< of linear programs
  std::int64_t nodes = 0;
};

class Tree final : public Rounds<Node> {
 public:
  Tree(const Task& task, const Network& network, double cutoff, const TreeLimits& limits, const Listener& listener,
       const Stop& stop)
      : Rounds(cutoff, limits, listener, stop), m_node_work(node_work(network)) {
    for (int t = 0; t < std::max(1, limits.threads); ++t) m_team.emplace_back(std::make_unique<Expander>(task, stop));
  }

  void start(Node root) {
    ++m_nodes;
    m_work += m_node_work;
    if (m_team[0]->bound(root, m_cutoff)) push(std::move(root));
  }
  void start(const Node& root, const SavedTree& saved) {
    go_on_from(saved);
    m_work = saved.work;
    // Of two nodes with one bound the later one comes first.
    for (auto node = saved.open.rbegin(); node != saved.open.rend(); ++node) {
      if (!above(node->bound, m_cutoff)) push(restored(root, *node));
    }
  }
  [[nodiscard]] SavedTree saved() const override { return saved_by(saved_node); }

 private:
  double kept(Node& node) override { return bytes(node); }
  double freed(Node& node) override { return bytes(node); }
  [[nodiscard]] static double bytes(const Node& node) {
    const auto values = static_cast<double>(node.lower.size());
    return 24 * values + 600 + 16 * static_cast<double>(node.splits.size());
  }
  [[nodiscard]] Box box(const Node& node) const override {
    const Index inputs = node.network->inputs();
    return {Eigen::Map<const Vector>(node.lower.data(), inputs), Eigen::Map<const Vector>(node.upper.data(), inputs)};
  }
  [[nodiscard]] std::size_t most_in_round() const override { return 32; }
  [[nodiscard]] double work() const override { return m_work; }

  void round(std::vector<Node> nodes, bool deep) override {
    // Few open nodes: short dives, so that there are soon more.
    const std::int64_t budget = deep ? 10000 : nodes.size() < 8 ? 4 : 16;
    std::vector<Dive> dives(nodes.size());
    deal_out(nodes.size(),
             [&](std::size_t i, std::size_t thread) { dive(std::move(nodes[i]), budget, *m_team[thread], dives[i]); });
    for (Dive& dive : dives) {
      m_work += m_node_work * static_cast<double>(dive.nodes) + dive.work;
      gather(dive);
    }
  }

  /// Depth first from a node: the better child next. Stops after so many expansions, with what is then open.
  void dive(Node node, std::int64_t budget, Expander& expander, Dive& result) const {
    result.open.push_back(std::move(node));
    for (std::int64_t spent = 0; spent < budget && !result.open.empty(); ++spent) {
      if (m_stop.reason()) return;
      Node at = std::move(result.open.back());
      result.open.pop_back();
      // Of a tree that was saved.
      if (at.alpha.empty() && !expander.bound(at, m_cutoff)) continue;
      Expansion expansion = expander.expand(std::move(at), m_cutoff);
      ++result.nodes;
      result.work += expansion.work;
      result.settled = std::min(result.settled, expansion.settled);
      for (Vector& x : expansion.candidates) result.candidates.push_back(std::move(x));
      auto& children = expansion.children;
      std::stable_sort(children.begin(), children.end(),
                       [](const Node& a, const Node& b) { return a.bound > b.bound; });
      for (Node& child : children) result.open.push_back(std::move(child));
    }
  }

  std::vector<std::unique_ptr<Expander>> m_team;
  const double m_node_work;
  double m_work = 0;  ///< TreeState::work
};

}  // namespace

double node_work(const Network& network) {
  const auto units = static_cast<double>(network.folded().units());
  return 8 + 0.45 * units + 0.009 * network.nonzeros();
}

double SavedTree::bound() const { return std::min({cutoff, settled, open.empty() ? infinity : open.front().bound}); }

std::unique_ptr<Search> make_tree(const Task& task, std::shared_ptr<const Network> network, const Box& box,
                                  double cutoff, const TreeLimits& limits, const Listener& listener, const Stop& stop,
                                  const SavedTree* saved) {
  auto tree = std::make_unique<Tree>(task, *network, cutoff, limits, listener, stop);
  Node root = root_node(std::move(network), box);
  if (saved != nullptr) {
    tree->start(root, *saved);
  } else {
    tree->start(std::move(root));
  }
  return tree;
}

double tree_entry_work(const Network& network) {
  constexpr double nodes = 2000;
  return nodes * node_work(network);
}

}  // namespace secateur::search
