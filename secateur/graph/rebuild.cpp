// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/rebuild.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace secateur::graph {

namespace {

/// The layer with only some of its units.
AffineLayer select_units(const AffineLayer& layer, const std::vector<Index>& units) {
  AffineLayer result;
  const auto count = static_cast<Index>(units.size());
  result.bias.resize(count);
  result.error.resize(count);
  SparseRowsBuilder entries(layer.weight.nonZeros());
  for (Index i = 0; i < count; ++i) {
    const Index unit = units[static_cast<std::size_t>(i)];
    result.bias(i) = layer.bias(unit);
    result.error(i) = layer.error(unit);
    for (SparseMatrix::InnerIterator entry(layer.weight, unit); entry; ++entry) {
      entries.add(static_cast<int>(entry.col()), entry.value());
    }
    entries.close_row();
  }
  result.weight = entries.finish(layer.weight.cols());
  return result;
}

NeuronId mapped(const Reduction& first, NeuronId id) {
  return first.origin[static_cast<std::size_t>(id.layer)][static_cast<std::size_t>(id.unit)];
}

}  // namespace

void require_fitting(const ReluGraph& graph, const NeuronBounds& bounds) {
  bool fits = bounds.size() == graph.layers.size();
  for (std::size_t k = 0; fits && k < bounds.size(); ++k) fits = bounds[k].size() == graph.layers[k].units();
  if (!fits) throw std::invalid_argument("graph pass: the bounds are not those of the graph");
}

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

Reduction rebuild(const ReluGraph& graph, const NeuronBounds& bounds, const Eliminate& eliminate) {
  require_fitting(graph, bounds);
  Reduction result;
  result.graph.domain = graph.domain;
  std::vector<AffineRow> definitions;
  definitions.reserve(static_cast<std::size_t>(graph.values()));
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
      std::optional<AffineRow> replacement = eliminate({{k, i}, layer, next});
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

Reduction compose(const Reduction& first, Reduction second) {
  for (auto& layer : second.origin) {
    for (NeuronId& id : layer) id = mapped(first, id);
  }
  std::vector<Merge> merges = first.merges;
  for (const Merge& merge : second.merges) {
    merges.push_back({mapped(first, merge.unit), mapped(first, merge.into), merge.factor, merge.error});
  }
  second.merges = std::move(merges);
  return second;
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
