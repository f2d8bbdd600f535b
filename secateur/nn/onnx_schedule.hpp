// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/nn/onnx_dag.hpp"

namespace secateur::nn::detail {

/// Turns layers that read each other into layers that are applied one after another to one vector. The vector holds, in
/// some order, the units of every layer that has still to be read ("alive").
class Schedule {
 public:
  using Position = LayerDag::Position;

  Schedule(LayerDag& dag, Index inputs) : m_dag(&dag), m_slots{{LayerDag::root, 0, inputs}} {}

  /// Appends `layer`, which reads `parents`; those in `dying` are not read again.
  void apply(Position at, Layer layer, const std::vector<Position>& parents, const std::vector<Position>& dying);

  [[nodiscard]] std::vector<Layer> take() { return std::move(m_layers); }

 private:
  struct Slot {
    Position node;
    Index begin, size;
  };

  [[nodiscard]] const Slot& slot(Position node) const;
  [[nodiscard]] Index size() const { return m_slots.back().begin + m_slots.back().size; }
  void affine(Position at, Layer layer, const std::vector<Position>& parents, const std::vector<Position>& dying);
  void unitwise(Position at, Layer layer, Position parent, bool dying);
  void relu(const Slot& target, Relu relu);
  void elementwise(const Slot& target, const Elementwise& elementwise);

  LayerDag* m_dag;
  std::vector<Slot> m_slots;
  std::vector<Layer> m_layers;
};

}  // namespace secateur::nn::detail
