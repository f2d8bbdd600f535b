// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "command.hpp"
#include "model_arguments.hpp"

namespace secateur::app {

/// `bounds --against OTHER`: bounds of each output of the network minus that of the network in the file `other`.
int bounds_against(const Context& context, const NetworkArguments& arguments, const std::string& other, int parts);

}  // namespace secateur::app
