// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "secateur/lp/gurobi_api.hpp"
#include "secateur/lp/watch.hpp"

namespace secateur::lp::gurobi {

/// Throws what a code of Gurobi's other than 0 means: InputError when it is the licence or its size limit, else
/// SolverError. `size` is the model's, where there is one.
void ok(const Api& api, Environment* environment, int code, const char* action, const std::string& size = {});

/// One model in Gurobi. A row with two different finite sides becomes a'x - s = 0 with a column s between them,
/// appended after the model's own; also one whose sides change to that later.
class Model {
 public:
  /// A relaxation leaves out integrality, indicators and special ordered sets.
  Model(const Api& api, Environment* environment, const lp::Model& model, bool relaxed);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model();

  void set_column_bounds(int column, double lower, double upper);
  void set_row_bounds(int row, double lower, double upper);
  void set_cost(int column, double cost);
  void set_sense(Sense sense);
  void add_rows(const Rows& rows);
  void set_start(const Vector& point);

  /// Parameters are each model's own.
  void set(const char* name, int value);
  void set(const char* name, double value);
  void set(const char* name, const std::string& value);

  Outcome run(Watch& watch);

 private:
  void ok(int code, const char* action) const;
  int call(Watch& watch);
  int tell_apart(Watch& watch);
  void read_numbers(Outcome& outcome);
  [[nodiscard]] double attribute(const char* name) const;
  [[nodiscard]] int int_attribute(const char* name) const;
  void add_slack(int row, double lower, double upper);

  const Api& m_api;
  Problem* m_problem = nullptr;
  bool m_branches = false;
  int m_columns = 0, m_rows = 0, m_slacks = 0;
  std::vector<int> m_slack;  ///< of a row; -1: none
};

}  // namespace secateur::lp::gurobi
