// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/part_tree.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

#include "secateur/bounds/part.hpp"
#include "secateur/search/rounds.hpp"

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// TreeState::work of a vector multiplication: 0.3 to 0.5 nanoseconds on networks of 100 and 150 units.
constexpr double multiplication_work = 4e-4;

/// Parts with so many unstable units are searched to the end, one way or the other.
constexpr Index few_unstable = 8;

struct PartNode {
  bounds::Part part;
  double bound = -infinity;
  std::int64_t depth = 0;
  /// The bound is that of the objective's line on this very box: without prices, and not rounded inwards since.
  bool exact = false;
};

/// What a dive leaves behind.
struct Dive {
  std::vector<PartNode> open;
  std::vector<Vector> candidates;
  double settled = infinity;
  double work = 0;
  std::int64_t nodes = 0;
};

class PartTree final : public Rounds<PartNode> {
 public:
  PartTree(const Task& task, std::shared_ptr<const Network> network, Box box, double cutoff, const TreeLimits& limits,
           const Listener& listener, const Stop& stop)
      : Rounds(cutoff, limits, listener, stop),
        m_task(task),
        m_network(std::move(network)),
        m_root(m_network, &m_network->folded()),
        m_box(std::move(box)),
        m_spaces(static_cast<std::size_t>(std::max(1, limits.threads))) {
    for (const Range& range : task.ranges) m_ranges.push_back({range.output, range.lower, range.upper});
    for (std::size_t t = 0; t < m_spaces.size(); ++t) m_team.emplace_back(std::make_unique<Expander>(task, stop));
  }

  void start() {
    Dive dive;
    dive.open.push_back({bounds::whole_part(m_root, m_box, m_ranges)});
    this->dive(1, m_spaces[0], dive);
    take(dive);
  }
  void start(const SavedTree& saved) {
    go_on_from(saved);
    m_work = saved.work;
    // Of two nodes with one bound the later one comes first.
    for (auto node = saved.open.rbegin(); node != saved.open.rend(); ++node) push(restored(*node));
  }
  [[nodiscard]] SavedTree saved() const override {
    return saved_by([this](const PartNode& node) { return saved_node(node); });
  }

 private:
  double kept(PartNode& node) override { return bounds::part_bytes(node.part) + sizeof(PartNode); }
  double freed(PartNode& node) override { return kept(node); }
  [[nodiscard]] Box box(const PartNode& node) const override { return node.part.box(); }
  [[nodiscard]] std::size_t most_in_round() const override { return 32; }
  [[nodiscard]] double work() const override { return m_work; }

  void round(std::vector<PartNode> nodes, bool deep) override {
    // Few open nodes: short dives, so that there are soon more.
    const std::int64_t budget = deep ? 10000 : nodes.size() < 8 ? 4 : 16;
    std::vector<Dive> dives(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) dives[i].open.push_back(std::move(nodes[i]));
    deal_out(dives.size(), [&](std::size_t i, std::size_t thread) {
      if (unstable(dives[i].open[0].part) <= few_unstable) {
        finish(m_spaces[thread], *m_team[thread], dives[i]);
      } else {
        dive(budget, m_spaces[thread], dives[i]);
      }
    });
    for (Dive& dive : dives) take(dive);
  }

