// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/expansion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

int layer_of(const Network& net, Index value) {
  int layer = 0;
  while (value >= net.first(layer + 1)) ++layer;
  return layer;
}

}  // namespace

Node root_node(std::shared_ptr<const Network> network, const Box& box) {
  Node node;
  node.network = std::move(network);
  const Network& net = *node.network;
  node.lower.assign(static_cast<std::size_t>(net.values()), 0.0);
  node.upper = node.lower;
  for (Index j = 0; j < net.inputs(); ++j) {
    node.lower[static_cast<std::size_t>(j)] = box.lower(j);
    node.upper[static_cast<std::size_t>(j)] = box.upper(j);
  }
  const bounds::Folded& folded = net.folded();
  for (Index i = 0; i < folded.units(); ++i) {
    const auto value = static_cast<std::size_t>(net.value_of(i));
    node.lower[value] = folded.lower(folded.unit[static_cast<std::size_t>(i)]);
    node.upper[value] = folded.upper(folded.unit[static_cast<std::size_t>(i)]);
  }
  return node;
}

void Expander::bound_watched(Node& node, int layer, double cutoff) {
  const bool held = m_task.sentinel && m_task.sentinel->inside(node);
  m_bounding.run(node, layer, cutoff);
  if (held) m_task.sentinel->check(node, cutoff);
}

bool Expander::bound(Node& node, double cutoff) {
  bound_watched(node, 0, cutoff);
  return !above(node.bound, cutoff);
}

bool Expander::can_split(const Node& node, Index input) const {
  const double lower = node.lower[static_cast<std::size_t>(input)], upper = node.upper[static_cast<std::size_t>(input)];
  const Values& values = m_task.values[static_cast<std::size_t>(input)];
  if (!values.any()) return values.down(upper) > values.up(lower);
  const double middle = lower + 0.5 * (upper - lower);
  return middle > lower && middle < upper;
}

/// Moves the ends of inputs with isolated values to such values; false: there is none in between.
bool Expander::round_inwards(Node& node) const {
  for (std::size_t j = 0; j < m_task.values.size(); ++j) {
    if (m_task.values[j].any()) continue;
    const double lower = m_task.values[j].up(node.lower[j]), upper = m_task.values[j].down(node.upper[j]);
    if (lower == node.lower[j] && upper == node.upper[j]) continue;
    node.lower[j] = lower;
    node.upper[j] = upper;
    node.shrunk = true;
    if (lower > upper) return false;
  }
  return true;
}

/// Of the inputs with isolated values the widest that has more than one left; -1: none.
Index Expander::widest_isolated(const Node& node) const {
  Index input = -1;
  double most = 0;
  for (std::size_t j = 0; j < m_task.values.size(); ++j) {
    if (m_task.values[j].any() || node.upper[j] - node.lower[j] <= most) continue;
    most = node.upper[j] - node.lower[j];
    input = static_cast<Index>(j);
  }
  return input;
}

/// The input that is furthest from its values at a point; -1: all have one.
Index Expander::most_fractional(const Node& node, const Vector& x) const {
  Index input = -1;
  double most = 1e-6;
  for (std::size_t j = 0; j < m_task.values.size(); ++j) {
    const double off = m_task.values[j].off(x(static_cast<Index>(j)));
    if (!(node.upper[j] > node.lower[j]) || off <= most) continue;
    most = off;
    input = static_cast<Index>(j);
  }
  return input;
}

