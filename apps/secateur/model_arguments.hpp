// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/nn/network.hpp"

namespace secateur::app {

/// NET.onnx [--box B]: what bounds, prune, solve and export begin with.
struct NetworkArguments {
  std::string file, box;

  void declare(Options& options, const char* name = "NET.onnx",
               const char* description = "the network, an ONNX or .nnet file");
  /// Throws InputError for a file that cannot be used.
  [[nodiscard]] nn::Network read_network() const;
  /// The box given, or else the one in the model file. Throws InputError when there is neither.
  [[nodiscard]] Box read_box(const nn::Network& network) const;
};

/// NET.onnx or problem.json, and for a network what is optimised: --minimize K | --maximize K | --objective c1,c2,...
/// [--sense S].
struct ProblemArguments {
  NetworkArguments network;
  std::string minimize, maximize;
  std::vector<double> objective;
  Sense sense = Sense::minimize;

  void declare(Options& options);
  [[nodiscard]] model::Problem read(const Options& options) const;
};

}  // namespace secateur::app
