// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/bounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "secateur/bounds/shrink.hpp"
#include "secateur/core/kernels.hpp"

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// Candidates that a node keeps of each kind.
constexpr std::size_t kept = 4;

}  // namespace

void Bounding::run(Node& node, int layer, double cutoff) {
  node.unstable = 0;
  if (!m_tightening.run(node, layer, m_ranges)) {
    node.bound = infinity;
    return;
  }
  load(node);
  ascend(node, cutoff);
  if (above(node.bound, cutoff)) return;
  if (!m_ranges.empty() && std::isinf(cutoff) && infeasible(node)) {
    node.bound = infinity;
    return;
  }
  choose(node);
}

/// The node's relaxation and multipliers in the form of a pass.
void Bounding::load(const Node& node) {
  const Network& net = *node.network;
  m_network = &net;
  const auto values = static_cast<std::size_t>(net.values());
  const auto targets = static_cast<std::size_t>(net.targets());
  const auto inputs = static_cast<std::size_t>(net.first(0));
  for (auto* array : {&m_slope, &m_intercept, &m_open, &m_sign, &m_width, &m_alpha, &m_beta, &m_lambda, &m_mu}) {
    array->assign(values, 0.0);
  }
  m_box_lower.assign(node.lower.begin(), node.lower.begin() + net.first(0));
  m_box_upper.assign(node.upper.begin(), node.upper.begin() + net.first(0));
  m_price.assign(targets, 0.0);
  m_side_lower.assign(targets, 0.0);
  m_side_upper.assign(targets, 0.0);
  m_step.assign(targets, 0.0);
  for (std::size_t o = 0; o < m_ranges.size(); ++o) {
    m_side_lower[o + 1] = m_ranges[o].lower;
    m_side_upper[o + 1] = m_ranges[o].upper;
    m_step[o + 1] = m_ranges[o].step;
  }
  m_work.resize(static_cast<std::size_t>(dual_work(net.values(), net.targets())));
  Index open = 0;
  for (std::size_t v = inputs; v < values; ++v) {
    const double lower = node.lower[v], upper = node.upper[v];
    const UpperLine line = upper_line(lower, upper);
    m_width[v] = upper - lower;
    m_slope[v] = line.slope;
    m_intercept[v] = line.intercept;
    if (unstable(lower, upper)) {
      m_open[v] = 1;
      ++open;
      const double before = node.alpha.empty() ? (upper > -lower ? 1.0 : 0.0) : static_cast<double>(node.alpha[v]);
      m_alpha[v] = std::clamp(before, 0.0, 1.0);
    } else {
      m_alpha[v] = line.slope;
    }
  }
  for (const Split& split : node.splits) {
    const auto v = static_cast<std::size_t>(split.value);
    m_sign[v] = split.active ? 1 : -1;
    if (!node.beta.empty()) m_beta[v] = static_cast<double>(node.beta[v]);
  }
  if (!node.price.empty()) m_price = node.price;
}

DualPass Bounding::pass(double objective) {
  DualPass pass;
  pass.network = &m_network->dual();
  pass.objective = objective;
  pass.box_lower = m_box_lower.data();
  pass.box_upper = m_box_upper.data();
  pass.slope = m_slope.data();
  pass.intercept = m_intercept.data();
  pass.open = m_open.data();
  pass.sign = m_sign.data();
  pass.width = m_width.data();
  pass.side_lower = m_side_lower.data();
  pass.side_upper = m_side_upper.data();
  pass.price_step = m_step.data();
  pass.alpha = m_alpha.data();
  pass.beta = m_beta.data();
  pass.price = m_price.data();
  pass.work = m_work.data();
  pass.lambda = m_lambda.data();
  pass.mu = m_mu.data();
  return pass;
}

/// The bound of the multipliers as they are, in real arithmetic; not a number if something has overflowed.
double Bounding::proven(const Network& net, double objective) {
  const DualValue value = bound_kernels().dual_value(pass(objective));
  return value.value - (net.rounding() * value.magnitude + net.underflow());
}

