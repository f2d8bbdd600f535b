// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/affine_range.hpp"

#include <cmath>

#include "secateur/core/rounding.hpp"

namespace secateur::graph {

namespace {

/// One end of the range: a sum of products, its magnitude and its number of non-zero terms.
struct Sum {
  double value = 0, magnitude = 0;
  int terms = 0;

  void add(double term) {
    value += term;
    magnitude += std::abs(term);
    ++terms;
  }
  /// Bound of the error, with what the row itself may be off by. A single term that is no product is exact.
  [[nodiscard]] double slack(double row_error, bool has_products) const {
    const double rounding = has_products ? sum_error(terms, magnitude) : 0.0;
    if (row_error == 0) return rounding;
    return rounding == 0 ? row_error : add_up(rounding, row_error);
  }
};

}  // namespace

LayerBounds affine_range(const AffineLayer& layer, const Box& values) {
  LayerBounds range{Vector(layer.units()), Vector(layer.units())};
  for (Index i = 0; i < layer.units(); ++i) {
    Sum low, high;
    bool low_products = false, high_products = false;
    if (layer.bias(i) != 0) {
      low.add(layer.bias(i));
      high.add(layer.bias(i));
    }
    for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
      const double w = entry.value();
      const double at_low = w > 0 ? values.lower(entry.col()) : values.upper(entry.col());
      const double at_high = w > 0 ? values.upper(entry.col()) : values.lower(entry.col());
      // A product with zero is exact and adds nothing.
      if (w != 0 && at_low != 0) {
        low.add(w * at_low);
        low_products = true;
      }
      if (w != 0 && at_high != 0) {
        high.add(w * at_high);
        high_products = true;
      }
    }
    const double low_slack = low.slack(layer.error(i), low_products);
    const double high_slack = high.slack(layer.error(i), high_products);
    range.lower(i) = low_slack == 0 ? low.value : add_down(low.value, -low_slack);
    range.upper(i) = high_slack == 0 ? high.value : add_up(high.value, high_slack);
  }
  return range;
}

Box relu_range(const LayerBounds& preactivation) {
  return {preactivation.lower.cwiseMax(0.0), preactivation.upper.cwiseMax(0.0)};
}

}  // namespace secateur::graph
