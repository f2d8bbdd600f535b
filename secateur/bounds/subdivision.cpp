// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/subdivision.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/box_batch.hpp"
#include "secateur/bounds/detail.hpp"
#include "secateur/bounds/folded.hpp"
#include "secateur/bounds/lane_points.hpp"
#include "secateur/bounds/part.hpp"
#include "secateur/core/kernels.hpp"
#include "secateur/core/parallel.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Index lanes = crown_lanes;

/// Cells are not split further beyond this.
constexpr double most_memory = 256e6;
/// Up to so many inputs subdivision closes most gaps.
constexpr Index few_inputs = 4;

/// Deals cells out to threads where that is faster, by the time that the cells before have taken; what comes out does
/// not depend on it.
class Dealer {
 public:
  explicit Dealer(std::size_t threads) : m_spaces(threads), m_crew(threads) {}

  /// bound(cell, space) for each of `cells`, which take about `work` together.
  template <class Bound>
  void deal(std::size_t cells, double work, const Bound& bound) {
    // A thread takes some 100 microseconds to begin, 30 to wake. Fewer cells than a box has parts are those of a tree
    // that closes; the first one says too much of them. Small cells are dealt out several at once.
    const double worth_beginning = cells < static_cast<std::size_t>(lanes) ? 2e-3 : 0.3e-3;
    constexpr double worth_waking = 30e-6, worth_taking = 10e-6;
    const double expected = m_pace * work;
    const bool alone = m_spaces.size() == 1 || expected < (m_begun ? worth_waking : worth_beginning);
    const Stopwatch watch;
    if (alone) {
      for (std::size_t i = 0; i < cells; ++i) bound(i, m_spaces.front());
    } else {
      m_begun = true;
      const double all = static_cast<double>(cells);
      const auto share = static_cast<std::size_t>(std::clamp(all * worth_taking / expected, 1.0, all));
      m_crew.run((cells + share - 1) / share, [&](std::size_t job, std::size_t thread) {
        const std::size_t end = std::min(cells, (job + 1) * share);
        for (std::size_t i = job * share; i < end; ++i) bound(i, m_spaces[thread]);
      });
    }
    m_pace = static_cast<double>(alone ? 1 : m_spaces.size()) * watch.seconds() / work;
  }

 private:
  std::vector<BoxBatch> m_spaces;
  Crew m_crew;
  bool m_begun = false;
  double m_pace = 0;  ///< seconds of one thread for a unit of work
};

Box hull(const Box& a, const Box& b) { return {a.lower.cwiseMin(b.lower), a.upper.cwiseMax(b.upper)}; }

/// One run.
class Search {
 public:
  Search(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& start, const Vector& objective,
         const SubdivisionSettings& settings, const Stop& stop)
      : m_graph(graph),
        m_box(box),
        m_start(start),
        m_objective(objective),
        m_settings(settings),
        m_stop(stop),
        m_forward_only(box.size() <= few_inputs) {
    m_root = std::make_shared<const Folded>(fold(graph, box, start, objective));
  }

  Subdivision run(double cutoff) {
    m_cutoff = cutoff;
    if (m_settings.search) {
      LaneSearch search;
      search.seed = m_settings.seed;
      probe(lane_points(*m_root, m_box, search));
    }
    grow();
    Subdivision result;
    result.cutoff = m_cutoff;
    result.boxes = m_boxes;
    result.work = m_work;
    std::erase_if(m_leaves, [&](const Part& cell) { return cell.bound > m_cutoff; });
    result.bound = m_cutoff;
    for (const Part& leaf : m_leaves) result.bound = std::min(result.bound, leaf.bound);
    // Nothing has been split, or numbers were too large.
    if (!std::isfinite(result.bound)) {
      result.bound = std::max(result.bound, crown_objective(m_graph, m_box, m_start, m_objective).lower);
    }
    result.bound = std::min(result.bound, m_cutoff);
    result.exhausted = m_leaves.empty();
    result.bounds = m_start;
    result.box = m_box;
    if (!result.exhausted) unite(result);
    return result;
  }

