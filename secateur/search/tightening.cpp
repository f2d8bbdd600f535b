// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/tightening.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/core/kernels.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::search {

namespace {

/// vector.resize without writing what is there.
void grow(std::vector<double>& array, Index size) {
  if (static_cast<Index>(array.size()) < size) array.resize(static_cast<std::size_t>(size));
}

double* at(std::vector<double>& array, Index i) { return array.data() + i; }

}  // namespace

bool Tightening::run(Node& node, int layer, const std::vector<Range>& ranges) {
  const Network& net = *node.network;
  start(node);
  for (int k = 0; k < layer; ++k) finish_layer(node, k);
  for (int k = layer; k < net.layers(); ++k) {
    m_rows.clear();
    for (Index v = net.first(k); v < net.first(k + 1); ++v) {
      if (unstable(node.lower[static_cast<std::size_t>(v)], node.upper[static_cast<std::size_t>(v)]))
        m_rows.push_back(v);
    }
    bound(node, k, m_rows);
    for (std::size_t r = 0; r < m_rows.size(); ++r) {
      double& lower = node.lower[static_cast<std::size_t>(m_rows[r])];
      double& upper = node.upper[static_cast<std::size_t>(m_rows[r])];
      if (m_low[r] > lower) lower = m_low[r];
      if (m_high[r] < upper) upper = m_high[r];
      if (lower > upper) return false;
    }
    finish_layer(node, k);
  }
  if (ranges.empty()) return true;
  m_rows.clear();
  for (std::size_t o = 0; o < ranges.size(); ++o) m_rows.push_back(net.values() + 1 + static_cast<Index>(o));
  bound(node, net.layers(), m_rows);
  for (std::size_t o = 0; o < ranges.size(); ++o) {
    if (m_low[o] > ranges[o].upper || m_high[o] < ranges[o].lower) return false;
  }
  return true;
}

void Tightening::start(const Node& node) {
  m_live.resize(static_cast<std::size_t>(node.network->layers()) + 1);
  m_live[0].offset = node.network->inputs();
}

/// Takes note of a layer's live units once its bounds are final.
void Tightening::finish_layer(const Node& node, int layer) {
  const Network& net = *node.network;
  Live& live = m_live[static_cast<std::size_t>(layer)];
  live.ready = false;
  live.values.clear();
  for (Index v = net.first(layer); v < net.first(layer + 1); ++v) {
    if (node.upper[static_cast<std::size_t>(v)] > 0) live.values.push_back(v);
  }
  m_live[static_cast<std::size_t>(layer) + 1].offset = live.offset + static_cast<Index>(live.values.size());
}

void Tightening::prepare(const Node& node, int layer) {
  const Network& net = *node.network;
  Live& live = m_live[static_cast<std::size_t>(layer)];
  if (live.ready) return;
  live.ready = true;
  const auto count = static_cast<Index>(live.values.size());
  for (auto* array : {&live.alpha, &live.slope, &live.intercept, &live.bias, &live.error, &live.magnitude}) {
    grow(*array, count);
  }
  live.begin = live.end = 0;
  bool any = false;
  for (int from = -1; from < layer; ++from) {
    if (!net.reads(layer, from)) continue;
    const Index begin = from < 0 ? 0 : m_live[static_cast<std::size_t>(from)].offset;
    if (!any) live.begin = begin;
    any = true;
    live.end = m_live[static_cast<std::size_t>(Index{from} + 1)].offset;
  }
  const Index width = live.end - live.begin;
  grow(live.weight, count * width);
  for (Index i = 0; i < count; ++i) {
    const auto n = static_cast<std::size_t>(i);
    const Index v = live.values[n];
    const double lower = node.lower[static_cast<std::size_t>(v)], upper = node.upper[static_cast<std::size_t>(v)];
    const UpperLine line = upper_line(lower, upper);
    live.alpha[n] = lower >= 0 || upper > -lower ? 1 : 0;
    live.slope[n] = line.slope;
    live.intercept[n] = line.intercept;
    live.bias[n] = net.bias(v);
    live.error[n] = net.error(v);
    live.magnitude[n] = net.magnitude(v);
    const double* row = net.row(v);
    double* to = live.weight.data() + i * width;
    for (int from = -1; from < layer; ++from) {
      const Index begin = from < 0 ? 0 : m_live[static_cast<std::size_t>(from)].offset;
      const Index end = m_live[static_cast<std::size_t>(Index{from} + 1)].offset;
      if (begin < live.begin || end > live.end) continue;
      if (from < 0) {
        std::copy_n(row, end, to);
        continue;
      }
      const std::vector<Index>& columns = m_live[static_cast<std::size_t>(from)].values;
      for (std::size_t c = 0; c < columns.size(); ++c) to[begin - live.begin + static_cast<Index>(c)] = row[columns[c]];
    }
  }
}

void Tightening::bound(const Node& node, int layer, const std::vector<Index>& rows) {
  if (rows.empty()) return;
  gather(node, layer, rows);
  crown(node, layer, rows);
  if (layer > 0) interval(*node.network, rows);
}

