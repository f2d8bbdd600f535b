// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/lp/scip_api.hpp"
#include "secateur/lp/watch.hpp"

namespace secateur::lp::scip {

/// The linear programming solver inside SCIP, kept in step with a model whose integrality it ignores. It always
/// minimises, so that the signs of duals depend on nothing: a maximisation has its costs negated.
class Relaxation {
 public:
  Relaxation(const Api& api, const Model& model);
  Relaxation(const Relaxation&) = delete;
  Relaxation& operator=(const Relaxation&) = delete;
  ~Relaxation();

  void set_column_bounds(int column, double lower, double upper);
  void set_row_bounds(int row, double lower, double upper);
  void set_cost(int column, double cost);
  void add_rows(const Rows& rows);

  /// Solves it, from the last basis. Bounds must not contradict.
  Outcome solve(Watch& watch);

 private:
  enum class Method { primal, dual };

  [[nodiscard]] double finite(double bound) const;
  void ok(int code, const char* action) const;
  bool step(Method method, double seconds);
  std::optional<Status> finish(Watch& watch, Method method, Outcome& outcome);
  bool has_feasible_point(Watch& watch, Outcome& outcome);
  void read_numbers(Outcome& outcome) const;

  const Api& m_api;
  const Model& m_model;
  Lp* m_lp = nullptr;
  bool m_only_costs_changed = false;
};

}  // namespace secateur::lp::scip
