// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "command.hpp"
#include "data_arguments.hpp"
#include "model_arguments.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::app {

/// --for-optimization and what goes with it.
struct GuidanceArguments {
  bool wanted = false;
  double time_limit = 10;
  std::string network;

  void declare(Options& options);
  /// Throws InputError for options that say what is optimised where nothing is.
  void refuse_its_options(const Options& options) const;
};

/// `secateur prune --for-optimization`: tries ways to prune, and writes the one to optimise over (`out` ends in .onnx)
/// or the whole front of error and solve time (a folder). Returns the exit code.
int prune_for_optimization(const Context& context, const GuidanceArguments& guidance, const ProblemArguments& arguments,
                           const DataArguments& data, const prune::PruneSettings& settings, const std::string& out);

/// The data for a network, its columns by default those that the network names.
prune::PruneData read_prune_data(DataArguments data, const nn::Network& network, std::uint64_t seed);

}  // namespace secateur::app
