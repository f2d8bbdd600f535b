// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/status.hpp"

namespace secateur::app {

/// What the shell sees.
namespace exit_code {
inline constexpr int done = 0;
inline constexpr int internal_failure = 1;
inline constexpr int bad_input = 2;
inline constexpr int no_solution = 3;  ///< proven infeasible or unbounded
inline constexpr int limit = 4;        ///< stopped at a limit, with a valid bound
inline constexpr int interrupted = 130;

/// That of a solve.
int of(Status status);
}  // namespace exit_code

/// The whole program: reads the command line, runs the subcommand, turns every failure into one line on stderr (with
/// --json also {"error": {...}} on stdout) and an exit code. Throws nothing.
int run_program(int argc, char** argv) noexcept;

}  // namespace secateur::app
