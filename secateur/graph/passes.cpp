// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/passes.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "secateur/graph/substitution.hpp"

namespace secateur::graph {

namespace {

AffineRow row_of(const AffineLayer& layer, Index unit) {
  AffineRow row;
  for (SparseMatrix::InnerIterator entry(layer.weight, unit); entry; ++entry) {
    row.columns.push_back(static_cast<int>(entry.col()));
    row.coefficients.push_back(entry.value());
  }
  row.bias = layer.bias(unit);
  row.error = layer.error(unit);
  return row;
}

/// The layer with only some of its units.
AffineLayer select_units(const AffineLayer& layer, const std::vector<Index>& units) {
  AffineLayer result;
  const auto count = static_cast<Index>(units.size());
  result.bias.resize(count);
  result.error.resize(count);
  std::vector<Eigen::Triplet<double, int>> entries;
  for (Index i = 0; i < count; ++i) {
    const Index unit = units[static_cast<std::size_t>(i)];
    result.bias(i) = layer.bias(unit);
    result.error(i) = layer.error(unit);
    for (SparseMatrix::InnerIterator entry(layer.weight, unit); entry; ++entry) {
      entries.emplace_back(static_cast<int>(i), static_cast<int>(entry.col()), entry.value());
    }
  }
  result.weight.resize(count, layer.weight.cols());
  result.weight.setFromTriplets(entries.begin(), entries.end());
  return result;
}

/// Walks through the hidden units front to back with everything before them already replaced. `eliminate(id, row)` gets
/// a unit's row over the new values and says what the unit's value (after its ReLU) is as an affine row, or nothing to
/// keep the unit. This is the one place that applies what a pass proposes.
template <class Eliminate>
Reduction rebuild(const ReluGraph& graph, const NeuronBounds& bounds, Eliminate&& eliminate) {
  Reduction result;
  result.graph.domain = graph.domain;
  std::vector<AffineRow> definitions;
  for (Index j = 0; j < graph.inputs(); ++j) definitions.push_back(copy_of(static_cast<int>(j)));
  const Vector input_magnitude = graph.domain.magnitude();
  std::vector<double> magnitude(input_magnitude.begin(), input_magnitude.end());
  for (int k = 0; k < graph.depth(); ++k) {
    const auto layer_index = static_cast<std::size_t>(k);
    const Eigen::Map<const Vector> magnitudes(magnitude.data(), static_cast<Index>(magnitude.size()));
    AffineLayer layer = substitute(graph.layers[layer_index], definitions, magnitudes);
    std::vector<NeuronId> origin;
    if (k + 1 == graph.depth()) {
      for (int i = 0; i < static_cast<int>(layer.units()); ++i) origin.push_back({k, i});
      result.graph.layers.push_back(std::move(layer));
      result.origin.push_back(std::move(origin));
      break;
    }
    std::vector<Index> kept;
    auto next = static_cast<int>(magnitude.size());
    for (int i = 0; i < static_cast<int>(layer.units()); ++i) {
      std::optional<AffineRow> replacement = eliminate(NeuronId{k, i}, layer);
      if (replacement) {
        definitions.push_back(std::move(*replacement));
        continue;
      }
      definitions.push_back(copy_of(next++));
      kept.push_back(i);
      origin.push_back({k, i});
    }
    for (const Index unit : kept) magnitude.push_back(std::max(0.0, bounds[layer_index].upper(unit)));
    if (kept.empty()) continue;
    result.graph.layers.push_back(static_cast<Index>(kept.size()) == layer.units() ? std::move(layer)
                                                                                   : select_units(layer, kept));
    result.origin.push_back(std::move(origin));
  }
  return result;
}

/// Which values some later unit reads, directly or through units that are read themselves.
std::vector<bool> read_values(const ReluGraph& graph) {
  std::vector<bool> read(static_cast<std::size_t>(graph.values()), false);
  for (int k = graph.depth() - 1; k >= 0; --k) {
    const AffineLayer& layer = graph.layers[static_cast<std::size_t>(k)];
    const Index first = graph.first_value(k);
    for (Index i = 0; i < layer.units(); ++i) {
      if (k + 1 < graph.depth() && !read[static_cast<std::size_t>(first + i)]) continue;
      for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
        read[static_cast<std::size_t>(entry.col())] = true;
      }
    }
  }
  return read;
}

/// `second` was made from the graph of `first`: one reduction of the graph before both.
Reduction compose(const Reduction& first, Reduction second) {
  for (auto& layer : second.origin) {
    for (NeuronId& id : layer) {
      id = first.origin[static_cast<std::size_t>(id.layer)][static_cast<std::size_t>(id.unit)];
    }
  }
  return second;
}

void require_fitting(const ReluGraph& graph, const NeuronBounds& bounds) {
  bool fits = bounds.size() == graph.layers.size();
  for (std::size_t k = 0; fits && k < bounds.size(); ++k) fits = bounds[k].size() == graph.layers[k].units();
  if (!fits) throw std::invalid_argument("graph pass: the bounds are not those of the graph");
}

}  // namespace

