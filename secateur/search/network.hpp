// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "secateur/bounds/folded.hpp"
#include "secateur/core/kernels/table.hpp"

namespace secateur::search {

/// An output that has to stay in a range: a constraint, or the bounds of a determined variable.
struct Range {
  Index output = 0;
  double lower = 0, upper = 0;  ///< perhaps infinite
  double step = 1;              ///< size of a price: objective an output
};

/// Of a graph that is searched.
constexpr int most_layers = 60;

/// A folded graph in the padded form of DualNetwork. Target 0 is the objective, which is minimised; the others are the
/// outputs that have a range. Shared by all nodes of a subtree.
///
/// Values are numbered as there: the padded inputs, then each hidden layer's padded units. `place` of what is added is
/// -1.
class Network {
 public:
  Network(bounds::Folded folded, const std::vector<Range>& ranges);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  [[nodiscard]] const bounds::Folded& folded() const { return m_folded; }
  [[nodiscard]] const DualNetwork& dual() const { return m_dual; }
  [[nodiscard]] Index inputs() const { return m_folded.inputs; }
  [[nodiscard]] int layers() const { return static_cast<int>(m_first.size()) - 1; }
  [[nodiscard]] Index first(int layer) const { return m_first[static_cast<std::size_t>(layer)]; }
  [[nodiscard]] Index values() const { return m_first.back(); }
  [[nodiscard]] Index targets() const { return m_dual.targets; }
  /// Of all rows, the targets' as well.
  [[nodiscard]] double nonzeros() const { return static_cast<double>((m_folded.weight.array() != 0).count()); }
  /// The folded network's unit at a value, or -1; and the value of a unit.
  [[nodiscard]] Index unit_at(Index value) const { return m_unit[static_cast<std::size_t>(value)]; }
  [[nodiscard]] Index value_of(Index unit) const { return m_value[static_cast<std::size_t>(unit)]; }
  [[nodiscard]] const double* row(Index value) const { return m_weight.data() + value * values(); }
  [[nodiscard]] const double* transposed(Index value) const { return m_transposed.data() + value * values(); }
  [[nodiscard]] double bias(Index row) const { return m_bias[static_cast<std::size_t>(row)]; }
  [[nodiscard]] double error(Index row) const { return m_error[static_cast<std::size_t>(row)]; }
  [[nodiscard]] double magnitude(Index row) const { return m_magnitude[static_cast<std::size_t>(row)]; }
  /// Whether layer `layer` (layers(): the targets) reads any unit of layer `from`, or the inputs (-1).
  [[nodiscard]] bool reads(int layer, int from) const {
    return m_folded.reads[static_cast<std::size_t>(Index{layer} * (layers() + 1) + from + 1)] != 0;
  }
  /// Covers the roundings of one row's pass: times the magnitude that the pass has summed, plus `underflow`. With N
  /// units, T targets and J inputs every lambda is a sum of at most N + T products and every mu takes three roundings
  /// of terms whose sizes are in the magnitude; see core/kernels/crown_lanes.hpp, whose 2 N + J + 16 becomes
  /// 4 N + 2 T + J + 64.
  [[nodiscard]] double rounding() const { return m_rounding; }
  [[nodiscard]] double underflow() const { return 4 * m_folded.underflow; }

 private:
  bounds::Folded m_folded;
  DualNetwork m_dual;
  std::vector<Index> m_first, m_unit, m_value, m_segments, m_segment;
  std::vector<double> m_weight, m_transposed, m_bias, m_error, m_magnitude;
  std::vector<std::vector<float>> m_single;
  double m_rounding = 0;
};

}  // namespace secateur::search
