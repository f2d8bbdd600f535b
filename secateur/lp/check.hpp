// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/lp/model.hpp"

namespace secateur::lp {

/// Throws std::invalid_argument when the parts of the model do not fit together, a bound is NaN, or a cost, the offset
/// or a coefficient is not finite.
void check(const Model& model);
/// The same for rows that are to be added to a model with that many columns.
void check(const Rows& rows, int columns);

}  // namespace secateur::lp
