// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cut_tree.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <limits>
#include <map>
#include <thread>
#include <utility>

#include "secateur/search/cut_root.hpp"

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Part of the whole that a node stands for, each split halving it.
double share(const CutNode& node) { return std::ldexp(1.0, -std::min(node.depth, 1000)); }

double bytes(const CutNode& node) {
  return 16.0 * static_cast<double>(node.bounds.lower.size() + node.bounds.input_lower.size()) + 300;
}

class CutTree {
 public:
  CutTree(const Task& task, const CutRoot& root, double cutoff, const TreeLimits& limits, const Listener& listener,
          const Stop& stop)
      : m_shared{task, *root.form, *root.propagation, root.program, root.watched},
        m_limits(limits),
        m_listener(listener),
        m_stop(stop),
        m_costs(root.form->columns()),
        m_cutoff(cutoff) {
    for (int t = 0; t < std::max(1, limits.threads); ++t) m_team.push_back(std::make_unique<CutDiver>(m_shared, stop));
  }

  TreeResult run(CutNode root) {
    TreeResult result;
    if (!above(root.bound, m_cutoff)) push(std::move(root));
    while (!m_open.empty()) {
      const double bound = lowest();
      m_listener.prove(bound, m_nodes);
      result.stopped = m_stop.reason();
      if (m_bytes > m_limits.memory) result.stopped = Status::memory_limit;
      if (result.stopped || m_listener.enough({bound, m_nodes, m_share})) break;
      round();
      while (!m_open.empty() && above(std::prev(m_open.end())->first.first, m_cutoff)) take(std::prev(m_open.end()));
    }
    result.exhausted = m_open.empty() && !result.stopped;
    result.bound = lowest();
    result.cutoff = m_cutoff;
    result.nodes = m_nodes;
    return result;
  }

 private:
  [[nodiscard]] double lowest() const {
    return std::min({m_settled, m_open.empty() ? infinity : m_open.begin()->first.first, m_cutoff});
  }
  using Open = std::map<std::pair<double, std::int64_t>, std::unique_ptr<CutNode>>;

  CutNode take(Open::iterator at) {
    CutNode node = std::move(*at->second);
    m_open.erase(at);
    m_bytes -= bytes(node);
    m_share -= share(node);
    return node;
  }
  void push(CutNode node) {
    m_bytes += bytes(node);
    m_share += share(node);
    const std::pair<double, std::int64_t> key{node.bound, -m_number++};
    m_open.emplace(key, std::make_unique<CutNode>(std::move(node)));
  }

  void round() {
    constexpr std::size_t most = 8;
    const bool deep = m_bytes > 0.5 * m_limits.memory;
    std::vector<CutNode> nodes;
    while (!m_open.empty() && nodes.size() < most) {
      nodes.push_back(take(deep ? std::prev(m_open.end()) : m_open.begin()));
    }
    const int budget = deep ? 10000 : nodes.size() < most / 2 ? 4 : 30;
    std::vector<CutDive> dives(nodes.size());
    std::vector<std::exception_ptr> errors(nodes.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&](std::size_t thread) {
      for (std::size_t i = next++; i < nodes.size(); i = next++) {
        try {
          m_team[thread]->dive(std::move(nodes[i]), m_cutoff, budget, m_costs, dives[i]);
        } catch (...) {
          errors[i] = std::current_exception();
        }
      }
    };
    {
      std::vector<std::jthread> team;
      for (std::size_t t = 1; t < std::min(m_team.size(), nodes.size()); ++t) team.emplace_back(work, t);
      work(0);
    }
    for (std::size_t i = 0; i < dives.size(); ++i) {
      if (errors[i]) std::rethrow_exception(errors[i]);
      CutDive& dive = dives[i];
      m_nodes += dive.nodes;
      m_settled = std::min(m_settled, dive.settled);
      for (const Vector& x : dive.candidates) m_cutoff = std::min(m_cutoff, m_listener.probe(x));
      for (const PseudoCosts::Event& event : dive.learned) m_costs.learn(event);
      for (CutNode& node : dive.open) {
        if (!above(node.bound, m_cutoff)) push(std::move(node));
      }
    }
  }

  const CutTask m_shared;
  const TreeLimits m_limits;
  const Listener& m_listener;
  const Stop& m_stop;
  std::vector<std::unique_ptr<CutDiver>> m_team;
  PseudoCosts m_costs;
  /// By bound, the deeper one of two first.
  Open m_open;
  double m_cutoff, m_settled = infinity, m_bytes = 0, m_share = 0;
  std::int64_t m_nodes = 0, m_number = 0;
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
  return CutTree(task, root, cutoff, limits, listener, stop).run(std::move(node));
}

}  // namespace secateur::search
