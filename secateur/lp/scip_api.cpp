// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/scip_api.hpp"

namespace secateur::lp::scip {

const LibraryNames& library_names() {
  static const LibraryNames names{.solver = "SCIP",
                                  .variable = "SECATEUR_SCIP",
                                  .loader_names = {"libscip.so.10.0", "libscip.so.10", "libscip.so"},
                                  .home_variable = "SCIPOPTDIR",
                                  .home_pattern = "libscip.so*",
                                  .wheel = "pyscipopt",
                                  .wheel_patterns = {"pyscipopt.libs/libscip*.so*", "pyscipopt/libscip*.so*"}};
  return names;
}

Api::Api(const Library& library) {
  library.get(major_version, "SCIPmajorVersion");
  library.get(minor_version, "SCIPminorVersion");
  library.get(tech_version, "SCIPtechVersion");
  library.get(create, "SCIPcreate");
  library.get(free, "SCIPfree");
  library.get(include_default_plugins, "SCIPincludeDefaultPlugins");
  library.get(set_messages_quiet, "SCIPsetMessagehdlrQuiet");
  library.get(set_error_printing, "SCIPmessageSetErrorPrinting");
  library.get(infinity, "SCIPinfinity");

  library.get(create_problem, "SCIPcreateProbBasic");
  library.get(free_problem, "SCIPfreeProb");
  library.get(set_sense, "SCIPsetObjsense");
  library.get(add_offset, "SCIPaddOrigObjoffset");
  library.get(create_variable, "SCIPcreateVarBasic");
  library.get(add_variable, "SCIPaddVar");
  library.get(release_variable, "SCIPreleaseVar");
  library.get(negated_variable, "SCIPgetNegatedVar");
  library.get(create_linear, "SCIPcreateConsBasicLinear");
  library.get(create_indicator, "SCIPcreateConsBasicIndicator");
  library.get(create_sos1, "SCIPcreateConsBasicSOS1");
  library.get(add_constraint, "SCIPaddCons");
  library.get(release_constraint, "SCIPreleaseCons");

  library.get(solve, "SCIPsolve");
  library.get(interrupt, "SCIPinterruptSolve");
  library.get(status, "SCIPgetStatus");
  library.get(primal_bound, "SCIPgetPrimalbound");
  library.get(dual_bound, "SCIPgetDualbound");
  library.get(node_count, "SCIPgetNTotalNodes");
  library.get(lp_iterations, "SCIPgetNLPIterations");
  library.get(solution_count, "SCIPgetNSols");
  library.get(best_solution, "SCIPgetBestSol");
  library.get(solution_objective, "SCIPgetSolOrigObj");
  library.get(solution_values, "SCIPgetSolVals");
  library.get(create_solution, "SCIPcreateSol");
  library.get(set_solution_values, "SCIPsetSolVals");
  library.get(add_solution, "SCIPaddSolFree");

  library.get(include_event_handler, "SCIPincludeEventhdlrBasic");
  library.get(on_event_init, "SCIPsetEventhdlrInit");
  library.get(event_handler_data, "SCIPeventhdlrGetData");
  library.get(catch_event, "SCIPcatchEvent");
  library.get(event_type, "SCIPeventGetType");

  library.get(parameter, "SCIPgetParam");
  library.get(parameter_type, "SCIPparamGetType");
  library.get(int_min, "SCIPparamGetIntMin");
  library.get(int_max, "SCIPparamGetIntMax");
  library.get(longint_min, "SCIPparamGetLongintMin");
  library.get(longint_max, "SCIPparamGetLongintMax");
  library.get(real_min, "SCIPparamGetRealMin");
  library.get(real_max, "SCIPparamGetRealMax");
  library.get(char_allowed, "SCIPparamGetCharAllowedValues");
  library.get(set_bool, "SCIPsetBoolParam");
  library.get(set_int, "SCIPsetIntParam");
  library.get(set_longint, "SCIPsetLongintParam");
  library.get(set_real, "SCIPsetRealParam");
  library.get(set_char, "SCIPsetCharParam");
  library.get(set_string, "SCIPsetStringParam");

  library.get(lp_create, "SCIPlpiCreate");
  library.get(lp_free, "SCIPlpiFree");
  library.get(lp_infinity, "SCIPlpiInfinity");
  library.get(lp_add_columns, "SCIPlpiAddCols");
  library.get(lp_add_rows, "SCIPlpiAddRows");
  library.get(lp_change_bounds, "SCIPlpiChgBounds");
  library.get(lp_change_sides, "SCIPlpiChgSides");
  library.get(lp_change_costs, "SCIPlpiChgObj");
  library.get(lp_set_int, "SCIPlpiSetIntpar");
  library.get(lp_set_real, "SCIPlpiSetRealpar");
  library.get(lp_solve_primal, "SCIPlpiSolvePrimal");
  library.get(lp_solve_dual, "SCIPlpiSolveDual");
  library.get(lp_is_optimal, "SCIPlpiIsOptimal");
  library.get(lp_is_infeasible, "SCIPlpiIsPrimalInfeasible");
  library.get(lp_is_unbounded, "SCIPlpiIsPrimalUnbounded");
  library.get(lp_is_time_limit, "SCIPlpiIsTimelimExc");
  library.get(lp_iteration_count, "SCIPlpiGetIterations");
  library.get(lp_solution, "SCIPlpiGetSol");
}

}  // namespace secateur::lp::scip