 private:
  [[nodiscard]] bool out_of_budget() const {
    return m_work >= m_settings.work || m_boxes >= m_settings.boxes || m_watch.seconds() >= m_settings.seconds ||
           m_stop.reason().has_value();
  }

  /// Generation by generation, every cell of one is split into parts: those with the lowest bounds first, since the
  /// points they suggest are the most likely to lower the cut-off. That happens between chunks of a fixed size, so that
  /// the result does not depend on the number of threads. Cells stay in the order of the tree: neighbours are close.
  void grow() {
    m_leaves.push_back(whole_part(m_root, m_box, m_settings.ranges));
    Dealer dealer(static_cast<std::size_t>(std::max(1, m_settings.threads)));
    double growth_before = static_cast<double>(lanes);
    for (int generation = 1;; ++generation) {
      const double work_before = m_work, forward_before = m_forward_work;
      std::vector<std::size_t> open;
      for (std::size_t i = 0; i < m_leaves.size(); ++i) {
        if (m_boxes == 0 || !settled(m_leaves[i])) open.push_back(i);
      }
      if (open.empty()) return;
      std::stable_sort(open.begin(), open.end(),
                       [&](std::size_t a, std::size_t b) { return m_leaves[a].bound < m_leaves[b].bound; });
      std::vector<std::vector<Part>> children(m_leaves.size());
      std::vector<char> expanded(m_leaves.size(), 0);
      constexpr std::size_t chunk = 64;
      for (std::size_t done = 0; done < open.size() && !out_of_budget(); done += chunk) {
        const std::size_t count = std::min(chunk, open.size() - done);
        std::vector<PartExpansion> expansions(count);
        double work = 0;
        for (std::size_t i = 0; i < count; ++i) work += batch_work(*m_leaves[open[done + i]].folded);
        dealer.deal(count, work, [&](std::size_t i, BoxBatch& space) {
          expansions[i] = expand(std::move(m_leaves[open[done + i]]), m_cutoff, m_forward_only, space);
        });
        const double cutoff_before = m_cutoff;
        std::optional<Point> better;
        for (std::size_t i = 0; i < count; ++i) {
          if (const auto found = take(expansions[i])) better = found;
          expanded[open[done + i]] = 1;
          for (Part& child : expansions[i].children) child.folded = expansions[i].folded;
          children[open[done + i]] = std::move(expansions[i].children);
        }
        // The local search missed this one.
        if (m_settings.search && better && m_cutoff < cutoff_before) probe({polished(*m_root, m_box, *better)});
      }
      std::vector<Part> next;
      double alive = 0, memory = 0;
      for (std::size_t i = 0; i < m_leaves.size(); ++i) {
        if (expanded[i] == 0) children[i].push_back(std::move(m_leaves[i]));
        for (Part& cell : children[i]) {
          if (cell.bound > m_cutoff) continue;
          alive += settled(cell) ? 0 : 1;
          memory += part_bytes(cell);
          next.push_back(std::move(cell));
        }
      }
      m_leaves = std::move(next);
      const double growth = alive / static_cast<double>(open.size());
      const double work_a_cell = (m_work - work_before) / static_cast<double>(open.size());
      if (out_of_budget() || memory > most_memory) return;
      const bool left_out = m_forward_work > forward_before;
      const bool wasted =
          growth > 0.5 * static_cast<double>(lanes) && m_forward_work + alive * work_a_cell > 4 * batch_work(*m_root);
      if (left_out && wasted) m_forward_only = false;
      if (!pays(alive, growth, growth_before, work_a_cell, generation)) {
        // Perhaps it does with CROWN's bounds of all units.
        if (!left_out) return;
        m_forward_only = false;
      }
      growth_before = growth;
    }
  }

  std::optional<Point> take(const PartExpansion& expansion) {
    m_boxes += expansion.boxes;
    m_work += expansion.work;
    m_forward_work += expansion.forward_work;
    return probe(expansion.candidates);
  }

