// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace secateur::study {

/// Processors this process may run on.
int available_cores();

/// The processor's own name, or empty where the system does not tell.
std::string processor_name();

/// Name and version of the compiler that built the library.
std::string compiler_name();

}  // namespace secateur::study
