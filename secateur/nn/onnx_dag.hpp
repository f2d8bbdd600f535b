// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "secateur/nn/network.hpp"

namespace secateur::nn::detail {

/// No layer, input or output has more units than this.
inline constexpr std::int64_t most_units = 1'048'576;
/// No layer reads more: columns are counted in int.
inline constexpr std::int64_t most_columns = 1'073'741'824;
/// No tensor has more dimensions than this.
inline constexpr std::size_t most_dims = 64;

/// The layers found so far, each with the layers whose units it reads. Counts the numbers it holds, so that a small
/// file cannot fill the memory.
class LayerDag {
 public:
  using Position = std::ptrdiff_t;
  /// The network's input.
  static constexpr Position root = -1;

  /// Call with the length of every constant that the file stores: the budget for numbers grows with it.
  void credit(std::int64_t count) { m_budget += 8 * count; }

  /// Call before allocating `count` numbers; refuses when the file asks for unreasonably many.
  void charge(std::int64_t count);

  /// `open_bias`: the file states no bias for this affine layer, a following addition becomes its bias.
  Position add(Position parent, Layer layer, bool open_bias = false);
  /// A layer that reads the units of all parents, one behind the other.
  Position add(std::vector<Position> parents, Sparse layer, bool open_bias = false);

  /// Gives the Dense layer at `position` its bias.
  void set_bias(Position position, Vector bias);

  /// What `last` needs, as layers that are applied one after another to a vector (moved out): values that a later layer
  /// reads wait in the vector, which ends as the units of `last`. A chain stays as it is.
  std::vector<Layer> schedule(Position last, Index inputs);

 private:
  struct Node {
    Layer layer;
    std::vector<Position> parents;
    bool open_bias;
  };
  Node& node(Position at) { return m_nodes[static_cast<std::size_t>(at)]; }
  /// The nodes that `last` needs.
  [[nodiscard]] std::vector<bool> needed_by(Position last) const;
  /// Makes an addition behind a layer with an open bias that bias, where nothing else reads the layer. Returns `last`,
  /// or what became of it.
  Position fuse_biases(std::vector<bool>& needed, Position last);

  std::int64_t m_budget = 33'554'432;  // 256 MiB of doubles
  std::vector<Node> m_nodes;           ///< parents before children
};

}  // namespace secateur::nn::detail