  /// Points below the cut-off are tried in turn; the last of them is the best. Where constraints keep every one of them
  /// from being taken, ever fewer are tried.
  std::optional<Point> probe(const std::vector<Point>& candidates) {
    constexpr std::int64_t patience = 64;
    std::optional<Point> best;
    for (const Point& candidate : candidates) {
      if (!m_settings.probe || !(candidate.value < m_cutoff)) continue;
      ++m_refused;
      if (m_refused > patience && m_refused % (m_refused / patience) != 0) continue;
      const double cutoff = m_settings.probe(candidate.x);
      if (cutoff < m_cutoff) m_refused = 0;
      m_cutoff = std::min(m_cutoff, cutoff);
      best = candidate;
    }
    return best;
  }

  /// Whether another generation is worth its while: while the next one fits the share of work that tightening alone is
  /// worth, or else if the gap looks like closing within what work is left. Typically the growth of the number of cells
  /// from one generation to the next falls steadily; the forecast is that it goes on doing so. With few inputs it falls
  /// fast once each has been halved twice; until then nothing can be said. Deep networks need four halvings, which up
  /// to three inputs can afford: by then a part costs a fraction of what the first ones did (10 layers of 50: closed
  /// after 500 parts and 0.2 s; as a tree, open after 7000 nodes).
  [[nodiscard]] bool pays(double cells, double growth, double growth_before, double work_a_cell, int generation) const {
    const double next = m_work + cells * work_a_cell;
    if (next <= m_settings.tighten * m_settings.work) return true;
    const bool fewest = m_box.size() <= 3;
    const Index halvings = (fewest ? 4 : 2) * m_box.size();
    const double allowed = (fewest ? 1 : 0.5) * m_settings.work;
    if (m_box.size() <= few_inputs && 3 * generation < halvings && next <= allowed) return true;
    const double change = std::min(1.0, growth / growth_before);
    double forecast = m_work;
    constexpr int most_ahead = 30;  // halves each of two inputs 45 times: nothing is left to split
    for (int ahead = 0; ahead < most_ahead && cells >= 1; ++ahead) {
      forecast += cells * work_a_cell;
      if (forecast > m_settings.work) return false;
      growth *= change;
      cells *= growth;
    }
    return true;
  }

  /// A group of neighbouring leaves: their hull, and what is known of every hidden unit on all of them.
  struct Group {
    Box box;
    Vector lower, upper;
  };

  static Group known(const Part& leaf) {
    Group group{leaf.box(), leaf.folded->lower, leaf.folded->upper};
    const Box units = leaf.preactivations();
    for (Index i = 0; i < units.size(); ++i) {
      group.lower(leaf.folded->unit[static_cast<std::size_t>(i)]) = units.lower(i);
      group.upper(leaf.folded->unit[static_cast<std::size_t>(i)]) = units.upper(i);
    }
    return group;
  }

  /// The leaves in no more groups than a quarter of the work can pay for.
  [[nodiscard]] std::vector<Group> groups() const {
    const double batches = std::max(1.0, 0.25 * m_settings.work / batch_work(*m_root));
    const auto most = static_cast<std::size_t>(std::min(1e6, batches)) * static_cast<std::size_t>(lanes);
    const std::size_t size = (m_leaves.size() + most - 1) / most;
    std::vector<Group> all;
    for (std::size_t i = 0; i < m_leaves.size(); ++i) {
      Group leaf = known(m_leaves[i]);
      if (i % size == 0) {
        all.push_back(std::move(leaf));
        continue;
      }
      Group& group = all.back();
      group.box = hull(group.box, leaf.box);
      group.lower = group.lower.cwiseMin(leaf.lower);
      group.upper = group.upper.cwiseMax(leaf.upper);
    }
    return all;
  }