/// The rows' weights, a line for each value: of +z in the first half of each, of -z in the second. Beside them what the
/// values' centres and radii make of the rows.
void Tightening::gather(const Node& node, int layer, const std::vector<Index>& rows) {
  const Network& net = *node.network;
  const auto count = static_cast<Index>(rows.size());
  m_stride = (2 * count + crown_lanes - 1) / crown_lanes * crown_lanes;
  grow(m_lambda, m_live[static_cast<std::size_t>(layer)].offset * m_stride);
  m_centre.assign(rows.size(), 0.0);
  m_radius.assign(rows.size(), 0.0);
  // Where a row's weight of a value stands behind the first row's.
  const bool hidden = layer < net.layers();
  m_place.clear();
  for (const Index row : rows) m_place.push_back(static_cast<int>(hidden ? row : (row - rows.front()) * net.values()));
  const auto add = [&](Index line, Index value, double lower, double upper) {
    GatheredRows gathered;
    gathered.count = count;
    gathered.place = m_place.data();
    gathered.weight = hidden ? net.transposed(value) : net.row(rows.front()) + value;
    gathered.centre = 0.5 * lower + 0.5 * upper;
    gathered.radius = 0.5 * upper - 0.5 * lower;
    gathered.line = at(m_lambda, line * m_stride);
    gathered.stride = m_stride;
    gathered.centres = m_centre.data();
    gathered.radii = m_radius.data();
    bound_kernels().gather_rows(gathered);
  };
  for (int from = -1; from < layer; ++from) {
    const Index begin = from < 0 ? 0 : m_live[static_cast<std::size_t>(from)].offset;
    const Index end = m_live[static_cast<std::size_t>(Index{from} + 1)].offset;
    if (!net.reads(layer, from)) {
      std::fill(at(m_lambda, begin * m_stride), at(m_lambda, end * m_stride), 0.0);
      continue;
    }
    for (Index line = begin; line < end; ++line) {
      const Index value =
          from < 0 ? line : m_live[static_cast<std::size_t>(from)].values[static_cast<std::size_t>(line - begin)];
      const double lower = node.lower[static_cast<std::size_t>(value)];
      add(line, value, from < 0 ? lower : std::max(0.0, lower), node.upper[static_cast<std::size_t>(value)]);
    }
  }
}

/// See bounds/backward.hpp for the pass and its error.
void Tightening::crown(const Node& node, int layer, const std::vector<Index>& rows) {
  const Network& net = *node.network;
  const auto count = static_cast<Index>(rows.size());
  const Index stride = m_stride;
  grow(m_value, stride);
  grow(m_size, stride);
  std::fill_n(m_value.begin(), stride, 0.0);
  std::fill_n(m_size.begin(), stride, 0.0);
  for (Index r = 0; r < count; ++r) {
    const Index row = rows[static_cast<std::size_t>(r)];
    *at(m_value, r) = net.bias(row) - net.error(row);
    *at(m_value, count + r) = -net.bias(row) - net.error(row);
    *at(m_size, r) = *at(m_size, count + r) = net.magnitude(row);
  }
  for (int t = layer - 1; t >= 0; --t) {
    Live& live = m_live[static_cast<std::size_t>(t)];
    const auto units = static_cast<Index>(live.values.size());
    if (units == 0) continue;
    prepare(node, t);
    grow(m_mu, units * stride);
    RelaxRows relax;
    relax.units = units;
    relax.stride = stride;
    relax.lambda = at(m_lambda, live.offset * stride);
    relax.mu = m_mu.data();
    relax.alpha = live.alpha.data();
    relax.slope = live.slope.data();
    relax.intercept = live.intercept.data();
    relax.bias = live.bias.data();
    relax.error = live.error.data();
    relax.magnitude = live.magnitude.data();
    relax.value = m_value.data();
    relax.size = m_size.data();
    bound_kernels().relax_rows(relax);
    if (live.end == live.begin) continue;
    Product<double> product;
    product.m = live.end - live.begin;
    product.n = stride;
    product.k = units;
    product.a = live.weight.data();
    product.a_row = 1;
    product.a_column = live.end - live.begin;
    product.b = m_mu.data();
    product.b_row = stride;
    product.c = at(m_lambda, live.begin * stride);
    product.c_row = stride;
    product.accumulate = true;
    kernels<double>().product(product);
  }
  BoxRows box;
  box.inputs = net.inputs();
  box.stride = stride;
  box.lambda = m_lambda.data();
  box.lower = node.lower.data();
  box.upper = node.upper.data();
  box.value = m_value.data();
  box.size = m_size.data();
  bound_kernels().box_rows(box);
  grow(m_low, count);
  grow(m_high, count);
  for (Index r = 0; r < count; ++r) {
    const auto safe = [&](Index n) { return *at(m_value, n) - (net.rounding() * *at(m_size, n) + net.underflow()); };
    *at(m_low, r) = safe(r);
    *at(m_high, r) = -safe(count + r);
  }
}

/// z over [c - r, c + r] is W c +- |W| r. Each c and r is rounded once, and |c| + r is no more than the magnitude that
/// the row's own was made of, so that the pass's factor is more than enough.
void Tightening::interval(const Network& net, const std::vector<Index>& rows) {
  for (Index r = 0; r < static_cast<Index>(rows.size()); ++r) {
    const Index row = rows[static_cast<std::size_t>(r)];
    const double slack = *at(m_radius, r) + net.error(row) + net.rounding() * net.magnitude(row) + net.underflow();
    const double centre = *at(m_centre, r) + net.bias(row);
    if (centre - slack > *at(m_low, r)) *at(m_low, r) = centre - slack;
    if (centre + slack < *at(m_high, r)) *at(m_high, r) = centre + slack;
  }
}

}  // namespace secateur::search
