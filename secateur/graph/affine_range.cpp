// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/affine_range.hpp"

#include <cmath>
#include <limits>

#include "secateur/core/kernels.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::graph {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

LayerBounds affine_range(const AffineLayer& layer, const Box& values) {
  LayerBounds range{Vector(layer.units()), Vector(layer.units())};
  const BoundKernels& run = bound_kernels();
  const int* outer = layer.weight.outerIndexPtr();
  for (Index i = 0; i < layer.units(); ++i) {
    const int begin = outer[i];
    const int* column = layer.weight.innerIndexPtr() + begin;
    RowRange row{outer[i + 1] - begin, layer.weight.valuePtr() + begin, column, values.lower.data(),
                 values.upper.data()};
    if (row.count > 0 && column[row.count - 1] - column[0] + 1 == row.count) {  // no gaps: values in a row
      row.lower += column[0];
      row.upper += column[0];
      row.column = nullptr;
    }
    RangeSums ends[2];
    run.row_range(row, ends);
    double slack[2];
    for (int side = 0; side < 2; ++side) {
      // A product with zero is exact and adds nothing; a bias alone is no product.
      RangeSums& end = ends[side];
      const bool exact = end.terms == 0;
      if (layer.bias(i) != 0) {
        end.value += layer.bias(i);
        end.magnitude += std::abs(layer.bias(i));
        ++end.terms;
      }
      const double rounding = exact ? 0.0 : sum_error(end.terms, end.magnitude);
      const double error = layer.error(i);
      slack[side] = error == 0 ? rounding : (rounding == 0 ? error : add_up(rounding, error));
    }
    range.lower(i) = slack[0] == 0 ? ends[0].value : add_down(ends[0].value, -slack[0]);
    range.upper(i) = slack[1] == 0 ? ends[1].value : add_up(ends[1].value, slack[1]);
    // The difference of two infinities says nothing.
    if (std::isnan(range.lower(i))) range.lower(i) = -infinity;
    if (std::isnan(range.upper(i))) range.upper(i) = infinity;
  }
  return range;
}

Box relu_range(const LayerBounds& preactivation) {
  return {preactivation.lower.cwiseMax(0.0), preactivation.upper.cwiseMax(0.0)};
}

}  // namespace secateur::graph
