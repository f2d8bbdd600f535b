// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "secateur/nn/onnx_operation.hpp"

namespace secateur::nn::detail {

/// A Sparse layer under construction, whose rows are combinations of elements of several tensors.
class Combination {
 public:
  /// Refuses operands of different element types. They have to outlive this.
  Combination(LayerDag& dag, std::vector<const Data*> operands);

  /// Rows in ascending order; two coefficients of one element add up.
  void add(Index row, std::size_t operand, Index element, double coefficient);
  void set_bias(Index row, double value) { m_constants.emplace_back(row, value); }

  /// The result, one row an element of a tensor of these dimensions. Refuses too many units, and none.
  Data finish(std::vector<std::int64_t> dims, std::ptrdiff_t batch_axis, bool open_bias = false);

 private:
  LayerDag* m_dag;
  std::vector<const Data*> m_operands;
  std::vector<LayerDag::Position> m_parents;  ///< each once
  std::vector<Index> m_first;                 ///< column of each operand's unit 0
  Index m_columns = 0;
  std::vector<Eigen::Triplet<double, int>> m_entries;
  std::vector<std::pair<Index, double>> m_constants;
};

/// All inputs of an operator brought to one shape by NumPy's rules.
struct Broadcast {
  struct Operand {
    const Data* data = nullptr;        ///< or
    const Tensor* constant = nullptr;  ///< real and finite
    /// The element that stands at each place of the common shape.
    std::vector<Index> element;
  };
  std::vector<std::int64_t> dims;
  std::ptrdiff_t batch_axis = -1;
  std::vector<Operand> operands;

  [[nodiscard]] Index size() const { return static_cast<Index>(operands.front().element.size()); }
};

/// Refuses shapes that do not go together, and what would mix samples of the batch. `verb`: "adds".
Broadcast broadcast(const Operation& operation, const char* verb);

/// sum of coefficient * operand, element by element.
Data weighted_sum(const Broadcast& operands, const std::vector<double>& coefficients, LayerDag& dag);

/// The operands one behind the other, element by element: places x operands, without a batch axis of its own.
Data interleaved(const Broadcast& operands, LayerDag& dag);

enum class Extreme { largest, smallest };

/// Element i of the result is the largest (smallest) of the elements candidates[i] of `source`, in rounds of
/// max(a, b) = b + max(0, a - b) and min(a, b) = b - max(0, b - a).
Data extreme(Extreme which, const Data& source, std::vector<std::vector<Index>> candidates,
             const std::vector<std::int64_t>& dims, std::ptrdiff_t batch_axis, LayerDag& dag);

/// Selected elements of the data as a tensor of these dimensions.
Data select(const Data& data, const std::vector<Index>& elements, const std::vector<std::int64_t>& dims,
            std::ptrdiff_t batch_axis, LayerDag& dag);

/// Largest of lower and the data, then smallest of that and upper; an infinite bound is none. lower <= upper.
Data clamp(const Data& data, double lower, double upper, LayerDag& dag);

/// The numbers of a constant that meets data of type `element`: real, finite, of the same type.
void check_operand(const Tensor& constant, Element element);

/// The steps along each axis of a row-major tensor.
std::vector<Index> strides_of(const std::vector<std::int64_t>& dims);

}  // namespace secateur::nn::detail
