// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "secateur/core/matrix.hpp"

namespace secateur::train {

/// Where a stack of Dense layers keeps its parameters in one array: all weight matrices (row-major, one row a unit),
/// then all biases. Gradients and Adam's moments have the same layout.
class Layout {
 public:
  /// widths: inputs, hidden widths, outputs.
  explicit Layout(std::vector<Index> widths);

  [[nodiscard]] std::size_t layers() const { return m_weight.size(); }
  [[nodiscard]] Index inputs(std::size_t layer) const { return m_widths[layer]; }
  [[nodiscard]] Index units(std::size_t layer) const { return m_widths[layer + 1]; }
  [[nodiscard]] Index weight(std::size_t layer) const { return m_weight[layer]; }
  [[nodiscard]] Index bias(std::size_t layer) const { return m_bias[layer]; }
  /// The weights are [0, weights()), the biases [weights(), size()).
  [[nodiscard]] Index weights() const { return m_weights; }
  [[nodiscard]] Index size() const { return m_size; }
  [[nodiscard]] Index widest() const { return m_widest; }

 private:
  std::vector<Index> m_widths, m_weight, m_bias;
  Index m_weights = 0, m_size = 0, m_widest = 0;
};

/// Memory that begins at a cache line.
template <class Scalar>
struct LineAllocator {
  using value_type = Scalar;
  static constexpr std::align_val_t line{64};
  LineAllocator() = default;
  template <class Other>
  explicit LineAllocator(const LineAllocator<Other>&) {}
  Scalar* allocate(std::size_t count) { return static_cast<Scalar*>(::operator new(count * sizeof(Scalar), line)); }
  void deallocate(Scalar* p, std::size_t) { ::operator delete(p, line); }
  bool operator==(const LineAllocator&) const { return true; }
};

/// A number of values, zero to begin with, that starts at a cache line.
template <class Scalar>
class Buffer {
 public:
  explicit Buffer(Index size = 0) : m_values(static_cast<std::size_t>(size), Scalar{0}) {}

  Scalar* data() { return m_values.data(); }
  [[nodiscard]] const Scalar* data() const { return m_values.data(); }
  Scalar& operator[](Index i) { return m_values[static_cast<std::size_t>(i)]; }
  const Scalar& operator[](Index i) const { return m_values[static_cast<std::size_t>(i)]; }
  [[nodiscard]] Index size() const { return static_cast<Index>(m_values.size()); }

 private:
  std::vector<Scalar, LineAllocator<Scalar>> m_values;
};

}  // namespace secateur::train
