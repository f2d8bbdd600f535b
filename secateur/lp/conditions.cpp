// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/conditions.hpp"

#include <cmath>
#include <limits>

namespace secateur::lp {

FlatModel flatten(const Model& model) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  FlatModel flat{model, std::vector<int>(model.row_lower.size(), -1)};
  flat.model.indicators.clear();
  for (std::size_t k = 0; k < model.indicators.size(); ++k) {
    const Indicator& indicator = model.indicators[k];
    const auto add = [&](double lower, double upper, const std::string& name) {
      for (std::size_t i = 0; i < indicator.columns.size(); ++i) {
        flat.model.add_entry(indicator.columns[i], indicator.coefficients[i]);
      }
      flat.model.close_row(lower, upper, name);
      flat.condition.push_back(static_cast<int>(k));
    };
    if (indicator.lower == indicator.upper) {
      add(indicator.lower, indicator.upper, indicator.name);
      continue;
    }
    const bool both = std::isfinite(indicator.lower) && std::isfinite(indicator.upper);
    if (std::isfinite(indicator.upper)) add(-infinity, indicator.upper, indicator.name);
    if (std::isfinite(indicator.lower)) {
      add(indicator.lower, infinity, both && !indicator.name.empty() ? indicator.name + "_low" : indicator.name);
    }
  }
  return flat;
}

}  // namespace secateur::lp
