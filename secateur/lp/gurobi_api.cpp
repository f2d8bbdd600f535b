// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/gurobi_api.hpp"

namespace secateur::lp::gurobi {

Api::Api(const Library& library) {
  library.get(version, "GRBversion");
  library.get(empty_environment, "GRBemptyenvinternal");
  library.get(start_environment, "GRBstartenv");
  library.get(free_environment, "GRBfreeenv");
  library.get(error_message, "GRBgeterrormsg");
  library.get(environment, "GRBgetenv");

  library.get(set_int, "GRBsetintparam");
  library.get(set_double, "GRBsetdblparam");
  library.get(set_string, "GRBsetstrparam");
  library.get(int_info, "GRBgetintparaminfo");
  library.get(double_info, "GRBgetdblparaminfo");
  library.get(string_info, "GRBgetstrparaminfo");

  library.get(new_model, "GRBnewmodel");
  library.get(free_model, "GRBfreemodel");
  library.get(add_variables, "GRBaddvars");
  library.get(add_rows, "GRBaddconstrs");
  library.get(add_indicator, "GRBaddgenconstrIndicator");
  library.get(add_sos, "GRBaddsos");
  library.get(update, "GRBupdatemodel");
  library.get(optimize, "GRBoptimize");
  library.get(terminate, "GRBterminate");
  library.get(set_callback, "GRBsetcallbackfunc");
  library.get(callback_get, "GRBcbget");

  library.get(get_int_attribute, "GRBgetintattr");
  library.get(set_int_attribute, "GRBsetintattr");
  library.get(get_double_attribute, "GRBgetdblattr");
  library.get(set_double_attribute, "GRBsetdblattr");
  library.get(set_double_element, "GRBsetdblattrelement");
  library.get(set_char_element, "GRBsetcharattrelement");
  library.get(get_doubles, "GRBgetdblattrarray");
  library.get(set_doubles, "GRBsetdblattrarray");
}

}  // namespace secateur::lp::gurobi