  /// Bounds and box of everything that is left: one more pass, over all units that were unstable at the start, on each
  /// group of leaves.
  void unite(Subdivision& result) {
    const Folded& root = *m_root;
    result.box = m_leaves.front().box();
    for (const Part& leaf : m_leaves) result.box = hull(result.box, leaf.box());
    const std::vector<Group> all = groups();
    Vector lower = Vector::Constant(root.rows(), infinity), upper = Vector::Constant(root.rows(), -infinity);
    BoxBatch space;
    CrownBatch batch = space.prepare(root);
    std::fill(space.wanted.begin(), space.wanted.end(), 1);
    const auto count = static_cast<Index>(all.size());
    for (Index begin = 0; begin < count; begin += lanes) {
      const Index used = std::min(lanes, count - begin);
      for (Index p = 0; p < lanes; ++p) {
        const Group& group = all[static_cast<std::size_t>(begin + std::min(p, used - 1))];
        space.set_box(p, group.box);
        for (Index r = 0; r < root.rows(); ++r) {
          const bool unit = r < root.units();
          const Index place = unit ? root.unit[static_cast<std::size_t>(r)] : 0;
          const auto at = static_cast<std::size_t>(r * lanes + p);
          space.lower[at] = unit ? group.lower(place) : -infinity;
          space.upper[at] = unit ? group.upper(place) : infinity;
        }
      }
      batch.lanes = used;
      bound_kernels().crown(batch);
      for (Index r = 0; r < root.rows(); ++r) {
        for (Index p = 0; p < used; ++p) {
          const auto at = static_cast<std::size_t>(r * lanes + p);
          lower(r) = std::min(lower(r), space.lower[at]);
          upper(r) = std::max(upper(r), space.upper[at]);
        }
      }
    }
    // Back to the graph's layers.
    std::vector<std::pair<std::size_t, Index>> home;
    for (std::size_t k = 0; k + 1 < m_start.size(); ++k) {
      for (Index i = 0; i < m_start[k].size(); ++i) home.emplace_back(k, i);
    }
    const auto tighten = [&](std::size_t layer, Index unit, Index row) {
      graph::LayerBounds& bounds = result.bounds[layer];
      if (lower(row) > bounds.lower(unit)) bounds.lower(unit) = lower(row);
      if (upper(row) < bounds.upper(unit)) bounds.upper(unit) = upper(row);
    };
    for (Index r = 0; r < root.units(); ++r) {
      const auto [layer, unit] = home[static_cast<std::size_t>(root.unit[static_cast<std::size_t>(r)])];
      tighten(layer, unit, r);
    }
    for (Index o = 0; o < m_start.back().size(); ++o) tighten(m_start.size() - 1, o, root.units() + 1 + o);
  }

  const graph::ReluGraph& m_graph;
  const Box m_box;
  const graph::NeuronBounds& m_start;
  const Vector& m_objective;
  const SubdivisionSettings& m_settings;
  const Stop& m_stop;
  Stopwatch m_watch;
  std::shared_ptr<const Folded> m_root;
  std::vector<Part> m_leaves;
  double m_cutoff = infinity;
  std::int64_t m_boxes = 0;
  double m_work = 0;
  /// CROWN may be left out, until most parts are still there after work that would have paid for it.
  bool m_forward_only;
  double m_forward_work = 0;
  std::int64_t m_refused = 0;  ///< points since the last that was taken
};

}  // namespace

Subdivision subdivide(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& start,
                      const Vector& objective, double cutoff, const SubdivisionSettings& settings, const Stop& stop) {
  require_inside_domain(graph, box);
  if (objective.size() != graph.outputs()) {
    throw std::invalid_argument("subdivide: the objective does not have one entry an output");
  }
  if (static_cast<int>(start.size()) != graph.depth()) {
    throw std::invalid_argument("subdivide: the bounds do not have one entry a layer");
  }
  for (const OutputRange& range : settings.ranges) {
    if (range.output < 0 || range.output >= graph.outputs()) {
      throw std::invalid_argument("subdivide: a range is not one of an output");
    }
  }
  if (std::isnan(cutoff)) throw std::invalid_argument("subdivide: the cut-off is not a number");
  return Search(graph, box, start, objective, settings, stop).run(cutoff);
}

}  // namespace secateur::bounds
