// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "secateur/lp/library.hpp"

/// The part of SCIP 10's C interface that the back end calls, found at run time; SCIP's documentation says what each
/// does. SCIP_Bool is unsigned int there, enumerations are int.
namespace secateur::lp::scip {

struct Scip;
struct Variable;
struct Constraint;
struct Solution;
struct EventHandler;
struct Event;
struct Lp;
struct Parameter;
using Bool = unsigned int;

constexpr int okay = 1;

enum VariableType { binary = 0, integer = 1, continuous = 3 };

enum SolvingStatus {
  status_optimal = 1,
  status_infeasible = 2,
  status_unbounded = 3,
  status_infeasible_or_unbounded = 4,
  status_user_interrupt = 10,
  status_terminate = 11,
  status_node_limit = 20,
  status_total_node_limit = 21,
  status_stall_node_limit = 22,
  status_time_limit = 23,
  status_memory_limit = 24,
  status_gap_limit = 25,
  status_primal_limit = 26,
  status_dual_limit = 27,
  status_solution_limit = 28,
  status_best_solution_limit = 29,
  status_restart_limit = 30
};

enum ParameterType { type_bool = 0, type_int = 1, type_longint = 2, type_real = 3, type_char = 4, type_string = 5 };

enum LpParameter {
  lp_from_scratch = 0,
  lp_presolving = 3,
  lp_feasibility = 6,
  lp_dual_feasibility = 7,
  lp_time_limit = 11,
  lp_timing = 16,
  lp_random_seed = 17
};

constexpr std::uint64_t event_best_solution = 0x10000000, event_lp = 0x6000000, event_node_solved = 0x700000,
                        event_presolve_round = 0x40000;

/// Where SCIP may be.
const LibraryNames& library_names();

struct Api {
  explicit Api(const Library& library);

  int (*major_version)();
  int (*minor_version)();
  int (*tech_version)();
  int (*create)(Scip**);
  int (*free)(Scip**);
  int (*include_default_plugins)(Scip*);
  void (*set_messages_quiet)(Scip*, Bool);
  void (*set_error_printing)(void (*)(void*, void*, const char*), void*);
  double (*infinity)(Scip*);

  int (*create_problem)(Scip*, const char*);
  int (*free_problem)(Scip*);
  int (*set_sense)(Scip*, int);
  int (*add_offset)(Scip*, double);
  int (*create_variable)(Scip*, Variable**, const char*, double, double, double, int);
  int (*add_variable)(Scip*, Variable*);
  int (*release_variable)(Scip*, Variable**);
  int (*negated_variable)(Scip*, Variable*, Variable**);
  int (*create_linear)(Scip*, Constraint**, const char*, int, Variable**, double*, double, double);
  int (*create_indicator)(Scip*, Constraint**, const char*, Variable*, int, Variable**, double*, double);
  int (*create_sos1)(Scip*, Constraint**, const char*, int, Variable**, double*);
  int (*add_constraint)(Scip*, Constraint*);
  int (*release_constraint)(Scip*, Constraint**);

  int (*solve)(Scip*);
  int (*interrupt)(Scip*);
  int (*status)(Scip*);
  double (*primal_bound)(Scip*);
  double (*dual_bound)(Scip*);
  long long (*node_count)(Scip*);
  long long (*lp_iterations)(Scip*);
  int (*solution_count)(Scip*);
  Solution* (*best_solution)(Scip*);
  double (*solution_objective)(Scip*, Solution*);
  int (*solution_values)(Scip*, Solution*, int, Variable**, double*);
  int (*create_solution)(Scip*, Solution**, void*);
  int (*set_solution_values)(Scip*, Solution*, int, Variable**, double*);
  int (*add_solution)(Scip*, Solution**, Bool*);

  int (*include_event_handler)(Scip*, EventHandler**, const char*, const char*,
                               int (*)(Scip*, EventHandler*, Event*, void*), void*);
  int (*on_event_init)(Scip*, EventHandler*, int (*)(Scip*, EventHandler*));
  void* (*event_handler_data)(EventHandler*);
  int (*catch_event)(Scip*, std::uint64_t, EventHandler*, void*, int*);
  std::uint64_t (*event_type)(Event*);

  Parameter* (*parameter)(Scip*, const char*);
  int (*parameter_type)(Parameter*);
  int (*int_min)(Parameter*);
  int (*int_max)(Parameter*);
  long long (*longint_min)(Parameter*);
  long long (*longint_max)(Parameter*);
  double (*real_min)(Parameter*);
  double (*real_max)(Parameter*);
  char* (*char_allowed)(Parameter*);
  int (*set_bool)(Scip*, const char*, Bool);
  int (*set_int)(Scip*, const char*, int);
  int (*set_longint)(Scip*, const char*, long long);
  int (*set_real)(Scip*, const char*, double);
  int (*set_char)(Scip*, const char*, char);
  int (*set_string)(Scip*, const char*, const char*);

  // The linear programming solver inside (SoPlex in the wheel).
  int (*lp_create)(Lp**, void*, const char*, int);
  int (*lp_free)(Lp**);
  double (*lp_infinity)(Lp*);
  int (*lp_add_columns)(Lp*, int, const double*, const double*, const double*, char**, int, const int*, const int*,
                        const double*);
  int (*lp_add_rows)(Lp*, int, const double*, const double*, char**, int, const int*, const int*, const double*);
  int (*lp_change_bounds)(Lp*, int, const int*, const double*, const double*);
  int (*lp_change_sides)(Lp*, int, const int*, const double*, const double*);
  int (*lp_change_costs)(Lp*, int, const int*, const double*);
  int (*lp_set_int)(Lp*, int, int);
  int (*lp_set_real)(Lp*, int, double);
  int (*lp_solve_primal)(Lp*);
  int (*lp_solve_dual)(Lp*);
  Bool (*lp_is_optimal)(Lp*);
  Bool (*lp_is_infeasible)(Lp*);
  Bool (*lp_is_unbounded)(Lp*);
  Bool (*lp_is_time_limit)(Lp*);
  int (*lp_iteration_count)(Lp*, int*);
  int (*lp_solution)(Lp*, double*, double*, double*, double*, double*);
};

}  // namespace secateur::lp::scip