/// A subtree in which many units are stable gets a network of its own, without them. Units that were split stay: their
/// signs carry multipliers.
void Expander::refold(Node& node) {
  const Network& net = *node.network;
  const bounds::Folded& folded = net.folded();
  const Index units = folded.units();
  std::vector<unsigned char> keep(static_cast<std::size_t>(units), 0);
  for (const Split& split : node.splits) keep[static_cast<std::size_t>(net.unit_at(split.value))] = 1;
  Vector lower(units), upper(units);
  Index gone = 0;
  for (Index i = 0; i < units; ++i) {
    const auto value = static_cast<std::size_t>(net.value_of(i));
    lower(i) = node.lower[value];
    upper(i) = node.upper[value];
    gone += keep[static_cast<std::size_t>(i)] == 0 && !unstable(lower(i), upper(i));
  }
  constexpr Index share = 4;
  if (share * gone < units || gone == 0) return;
  Box box{Vector(net.inputs()), Vector(net.inputs())};
  for (Index j = 0; j < net.inputs(); ++j) {
    box.lower(j) = node.lower[static_cast<std::size_t>(j)];
    box.upper(j) = node.upper[static_cast<std::size_t>(j)];
  }
  auto made = std::make_shared<const Network>(bounds::fold(folded, box, lower, upper, &keep), m_task.ranges);
  Node moved = root_node(made, box);
  // Units keep their order, so that one walk finds them all.
  const auto moves = [&](Index value, Index to) {
    const auto from = static_cast<std::size_t>(value);
    moved.alpha[static_cast<std::size_t>(to)] = node.alpha[from];
    moved.beta[static_cast<std::size_t>(to)] = node.beta[from];
  };
  moved.alpha.assign(static_cast<std::size_t>(made->values()), 0.0F);
  moved.beta = moved.alpha;
  std::vector<Index> place(static_cast<std::size_t>(net.values()), -1);
  Index from = 0;
  for (Index i = 0; i < made->folded().units(); ++i) {
    while (folded.unit[static_cast<std::size_t>(from)] != made->folded().unit[static_cast<std::size_t>(i)]) ++from;
    place[static_cast<std::size_t>(net.value_of(from))] = made->value_of(i);
    moves(net.value_of(from), made->value_of(i));
  }
  moved.splits = node.splits;
  for (Split& split : moved.splits) split.value = place[static_cast<std::size_t>(split.value)];
  for (Index& value : node.units) value = place[static_cast<std::size_t>(value)];
  moved.units = std::move(node.units);
  moved.inputs = std::move(node.inputs);
  moved.price = std::move(node.price);
  moved.bound = node.bound;
  moved.shrunk = node.shrunk;
  moved.unstable = node.unstable;
  moved.depth = node.depth;
  moved.units_rest = node.units_rest;
  moved.units_pause = node.units_pause;
  node = std::move(moved);
}

/// The last bounded node's guess, if its objective is below the cut-off in plain arithmetic.
void Expander::offer(const Node& node, double cutoff, Expansion& result) {
  const Network& net = *node.network;
  const Vector& x = m_bounding.point();
  m_value.assign(static_cast<std::size_t>(net.values()), 0.0);
  std::copy(x.begin(), x.end(), m_value.begin());
  for (int k = 0; k < net.layers(); ++k) {
    const Index begin = net.first(k), end = net.first(k + 1);
    double* z = m_value.data() + begin;
    for (Index v = begin; v < end; ++v) z[v - begin] = net.bias(v);
    for (Index from = 0; from < begin; ++from) {
      const double value = m_value[static_cast<std::size_t>(from)];
      if (value == 0) continue;
      const double* column = net.transposed(from) + begin;
      for (Index v = 0; v < end - begin; ++v) z[v] += column[v] * value;
    }
    for (Index v = 0; v < end - begin; ++v) z[v] = std::max(0.0, z[v]);
  }
  const double* objective = net.row(net.values());
  double sum = net.bias(net.values());
  for (std::size_t v = 0; v < m_value.size(); ++v) sum += objective[v] * m_value[v];
  if (sum < cutoff) result.candidates.push_back(x);
}

void Expander::try_child(Node child, int layer, double cutoff, double parent, Pair& pair, double& score,
                         Expansion& result) {
  bound_watched(child, child.shrunk ? 0 : layer, cutoff);
  const bool open = !above(child.bound, cutoff);
  // With nothing to compare with, any gain counts by itself.
  const double room = std::isinf(cutoff) || !(cutoff > parent) ? 1 + std::abs(parent) : cutoff - parent;
  const double gain = open ? std::min(1.0, (child.bound - parent) / room) : 1.0;
  score *= std::max(gain, 1e-4);
  if (open) {
    offer(child, cutoff, result);
    pair.children.push_back(std::move(child));
  }
}

Expander::Pair Expander::try_unit(const Node& node, Index value, double cutoff, Expansion& result) {
  const int layer = layer_of(*node.network, value) + 1;
  Pair pair;
  double score = 1;
  for (const bool active : {true, false}) {
    Node child = node;
    ++child.depth;
    (active ? child.lower : child.upper)[static_cast<std::size_t>(value)] = 0;
    child.splits.push_back({value, active});
    child.beta[static_cast<std::size_t>(value)] = 0;
    try_child(std::move(child), layer, cutoff, node.bound, pair, score, result);
  }
  pair.score = score;
  return pair;
}

