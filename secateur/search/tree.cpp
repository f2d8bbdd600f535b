// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/tree.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <limits>
#include <stdexcept>
#include <thread>
#include <utility>

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Part of the whole that a node stands for, each split halving it.
double share(const Node& node) { return std::ldexp(1.0, -static_cast<int>(std::min<std::int64_t>(node.depth, 1000))); }

double bytes(const Node& node) {
  const auto values = static_cast<double>(node.lower.size());
  return 24 * values + 600 + 16 * static_cast<double>(node.splits.size());
}

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
  std::int64_t nodes = 0;
  std::exception_ptr error;
};

class Tree {
 public:
  Tree(const Task& task, double cutoff, const TreeLimits& limits, const Listener& listener, const Stop& stop)
      : m_task(task), m_limits(limits), m_listener(listener), m_stop(stop), m_cutoff(cutoff) {
    for (int t = 0; t < std::max(1, limits.threads); ++t) m_team.emplace_back(std::make_unique<Expander>(task, stop));
  }

  void start(Node root) {
    ++m_nodes;
    if (m_team[0]->bound(root, m_cutoff)) push(std::move(root));
  }
  void start(const Node& root, const SavedTree& saved) {
    m_nodes = saved.nodes;
    m_settled = saved.settled;
    m_cutoff = std::min(m_cutoff, saved.cutoff);
    // Of two nodes with one bound the later one comes first.
    for (auto node = saved.open.rbegin(); node != saved.open.rend(); ++node) {
      if (!above(node->bound, m_cutoff)) push(restored(root, *node));
    }
  }

  TreeResult run() {
    TreeResult result;
    while (!m_open.empty()) {
      const double bound = lowest();
      m_listener.prove(bound, m_nodes);
      result.stopped = m_stop.reason();
      if (m_bytes > m_limits.memory) result.stopped = Status::memory_limit;
      const bool over = result.stopped || m_listener.enough({bound, m_nodes, m_share});
      if (m_listener.save && (over || m_listener.due())) m_listener.save(saved());
      if (over) break;
      round();
      drop();
    }
    result.exhausted = m_open.empty() && !result.stopped;
    result.bound = lowest();
    result.cutoff = m_cutoff;
    result.nodes = m_nodes;
    return result;
  }

 private:
  struct Entry {
    double bound;
    std::int64_t number;  ///< of two with one bound, the later one: it lies deeper
    std::shared_ptr<Node> node;
    bool operator<(const Entry& other) const {
      return bound != other.bound ? bound < other.bound : number > other.number;
    }
  };

  void push(Node node) {
    m_bytes += bytes(node);
    m_share += share(node);
    const double bound = node.bound;
    m_open.insert({bound, m_number++, std::make_shared<Node>(std::move(node))});
  }
  void remove(std::set<Entry>::iterator at) {
    m_bytes -= bytes(*at->node);
    m_share -= share(*at->node);
    m_open.erase(at);
  }
  /// Forgets the nodes that a better cut-off has made superfluous.
  void drop() {
    while (!m_open.empty() && above(std::prev(m_open.end())->bound, m_cutoff)) {
      remove(std::prev(m_open.end()));
    }
  }
  /// What is known of the whole: nothing below the open parts, the settled ones and the cut-off is left.
  [[nodiscard]] double lowest() const {
    double bound = std::min(m_settled, m_open.empty() ? infinity : m_open.begin()->bound);
    return std::min(bound, m_cutoff);
  }

  [[nodiscard]] SavedTree saved() const {
    SavedTree tree{m_cutoff, m_settled, m_nodes, {}};
    tree.open.reserve(m_open.size());
    for (const Entry& entry : m_open) tree.open.push_back(saved_node(*entry.node));
    return tree;
  }

  /// The nodes of a round. With memory running out those that are nearest to being closed, to be searched to the end.
  std::vector<Node> take(bool deep) {
    constexpr std::size_t most = 32;
    std::vector<Node> nodes;
    while (!m_open.empty() && nodes.size() < most) {
      const auto at = deep ? std::prev(m_open.end()) : m_open.begin();
      const std::shared_ptr<Node> node = at->node;
      remove(at);
      nodes.push_back(std::move(*node));
    }
    return nodes;
  }

  void round() {
    const bool deep = m_bytes > 0.5 * m_limits.memory;
    std::vector<Node> nodes = take(deep);
    // Few open nodes: short dives, so that there are soon more.
    const std::int64_t budget = deep ? 10000 : nodes.size() < 8 ? 4 : 16;
    std::vector<Dive> dives(nodes.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&](std::size_t thread) {
      for (std::size_t i = next++; i < nodes.size(); i = next++) {
        try {
          dive(std::move(nodes[i]), budget, *m_team[thread], dives[i]);
        } catch (...) {
          dives[i].error = std::current_exception();
        }
      }
    };
    {
      std::vector<std::jthread> team;
      for (std::size_t t = 1; t < std::min(m_team.size(), nodes.size()); ++t) team.emplace_back(work, t);
      work(0);
    }
    for (Dive& dive : dives) {
      if (dive.error) std::rethrow_exception(dive.error);
      m_nodes += dive.nodes;
      m_settled = std::min(m_settled, dive.settled);
      for (const Vector& x : dive.candidates) m_cutoff = std::min(m_cutoff, m_listener.probe(x));
      for (Node& node : dive.open) {
        if (!above(node.bound, m_cutoff)) push(std::move(node));
      }
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
      result.settled = std::min(result.settled, expansion.settled);
      for (Vector& x : expansion.candidates) result.candidates.push_back(std::move(x));
      auto& children = expansion.children;
      std::stable_sort(children.begin(), children.end(),
                       [](const Node& a, const Node& b) { return a.bound > b.bound; });
      for (Node& child : children) result.open.push_back(std::move(child));
    }
  }

  const Task& m_task;
  const TreeLimits m_limits;
  const Listener& m_listener;
  const Stop& m_stop;
  std::vector<std::unique_ptr<Expander>> m_team;
  std::set<Entry> m_open;
  double m_cutoff, m_settled = infinity, m_bytes = 0, m_share = 0;
  std::int64_t m_nodes = 0, m_number = 0;
};

}  // namespace

double SavedTree::bound() const { return std::min({cutoff, settled, open.empty() ? infinity : open.front().bound}); }

TreeResult search_tree(const Task& task, std::shared_ptr<const Network> network, const Box& box, double cutoff,
                       const TreeLimits& limits, const Listener& listener, const Stop& stop, const SavedTree* saved) {
  Tree tree(task, cutoff, limits, listener, stop);
  Node root = root_node(std::move(network), box);
  if (saved != nullptr) {
    tree.start(root, *saved);
  } else {
    tree.start(std::move(root));
  }
  return tree.run();
}

}  // namespace secateur::search