void Bounding::ascend(Node& node, double cutoff) {
  const Network& net = *node.network;
  DualAscent how;
  how.steps = node.alpha.empty() ? m_settings.root_steps : m_settings.steps;
  how.rate = m_settings.rate;
  how.decay = node.alpha.empty() ? 0.97 : m_settings.decay;
  // A little above, so that the proof's error does not bring it back below.
  how.target = cutoff + 1e-9 * std::abs(cutoff);
  bound_kernels().dual_ascend(pass(1), how);
  const double bound = proven(net, 1);
  if (bound > node.bound) node.bound = bound;
  node.alpha.assign(m_alpha.begin(), m_alpha.end());
  node.beta.assign(m_beta.begin(), m_beta.end());
  node.price = m_price;
  m_point.resize(net.inputs());
  for (Index j = 0; j < net.inputs(); ++j) {
    const auto i = static_cast<std::size_t>(j);
    m_point(j) = m_lambda[i] >= 0 ? m_box_lower[i] : m_box_upper[i];
  }
  if (node.bound <= cutoff && bound == bound) shrink(node, bound, cutoff);
}

/// Without an objective, prices alone: a bound above zero says that the ranges contradict each other.
bool Bounding::infeasible(Node& node) {
  DualAscent how;
  how.steps = m_settings.steps;
  how.rate = m_settings.rate;
  how.decay = m_settings.decay;
  bound_kernels().dual_ascend(pass(0), how);
  return proven(*node.network, 0) > 0;
}

/// To where the objective's linear lower bound is not above the cut-off.
void Bounding::shrink(Node& node, double bound, double cutoff) {
  const Index inputs = node.network->inputs();
  Box box{Vector(inputs), Vector(inputs)};
  Vector slope(inputs);
  for (Index j = 0; j < inputs; ++j) {
    const auto i = static_cast<std::size_t>(j);
    box.lower(j) = node.lower[i];
    box.upper(j) = node.upper[i];
    slope(j) = m_lambda[i];
  }
  if (!bounds::shrink(box, slope, bound, cutoff)) return;
  node.shrunk = true;
  for (Index j = 0; j < inputs; ++j) {
    node.lower[static_cast<std::size_t>(j)] = box.lower(j);
    node.upper[static_cast<std::size_t>(j)] = box.upper(j);
  }
}

/// A unit's score is what its relaxation may cost: for lambda < 0 the upper line's height over the ReLU at zero, for
/// lambda > 0 the lower line's depth below it at the worse end. An input's: how much of the open units' ranges it
/// makes, weighted by their coefficients.
void Bounding::choose(Node& node) {
  const Network& net = *node.network;
  m_scores.clear();
  const auto inputs = static_cast<std::size_t>(net.inputs());
  std::vector<std::pair<double, Index>> by_input(inputs);
  for (std::size_t j = 0; j < inputs; ++j) by_input[j] = {0.0, static_cast<Index>(j)};
  for (Index value = net.first(0); value < net.values(); ++value) {
    const auto v = static_cast<std::size_t>(value);
    if (m_open[v] == 0) continue;
    ++node.unstable;
    const double lambda = m_lambda[v];
    const double score = lambda < 0 ? -lambda * m_intercept[v]
                                    : lambda * std::min(m_alpha[v] * -node.lower[v], (1 - m_alpha[v]) * node.upper[v]);
    m_scores.emplace_back(-score, value);
    const double* row = net.row(value);
    for (std::size_t j = 0; j < inputs; ++j) by_input[j].first -= std::abs(lambda * row[j]);
  }
  for (auto& [score, j] : by_input) {
    score *= node.upper[static_cast<std::size_t>(j)] - node.lower[static_cast<std::size_t>(j)];
  }
  const auto best = [](auto& scores, std::vector<Index>& to) {
    const std::size_t count = std::min(kept, scores.size());
    std::partial_sort(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(count), scores.end());
    to.clear();
    for (std::size_t i = 0; i < count; ++i) to.push_back(scores[i].second);
  };
  best(m_scores, node.units);
  best(by_input, node.inputs);
}

}  // namespace secateur::search
