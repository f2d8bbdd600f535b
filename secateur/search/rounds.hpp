// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "secateur/core/parallel.hpp"
#include "secateur/search/tree.hpp"

namespace secateur::search {

/// What searches in rounds have in common (docs/engine.md, "The tree"): the open nodes, what is settled, the cut-off,
/// and the loop with its limits. A node has `bound` and `depth`. What a round does with its nodes is the derived
/// search's; a dive that it gives back has `open`, `candidates`, `settled` and `nodes`.
template <class Node>
class Rounds : public Search {
 public:
  Rounds(double cutoff, const TreeLimits& limits, const Listener& listener, const Stop& stop)
      : m_stop(stop),
        m_cutoff(cutoff),
        m_limits(limits),
        m_listener(listener),
        m_crew(static_cast<std::size_t>(std::max(1, limits.threads))) {}

  TreeResult run() override {
    TreeResult result;
    while (!m_open.empty()) {
      const double bound = lowest();
      m_listener.prove(bound, m_nodes);
      result.stopped = m_stop.reason();
      if (m_bytes > m_limits.memory) result.stopped = Status::memory_limit;
      const bool over = result.stopped || m_listener.enough({bound, m_nodes, m_share, work()});
      if (m_listener.save && (over || m_listener.due())) m_listener.save();
      if (over) break;
      // With memory running out, those that are nearest to being closed are searched to the end.
      const bool deep = m_bytes > 0.5 * m_limits.memory;
      std::vector<Node> nodes = take(deep);
      m_errand = errand(nodes);
      round(std::move(nodes), deep);
      if (m_errand) m_cutoff = std::min(m_cutoff, m_listener.returned(m_sightings));
      drop();
    }
    result.exhausted = m_open.empty() && !result.stopped;
    result.bound = lowest();
    result.cutoff = m_cutoff;
    result.nodes = m_nodes;
    return result;
  }
  void lower_cutoff(double cutoff) override {
    m_cutoff = std::min(m_cutoff, cutoff);
    drop();
  }

 protected:
  struct Entry {
    double bound;
    std::int64_t number;  ///< of two with one bound, the later one: it lies deeper
    std::shared_ptr<Node> node;
    bool operator<(const Entry& other) const {
      return bound != other.bound ? bound < other.bound : number > other.number;
    }
  };

  [[nodiscard]] virtual Box box(const Node& node) const = 0;  ///< of its inputs
  /// Bytes that a node takes as it is kept open, and gives back as it no longer is.
  virtual double kept(Node& node) = 0;
  virtual double freed(Node& node) = 0;
  [[nodiscard]] virtual std::size_t most_in_round() const = 0;
  [[nodiscard]] virtual double work() const = 0;  ///< TreeState::work
  virtual void round(std::vector<Node> nodes, bool deep) = 0;

  /// work(i, thread) for each of a round's nodes, and its errand.
  template <class Work>
  void deal_out(std::size_t nodes, const Work& work) {
    const std::size_t others = m_errand ? 1 : 0;
    m_crew.run(nodes + others, [&](std::size_t i, std::size_t thread) {
      if (i < others) {
        m_sightings = m_errand();
      } else {
        work(i - others, thread);
      }
    });
  }
  template <class Dive>
  void gather(Dive& dive) {
    m_nodes += dive.nodes;
    m_settled = std::min(m_settled, dive.settled);
    for (const Vector& x : dive.candidates) m_cutoff = std::min(m_cutoff, m_listener.probe(x));
    for (Node& node : dive.open) push(std::move(node));
  }
  /// Keeps a node open, unless it is above the cut-off.
  void push(Node node) {
    if (above(node.bound, m_cutoff)) return;
    m_bytes += kept(node);
    m_share += share(node);
    const double bound = node.bound;
    m_open.insert({bound, m_number++, std::make_shared<Node>(std::move(node))});
  }

  /// What of a saved tree is common to all; its open nodes are the derived search's to push.
  void go_on_from(const SavedTree& saved) {
    m_nodes = saved.nodes;
    m_settled = saved.settled;
    m_cutoff = std::min(m_cutoff, saved.cutoff);
  }
  /// `node`: what is saved of a node.
  template <class Save>
  [[nodiscard]] SavedTree saved_by(const Save& node) const {
    SavedTree tree{m_cutoff, m_settled, m_nodes, work(), {}, {}};
    tree.open.reserve(m_open.size());
    for (const Entry& entry : m_open) tree.open.push_back(node(*entry.node));
    return tree;
  }
  [[nodiscard]] const Listener& listener() const { return m_listener; }

  const Stop& m_stop;
  double m_cutoff, m_settled = std::numeric_limits<double>::infinity();
  std::int64_t m_nodes = 0;

 private:
  /// Part of the whole that a node stands for, each split halving it.
  static double share(const Node& node) {
    return std::ldexp(1.0, -static_cast<int>(std::min<std::int64_t>(node.depth, 1000)));
  }
  [[nodiscard]] Errand errand(const std::vector<Node>& nodes) const {
    if (!m_listener.errand) return {};
    std::vector<Box> parts;
    parts.reserve(nodes.size());
    for (const Node& node : nodes) parts.push_back(box(node));
    return m_listener.errand(work(), parts);
  }
  void remove(auto at) {
    m_bytes -= freed(*at->node);
    m_share -= share(*at->node);
    m_open.erase(at);
  }
  std::vector<Node> take(bool deep) {
    std::vector<Node> nodes;
    while (!m_open.empty() && nodes.size() < most_in_round()) {
      const auto at = deep ? std::prev(m_open.end()) : m_open.begin();
      const std::shared_ptr<Node> node = at->node;
      remove(at);
      nodes.push_back(std::move(*node));
    }
    return nodes;
  }
  /// Forgets the nodes that a better cut-off has made superfluous.
  void drop() {
    while (!m_open.empty() && above(std::prev(m_open.end())->bound, m_cutoff)) remove(std::prev(m_open.end()));
  }
  /// What is known of the whole: nothing below the open parts, the settled ones and the cut-off is left.
  [[nodiscard]] double lowest() const {
    const double open = m_open.empty() ? std::numeric_limits<double>::infinity() : m_open.begin()->bound;
    return std::min({m_settled, open, m_cutoff});
  }

  const TreeLimits m_limits;
  const Listener& m_listener;
  Crew m_crew;
  std::set<Entry> m_open;
  double m_bytes = 0, m_share = 0;
  std::int64_t m_number = 0;
  Errand m_errand;  ///< beside this round
  std::vector<mip::Sighting> m_sightings;
};

}  // namespace secateur::search
