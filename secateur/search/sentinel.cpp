// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/sentinel.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace secateur::search {

namespace {

/// What plain arithmetic may be off by.
double slack(double size) { return 1e-9 * std::max(1.0, size); }

}  // namespace

/// One entry a value, then the objective; inputs count as themselves.
std::vector<double> Sentinel::preactivations(const Network& net) const {
  std::vector<double> value(static_cast<std::size_t>(net.values()), 0.0), z = value;
  std::copy(m_x.begin(), m_x.end(), value.begin());
  std::copy(m_x.begin(), m_x.end(), z.begin());
  z.push_back(0);
  const auto row = [&](Index r) {
    double sum = net.bias(r);
    for (std::size_t v = 0; v < value.size(); ++v) sum += net.row(r)[v] * value[v];
    return sum;
  };
  for (int k = 0; k < net.layers(); ++k) {
    for (Index v = net.first(k); v < net.first(k + 1); ++v) {
      const auto i = static_cast<std::size_t>(v);
      z[i] = row(v);
      value[i] = std::max(0.0, z[i]);
    }
  }
  z.back() = row(net.values());
  return z;
}

double Sentinel::objective(const Network& network) const { return preactivations(network).back(); }

bool Sentinel::inside(const Box& box) const {
  return (m_x.array() >= box.lower.array()).all() && (m_x.array() <= box.upper.array()).all();
}

bool Sentinel::worth_keeping(const Network& network, double cutoff) const {
  return objective(network) <= cutoff - slack(network.magnitude(network.values()));
}

bool Sentinel::inside(const Node& node) const {
  for (Index j = 0; j < m_x.size(); ++j) {
    const auto i = static_cast<std::size_t>(j);
    if (m_x(j) < node.lower[i] || m_x(j) > node.upper[i]) return false;
  }
  const std::vector<double> z = preactivations(*node.network);
  return std::all_of(node.splits.begin(), node.splits.end(), [&](const Split& split) {
    const auto i = static_cast<std::size_t>(split.value);
    return (split.active ? z[i] : -z[i]) > slack(node.network->magnitude(split.value));
  });
}

void Sentinel::check(const Node& node, double cutoff) const {
  const Network& net = *node.network;
  const std::vector<double> z = preactivations(net);
  const double size = slack(net.magnitude(net.values()));
  if (node.bound > z.back() + size) throw std::logic_error("a bound lies above the known point's objective");
  if (z.back() > cutoff - size) return;  // not worth keeping
  for (std::size_t i = 0; i < node.lower.size(); ++i) {
    const auto value = static_cast<Index>(i);
    const double margin = slack(value < net.first(0) ? std::abs(node.upper[i]) : net.magnitude(value));
    if (z[i] < node.lower[i] - margin || z[i] > node.upper[i] + margin) {
      throw std::logic_error("bounds of a node do not hold at the known point");
    }
  }
}

}  // namespace secateur::search
