// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "secateur/lp/session.hpp"

namespace secateur::lp {

/// Gurobi, found at run time (docs/solvers.md). Throws InputError when there is none that can be used.
std::unique_ptr<Session> make_gurobi_session();

}  // namespace secateur::lp
