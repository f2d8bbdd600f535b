// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/passes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "secateur/graph/merge.hpp"

namespace secateur::graph {

namespace {

/// Which values some later unit reads, directly or through units that are read themselves.
std::vector<char> read_values(const ReluGraph& graph) {
  std::vector<char> read(static_cast<std::size_t>(graph.values()), 0);
  for (int k = graph.depth() - 1; k >= 0; --k) {
    const AffineLayer& layer = graph.layers[static_cast<std::size_t>(k)];
    const Index first = graph.first_value(k);
    for (Index i = 0; i < layer.units(); ++i) {
      if (k + 1 < graph.depth() && read[static_cast<std::size_t>(first + i)] == 0) continue;
      for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
        read[static_cast<std::size_t>(entry.col())] = 1;
      }
    }
  }
  return read;
}

/// A pass's result; nothing where it would do nothing.
using Change = std::optional<Reduction>;

/// What does nothing: every unit stays what it was.
Reduction identity(const ReluGraph& graph) {
  Reduction result{graph, {}, {}};
  for (int k = 0; k < graph.depth(); ++k) {
    std::vector<NeuronId>& layer = result.origin.emplace_back();
    const auto units = static_cast<int>(graph.layers[static_cast<std::size_t>(k)].units());
    for (int i = 0; i < units; ++i) layer.push_back({k, i});
  }
  return result;
}

/// Whether some hidden unit is like that; where none is, there is no graph to build.
template <class Property>
bool any_unit(const ReluGraph& graph, const Property& property) {
  for (int k = 0; k + 1 < graph.depth(); ++k) {
    for (Index i = 0; i < graph.layers[static_cast<std::size_t>(k)].units(); ++i) {
      if (property(k, i)) return true;
    }
  }
  return false;
}

/// Dead units, and with `fold` active ones in the same walk.
Change remove_stable(const ReluGraph& graph, const NeuronBounds& bounds, bool fold) {
  const std::vector<char> read_before = read_values(graph);
  const bool some = any_unit(graph, [&](int k, Index i) {
    const auto layer = static_cast<std::size_t>(k);
    const int* begin = graph.layers[layer].weight.outerIndexPtr();
    return bounds[layer].upper(i) <= 0 || begin[i] == begin[i + 1] || (fold && bounds[layer].lower(i) >= 0) ||
           read_before[static_cast<std::size_t>(graph.first_value(k) + i)] == 0;
  });
  if (!some) return std::nullopt;
  Reduction kept = rebuild(graph, bounds, [&](const Candidate& unit) -> std::optional<AffineRow> {
    const auto [k, i] = unit.id;
    const LayerBounds& layer = bounds[static_cast<std::size_t>(k)];
    if (layer.upper(i) <= 0) return AffineRow{};
    if (unit.layer.weight.outerIndexPtr()[i] == unit.layer.weight.outerIndexPtr()[i + 1]) {
      // Nothing is read: max(0, bias + e) lies within error of max(0, bias).
      return AffineRow{{}, {}, std::max(0.0, unit.layer.bias(i)), unit.layer.error(i)};
    }
    if (fold && layer.lower(i) >= 0) return row_of(unit.layer, i);
    return std::nullopt;
  });
  const ReluGraph& now = kept.graph;
  const std::vector<char> read = read_values(now);
  const auto is_read = [&](int k, Index i) { return read[static_cast<std::size_t>(now.first_value(k) + i)] != 0; };
  if (!any_unit(now, [&](int k, Index i) { return !is_read(k, i); })) return kept;
  // A unit that nothing reads may be called anything: zero costs nothing.
  return compose(kept, rebuild(now, carry(bounds, kept), [&](const Candidate& unit) -> std::optional<AffineRow> {
                   if (is_read(unit.id.layer, unit.id.unit)) return std::nullopt;
                   return AffineRow{};
                 }));
}

}  // namespace

Reduction remove_dead(const ReluGraph& graph, const NeuronBounds& bounds) {
  require_fitting(graph, bounds);
  return remove_stable(graph, bounds, false).value_or(identity(graph));
}

Reduction fold_active(const ReluGraph& graph, const NeuronBounds& bounds) {
  require_fitting(graph, bounds);
  const bool some = any_unit(graph, [&](int k, Index i) { return bounds[static_cast<std::size_t>(k)].lower(i) >= 0; });
  if (!some) return identity(graph);
  return rebuild(graph, bounds, [&](const Candidate& unit) -> std::optional<AffineRow> {
    if (bounds[static_cast<std::size_t>(unit.id.layer)].lower(unit.id.unit) < 0) return std::nullopt;
    return row_of(unit.layer, unit.id.unit);
  });
}

Reduction simplify(const ReluGraph& graph, const NeuronBounds& bounds, const Simplification& what) {
  // Each pass may make work for the others: folding and merging cancel coefficients, and with them the last reader of a
  // unit or the last difference between two.
  require_fitting(graph, bounds);
  Reduction result = identity(graph);
  Index before = -1, unmergeable = -1;  // units of a graph in which there was nothing to merge
  const auto apply = [&](auto&& pass) {
    if (Change change = pass(result.graph, carry(bounds, result))) result = compose(result, std::move(*change));
  };
  do {
    before = result.graph.neurons();
    apply([&](const ReluGraph& now, const NeuronBounds& carried) { return remove_stable(now, carried, what.fold); });
    const Index units = result.graph.neurons();
    if (what.merge && units != unmergeable && may_merge(result.graph)) {
      apply([&](const ReluGraph& now, const NeuronBounds& carried) -> Change {
        return merge_multiples(now, carried, what.fold);
      });
      if (result.graph.neurons() == units) unmergeable = units;
    }
    // One unit less is the only progress there is: without it the next round would do nothing.
  } while (result.graph.neurons() < before);
  return result;
}

}  // namespace secateur::graph
