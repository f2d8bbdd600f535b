// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "secateur/lp/conflict.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/lp/session.hpp"

namespace secateur::lp {

/// A bound of the optimal value of the model's linear relaxation from any row multipliers y whatsoever, valid in real
/// arithmetic (Neumaier & Shcherbina 2004, eq. 9): with r = cost - A'y, for every x between its bounds and A x between
/// its sides, when minimising,
///
///     cost'x  =  y'A x + r'x  >=  sum_i min over the sides of y_i s_i  +  sum_j min over the bounds of r_j x_j.
///
/// r is not known exactly: with r~_j the computed one and e_j a bound of its rounding error, r_j x_j >= r~_j x_j - e_j
/// max |x_j|. A multiplier whose sign asks for an infinite side counts as zero. When an unbounded column's reduced cost
/// may have the wrong sign, the result is -infinity; when maximising the bound is from above and infinity then.
/// `row_dual`: one entry a row, in the sense of Outcome::row_dual; the closer to an optimal dual, the tighter. It need
/// not be finite: entries that are not count as zero. Throws std::invalid_argument for another size.
double safe_dual_bound(const Model& model, const Vector& row_dual);

/// Proves that no point satisfies the model's rows and column bounds, if the multipliers do: weighted by them the rows
/// cannot hold (Farkas); that is, the bound above of the zero objective is positive. The conflict names the rows with
/// a multiplier and the bounds that the sum rests on; integrality is not used.
std::optional<Conflict> farkas_conflict(const Model& model, const Vector& multipliers);

/// Looks for such multipliers: the duals of the model that lets every row be violated at a price. Nothing when the
/// linear relaxation has a point or the solver's answer proves nothing; integrality is not used.
std::optional<Conflict> find_conflict(const Model& model, const RunSettings& settings = {},
                                      const Callbacks& callbacks = {});

}  // namespace secateur::lp