  /// Where kinks of a few units or several constraints meet, parts look alike at every size. What a few more of them do
  /// not close is searched by dual ascent and linear programs, and splits of units come to an end.
  void finish(bounds::BoxBatch& space, Expander& expander, Dive& result) const {
    constexpr std::int64_t budget = 64, most_nodes = 200;
    const PartNode start = result.open[0];
    dive(budget, space, result);
    if (result.open.empty() || m_stop.reason()) return;
    const bounds::Folded& folded = *start.part.folded;
    const Box box = start.part.box(), units = start.part.preactivations();
    const auto network =
        std::make_shared<const Network>(bounds::fold(folded, box, units.lower, units.upper), m_task.ranges);
    Node root = root_node(network, box);
    root.bound = start.bound;
    root.price.assign(m_ranges.size() + 1, 0.0);
    for (const auto& [range, price] : start.part.ranges) root.price[place(range.output) + 1] = price;
    std::vector<Node> open;
    double settled = infinity;
    if (expander.bound(root, m_cutoff)) open.push_back(std::move(root));
    for (std::int64_t nodes = 0; nodes < most_nodes && !open.empty() && !m_stop.reason(); ++nodes) {
      Node node = std::move(open.back());
      open.pop_back();
      Expansion expansion = expander.expand(std::move(node), m_cutoff);
      result.work += node_work(*network) + expansion.work;
      ++result.nodes;
      settled = std::min(settled, expansion.settled);
      for (Vector& x : expansion.candidates) result.candidates.push_back(std::move(x));
      for (Node& child : expansion.children) open.push_back(std::move(child));
    }
    if (!open.empty()) return;
    result.open.clear();
    result.settled = settled;
  }

  /// Depth first: the best part next. Stops after so many expansions, with what is then open.
  void dive(std::int64_t budget, bounds::BoxBatch& space, Dive& result) const {
    for (std::int64_t spent = 0; spent < budget && !result.open.empty() && !m_stop.reason(); ++spent) {
      PartNode at = std::move(result.open.back());
      result.open.pop_back();
      if (at.exact && bounds::settled(at.part) && !has_choice(at.part)) {
        result.settled = std::min(result.settled, at.bound);
        continue;
      }
      const Sentinel* held = watching(at);
      const std::int64_t depth = at.depth + 3;
      const bool exact = at.part.ranges.empty() && !has_choice(at.part);
      bounds::PartExpansion expansion = bounds::expand(std::move(at.part), m_cutoff, false, space);
      for (bounds::Part& child : expansion.children) child.folded = expansion.folded;
      std::erase_if(expansion.children, [this](bounds::Part& child) { return !round_inwards(child); });
      if (held != nullptr) check(*held, expansion.children);
      result.nodes += expansion.boxes;
      result.work += multiplication_work * expansion.work;
      for (bounds::Point& point : expansion.candidates) result.candidates.push_back(std::move(point.x));
      std::ranges::stable_sort(expansion.children, std::greater{}, &bounds::Part::bound);
      for (bounds::Part& child : expansion.children) {
        const double bound = child.bound;
        result.open.push_back({std::move(child), bound, depth, exact});
      }
    }
  }

  /// Where constraints keep every corner from being taken, ever fewer are tried.
  void take(Dive& dive) {
    constexpr std::int64_t patience = 64;
    for (const Vector& x : dive.candidates) {
      ++m_refused;
      if (m_refused > patience && m_refused % (m_refused / patience) != 0) continue;
      const double cutoff = listener().probe(x);
      if (cutoff < m_cutoff) m_refused = 0;
      m_cutoff = std::min(m_cutoff, cutoff);
    }
    dive.candidates.clear();
    m_work += dive.work;
    gather(dive);
  }

  /// Moves the ends of inputs with isolated values to such values; false: there is none in between.
  bool round_inwards(bounds::Part& part) const {
    for (Index j = 0; j < m_box.size(); ++j) {
      const Values& values = m_task.values[static_cast<std::size_t>(j)];
      if (values.any()) continue;
      double &lower = part.ends(0, j), &upper = part.ends(1, j);
      const double low = values.up(lower), high = values.down(upper);
      part.shrunk = part.shrunk || low > lower || high < upper;
      lower = low;
      upper = high;
      if (low > high) return false;
    }
    return true;
  }
  /// Whether an input with isolated values has more than one left.
  [[nodiscard]] bool has_choice(const bounds::Part& part) const {
    for (Index j = 0; j < m_box.size(); ++j) {
      if (!m_task.values[static_cast<std::size_t>(j)].any() && part.ends(0, j) < part.ends(1, j)) return true;
    }
    return false;
  }

