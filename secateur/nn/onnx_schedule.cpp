// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_schedule.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

using Entries = std::vector<Eigen::Triplet<double, int>>;

bool holds(const std::vector<LayerDag::Position>& list, LayerDag::Position item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

SparseMatrix compressed(Index rows, Index cols, const Entries& entries) {
  SparseMatrix matrix(rows, cols);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

}  // namespace

const Schedule::Slot& Schedule::slot(Position node) const {
  for (const Slot& entry : m_slots) {
    if (entry.node == node) return entry;
  }
  throw std::logic_error("a layer reads units that are gone");
}

void Schedule::apply(Position at, Layer layer, const std::vector<Position>& parents,
                     const std::vector<Position>& dying) {
  if (std::holds_alternative<Dense>(layer) || std::holds_alternative<Sparse>(layer)) {
    affine(at, std::move(layer), parents, dying);
  } else {
    unitwise(at, std::move(layer), parents.front(), !dying.empty());
  }
}

// The units that stay alive are copied in front, the layer's own stand behind them.
void Schedule::affine(Position at, Layer layer, const std::vector<Position>& parents,
                      const std::vector<Position>& dying) {
  const auto* dense = std::get_if<Dense>(&layer);
  const auto* sparse = std::get_if<Sparse>(&layer);
  const Index units = dense != nullptr ? dense->bias.size() : sparse->bias.size();
  if (m_slots.size() == 1 && parents.size() == 1 && dying.size() == 1) {
    m_layers.push_back(std::move(layer));
    m_slots = {{at, 0, units}};
    return;
  }
  m_dag->charge(size() + units + (dense != nullptr ? dense->weight.size() : sparse->weight.nonZeros()));
  if (size() + units > most_columns) refuse("holds more than 2^30 values at once, the most that is supported");
  std::vector<int> columns;  // of the vector, for each column of the layer
  for (const Position parent : parents) {
    const Slot& from = slot(parent);
    for (Index u = 0; u < from.size; ++u) columns.push_back(static_cast<int>(from.begin + u));
  }
  Entries entries;
  std::vector<Slot> slots;
  Index row = 0;
  for (const Slot& old : m_slots) {
    if (holds(dying, old.node)) continue;
    slots.push_back({old.node, row, old.size});
    for (Index u = 0; u < old.size; ++u)
      entries.emplace_back(static_cast<int>(row++), static_cast<int>(old.begin + u), 1);
  }
  slots.push_back({at, row, units});
  for (Index i = 0; i < units; ++i) {
    const auto to = static_cast<int>(row + i);
    for (Index j = 0; dense != nullptr && j < dense->weight.cols(); ++j) {
      if (dense->weight(i, j) != 0) entries.emplace_back(to, columns[static_cast<std::size_t>(j)], dense->weight(i, j));
    }
    if (sparse == nullptr) continue;
    for (SparseMatrix::InnerIterator entry(sparse->weight, i); entry; ++entry) {
      entries.emplace_back(to, columns[static_cast<std::size_t>(entry.col())], entry.value());
    }
  }
  Sparse result{compressed(row + units, size(), entries), Vector::Zero(row + units)};
  result.bias.tail(units) = dense != nullptr ? dense->bias : sparse->bias;
  m_layers.emplace_back(std::move(result));
  m_slots = std::move(slots);
}

// In place when nothing else reads the parent, on a copy otherwise.
void Schedule::unitwise(Position at, Layer layer, Position parent, bool dying) {
  if (dying) {
    for (Slot& entry : m_slots) {
      if (entry.node == parent) entry.node = at;
    }
  } else {
    const Index units = slot(parent).size;
    SparseMatrix identity(units, units);
    identity.setIdentity();
    affine(at, Sparse{identity, Vector::Zero(units)}, {parent}, {});
  }
  const Slot target = slot(at);
  if (m_slots.size() == 1) {
    m_layers.push_back(std::move(layer));
  } else if (auto* some = std::get_if<Relu>(&layer)) {
    relu(target, std::move(*some));
  } else {
    elementwise(target, std::get<Elementwise>(layer));
  }
}

void Schedule::relu(const Slot& target, Relu relu) {
  if (relu.units.empty()) {
    for (Index u = 0; u < target.size; ++u) relu.units.push_back(u);
  }
  m_dag->charge(static_cast<std::int64_t>(relu.units.size()));
  for (Index& unit : relu.units) unit += target.begin;
  m_layers.emplace_back(std::move(relu));
}

void Schedule::elementwise(const Slot& target, const Elementwise& elementwise) {
  m_dag->charge(2 * size());
  if (elementwise.op == ElementwiseOp::subtract_from) {
    // No constant leaves the other units alone: c - a as a matrix.
    Entries entries;
    for (Index i = 0; i < size(); ++i) {
      const bool own = i >= target.begin && i < target.begin + target.size;
      entries.emplace_back(static_cast<int>(i), static_cast<int>(i), own ? -1 : 1);
    }
    Sparse result{compressed(size(), size(), entries), Vector::Zero(size())};
    result.bias.segment(target.begin, target.size) = elementwise.constant;
    m_layers.emplace_back(std::move(result));
    return;
  }
  const bool sum = elementwise.op == ElementwiseOp::add || elementwise.op == ElementwiseOp::subtract;
  Elementwise result{elementwise.op, Vector::Constant(size(), sum ? 0 : 1)};
  result.constant.segment(target.begin, target.size) = elementwise.constant;
  m_layers.emplace_back(std::move(result));
}

}  // namespace secateur::nn::detail
