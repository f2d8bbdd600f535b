// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/session.hpp"

#include "secateur/core/error.hpp"
#include "secateur/lp/highs.hpp"

namespace secateur::lp {

std::unique_ptr<Session> make_session(std::string_view solver) {
  if (solver == "highs") return make_highs_session();
  const std::string name(solver);
  if (solver == "gurobi" || solver == "scip") {
    throw InputError("the solver " + name + " has not landed yet; available: highs", {}, "--solver");
  }
  throw InputError("there is no solver " + name + "; available: highs", {}, "--solver");
}

}  // namespace secateur::lp