Expander::Pair Expander::try_input(const Node& node, Index input, double cutoff, Expansion& result) {
  const auto j = static_cast<std::size_t>(input);
  const Values::Parts parts = m_task.values[j].halves(node.lower[j], node.upper[j]);
  Pair pair;
  double score = 1;
  for (const bool low : {true, false}) {
    Node child = node;
    ++child.depth;
    child.shrunk = true;
    if (low) {
      child.upper[j] = parts.first;
    } else {
      child.lower[j] = parts.second;
    }
    try_child(std::move(child), 0, cutoff, node.bound, pair, score, result);
  }
  pair.score = score;
  return pair;
}

Solved Expander::solve(Node& node, Expansion& result) {
  if (!m_session) m_session = lp::make_session();
  const bool held = m_task.sentinel && m_task.sentinel->inside(node);
  Solved solved = solve_relaxation(node, m_task.ranges, *m_session, m_stop);
  if (held) m_task.sentinel->check(node, infinity);
  result.work += solved.work;
  if (solved.point) result.candidates.push_back(*solved.point);
  return solved;
}

/// Every unit is stable: a linear program, whose answer is final where no input with isolated values is open.
void Expander::finish(Node node, double cutoff, Expansion& result) {
  const Solved solved = solve(node, result);
  if (above(node.bound, cutoff)) return;
  // An input with several isolated values is split; so is, where the program's answer proves nothing, any other.
  constexpr double narrow = 1e-9;
  Index widest = -1;
  double width = 0;
  for (Index j = 0; j < node.network->inputs(); ++j) {
    const auto i = static_cast<std::size_t>(j);
    if (!can_split(node, j)) continue;
    const double here = node.upper[i] - node.lower[i];
    const double size = std::max({1.0, std::abs(node.lower[i]), std::abs(node.upper[i])});
    if (m_task.values[i].any() && (solved.final || here < narrow * size)) continue;
    if (here <= width) continue;
    width = here;
    widest = j;
  }
  if (widest < 0) {
    result.settled = std::min(result.settled, node.bound);
    return;
  }
  result.children = try_input(node, widest, cutoff, result).children;
}

Expansion Expander::expand(Node node, double cutoff) {
  Expansion result;
  result.settled = infinity;
  if (!round_inwards(node)) return result;
  if (node.unstable == 0) {
    finish(std::move(node), cutoff, result);
    return result;
  }
  refold(node);
  if (node.depth == 0 && !m_task.ranges.empty()) {
    solve(node, result);
    if (above(node.bound, cutoff)) return result;
  }
  Pair best;
  const auto take = [&](Pair pair) {
    if (pair.score > best.score) best = std::move(pair);
  };
  for (const Index input : node.inputs) {
    if (!can_split(node, input)) continue;
    take(try_input(node, input, cutoff, result));
    break;
  }
  if (const Index input = widest_isolated(node); input >= 0) take(try_input(node, input, cutoff, result));
  // Units win in the upper part of a tree and where splits of inputs cannot follow the network; deep down they are
  // tried ever less often.
  constexpr int longest_pause = 8;
  if (node.units_rest > 0 && !best.children.empty()) {
    for (Node& child : best.children) --child.units_rest;
  } else if (!node.units.empty()) {
    Pair pair = try_unit(node, node.units[0], cutoff, result);
    const bool won = pair.score > best.score;
    if (won) best = std::move(pair);
    for (Node& child : best.children) {
      child.units_rest = won ? 0 : node.units_pause;
      child.units_pause = won ? 1 : std::min(longest_pause, 2 * node.units_pause);
    }
  }
  // Measured: with more unstable units a program costs more than it saves, even where it has prices to find.
  constexpr double weak = 1e-2;
  constexpr Index few_unstable = 24;
  if (node.unstable <= few_unstable && best.score < weak && best.children.size() == 2) {
    const Solved solved = solve(node, result);
    if (above(node.bound, cutoff)) return result;
    if (const Index input = solved.point ? most_fractional(node, *solved.point) : -1; input >= 0) {
      result.children = try_input(node, input, cutoff, result).children;
      return result;
    }
    // Splitting units comes to an end, splitting inputs need not.
    const Index unit = solved.unit >= 0 ? solved.unit : node.units[0];
    best = try_unit(node, unit, cutoff, result);
  }
  result.children = std::move(best.children);
  return result;
}

}  // namespace secateur::search
