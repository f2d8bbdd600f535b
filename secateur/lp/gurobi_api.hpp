// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/lp/library.hpp"

/// The part of Gurobi's C interface (versions 12 and 13) that the back end calls, found at run time; Gurobi's reference
/// manual says what each does.
namespace secateur::lp::gurobi {

struct Environment;
struct Problem;

constexpr double infinity = 1e100;

enum ErrorCode { out_of_memory = 10001, no_license = 10009, size_limit_exceeded = 10010 };

enum ModelStatus {
  status_optimal = 2,
  status_infeasible = 3,
  status_infeasible_or_unbounded = 4,
  status_unbounded = 5,
  status_iteration_limit = 7,
  status_node_limit = 8,
  status_time_limit = 9,
  status_solution_limit = 10,
  status_interrupted = 11,
  status_work_limit = 16,
  status_memory_limit = 17
};

enum Where { where_mip = 3, where_solution = 4, where_node = 5 };

enum What {
  mip_objective = 3000,
  mip_bound = 3001,
  mip_nodes = 3002,
  solution_point = 4001,
  solution_objective = 4002,
  solution_best = 4003,
  solution_bound = 4004,
  solution_nodes = 4005,
  node_best = 5003,
  node_bound = 5004,
  node_nodes = 5005
};

using Callback = int(Problem*, void*, int, void*);

struct Api {
  explicit Api(const Library& library);

  void (*version)(int*, int*, int*);
  int (*empty_environment)(Environment**, int, int, int);
  int (*start_environment)(Environment*);
  void (*free_environment)(Environment*);
  const char* (*error_message)(Environment*);
  Environment* (*environment)(Problem*);

  int (*set_int)(Environment*, const char*, int);
  int (*set_double)(Environment*, const char*, double);
  int (*set_string)(Environment*, const char*, const char*);
  int (*int_info)(Environment*, const char*, int*, int*, int*, int*);
  int (*double_info)(Environment*, const char*, double*, double*, double*, double*);
  int (*string_info)(Environment*, const char*, char*, char*);

  int (*new_model)(Environment*, Problem**, const char*, int, double*, double*, double*, char*, char**);
  int (*free_model)(Problem*);
  int (*add_variables)(Problem*, int, int, int*, int*, double*, double*, double*, double*, char*, char**);
  int (*add_rows)(Problem*, int, int, int*, int*, double*, char*, double*, char**);
  int (*add_indicator)(Problem*, const char*, int, int, int, const int*, const double*, char, double);
  int (*add_sos)(Problem*, int, int, int*, int*, int*, double*);
  int (*update)(Problem*);
  int (*optimize)(Problem*);
  void (*terminate)(Problem*);
  int (*set_callback)(Problem*, Callback*, void*);
  int (*callback_get)(void*, int, int, void*);

  int (*get_int_attribute)(Problem*, const char*, int*);
  int (*set_int_attribute)(Problem*, const char*, int);
  int (*get_double_attribute)(Problem*, const char*, double*);
  int (*set_double_attribute)(Problem*, const char*, double);
  int (*set_double_element)(Problem*, const char*, int, double);
  int (*set_char_element)(Problem*, const char*, int, char);
  int (*get_doubles)(Problem*, const char*, int, int, double*);
  int (*set_doubles)(Problem*, const char*, int, int, double*);
};

}  // namespace secateur::lp::gurobi
