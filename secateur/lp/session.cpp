// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/session.hpp"

#include <array>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/lp/gurobi.hpp"
#include "secateur/lp/highs.hpp"
#include "secateur/lp/scip.hpp"

namespace secateur::lp {

namespace {

/// Every back end, one line each.
constexpr std::array<std::pair<std::string_view, std::unique_ptr<Session> (*)()>, 3> back_ends{{
    {"highs", make_highs_session},
    {"gurobi", make_gurobi_session},
    {"scip", make_scip_session},
}};

}  // namespace

std::unique_ptr<Session> make_session(std::string_view solver) {
  std::string known;
  for (const auto& [name, make] : back_ends) {
    if (name == solver) return make();
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw InputError("there is no solver " + std::string(solver) + "; it is one of " + known, {}, "--solver");
}

Availability availability(std::string_view solver) {
  Availability result{std::string(solver), std::nullopt, {}};
  try {
    result.version = make_session(solver)->solver();
  } catch (const InputError& error) {
    result.reason = error.message();
  }
  return result;
}

std::vector<Availability> solvers() {
  std::vector<Availability> result;
  for (const auto& [name, make] : back_ends) result.push_back(availability(name));
  return result;
}

}  // namespace secateur::lp