Reduction remove_dead(const ReluGraph& graph, const NeuronBounds& bounds) {
  require_fitting(graph, bounds);
  const Reduction constants =
      rebuild(graph, bounds, [&](NeuronId id, const AffineLayer& layer) -> std::optional<AffineRow> {
        if (bounds[static_cast<std::size_t>(id.layer)].upper(id.unit) <= 0) return AffineRow{};
        if (layer.weight.outerIndexPtr()[id.unit] != layer.weight.outerIndexPtr()[id.unit + 1]) return std::nullopt;
        // Nothing is read: max(0, bias + e) lies within error of max(0, bias).
        return AffineRow{{}, {}, std::max(0.0, layer.bias(id.unit)), layer.error(id.unit)};
      });
  const std::vector<bool> read = read_values(constants.graph);
  const NeuronBounds carried = carry(bounds, constants);
  // A unit that nothing reads may be called anything: zero costs nothing.
  return compose(constants,
                 rebuild(constants.graph, carried, [&](NeuronId id, const AffineLayer&) -> std::optional<AffineRow> {
                   const Index value = constants.graph.first_value(id.layer) + id.unit;
                   if (read[static_cast<std::size_t>(value)]) return std::nullopt;
                   return AffineRow{};
                 }));
}

Reduction fold_active(const ReluGraph& graph, const NeuronBounds& bounds) {
  require_fitting(graph, bounds);
  return rebuild(graph, bounds, [&](NeuronId id, const AffineLayer& layer) -> std::optional<AffineRow> {
    if (bounds[static_cast<std::size_t>(id.layer)].lower(id.unit) < 0) return std::nullopt;
    return row_of(layer, id.unit);
  });
}

Reduction simplify(const ReluGraph& graph, const NeuronBounds& bounds) {
  const Reduction dead = remove_dead(graph, bounds);
  const NeuronBounds without_dead = carry(bounds, dead);
  const Reduction folded = compose(dead, fold_active(dead.graph, without_dead));
  // Folding can cancel coefficients, and with them the last reader of a unit.
  return compose(folded, remove_dead(folded.graph, carry(bounds, folded)));
}

NeuronBounds carry(const NeuronBounds& bounds, const Reduction& reduction) {
  NeuronBounds result;
  for (const auto& layer : reduction.origin) {
    const auto units = static_cast<Index>(layer.size());
    LayerBounds carried{Vector(units), Vector(units)};
    for (Index i = 0; i < units; ++i) {
      const NeuronId id = layer[static_cast<std::size_t>(i)];
      carried.lower(i) = bounds[static_cast<std::size_t>(id.layer)].lower(id.unit);
      carried.upper(i) = bounds[static_cast<std::size_t>(id.layer)].upper(id.unit);
    }
    result.push_back(std::move(carried));
  }
  return result;
}

}  // namespace secateur::graph