  [[nodiscard]] static Index unstable(const bounds::Part& part) {
    Index count = 0;
    for (Index i = 0; i < part.units(); ++i) count += part.unstable_unit(i) ? 1 : 0;
    return count;
  }

  /// Null: the part does not hold the known point, or does not have to be kept for it.
  [[nodiscard]] const Sentinel* watching(const PartNode& node) const {
    if (!m_task.sentinel) return nullptr;
    const Sentinel& sentinel = *m_task.sentinel;
    return sentinel.inside(node.part.box()) && sentinel.worth_keeping(*m_network, m_cutoff) ? &sentinel : nullptr;
  }
  void check(const Sentinel& sentinel, const std::vector<bounds::Part>& children) const {
    const double objective = sentinel.objective(*m_network);
    const auto holds = [&](const bounds::Part& child) {
      return sentinel.inside(child.box()) && child.bound <= objective + 1e-9 * std::max(1.0, std::abs(objective));
    };
    if (std::ranges::none_of(children, holds)) throw std::logic_error("subdivision has lost the known point");
  }

  [[nodiscard]] SavedNode saved_node(const PartNode& node) const {
    const Box box = node.part.box();
    SavedNode saved;
    saved.lower.assign(box.lower.begin(), box.lower.end());
    saved.upper.assign(box.upper.begin(), box.upper.end());
    saved.price.assign(m_ranges.size() + 1, 0.0);
    for (const auto& [range, price] : node.part.ranges) saved.price[place(range.output) + 1] = price;
    saved.bound = node.bound;
    saved.depth = node.depth;
    return saved;
  }
  /// Bounds of units are the root's.
  [[nodiscard]] PartNode restored(const SavedNode& saved) const {
    const auto inputs = static_cast<std::size_t>(m_root->inputs);
    if (saved.lower.size() != inputs || saved.upper.size() != inputs || !saved.splits.empty()) {
      throw std::out_of_range("a saved part is not one of the root");
    }
    const Index size = m_root->inputs;
    const Box box{Eigen::Map<const Vector>(saved.lower.data(), size),
                  Eigen::Map<const Vector>(saved.upper.data(), size)};
    PartNode node{bounds::whole_part(m_root, box, m_ranges), saved.bound, saved.depth};
    for (std::size_t o = 0; o < m_ranges.size() && o + 1 < saved.price.size(); ++o) {
      if (std::isfinite(saved.price[o + 1])) node.part.ranges[o].price = saved.price[o + 1];
    }
    node.part.bound = saved.bound;
    node.part.shrunk = true;
    return node;
  }
  [[nodiscard]] std::size_t place(Index output) const {
    const auto at = std::ranges::find(m_ranges, output, &bounds::OutputRange::output);
    return static_cast<std::size_t>(at - m_ranges.begin());
  }

  const Task& m_task;
  const std::shared_ptr<const Network> m_network;
  const std::shared_ptr<const bounds::Folded> m_root;
  const Box m_box;
  std::vector<bounds::OutputRange> m_ranges;
  std::vector<bounds::BoxBatch> m_spaces;
  std::vector<std::unique_ptr<Expander>> m_team;
  double m_work = 0;           ///< TreeState::work
  std::int64_t m_refused = 0;  ///< points since the last that was taken
};

}  // namespace

std::unique_ptr<Search> make_part_tree(const Task& task, std::shared_ptr<const Network> network, const Box& box,
                                       double cutoff, const TreeLimits& limits, const Listener& listener,
                                       const Stop& stop, const SavedTree* saved) {
  auto tree = std::make_unique<PartTree>(task, std::move(network), box, cutoff, limits, listener, stop);
  if (saved != nullptr) {
    tree->start(*saved);
  } else {
    tree->start();
  }
  return tree;
}

double part_entry_work(const Network& network) {
  constexpr double batches = 5000;
  return batches * multiplication_work * bounds::batch_work(network.folded());
}

}  // namespace secateur::search
